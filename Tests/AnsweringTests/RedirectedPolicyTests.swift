import DNSFormat
import Testing

@testable import Answering

@Suite("Contexts and rules along a DNAME")
struct RedirectedPolicyTests {
  private static let policy = """
    origin m.test
    context laptop { from 127.0.0.0/8 }
    context test { from 10.20.0.0/16 }
    context prod { from 10.30.0.0/16 }
    isolate test prod

    """
  private static let zone =
    zoneHead + """
      orders A 192.0.2.1
      a.orders A 192.0.2.2
      old DNAME orders
      older DNAME old
      hosts A 10.30.0.1
      web.hosts A 10.30.0.2
      web.hosts A 10.20.0.2
      prod.hosts A 10.30.0.3
      moved DNAME hosts
      """

  @Test func `an overlay's DNAME is there for its context alone`() throws {
    let fixture = try Fixture(
      policy: Self.policy,
      [
        "m.test.zone": zoneHead + "sub A 192.0.2.1\na.sub A 192.0.2.2\n*.sub A 192.0.2.3\nb.other A 192.0.2.4\n",
        "laptop/m.test.zone": "$TTL 300\nsub DNAME other\na.other A 127.0.0.2\n",
      ])
    #expect(
      try fixture.ask("a.sub.m.test.").answer == [
        "sub.m.test. 300 DNAME other.m.test.", "a.sub.m.test. 300 CNAME a.other.m.test.",
        "a.other.m.test. 300 A 127.0.0.2",
      ])
    #expect(try fixture.ask("b.sub.m.test.").data.contains("192.0.2.4"))
    #expect(try fixture.ask("sub.m.test.").answer.isEmpty)
    #expect(try fixture.ask("a.sub.m.test.", from: "10.20.0.1").answer == ["a.sub.m.test. 300 A 192.0.2.2"])
    #expect(try fixture.ask("c.sub.m.test.", from: "10.20.0.1").data == ["192.0.2.3"])
    #expect(try fixture.ask("sub.m.test.", .dname, from: "10.20.0.1").authority == [soa("m.test.")])
  }

  @Test func `an overlay may take the base's DNAME away, and what lay hidden is there`() throws {
    let fixture = try Fixture(
      policy: Self.policy,
      [
        "m.test.zone": zoneHead + "sub DNAME other\na.sub A 192.0.2.1\na.other A 192.0.2.2\n",
        "laptop/m.test.zone": "$TTL 300\nsub A 127.0.0.2\n", "test/m.test.zone": "$TTL 300\nsub CNAME .\n",
      ])
    #expect(try fixture.ask("a.sub.m.test.").answer == ["a.sub.m.test. 300 A 192.0.2.1"])
    #expect(try fixture.ask("sub.m.test.").data == ["127.0.0.2"])
    #expect(try fixture.ask("b.sub.m.test.").rcode == "NXDOMAIN")
    #expect(try fixture.ask("b.sub.m.test.", from: "10.20.0.1").rcode == "NXDOMAIN")
    #expect(try fixture.ask("a.sub.m.test.", from: "10.30.0.1").data.contains("192.0.2.2"))
  }

  @Test(arguments: ["orders", "a.orders", "x.old", "a.older"])
  func `a service that is refused is refused behind a DNAME`(name: String) throws {
    let fixture = try Fixture(
      policy: Self.policy + "service orders { refuse test }\n", ["m.test.zone": Self.zone])
    let reply = try fixture.ask("\(name).m.test.", from: "10.20.0.1")
    #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty)
    #expect(reply.ede?.hasPrefix("18 ") == true && reply.outcome.refusal?.rule == .refuse)
    #expect(try fixture.ask("\(name).m.test.", from: "10.30.0.1").rcode != "REFUSED")
  }

  @Test(arguments: ["old", "older"])
  func `a service whose name is on the way is refused, though the target may be called`(
    service: String
  ) throws {
    let fixture = try Fixture(
      policy: Self.policy + "service \(service) { refuse test }\n", ["m.test.zone": Self.zone])
    for type in [.a, .txt, .cname, .any] as [RRType] {
      #expect(
        try fixture.ask("a.older.m.test.", type, from: "10.20.0.1").rcode
          == (type == .cname && service == "old" ? "NOERROR" : "REFUSED"))
    }
    #expect(try fixture.ask("a.orders.m.test.", from: "10.20.0.1").data == ["192.0.2.2"])
    #expect(try fixture.ask("a.older.m.test.", from: "10.30.0.1").data.contains("192.0.2.2"))
  }

  @Test func `a service below a DNAME's owner is judged, whatever the zone hides there`() throws {
    let fixture = try Fixture(
      policy: Self.policy + "service a.old { refuse test }\n", ["m.test.zone": Self.zone])
    #expect(try fixture.ask("a.old.m.test.", from: "10.20.0.1").rcode == "REFUSED")
    #expect(try fixture.ask("x.a.old.m.test.", from: "10.20.0.1").rcode == "REFUSED")
    #expect(try fixture.ask("b.old.m.test.", from: "10.20.0.1").rcode == "NXDOMAIN")
  }

  @Test func `isolate judges the addresses behind a DNAME`() throws {
    let fixture = try Fixture(policy: Self.policy, ["m.test.zone": Self.zone])
    #expect(try fixture.ask("web.moved.m.test.", from: "10.20.0.1").answer.last == "web.hosts.m.test. 300 A 10.20.0.2")
    #expect(try fixture.ask("web.moved.m.test.", from: "10.20.0.1").answer.count == 3)
    let refused = try fixture.ask("prod.moved.m.test.", from: "10.20.0.1")
    #expect(refused.rcode == "REFUSED" && refused.answer.isEmpty && refused.ede?.hasPrefix("15 ") == true)
    #expect(try fixture.ask("prod.moved.m.test.", from: "10.30.0.1").rcode == "NOERROR")
  }

  @Test func `deny-as nxdomain says so without the DNAME`() throws {
    let fixture = try Fixture(
      policy: Self.policy + "service orders { refuse test; deny-as nxdomain }\n", ["m.test.zone": Self.zone])
    let reply = try fixture.ask("a.old.m.test.", from: "10.20.0.1")
    #expect(reply.rcode == "NXDOMAIN" && reply.answer.isEmpty && reply.authority == [soa("m.test.", ttl: 5)])
  }
}
