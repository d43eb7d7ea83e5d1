import Addresses
import DNSFormat
import Policy
import TestSupport
import Testing

@testable import Answering

private let contexts = """
  origin s.test
  trust ecs from 127.0.0.53
  context prod { from 10.30.0.0/16 2001:db8::/32; endpoints 10.31.0.0/16 }
  context test { from 10.20.0.0/16 }
  context laptop { from 127.0.0.0/8 }

  """

private let zone =
  zoneHead + """
    orders A 10.31.1.1
           A 10.31.1.2
           AAAA fd00::1
    _http._tcp.orders SRV 0 5 80 orders
    _http._tcp.shop SRV 0 5 80 old.orders
                    SRV 0 5 80 new.orders
    old.orders A 10.31.1.1
    new.orders A 10.31.1.2
    mail MX 10 orders
    backup A 10.31.9.1
    third A 10.31.9.2
    split A 10.31.1.1
          AAAA fd00::7

    """

/// The first three services are orders, backup and third.
private func fixture(
  _ orders: String, backup: String = "", third: String = "", more: String = ""
) throws -> Fixture {
  try Fixture(
    policy: contexts + "service orders { \(orders) }\nservice backup { \(backup) }\nservice third { \(third) }\n"
      + more,
    ["s.test.zone": zone])
}

