import Addresses
import DNSFormat
import TestSupport
import Testing

@testable import Answering

private let zone =
  zoneHead + """
    six AAAA fd00::1
        AAAA fd00::2
        AAAA fd00::3
    four A 192.0.2.1
         A 192.0.2.2
         A 192.0.2.3
    other A 192.0.2.1
          A 192.0.2.2

    """

/// How often each of several things has to be seen. With 1 to 5 degrees of freedom exceeded with a chance of 1e-6.
private let bounds = [23.9, 27.6, 30.7, 33.4, 35.9]

@Suite("Balancing: shares, of each family, of answers with several addresses, and of several canaries")
struct SteeringShareTests {
  private func fixture(_ services: String) throws -> Fixture {
    try Fixture(policy: "origin s.test\ncontext all { from 0.0.0.0/0 ::/0 }\n\(services)", ["s.test.zone": zone])
  }

  /// How often each answer came, of so many queries.
  private func answers(
    _ fixture: Fixture, _ name: String, _ type: RRType, count: Int = 4000, seed: UInt64
  ) throws -> [String: Int] {
    var random = SeededGenerator(seed: seed)
    var answers: [String: Int] = [:]
    for _ in 0..<count {
      let request = Message.query(try DomainName(name), type, id: UInt16(random.number(0...65535)), udpSize: nil)
      let reply = try fixture.send(request, at: UInt32(random.number(0...1_000_000)))
      answers[(reply.message?.answer.map(\.text) ?? []).joined(separator: " "), default: 0] += 1
    }
    return answers
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `IPv6 addresses have the shares that their weights say`(seed: UInt64) throws {
    let weighted = try fixture("service six { weight fd00::1 70, fd00::2 25; weight fd00::3 5; max-answers 1 }")
    let counts = try answers(weighted, "six.s.test.", .aaaa, seed: seed)
    #expect(chiSquare(counts, ["fd00::1": 70, "fd00::2": 25, "fd00::3": 5]) < bounds[1], "\(counts)")
  }

  @Test(arguments: [RRType.a, .aaaa], [1, 2] as [UInt64])
  func `of several addresses the second has its share of what the first left`(type: RRType, seed: UInt64) throws {
    let (name, head) = type == .a ? ("four", "192.0.2.") : ("six", "fd00::")
    let weights = [1: 60.0, 2: 30, 3: 10]
    let lines = weights.map { "weight \(head)\($0.key) \(Int($0.value))" }.joined(separator: "; ")
    let two = try fixture("service \(name) { \(lines); max-answers 2 }")
    var shares: [String: Double] = [:]
    for (first, weight) in weights {
      for (second, other) in weights where second != first {
        shares["\(head)\(first) \(head)\(second)"] = weight * other / (100 - weight)
      }
    }
    let counts = try answers(two, "\(name).s.test.", type, seed: seed)
    #expect(chiSquare(counts, shares) < bounds[4], "\(counts)")
  }

  @Test func `several canaries have their shares of callers, none of them two`() throws {
    let fixture = try fixture("service four { canary 192.0.2.1 20%; canary 192.0.2.2 30% }")
    var counts: [String: Int] = [:]
    for caller in 0..<4000 {
      let data = try fixture.ask("four.s.test.", from: "10.\(caller >> 8).\(caller & 255).7").data
      counts[data.joined(separator: " "), default: 0] += 1
    }
    #expect(chiSquare(counts, ["192.0.2.1": 20, "192.0.2.2": 30, "192.0.2.3": 50]) < bounds[1], "\(counts)")
  }

  @Test func `whose canary a caller is for one service says nothing of another`() throws {
    let fixture = try fixture(
      "service four { canary 192.0.2.1 40% }\nservice other { canary 192.0.2.1 40% }")
    for family in ["10.0.", "2001:db8:"] {
      var counts: [String: Int] = [:]
      for caller in 0..<4000 {
        let source =
          family == "10.0." ? "10.1.\(caller >> 8).\(caller & 255)" : "2001:db8:0:\(String(caller, radix: 16))::7"
        let isFirst = try fixture.ask("four.s.test.", from: source).data == ["192.0.2.1"]
        let isSecond = try fixture.ask("other.s.test.", from: source).data == ["192.0.2.1"]
        counts["\(isFirst) \(isSecond)", default: 0] += 1
      }
      let shares = ["true true": 16.0, "true false": 24, "false true": 24, "false false": 36]
      #expect(chiSquare(counts, shares) < bounds[2], "\(counts)")
    }
  }
}
