import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 1034 §4.2.1, §4.3.2: zone cuts, glue and the additional section")
struct DelegationTests {
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture([
      "d.test.zone": zoneHead + """
        sub NS ns.sub
        sub NS ns.other.org.
        sub NS outside
        sub DS 1 8 1 2BB183AF5F22588179A53B0A98631FAD1A292118
        ns.sub A 192.0.2.1
        ns.sub AAAA 2001:db8::1
        host.sub A 192.0.2.99
        deeper.sub NS ns.deeper.sub
        ns.deeper.sub A 192.0.2.98
        outside A 192.0.2.2
        mail MX 10 mx1
             MX 20 mx2.e.test.
             MX 30 mx.elsewhere.org.
             MX 40 ns.sub
             MX 50 any.w
        mx1 A 192.0.2.3
            AAAA 2001:db8::3
        _s._tcp SRV 0 0 80 mx1
        *.w A 192.0.2.4
        child NS ns
        """,
      "e.test.zone": zoneHead + "mx2 A 192.0.2.5\n",
      "child.d.test.zone": zoneHead + "www A 192.0.2.6\nup NS ns.d.test.\n",
    ])
  }

  @Test(arguments: [
    "sub.d.test.", "x.sub.d.test.", "host.sub.d.test.", "ns.sub.d.test.", "a.b.deeper.sub.d.test.",
    "Deeper.sub.d.test.",
  ])
  func `at and below a cut there is the topmost referral, whatever lies hidden`(qname: String) throws {
    for type in [.a, .ns, .txt, .cname] as [RRType] {
      let reply = try fixture.ask(qname, type)
      #expect(!reply.isAuthoritative && reply.rcode == "NOERROR" && reply.answer.isEmpty)
      #expect(
        reply.authority == [
          "sub.d.test. 300 NS ns.sub.d.test.", "sub.d.test. 300 NS ns.other.org.", "sub.d.test. 300 NS outside.d.test.",
        ])
      #expect(
        reply.additional == [
          "ns.sub.d.test. 300 A 192.0.2.1", "ns.sub.d.test. 300 AAAA 2001:db8::1", "outside.d.test. 300 A 192.0.2.2",
        ])
    }
  }

  @Test func `DS at the cut is the parent's own`() throws {
    let reply = try fixture.ask("sub.d.test.", .ds)
    #expect(
      reply.isAuthoritative && reply.answer == ["sub.d.test. 300 DS 1 8 1 2BB183AF5F22588179A53B0A98631FAD1A292118"])
    // Deeper down it is not.
    #expect(try !fixture.ask("deeper.sub.d.test.", .ds).isAuthoritative)
    #expect(try fixture.ask("mx1.d.test.", .ds).authority == [soa("d.test.")])
  }

  @Test func `DS of a child served here too is the parent's NODATA`() throws {
    let reply = try fixture.ask("child.d.test.", .ds)
    #expect(reply.isAuthoritative && reply.authority == [soa("d.test.")])
    #expect(try fixture.ask("www.child.d.test.", .ds).authority == [soa("child.d.test.")])
    // Nobody has the parent: the zone itself says so.
    #expect(try fixture.ask("e.test.", .ds).authority == [soa("e.test.")])
  }

  @Test func `a child that is served here answers for itself`() throws {
    let reply = try fixture.ask("www.child.d.test.")
    #expect(reply.isAuthoritative && reply.data == ["192.0.2.6"])
    #expect(try fixture.ask("no.child.d.test.").authority == [soa("child.d.test.")])
    #expect(try fixture.ask("child.d.test.", .ns).isAuthoritative)
  }

  @Test func `a server's address in another zone of ours is glue too`() throws {
    let reply = try fixture.ask("up.child.d.test.")
    #expect(reply.authority == ["up.child.d.test. 300 NS ns.d.test."])
    #expect(reply.additional == ["ns.d.test. 300 A 192.0.2.53"])
  }

  @Test func `MX and SRV bring the addresses that we are the authority for`() throws {
    let reply = try fixture.ask("mail.d.test.", .mx)
    #expect(reply.data.count == 5)
    #expect(
      reply.additional == [
        "mx1.d.test. 300 A 192.0.2.3", "mx1.d.test. 300 AAAA 2001:db8::3", "mx2.e.test. 300 A 192.0.2.5",
      ])
    #expect(try fixture.ask("_s._tcp.d.test.", .srv).additional.count == 2)
    #expect(try fixture.ask("d.test.", .ns).additional == ["ns.d.test. 300 A 192.0.2.53"])
  }

  @Test func `a CNAME owner below a cut is hidden as well`() throws {
    let fixture = try Fixture(["c.test.zone": zoneHead + "sub NS ns\nalias.sub CNAME ns\n"])
    #expect(try fixture.ask("alias.sub.c.test.").answer.isEmpty)
  }
}
