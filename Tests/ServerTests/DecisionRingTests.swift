import Addresses
import Answering
import DNSFormat
import Policy
import Testing

@testable import Server

@Suite("Decisions on their way to a log: told whole, or dropped and counted")
struct DecisionRingTests {
  private let broken: RuleSet = [RuleSet(.require), RuleSet(.isolate)]
  private let source = IPAddress(v4: 0x7f00_0242)

  private func push(_ ring: DecisionRing, _ name: String, _ service: UInt32, udpSize: UInt16? = 1232) throws -> Bool {
    let outcome = Outcome(
      caller: Caller(context: 3, service: 5), refusal: Refusal(.isolate, reason: 7), service: service,
      brokenRules: broken, endpointContext: 9, isOnlyObserved: true, wouldLeaveOut: true)
    let request = Message.query(try DomainName(name), .aaaa, udpSize: udpSize)
    let evidence = Evidence(source: source, listenerContext: 3, certificateService: 5, user: 1000)
    return ring.push(outcome, evidence, .tcp, request: request.span, time: 11, generation: 2)
  }

  @Test(arguments: [".", "orders.mesh.test.", String(repeating: "a.", count: 127), "Ca\\.Se\\000.Test."])
  func `what goes in comes out`(name: String) throws {
    for udpSize in [1232, nil] as [UInt16?] {
      let ring = DecisionRing(capacity: 64)
      #expect(try push(ring, name, 4, udpSize: udpSize))
      let record = try #require(ring.pop())
      #expect(record.name.description == (try DomainName(name).description))
      #expect(record.type == .aaaa && record.time == 11 && record.generation == 2 && record.transport == .tcp)
      #expect(
        record.evidence == Evidence(source: source, listenerContext: 3, certificateService: 5, user: 1000))
      #expect(record.caller.context == 3 && record.caller.service == 5)
      #expect(record.service == 4 && record.endpointContext == 9 && record.isOnlyObserved)
      #expect(record.brokenRules == broken && record.wouldLeaveOut)
      #expect(record.refusal == Refusal(.isolate, reason: 7))
      #expect(ring.pop() == nil)
    }
  }

  @Test func `a request without a question has no name`() throws {
    let ring = DecisionRing(capacity: 64)
    let outcome = Outcome(
      caller: Caller(context: 0), refusal: Refusal(.placement, reason: 0), service: 0, brokenRules: [],
      endpointContext: 0, isOnlyObserved: false, wouldLeaveOut: false)
    let header: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    for request in [[], header, header + [63], header + [0, 0], header + [200, 0, 0, 1, 0, 1]] + [
      header + (0..<300).map { _ in [1, 97] }.joined() + [0, 0, 1]
    ] {
      let isTaken = ring.push(
        outcome, Evidence(source: source), .udp, request: request.span, time: 1, generation: 1)
      #expect(isTaken)
      let record = try #require(ring.pop())
      #expect(record.wire.isEmpty && record.type.rawValue == 0)
    }
  }

  @Test func `in order, round and round; what does not fit is refused and counted`() throws {
    let ring = DecisionRing(capacity: 64)  // six records of ten words
    var next: UInt32 = 1
    for round in 1...10 {
      let first = next
      for _ in 0..<6 {
        #expect(try push(ring, "x.", next))
        next += 1
      }
      #expect(try !push(ring, "x.", 99))
      #expect(ring.droppedCount == UInt64(round))
      for expected in first..<next { #expect(ring.pop()?.service == expected) }
    }
  }
}
