import Testing

@testable import Zones

@Suite("What is wrong with a zone as a whole")
struct ZoneCheckTests {
  private func diagnostics(_ text: String, _ overlays: KeyValuePairs<String, String> = [:]) throws -> [String] {
    try Fixture(contexts: ["prod", "shard in prod"], base: text, overlays).diagnostics
  }

  private let soa = "$TTL 300\n@ SOA ns hostmaster 1 2 3 4 5\n"

  @Test func `no SOA`() throws {
    #expect(
      try diagnostics("$TTL 5\n@ NS ns.\n") == [
        "z.test.zone: error: the zone z.test. has no SOA (RFC 1035 §5.2); add one, such as: @ SOA ns1 hostmaster 1 3600 600 86400 5"
      ])
  }

  @Test func `no NS`() throws {
    #expect(
      try diagnostics(soa) == [
        "z.test.zone: error: the zone z.test. has no NS at its apex (RFC 1034 §4.2.1); add one, such as: @ NS ns1"
      ])
  }

  @Test func `an overlay without a base needs its own SOA and NS`() throws {
    let fixture = try Fixture(contexts: ["prod"], base: nil, ["prod": "a 5 A 192.0.2.1\n"])
    #expect(
      fixture.diagnostics == [
        "prod/z.test.zone: error: there is no base file for z.test. and this overlay has no SOA; add one, or a file "
          + "z.test.zone outside the folder"
      ])
  }

  @Test func `an overlay without a record is doubted, unless its context is sealed`() throws {
    let base = soa + "@ NS ns.\na A 192.0.2.1\n"
    let doubt =
      "prod/z.test.zone: warning: the overlay has no record, so it changes nothing in context prod; write the names that "
      + "differ there, or remove the file"
    #expect(try diagnostics(base, ["prod": "; to come\n$TTL 5\n"]) == [doubt])
    #expect(try diagnostics(base, ["prod": ""]) == [doubt])
    #expect(try diagnostics(base, ["prod": "a 5 A 192.0.2.2\n"]) == [])
    #expect(try Fixture(contexts: ["prod sealed"], base: base, ["prod": ""]).diagnostics == [])
  }

  @Test func `a CNAME beside other data, and a second CNAME`() throws {
    #expect(
      try diagnostics(soa + "@ NS ns.\na A 192.0.2.1\na CNAME b.\nc CNAME d.\nc CNAME e.\n") == [
        "z.test.zone:5:1: error: CNAME a.z.test. has an A beside it, line 4 (RFC 1034 §3.6.2); keep one",
        "z.test.zone:7:1: error: c.z.test. has a second CNAME, the first is in line 6 (RFC 2181 §10.1); keep one",
      ])
  }

  @Test func `a CNAME at the apex of an overlay is beside the inherited SOA`() throws {
    #expect(
      try diagnostics(soa + "@ NS ns.\n", ["prod": "@ 5 CNAME other.\n"]).contains {
        $0.hasPrefix("prod/z.test.zone:1:1: error: the apex z.test. cannot be an alias")
      })
  }

  @Test func `a CNAME at the apex is told what else does its work`() throws {
    #expect(
      try diagnostics(soa + "@ NS ns.\n@ CNAME b.test.\n") == [
        "z.test.zone:4:1: error: the apex z.test. cannot be an alias, having SOA and NS (RFC 1034 §3.6.2); write here the "
          + "A and AAAA of b.test., or HTTPS 0 b.test."
      ])
  }

  @Test func `a second SOA, and one below the apex`() throws {
    #expect(
      try diagnostics(soa + "@ NS ns.\n@ SOA ns other 1 2 3 4 5\nsub SOA ns x 1 2 3 4 5\n") == [
        "z.test.zone:4:1: error: a second SOA, the first is in line 2 (RFC 1035 §5.2); keep one",
        "z.test.zone:5:1: error: SOA at sub.z.test. is not at the apex z.test. (RFC 1035 §5.2); remove it, or name the file after its zone",
      ])
  }

  @Test func `an owner outside the zone`() throws {
    #expect(
      try diagnostics(soa + "@ NS ns.\nb.test. A 192.0.2.1\nxz.test. A 192.0.2.1\n") == [
        "z.test.zone:4:1: error: b.test. is outside the zone z.test.; remove it, or put it into its own zone's file",
        "z.test.zone:5:1: error: xz.test. is outside the zone z.test.; remove it, or put it into its own zone's file",
      ])
  }

  @Test func `differing TTLs of an RRset: the least is used, with a warning`() throws {
    let fixture = try Fixture(base: soa + "@ NS ns.\na 60 A 192.0.2.1\na 30 A 192.0.2.2\na 90 TXT \"x\"\n")
    #expect(
      fixture.diagnostics == [
        "z.test.zone:5:1: warning: TTL 30 differs from the 60 of its RRset (RFC 2181 §5.2): 30 is used for both; make them equal"
      ])
    #expect(try fixture.data("a.z.test.") == ["30 A 192.0.2.1", "30 A 192.0.2.2", "90 TXT \"x\""])
  }

  @Test func `a duplicate is dropped, with a warning`() throws {
    let fixture = try Fixture(base: soa + "@ NS ns.\na A 192.0.2.1\na A 192.0.2.1\n")
    #expect(fixture.diagnostics == ["z.test.zone:5:1: warning: this A record is there already, line 4; remove one"])
    #expect(try fixture.data("a.z.test.") == ["300 A 192.0.2.1"])
  }

  @Test func `the markers mean something in overlays only, and not at the apex`() throws {
    #expect(
      try diagnostics(soa + "@ NS ns.\na CNAME .\nb CNAME *.\n") == [
        "z.test.zone:4:1: warning: CNAME . hides a name only in a context's overlay; here it is an alias that leads nowhere",
        "z.test.zone:5:1: warning: CNAME *. hides a name only in a context's overlay; here it is an alias that leads nowhere",
      ])
    #expect(
      try diagnostics(soa + "@ NS ns.\n", ["shard": "@ 5 CNAME .\n"]).contains(
        "shard/z.test.zone:1:1: error: the apex z.test. cannot be hidden; remove this line, or refuse the zone by policy"
      ))
  }

  @Test func `a mistake that several contexts inherit is said once`() throws {
    #expect(try diagnostics(soa + "@ NS ns.\na CNAME b.\na TXT \"x\"\n", ["prod": "b 5 A 10.0.0.1\n"]).count == 1)
  }

  @Test func `records that differ in a name's case are duplicates (RFC 2181 §5), in a text's case are not`() throws {
    let fixture = try Fixture(
      base: soa + "@ NS ns.\n@ NS NS.\n@ MX 97 Mail.\n@ MX 65 mail.\n@ MX 97 MAIL.\na TXT \"a\"\na TXT \"A\"\n")
    #expect(
      fixture.diagnostics == [
        "z.test.zone:4:1: warning: this NS record is there already, line 3; remove one",
        "z.test.zone:7:1: warning: this MX record is there already, line 5; remove one",
      ])
    #expect(try fixture.data("a.z.test.") == ["300 TXT \"A\"", "300 TXT \"a\""])
    let many = (1...40).map { "@ NS s\($0).\n" }.joined() + "@ NS S7.\n@ NS S33.\n"
    #expect(try diagnostics(soa + many).count == 2)
  }

  @Test func `a name's case counts only in types whose canonical form keeps it (RFC 4034 §6.2)`() throws {
    let lines = [
      "NAPTR 1 1 \"s\" \"x\" \"\" A.", "NAPTR 1 1 \"s\" \"x\" \"\" a.", "NAPTR 1 1 \"S\" \"x\" \"\" a.",
      "PX 1 m.A. x.", "PX 1 m.a. X.", "RP m.a. T.", "RP M.A. t.", "SVCB 1 A.", "SVCB 1 a.", "LP 1 A.", "LP 1 a.",
      "A 192.0.2.1", "RRSIG A 13 3 5 20300101000000 20200101000000 1 z.test. AAAA",
      "RRSIG A 13 3 5 20300101000000 20200101000000 1 Z.test. AAAA",
    ]
    #expect(
      try diagnostics(soa + "@ NS ns.\n" + lines.map { "a \($0)\n" }.joined()) == [
        "z.test.zone:5:1: warning: this NAPTR record is there already, line 4; remove one",
        "z.test.zone:8:1: warning: this PX record is there already, line 7; remove one",
        "z.test.zone:10:1: warning: this RP record is there already, line 9; remove one",
        "z.test.zone:17:1: warning: this RRSIG record is there already, line 16; remove one",
      ])
    let many = (1...40).map { "p PX 1 s\($0). x.\n" }.joined() + "p PX 1 S7. X.\np PX 1 S33. x.\n"
    #expect(try diagnostics(soa + "@ NS ns.\n" + many).count == 2)
  }

  @Test func `DNSSEC's records may stand beside a CNAME (RFC 4035 §2.5)`() throws {
    let proofs = """
      a CNAME b.
      a RRSIG CNAME 13 3 5 20300101000000 20200101000000 1 z.test. AAAA
      a NSEC b CNAME RRSIG NSEC
      a KEY 0 3 13 AAAA

      """
    #expect(try diagnostics(soa + "@ NS ns.\n" + proofs).filter { $0.contains("beside") } == [])
  }

  @Test func `a second DNAME, and a DNAME beside a CNAME`() throws {
    let dname = "TYPE39 \\# 3 016100", other = "TYPE39 \\# 3 016200"
    #expect(
      try diagnostics(soa + "@ NS ns.\nd \(dname)\nd \(other)\ne \(dname)\ne CNAME x.\n") == [
        "z.test.zone:5:1: error: d.z.test. has a second DNAME, the first is in line 4 (RFC 6672 §2.4); keep one",
        "z.test.zone:7:1: error: CNAME e.z.test. has a DNAME beside it, line 6 (RFC 1034 §3.6.2); keep one",
      ])
  }

  @Test func `SPF without a TXT that says the same`() throws {
    let spf = "TYPE99 \\# 7 06763d73706631"
    #expect(
      try diagnostics(soa + "@ NS ns.\na \(spf)\na TXT \"other\"\nb \(spf)\nb TXT \"v=spf1 -all\"\n") == [
        "z.test.zone:4:1: warning: no one asks for SPF records any more (RFC 7208 §3.1); write the same as a TXT"
      ])
  }
}
