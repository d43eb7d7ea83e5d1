import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 5155 Appendix B: responses from a zone signed with NSEC3 and opt-out")
struct NSEC3Tests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture(["example.zone": SignedZones.nsec3]) }

  private static let soa = "example. 3600 SOA ns1.example. bugs.x.w.example. 1 3600 300 3600000 3600"

  /// The NSEC3 record whose owner starts so, as it stands in a response.
  private static func record(_ start: String) -> String {
    let line = SignedZones.nsec3.split(separator: "\n").first { $0.hasPrefix(start) && $0.contains(" NSEC3 ") } ?? ""
    let fields = line.split(separator: " ").map(String.init)
    let types = ["A", "NS", "SOA", "HINFO", "MX", "AAAA", "DS", "RRSIG", "DNSKEY", "NSEC3PARAM"].filter {
      fields.dropFirst(7).contains($0)
    }
    return ([fields[0], "3600 NSEC3 1 1 12 AABBCCDD", fields[6].uppercased()] + types).joined(separator: " ")
  }

  private func check(
    _ question: String, _ type: RRType, rcode: String = "NOERROR", proofs: [String]
  ) throws {
    let records = proofs.map(Self.record)
    try Expected(
      question: question, type: type, rcode: rcode, authority: [Self.soa] + records,
      signatures: ["example. SOA"] + records.map { "\($0.prefix { $0 != " " }) NSEC3" }
    ).check(fixture, unproven: [Self.soa])
  }

  @Test func `B.1 a name error: closest encloser, next closer name, wildcard`() throws {
    try check("a.c.x.w.example.", .a, rcode: "NXDOMAIN", proofs: ["0p9m", "b4um", "35mt"])
  }

  @Test func `B.2 no data`() throws { try check("ns1.example.", .mx, proofs: ["2t7b"]) }

  @Test func `B.2.1 no data at an empty non-terminal`() throws { try check("y.w.example.", .a, proofs: ["ji6n"]) }

  @Test func `B.3 a referral to an unsigned zone that opt-out leaps over`() throws {
    let servers = ["c.example. 3600 NS ns1.c.example.", "c.example. 3600 NS ns2.c.example."]
    let proofs = [Self.record("35mt"), Self.record("0p9m")]
    try Expected(
      question: "mc.c.example.", type: .mx, isAuthoritative: false, authority: servers + proofs,
      additional: ["ns1.c.example. 3600 A 192.0.2.7", "ns2.c.example. 3600 A 192.0.2.8"],
      signatures: [
        "35mthgpgcu1qg68fab165klnsnk3dpvl.example. NSEC3", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. NSEC3",
      ]
    ).check(fixture, unproven: servers)
  }

  @Test func `B.4 a wildcard's answer`() throws {
    try Expected(
      question: "a.z.w.example.", type: .mx, answer: ["a.z.w.example. 3600 MX 1 ai.example."],
      authority: [Self.record("q04j")],
      additional: ["ai.example. 3600 A 192.0.2.9", "ai.example. 3600 AAAA 2001:db8::f00:baa9"],
      signatures: [
        "a.z.w.example. MX", "q04jkcevqvmu85r014c7dkba38o0ji5r.example. NSEC3", "ai.example. A", "ai.example. AAAA",
      ]
    ).check(fixture, unproven: [])
  }

  @Test func `B.5 a wildcard without the type`() throws {
    try check("a.z.w.example.", .aaaa, proofs: ["k8ud", "q04j", "r53b"])
  }

  @Test func `B.6 DS of the child zone itself: no data`() throws { try check("example.", .ds, proofs: ["0p9m"]) }

  // MARK: - §7.2

  @Test func `§7.2.4 DS of a delegation without a record: closest encloser and next closer name`() throws {
    try check("c.example.", .ds, proofs: ["35mt", "0p9m"])
  }

  @Test func `a referral to a signed zone has its DS set`() throws {
    let reply = try fixture.askSigned("mc.a.example.", .mx)
    #expect(!reply.isAuthoritative && Reply.signed(reply.authority) == ["a.example. DS"])
    #expect(!reply.authority.contains { $0.contains("NSEC3") })
  }

  @Test(arguments: [
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.", "JI6NEOAEPV8B5O6K4EV33ABHA8HT9FGC.example.",
  ])
  func `§7.2.8 a question for an NSEC3 record's owner is a name error`(name: String) throws {
    for type in [.a, .nsec3, .rrsig, .any] as [RRType] {
      let reply = try fixture.askSigned(name, type)
      #expect(reply.rcode == "NXDOMAIN" && reply.answer.isEmpty && reply.authority.contains(Self.soa), "\(type)")
      #expect(reply.authority.count { $0.contains(" NSEC3 1 ") } >= 2)
    }
    #expect(try fixture.ask("x." + name, .a).rcode == "NXDOMAIN")
  }

  @Test func `§7.2.8 where other data is at the hash as a name, the name exists`() throws {
    let reply = try fixture.askSigned("2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", .a)
    #expect(Reply.unsigned(reply.answer) == ["2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 A 192.0.2.127"])
    try check("2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", .aaaa, proofs: ["koha"])
  }

  @Test func `§7.2.1 a name far below the apex is proven from its closest encloser`() throws {
    let reply = try fixture.askSigned("a.b.c.d.e.f.g.example.", .a)
    #expect(reply.rcode == "NXDOMAIN" && reply.authority.contains(Self.record("0p9m")))
  }

  @Test func `NSEC3PARAM is data like any other`() throws {
    #expect(try fixture.ask("example.", .nsec3param).answer == ["example. 3600 NSEC3PARAM 1 0 12 AABBCCDD"])
  }

  @Test func `§7.3 records of other parameters, a zone being re-salted, are passed over`() throws {
    let extra = SignedZones.text(
      "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv.example. NSEC3 1 1 5 ee 00000000000000000000000000000000 A")
    let fixture = try Fixture(["example.zone": SignedZones.nsec3 + extra.replacing("$TTL 3600\n", with: "")])
    // The hash of the last name is before all ours or after them; the odd record never proves it.
    for number in 0..<64 {
      let reply = try fixture.askSigned("n\(number).example.", .a)
      #expect(reply.rcode == "NXDOMAIN" && !reply.authority.contains { $0.contains(" 5 EE ") })
    }
  }
}
