import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 4035 Appendix B: responses from a zone signed with NSEC")
struct NSECTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture(["example.zone": SignedZones.nsec]) }

  private static let soa = "example. 3600 SOA ns1.example. bugs.x.w.example. 1081539377 3600 300 3600000 3600"

  @Test func `B.1 an answer`() throws {
    // The RFC's server adds the apex's NS set; we leave out what nobody asked for.
    try Expected(
      question: "x.w.example.", type: .mx, answer: ["x.w.example. 3600 MX 1 xx.example."],
      additional: ["xx.example. 3600 A 192.0.2.10", "xx.example. 3600 AAAA 2001:db8::f00:baaa"],
      signatures: ["x.w.example. MX", "xx.example. A", "xx.example. AAAA"]
    ).check(fixture, unproven: [])
  }

  @Test func `B.2 a name error`() throws {
    try Expected(
      question: "ml.example.", type: .a, rcode: "NXDOMAIN",
      authority: [
        Self.soa, "b.example. 3600 NSEC ns1.example. NS RRSIG NSEC",
        "example. 3600 NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY",
      ],
      signatures: ["example. SOA", "b.example. NSEC", "example. NSEC"]
    ).check(fixture, unproven: [Self.soa])
  }

  @Test func `B.3 no data`() throws {
    try Expected(
      question: "ns1.example.", type: .mx,
      authority: [Self.soa, "ns1.example. 3600 NSEC ns2.example. A RRSIG NSEC"],
      signatures: ["example. SOA", "ns1.example. NSEC"]
    ).check(fixture, unproven: [Self.soa])
  }

  @Test func `B.4 a referral to a signed zone`() throws {
    let servers = ["a.example. 3600 NS ns1.a.example.", "a.example. 3600 NS ns2.a.example."]
    try Expected(
      question: "mc.a.example.", type: .mx, isAuthoritative: false,
      authority: servers + ["a.example. 3600 DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B"],
      additional: ["ns1.a.example. 3600 A 192.0.2.5", "ns2.a.example. 3600 A 192.0.2.6"],
      signatures: ["a.example. DS"]
    ).check(fixture, unproven: servers)
  }

  @Test func `B.5 a referral to an unsigned zone`() throws {
    let servers = ["b.example. 3600 NS ns1.b.example.", "b.example. 3600 NS ns2.b.example."]
    try Expected(
      question: "mc.b.example.", type: .mx, isAuthoritative: false,
      authority: servers + ["b.example. 3600 NSEC ns1.example. NS RRSIG NSEC"],
      additional: ["ns1.b.example. 3600 A 192.0.2.7", "ns2.b.example. 3600 A 192.0.2.8"],
      signatures: ["b.example. NSEC"]
    ).check(fixture, unproven: servers)
  }

  @Test func `B.6 a wildcard's answer: its signature has the wildcard's label count`() throws {
    try Expected(
      question: "a.z.w.example.", type: .mx, answer: ["a.z.w.example. 3600 MX 1 ai.example."],
      authority: ["x.y.w.example. 3600 NSEC xx.example. MX RRSIG NSEC"],
      additional: ["ai.example. 3600 A 192.0.2.9", "ai.example. 3600 AAAA 2001:db8::f00:baa9"],
      signatures: ["a.z.w.example. MX", "x.y.w.example. NSEC", "ai.example. A", "ai.example. AAAA"]
    ).check(fixture, unproven: [])
    let reply = try fixture.askSigned("a.z.w.example.", .mx)
    #expect(reply.answer.contains { $0.hasPrefix("a.z.w.example. 3600 RRSIG MX 5 2 3600 ") })
  }

  @Test func `B.7 a wildcard without the type`() throws {
    try Expected(
      question: "a.z.w.example.", type: .aaaa,
      authority: [
        Self.soa, "x.y.w.example. 3600 NSEC xx.example. MX RRSIG NSEC",
        "*.w.example. 3600 NSEC x.w.example. MX RRSIG NSEC",
      ],
      signatures: ["example. SOA", "x.y.w.example. NSEC", "*.w.example. NSEC"]
    ).check(fixture, unproven: [Self.soa])
  }

  @Test func `B.8 DS of the child zone itself: no data`() throws {
    try Expected(
      question: "example.", type: .ds,
      authority: [Self.soa, "example. 3600 NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY"],
      signatures: ["example. SOA", "example. NSEC"]
    ).check(fixture, unproven: [Self.soa])
  }

  // MARK: - Beyond the appendix

  @Test func `an empty non-terminal: the NSEC that leaps over it`() throws {
    try Expected(
      question: "y.w.example.", type: .a,
      authority: [Self.soa, "x.w.example. 3600 NSEC x.y.w.example. MX RRSIG NSEC"],
      signatures: ["example. SOA", "x.w.example. NSEC"]
    ).check(fixture, unproven: [Self.soa])
  }

  @Test func `DS at a cut is the parent's answer, and its absence the parent's proof`() throws {
    let signed = try fixture.askSigned("a.example.", .ds)
    #expect(signed.isAuthoritative && Reply.signed(signed.answer) == ["a.example. DS"])
    try Expected(
      question: "b.example.", type: .ds,
      authority: [Self.soa, "b.example. 3600 NSEC ns1.example. NS RRSIG NSEC"],
      signatures: ["example. SOA", "b.example. NSEC"]
    ).check(fixture, unproven: [Self.soa])
  }

  @Test func `one NSEC that proves both halves comes once`() throws {
    // Before a.example., and before *.example.: the apex's own.
    let reply = try fixture.askSigned("0.example.", .a)
    #expect(reply.rcode == "NXDOMAIN")
    #expect(
      Reply.unsigned(reply.authority) == [Self.soa, "example. 3600 NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY"])
  }

  @Test func `the last name's NSEC proves what comes after it`() throws {
    let reply = try fixture.askSigned("zz.example.", .a)
    #expect(reply.authority.contains("xx.example. 3600 NSEC example. A HINFO AAAA RRSIG NSEC"))
  }

  @Test func `records of DNSSEC that are asked for come without DO`() throws {
    #expect(try fixture.ask("ns1.example.", .nsec).answer == ["ns1.example. 3600 NSEC ns2.example. A RRSIG NSEC"])
    #expect(try fixture.ask("example.", .dnskey).answer.count == 2)
    let signatures = try fixture.ask("ns1.example.", .rrsig).answer
    #expect(Reply.signed(signatures) == ["ns1.example. A", "ns1.example. NSEC"] && signatures.count == 2)
  }

  @Test func `a wildcard that is an empty non-terminal: the NSEC that leaps over it proves its type absent`() throws {
    let zone = SignedZones.text(
      """
      example. SOA ns.example. h.example. 1 3600 300 3600000 3600
      example. NS ns.example.
      example. NSEC b.example. NS SOA RRSIG NSEC
      b.example. A 192.0.2.2
      b.example. NSEC x.*.mid.example. A RRSIG NSEC
      x.*.mid.example. TXT "below an asterisk"
      x.*.mid.example. NSEC ns.example. TXT RRSIG NSEC
      ns.example. A 192.0.2.1
      ns.example. NSEC example. A RRSIG NSEC
      """)
    let fixture = try Fixture(["example.zone": zone])
    let reply = try fixture.askSigned("q.mid.example.", .txt)
    #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty)
    // That q.mid is not there, and that *.mid is, without data (RFC 4035 §3.1.3.4).
    #expect(Reply.signed(reply.authority) == ["b.example. NSEC", "example. SOA", "x.*.mid.example. NSEC"])
  }

  @Test func `a negative answer's SOA and its signature have the same, lesser TTL`() throws {
    let fixture = try Fixture([
      "example.zone": SignedZones.nsec.replacing("3600000 3600", with: "3600000 60")
    ])
    let reply = try fixture.askSigned("ns1.example.", .mx)
    let ttls = reply.authority.filter { $0.contains(" SOA ") }.map { $0.split(separator: " ")[1] }
    #expect(ttls == ["60", "60"], "\(reply.authority)")
  }
}
