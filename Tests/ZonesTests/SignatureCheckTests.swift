import Testing

@testable import Zones

@Suite("RFC 4035 §2: where an overlay makes a signed zone's proofs wrong")
struct SignatureCheckTests {
  /// A signature of the right form; whether it is true is for validators.
  private static func rrsig(_ type: String) -> String {
    "RRSIG \(type) 13 3 300 20300101000000 20200101000000 1 z.test. AAAA"
  }

  private static let signed = """
    $TTL 300
    @ SOA ns hostmaster 1 3600 600 86400 60
    @ NS ns
    @ DNSKEY 257 3 13 AAAA
    @ NSEC a NS SOA RRSIG NSEC DNSKEY
    a A 192.0.2.1
    a \(rrsig("A"))
    a NSEC ns A RRSIG NSEC
    a \(rrsig("NSEC"))
    ns A 192.0.2.53
    ns NSEC @ A RRSIG NSEC

    """

  private func warnings(_ overlay: String, base: String = signed) throws -> [String] {
    try Fixture(contexts: ["prod"], base: base, ["prod": overlay]).diagnostics.filter { $0.hasPrefix("prod/") }
  }

  private let advice = "; sign the overlay with the zone, or serve the zone unsigned"

  @Test func `a node with its own signature and NSEC is right`() throws {
    let overlay =
      "a 300 A 192.0.2.2\na 300 \(Self.rrsig("A"))\na 300 NSEC ns A RRSIG NSEC\na 300 \(Self.rrsig("NSEC"))\n"
    #expect(try warnings(overlay) == [])
  }

  @Test func `data without a signature`() throws {
    #expect(
      try warnings("a 300 A 192.0.2.2\n") == [
        "prod/z.test.zone:1:1: warning: A of a.z.test. has no RRSIG here, but the zone is signed (RFC 4035 §2.2)"
          + advice
      ])
  }

  @Test func `other types than the proof says`() throws {
    let overlay = """
      a 300 TXT "x"
      a 300 \(Self.rrsig("TXT"))
      a 300 NSEC ns A RRSIG NSEC
      a 300 \(Self.rrsig("NSEC"))

      """
    #expect(
      try warnings(overlay) == [
        "prod/z.test.zone:1:1: warning: a.z.test. has other types here than its signed proof says, which are A NSEC RRSIG"
          + advice
      ])
  }

  @Test func `a name that signed records deny`() throws {
    #expect(
      try warnings("new 300 A 192.0.2.2\nnew 300 \(Self.rrsig("A"))\n") == [
        "prod/z.test.zone:1:1: warning: new.z.test. has no NSEC or NSEC3 here, so signed records deny it (RFC 4035 §2.3)"
          + advice
      ])
  }

  @Test(arguments: ["a 300 CNAME .\n", "a 300 CNAME *.\n"])
  func `a name taken away, though signed records say what it has`(overlay: String) throws {
    #expect(
      try warnings(overlay) == [
        "prod/z.test.zone:1:1: warning: a.z.test. is taken away here, but signed records say what it has" + advice
      ])
  }

  @Test func `a sealed context that has the zone's keys and none of its proofs`() throws {
    let diagnostics = try Fixture(contexts: ["lab sealed"], base: Self.signed, ["lab": "a 300 A 192.0.2.2\n"])
      .diagnostics
    #expect(
      diagnostics.contains(
        "z.test.zone:4:1: warning: the zone is signed, but the sealed context lab has no proofs of what it lacks "
          + "(RFC 4035 §3.1.3); give it a signed overlay with an apex of its own"))
    #expect(diagnostics.count { $0.contains("has no RRSIG here") } == 1)
  }

  @Test func `an apex that loses its keys`() throws {
    #expect(
      try warnings("@ 300 TXT \"x\"\n") == [
        "prod/z.test.zone:1:1: warning: the apex has no DNSKEY here, but elsewhere the zone is signed (RFC 4035 §2.1); "
          + "repeat its records here"
      ])
  }

  @Test func `a zone that is not signed has no such worries`() throws {
    #expect(try warnings("a 300 A 192.0.2.2\n", base: zoneHead + "a A 192.0.2.1\n") == [])
  }

  @Test func `extra iterations of NSEC3 (RFC 9276 §3.1)`() throws {
    let base = Self.signed + "@ NSEC3PARAM 1 0 12 aabbccdd\n"
    #expect(
      try Fixture(base: base).diagnostics.contains(
        "z.test.zone:12:1: warning: 12 extra iterations of NSEC3 make answers slow and help nobody (RFC 9276 §3.1); sign with 0"
      ))
  }

  @Test func `so many iterations that asking would cost us dearly are refused (RFC 9276 §3.2)`() throws {
    let diagnostics = try Fixture(base: zoneHead + "@ NSEC3PARAM 1 0 151 -\n").diagnostics
    #expect(
      diagnostics.contains(
        "z.test.zone:5:1: error: 151 extra iterations of NSEC3 are more than 150, and validators take such proofs for none "
          + "(RFC 9276 §3.2); sign with 0"))
  }

  @Test func `a signature of nothing`() throws {
    #expect(
      try Fixture(base: zoneHead + "a A 192.0.2.1\na \(Self.rrsig("MX"))\n").diagnostics == [
        "z.test.zone:6:1: warning: this RRSIG covers MX, which a.z.test. does not have; remove it"
      ])
  }
}
