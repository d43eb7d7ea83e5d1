import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 4035 §3.1.4.1: DS is the parent's data")
struct DSTests {
  private static let ds = "DS 1 8 1 2BB183AF5F22588179A53B0A98631FAD1A292118"

  /// A zone, its child and its grandchild, all served here.
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture([
      "p.test.zone": zoneHead + "c NS ns.c\nc \(Self.ds)\nns.c A 192.0.2.1\nplain NS ns\nother NS ns.other.org.\n",
      "c.p.test.zone": zoneHead + "g NS ns.g\nns.g A 192.0.2.2\nwww A 192.0.2.3\n",
      "g.c.p.test.zone": zoneHead,
    ])
  }

  @Test func `where parent and child are both here, the parent answers`() throws {
    let reply = try fixture.ask("c.p.test.", .ds)
    #expect(reply.isAuthoritative && reply.answer == ["c.p.test. 300 \(Self.ds)"] && reply.authority.isEmpty)
    #expect(try fixture.ask("g.c.p.test.", .ds).authority == [soa("c.p.test.")])
  }

  @Test func `every other type is the child's`() throws {
    #expect(try fixture.ask("c.p.test.", .soa).answer == [soa("c.p.test.", ttl: 3600)])
    #expect(try fixture.ask("c.p.test.", .aaaa).authority == [soa("c.p.test.")])
    #expect(try fixture.ask("c.p.test.", .any).isAuthoritative)
    #expect(try fixture.ask("www.c.p.test.", .ds).authority == [soa("c.p.test.")])
  }

  @Test func `without a child of ours: the parent's NODATA at the cut, a referral below it`() throws {
    for name in ["plain", "other"] {
      let reply = try fixture.ask("\(name).p.test.", .ds)
      #expect(reply.isAuthoritative && reply.answer.isEmpty && reply.authority == [soa("p.test.")])
      let below = try fixture.ask("x.\(name).p.test.", .ds)
      #expect(!below.isAuthoritative && below.authority.count == 1)
    }
  }

  @Test func `without a parent of ours the zone itself has no data`() throws {
    #expect(try fixture.ask("p.test.", .ds).authority == [soa("p.test.")])
    let root = try Fixture(["..zone": "@ 60 SOA . . 1 2 3 4 5\n@ 60 NS a\na 60 A 192.0.2.1\n"])
    #expect(try root.ask(".", .ds).authority == [". 5 SOA . . 1 2 3 4 5"])
  }

  @Test func `the end of an alias is asked at the parent too`() throws {
    let fixture = try Fixture([
      "p.test.zone": zoneHead + "c NS ns.c\nc \(Self.ds)\nns.c A 192.0.2.1\nalias CNAME c\n", "c.p.test.zone": zoneHead,
    ])
    #expect(
      try fixture.ask("alias.p.test.", .ds).answer == ["alias.p.test. 300 CNAME c.p.test.", "c.p.test. 300 \(Self.ds)"])
  }

  @Test func `an apex without a cut above it exists all the same: no NXDOMAIN from the zone above`() throws {
    let fixture = try Fixture(["p.test.zone": zoneHead, "c.b.p.test.zone": zoneHead])
    let reply = try fixture.ask("c.b.p.test.", .ds)
    #expect(reply.rcode == "NOERROR" && reply.authority == [soa("c.b.p.test.")])
    #expect(try fixture.ask("x.p.test.", .ds).rcode == "NXDOMAIN")
  }
}
