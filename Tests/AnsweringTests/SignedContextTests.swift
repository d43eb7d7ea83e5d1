import DNSFormat
import Testing

@testable import Answering

@Suite("Signed zones, contexts and isolate")
struct SignedContextTests {
  private static let policy = """
    context laptop { from 127.0.0.0/8 }
    context test { from 10.20.0.0/16 }
    context prod { from 10.30.0.0/16 }
    isolate test prod

    """

  /// A signature over an RRset of `s.test.`, TTL 300.
  private static func rrsig(_ owner: String, _ type: String) -> String {
    "\(owner) RRSIG \(SignedZones.signature(of: "\(owner).s.test.", type, apex: "s.test.", ttl: 300))\n"
  }

  private static let zone = SignedZones.text(
    """
    s.test. SOA ns.s.test. h.s.test. 1 3600 600 86400 60
    s.test. NS ns.s.test.
    s.test. NSEC mixed.s.test. NS SOA RRSIG NSEC
    mixed.s.test. A 10.20.0.1
    mixed.s.test. A 10.30.0.1
    mixed.s.test. AAAA 2001:db8::1
    mixed.s.test. NSEC ns.s.test. A AAAA RRSIG NSEC
    ns.s.test. A 192.0.2.53
    ns.s.test. NSEC own.s.test. A RRSIG NSEC
    own.s.test. A 192.0.2.1
    own.s.test. NSEC point.s.test. A RRSIG NSEC
    point.s.test. MX 10 mixed.s.test.
    point.s.test. NSEC s.test. MX RRSIG NSEC
    """, apex: "s.test.", ttl: 300)

  private func fixture(_ more: String = "", overlay: String = "") throws -> Fixture {
    try Fixture(policy: Self.policy + more, ["s.test.zone": Self.zone, "laptop/s.test.zone": "$TTL 300\n" + overlay])
  }

  @Test func `an overlay's signed node is served with its own signatures and NSEC`() throws {
    let overlay =
      "own A 127.0.0.2\n" + Self.rrsig("own", "A") + "own TXT \"laptop's\"\n" + Self.rrsig("own", "TXT")
      + "own NSEC point A TXT RRSIG NSEC\n" + Self.rrsig("own", "NSEC")
    let fixture = try fixture(overlay: overlay)
    let own = try fixture.askSigned("own.s.test.")
    #expect(Reply.unsigned(own.answer) == ["own.s.test. 300 A 127.0.0.2"])
    #expect(Reply.signed(own.answer) == ["own.s.test. A"])
    let none = try fixture.askSigned("own.s.test.", .aaaa)
    #expect(none.authority.contains("own.s.test. 300 NSEC point.s.test. A TXT RRSIG NSEC"))
    #expect(Reply.signed(none.authority) == ["own.s.test. NSEC", "s.test. SOA"])
    let gone = try fixture.askSigned("oz.s.test.")
    #expect(gone.rcode == "NXDOMAIN" && gone.authority.contains("own.s.test. 300 NSEC point.s.test. A TXT RRSIG NSEC"))
    // Others see the base's.
    let base = try fixture.askSigned("own.s.test.", .aaaa, from: "10.20.0.1")
    #expect(base.authority.contains("own.s.test. 300 NSEC point.s.test. A RRSIG NSEC"))
    #expect(try fixture.askSigned("own.s.test.", .txt, from: "10.20.0.1").answer.isEmpty)
  }

  @Test func `an overlay's unsigned node is served without signatures, the base's never beside it`() throws {
    let fixture = try fixture(overlay: "own A 127.0.0.2\n")
    #expect(try fixture.askSigned("own.s.test.").answer == ["own.s.test. 300 A 127.0.0.2"])
    #expect(try Reply.signed(fixture.askSigned("own.s.test.", from: "10.20.0.1").answer) == ["own.s.test. A"])
  }

  @Test func `isolate leaves a signed set whole, or refuses it`() throws {
    let fixture = try fixture()
    for source in ["10.20.0.9", "10.30.0.9"] {
      for reply in [
        try fixture.ask("mixed.s.test.", from: source), try fixture.askSigned("mixed.s.test.", from: source),
      ] {
        #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty && reply.ede?.hasPrefix("15 ") == true)
        #expect(reply.outcome.refusal?.rule == .isolate && !reply.hasProofs)
      }
    }
    let whole = try fixture.askSigned("mixed.s.test.")
    #expect(Reply.unsigned(whole.answer).count == 2 && Reply.signed(whole.answer) == ["mixed.s.test. A"])
    // The other set of the name has nothing that crosses.
    #expect(try fixture.ask("mixed.s.test.", .aaaa, from: "10.20.0.9").data == ["2001:db8::1"])
  }

  @Test func `a signed set of which some cross is in no additional section`() throws {
    let reply = try fixture().askSigned("point.s.test.", .mx, from: "10.20.0.9")
    #expect(Reply.unsigned(reply.additional) == ["mixed.s.test. 300 AAAA 2001:db8::1"])
    #expect(Reply.signed(reply.additional) == ["mixed.s.test. AAAA"])
    #expect(try Reply.unsigned(fixture().askSigned("point.s.test.", .mx).additional).count == 3)
  }

  @Test(arguments: ["nxdomain", "nodata"]) func `deny-as nxdomain and nodata lie, so they prove nothing`(kind: String)
    throws
  {
    let reply = try fixture("deny-as \(kind)\n").askSigned("mixed.s.test.", from: "10.20.0.9")
    #expect(reply.rcode == (kind == "nxdomain" ? "NXDOMAIN" : "NOERROR") && reply.answer.isEmpty)
    #expect(Reply.unsigned(reply.authority) == ["s.test. 5 SOA ns.s.test. h.s.test. 1 3600 600 86400 60"])
    #expect(!reply.authority.contains { $0.contains(" NSEC ") })
  }

  @Test func `a signed DNAME: its signature, none over the CNAME made of it (RFC 6672 §5.3.1)`() throws {
    let zone = SignedZones.text(
      """
      s.test. SOA ns.s.test. h.s.test. 1 3600 600 86400 60
      s.test. NS ns.s.test.
      s.test. NSEC d.s.test. NS SOA RRSIG NSEC
      d.s.test. DNAME t.s.test.
      d.s.test. NSEC x.t.s.test. DNAME RRSIG NSEC
      x.t.s.test. A 192.0.2.1
      x.t.s.test. NSEC s.test. A RRSIG NSEC
      """, apex: "s.test.", ttl: 300)
    let fixture = try Fixture(["s.test.zone": zone])
    let reply = try fixture.askSigned("x.d.s.test.")
    #expect(
      Reply.unsigned(reply.answer) == [
        "d.s.test. 300 DNAME t.s.test.", "x.d.s.test. 300 CNAME x.t.s.test.", "x.t.s.test. 300 A 192.0.2.1",
      ])
    #expect(Reply.signed(reply.answer) == ["d.s.test. DNAME", "x.t.s.test. A"])
    #expect(reply.authority.isEmpty)
    // The end of the chain is proven, not what lies below the DNAME.
    let gone = try fixture.askSigned("y.d.s.test.")
    #expect(gone.rcode == "NXDOMAIN" && gone.authority.contains("x.t.s.test. 300 NSEC s.test. A RRSIG NSEC"))
    #expect(!gone.authority.contains { $0.hasPrefix("y.") || $0.contains("x.d.") })
    let none = try fixture.askSigned("d.s.test.")
    #expect(none.authority.contains("d.s.test. 300 NSEC x.t.s.test. DNAME RRSIG NSEC"))
  }
}
