import Addresses
import DNSFormat
import Diagnostics
import TestSupport
import Testing

@testable import Answering

private let zone =
  zoneHead + """
    orders A 10.31.1.1
           A 10.31.1.2
           AAAA fd00::1
    _http._tcp.orders SRV 0 5 80 orders
    also CNAME orders
    spare A 10.31.9.1

    """

private let all = ["10.31.1.1", "10.31.1.2", "fd00::1"]

private func fixture(_ lines: String, more: String = "") throws -> Fixture {
  try Fixture(
    policy: """
      origin s.test
      context here { from 127.0.0.0/8 }
      context there { from 10.0.0.0/8 }
      \(more)
      service orders { \(lines) }
      service spare
      """, ["s.test.zone": zone])
}

extension Fixture {
  fileprivate func with(down: [String], state: EndpointStates.ServiceState = .unsettled) throws -> Fixture {
    let addresses = try down.map { try #require(IPAddress($0)) }
    return Fixture(
      snapshot: snapshot.seeing(
        Situation(endpoints: EndpointStates([EndpointStates.Row(service: 1, state: state, down: Set(addresses))]))))
  }
}

@Suite("A service that fails: how it is refused, and what its answers say of it")
struct FailureAnswerTests {
  @Test(arguments: [
    // Server, context, service; what is answered.
    ("", "", "", "REFUSED"), ("nxdomain", "", "", "NXDOMAIN"), ("nodata", "", "", "NOERROR"),
    ("nxdomain", "refused", "", "REFUSED"), ("refused", "nxdomain", "", "NXDOMAIN"),
    ("refused", "refused", "nodata", "NOERROR"), ("nxdomain", "nxdomain", "refused", "REFUSED"),
    // Silence is for who is not to know of a service, and makes clients wait.
    ("drop", "", "", "REFUSED"), ("", "", "drop", "REFUSED"),
  ])
  func `deny-as of the service, else the context, else the server counts`(
    server: String, context: String, service: String, rcode: String
  ) throws {
    func line(_ word: String) -> String { word.isEmpty ? "" : "deny-as \(word)" }
    let policy = try fixture(
      "\(line(service)); fail refuse; health tcp 80 every 3s",
      more: "\(line(server))\ncontext inner in here { from 127.0.0.1; \(line(context)) }")
    for failing in [try policy.with(down: all), try policy.with(down: [], state: .broken)] {
      for type in [RRType.a, .aaaa, .srv] {
        let reply = try failing.ask(type == .srv ? "_http._tcp.orders.s.test." : "orders.s.test.", type)
        #expect(reply.rcode == rcode && reply.answer.isEmpty, "\(type)")
        #expect(reply.outcome.decision == .refused && reply.outcome.service == 1 && reply.outcome.refusal == nil)
        #expect(reply.ede?.hasPrefix("23 orders: ") == true)
        #expect(reply.isAuthoritative == (rcode != "REFUSED"))
        // No longer than one check's interval, so that recovery is seen.
        #expect(reply.authority.count == (rcode == "REFUSED" ? 0 : 1))
        #expect(reply.authority.allSatisfy { $0.contains(" 3 SOA ") })
      }
    }
    #expect(try policy.ask("orders.s.test.").data.count == 2)
  }

  @Test func `all drained, or all of the other colour, is refused as deny-as says`() throws {
    for lines in ["drain 10.31.1.0/24 fd00::/16", "blue 10.31.1.0/24 fd00::/16; green 10.31.7.1; live green"] {
      let reply = try fixture(lines, more: "deny-as nxdomain").ask("orders.s.test.")
      #expect(reply.rcode == "NXDOMAIN" && reply.ede?.hasPrefix("23 orders: none of 3 endpoints is given") == true)
      #expect(reply.authority.first?.contains(" 5 SOA ") == true)
    }
  }

  @Test func `the negative TTL is the least of the denial's, the service's and the zone's`() throws {
    for (lines, ttl) in [
      ("deny-as nxdomain ttl 2; health tcp 80 every 9s", 2), ("deny-as nxdomain ttl 60; health tcp 80 every 9s", 9),
      ("deny-as nxdomain ttl 6000; health tcp 80 every 1h", 60),
    ] {
      let reply = try fixture("fail refuse; \(lines)").with(down: all).ask("orders.s.test.")
      #expect(reply.authority.first?.contains(" \(ttl) SOA ") == true, "\(lines): \(reply.authority)")
    }
  }

  @Test func `an alias of it is denied by the alias's own name`() throws {
    let reply = try fixture("fail refuse", more: "deny-as nxdomain").with(down: all).ask("also.s.test.")
    #expect(reply.rcode == "NXDOMAIN" && reply.answer.isEmpty && reply.authority.count == 1)
  }

  @Test func `who is not told why learns of a denial nothing, and of REFUSED the code`() throws {
    let quiet = "explain to there\n"
    let denied = try fixture("fail refuse; deny-as nxdomain", more: quiet).with(down: all)
    #expect(try denied.ask("orders.s.test.").ede == nil)
    #expect(try denied.ask("orders.s.test.", from: "10.0.0.1").ede == "23 orders: 3 of 3 endpoints are down")
    #expect(try fixture("fail refuse", more: quiet).with(down: all).ask("orders.s.test.").ede == "23")
  }

  @Test func `an answer that fail open gives says so, and one of endpoints that are well does not`() throws {
    let said = try fixture("health tcp 80; fail open")
    #expect(try said.ask("orders.s.test.").ede == nil)
    #expect(try said.with(down: ["10.31.1.1"]).ask("orders.s.test.").ede == nil)
    for type in [RRType.a, .aaaa] {
      let reply = try said.with(down: all).ask("orders.s.test.", type)
      #expect(reply.rcode == "NOERROR" && reply.answer.count == (type == .a ? 2 : 1))
      #expect(
        reply.ede
          == "23 orders: 3 of 3 endpoints are down: health (a.policy:5); all are given: fail open (a.policy:5)")
      #expect(reply.outcome.decision == .answered)
    }
    let broken = try fixture("health tcp 80").with(down: [], state: .broken).ask("also.s.test.")
    #expect(
      broken.ede == "23 orders: the circuit breaker is open: health (a.policy:5); all are given: fail open")
    let down = try said.with(down: all)
    #expect(try down.ask("orders.s.test.", udpSize: nil).answer.count == 2, "without EDNS there is no place for it")
    #expect(try down.ask("spare.s.test.").ede == nil)
    let quiet = try fixture("fail open", more: "explain off").with(down: all)
    #expect(try quiet.ask("orders.s.test.").answer.count == 2)
    #expect(try quiet.ask("orders.s.test.").ede == nil)
  }

  @Test func `an answer by the service that stands in names it`() throws {
    let down = try fixture("fail fallback spare").with(down: all)
    #expect(
      try down.ask("orders.s.test.").ede
        == "23 orders: 3 of 3 endpoints are down; answered by spare: fail fallback (a.policy:5)")
    let drained = try fixture("drain 10.31.1.0/24 fd00::/16; fail fallback spare").ask("orders.s.test.")
    #expect(
      drained.ede
        == "23 orders: none of 3 endpoints is given: drain, live or canary; answered by spare: fail fallback (a.policy:5)"
    )
    #expect(drained.data == ["10.31.9.1"])
  }
}
