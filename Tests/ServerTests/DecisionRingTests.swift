import Addresses
import Answering
import DNSFormat
import Policy
import Testing

@testable import Server

@Suite("Refusals on their way to the log: told whole, or dropped and said so")
struct DecisionRingTests {
  private let broken: RuleSet = [RuleSet(.require), RuleSet(.isolate)]
  private let source = IPAddress(v4: 0x7f00_0242)

  private func push(_ ring: DecisionRing, _ name: String, _ service: UInt32) throws -> Bool {
    let refusal = Refusal(.isolate, reason: 7)
    var caller = Caller(context: 3, service: 5)
    caller.identification = .user
    let outcome = Outcome(
      caller: caller, refusal: refusal, service: service, brokenRules: broken, endpointContext: 9,
      isOnlyObserved: true, wouldLeaveOut: true)
    let request = Message.query(try DomainName(name), .aaaa)
    return ring.push(outcome, refusal, source: source, request: request.span, time: 11, generation: 2)
  }

  @Test(arguments: [".", "orders.mesh.test.", String(repeating: "a.", count: 127), "Ca\\.Se\\000.Test."])
  func `what goes in comes out`(name: String) throws {
    let ring = DecisionRing(capacity: 2)
    #expect(try push(ring, name, 4))
    let record = try #require(ring.pop())
    #expect(record.name.description == (try DomainName(name).description))
    #expect(record.type == .aaaa && record.source == source && record.time == 11 && record.generation == 2)
    #expect(record.outcome.caller.context == 3 && record.outcome.caller.service == 5)
    #expect(record.outcome.service == 4 && record.outcome.endpointContext == 9 && record.outcome.isOnlyObserved)
    #expect(record.outcome.brokenRules == broken && record.outcome.wouldLeaveOut)
    #expect(record.outcome.caller.identification == .user)
    #expect(record.outcome.refusal == Refusal(.isolate, reason: 7))
    #expect(ring.pop() == nil)
  }

  @Test func `in order, round and round; what does not fit is refused`() throws {
    let ring = DecisionRing(capacity: 3)
    var next: UInt32 = 1
    for _ in 0..<10 {
      let first = next
      for _ in 0..<3 {
        #expect(try push(ring, "x.", next))
        next += 1
      }
      #expect(try !push(ring, "x.", 99))
      for expected in first..<next { #expect(ring.pop()?.outcome.service == expected) }
    }
  }
}