extension Fixture {
  fileprivate func with(down: [(service: UInt32, [String])], closing: [(UInt32, UInt32)] = []) throws -> Fixture {
    let rows = try down.map { service, addresses in
      EndpointStates.Row(
        service: service, state: .unsettled, down: Set(try addresses.map { try #require(IPAddress($0)) }))
    }
    let calls = CallSet(
      closing.map { CallSet.Call(realm: 1, caller: $0.0, callee: $0.1) }, realms: snapshot.policy.policy.realms)
    return Fixture(
      snapshot: snapshot.seeing(Situation(endpoints: EndpointStates(rows), closingCalls: calls)))
  }

  /// Asks as a forwarder whose client is in a subnet.
  fileprivate func ask(_ name: String, _ type: RRType, subnet: [UInt8]) throws -> Reply {
    var request = Request(name: name, type: type)
    request.edns = .init(udpSize: 1232, options: [subnet].map { (8, $0) })
    return try send(request.octets, from: "127.0.0.53")
  }
}

private let all = ["10.31.1.1", "10.31.1.2", "fd00::1"]

@Suite("Steering on its way: stand-ins, additional data, targets, families")
struct SteeredWayTests {
  @Test func `a call that closes a cycle is not let through by way of the service that stands in`() throws {
    let caller = "service web { runs-at 10.30.0.1 }\nacyclic observed"
    let failing = try fixture("fail fallback backup", more: caller)
    let open = try failing.with(down: [(1, all)])
    #expect(try open.ask("orders.s.test.", from: "10.30.0.1").data == ["10.31.9.1"])
    // web is the fourth service, backup the second.
    let closing = try failing.with(down: [(1, all)], closing: [(4, 2)])
    let reply = try closing.ask("orders.s.test.", from: "10.30.0.1")
    #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty)
    #expect(try closing.ask("orders.s.test.", from: "10.30.0.2").data == ["10.31.9.1"])
  }

  @Test func `an outcome names the service that stands in`() throws {
    let chain = try fixture("fail fallback backup", backup: "drain 10.31.9.1; fail fallback third")
    #expect(try chain.ask("orders.s.test.").outcome.standIn == 0)
    let outcome = try chain.with(down: [(1, all)]).ask("orders.s.test.").outcome
    #expect(outcome.service == 1 && outcome.standIn == 3)
  }

  @Test(arguments: [("30s", "2s", 2), ("2s", "30s", 2), ("20s", "40s", 20)])
  func `what stands in is believed no longer than the shortest interval on the way`(
    first: String, second: String, ttl: Int
  ) throws {
    let fixture = try fixture(
      "health tcp 80 every \(first); fail fallback backup", backup: "health tcp 80 every \(second)")
    let reply = try fixture.with(down: [(1, all)]).ask("orders.s.test.")
    #expect(reply.answer == ["orders.s.test. \(ttl) A 10.31.9.1"])
    let none = try fixture.with(down: [(1, all)]).ask("orders.s.test.", .aaaa)
    #expect(none.answer.isEmpty && none.authority.first?.contains(" \(ttl) SOA") == true)
  }

  @Test(arguments: [("mail.s.test.", RRType.mx), ("_http._tcp.orders.s.test.", .srv), ("orders.s.test.", .a)])
  func `the scope of an answer with a canary's addresses is the client's subnet, whatever section they are in`(
    name: String, type: RRType
  ) throws {
    let fixture = try fixture("canary 10.31.1.2 50%")
    let reply = try fixture.ask(name, type, subnet: [0, 1, 24, 0, 10, 30, 7])
    #expect(reply.option(8)?[3] == 24 && reply.outcome.scope == 24)
    // Of IPv6 the first 64 bits say whose canary it is.
    let six = try fixture.ask(name, type, subnet: [0, 2, 72, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 1])
    #expect(six.option(8)?[3] == 64)
    #expect(try fixture.ask("third.s.test.", .a, subnet: [0, 1, 24, 0, 10, 30, 7]).option(8)?[3] == 16)
  }

  @Test func `addresses of one IPv6 network have the same canary`() throws {
    let fixture = try fixture("canary 10.31.1.2 50%")
    var networks: Set<[String]> = []
    for network in 0..<40 {
      let answers = try (0..<8).map { host in
        try fixture.ask("orders.s.test.", from: "2001:db8:0:\(network)::\(host + 1)").data
      }
      #expect(Set(answers).count == 1)
      networks.insert(answers[0])
    }
    #expect(networks == [["10.31.1.1"], ["10.31.1.2"]])
  }

  @Test(arguments: [RRType.a, .aaaa])
  func `a family that isolate hides fails with the other`(type: RRType) throws {
    let isolated = "isolate test prod\nservice split { fail LAST }\n"
    let cases: [(String, String, [String])] = [
      ("refuse", "REFUSED", []), ("fallback free", "NOERROR", type == .a ? ["192.0.2.9"] : []),
    ]
    for (last, rcode, data) in cases {
      let fixture = try Fixture(
        policy: contexts + isolated.replacing("LAST", with: last) + "service free\n",
        ["s.test.zone": zone + "free A 192.0.2.9\n"])
      let well = try fixture.ask("split.s.test.", type, from: "10.20.0.9")
      #expect(well.rcode == "NOERROR" && well.data == (type == .a ? [] : ["fd00::7"]))
      let reply = try fixture.with(down: [(1, ["fd00::7"])]).ask("split.s.test.", type, from: "10.20.0.9")
      #expect(reply.rcode == rcode && reply.data == data, "\(last)")
    }
  }

  @Test func `SRV records lead a canary's callers to the target that their canary is at`() throws {
    let fixture = try fixture("canary 10.31.1.2 100%", more: "service shop { max-answers 5 }")
    #expect(try fixture.ask("new.orders.s.test.").data == ["10.31.1.2"])
    let reply = try fixture.ask("_http._tcp.shop.s.test.", .srv)
    #expect(reply.data.contains("0 5 80 new.orders.s.test."))
    #expect(reply.additional.contains { $0.hasSuffix(" A 10.31.1.2") })
  }

  @Test func `who asks why is told what lines say of the addresses it may have`() throws {
    func told(_ fixture: Fixture, from source: String) throws -> [String] {
      let request = Request(name: "orders.s.test.", type: RRType(16), rclass: 3)
      let facts = try fixture.send(request.octets, from: source).message?.answer ?? []
      return facts.map { $0.text.split(separator: "\"").filter { $0 != " " }.joined() }.filter {
        $0.contains("::1:") || $0.contains("10.31")
      }
    }
    let lines = "drain 10.31.1.1; canary fd00::1 100%; green 10.31.1.2; blue 10.31.9.1; live blue; weight 10.31.1.2 3"
    let steered = try fixture(lines)
    #expect(
      try told(steered, from: "10.30.0.1") == [
        "10.31.1.1: drain, given to nobody", "10.31.1.2: green, which is not live; weight 3",
        "fd00::1: canary, given to this caller",
      ])
    let isolated = try fixture(lines, more: "isolate test prod")
    #expect(try told(isolated, from: "10.20.0.1") == ["fd00::1: canary, given to this caller"])
    let refusing = try fixture(lines + "; refuse test")
    #expect(try told(refusing, from: "10.20.0.1").isEmpty)
  }

  @Test func `another service stands in for one that is all drained, and SRV records lead to it`() throws {
    let drained = try fixture("drain 10.31.1.0/24 fd00::/16; fail fallback backup")
    #expect(try drained.ask("orders.s.test.").answer == ["orders.s.test. 5 A 10.31.9.1"])
    let reply = try drained.ask("_http._tcp.orders.s.test.", .srv)
    #expect(reply.rcode == "NOERROR" && reply.answer.count == 1)
    let refusing = try fixture("drain 10.31.1.0/24 fd00::/16; fail refuse")
    #expect(try refusing.ask("_http._tcp.orders.s.test.", .srv).rcode == "REFUSED")
  }
}
