import Testing

@testable import Zones

@Suite("What a zone may have and yet is hardly meant: warnings")
struct ZoneDoubtTests {
  /// Everything said of a zone whose first four lines are `zoneHead`, without the file's name.
  private func doubts(
    _ text: String, _ overlays: KeyValuePairs<String, String> = [:], inner: [String] = []
  ) throws -> [String] {
    let contexts = ["prod", "shard in prod", "lab sealed"]
    return try Fixture(contexts: contexts, base: zoneHead + text, overlays, inner: inner).diagnostics.map {
      $0.replacing("z.test.zone:", with: "").replacing(" warning:", with: "")
    }
  }

  // MARK: - Where records lead

  @Test func `NS, MX and SRV to a name without an address`() throws {
    #expect(
      try doubts("@ NS none\n@ MX 1 none\n_x._tcp SRV 0 0 1 t\nt TXT \"no address\"\n") == [
        "5:1: NS leads to none.z.test., which has no address here; add an A or AAAA for it, or correct the name",
        "6:1: MX leads to none.z.test., which has no address here; add an A or AAAA for it, or correct the name",
        "7:1: SRV leads to t.z.test., which has no address here; add an A or AAAA for it, or correct the name",
      ])
  }

  @Test func `targets that are fine: with an address, by a wildcard, in other zones, below cuts, none`() throws {
    #expect(
      try doubts(
        """
        @ MX 1 ns
        @ MX 1 any.wild
        *.wild AAAA ::1
        @ MX 1 mail.other.
        null MX 0 .
        _no._tcp SRV 0 0 0 .
        sub NS ns.other.
        @ MX 1 mail.sub
        @ MX 1 sub
        c1 CNAME mail.sub
        c2 CNAME ns
        c3 CNAME empty
        x.empty A 192.0.2.1
        c4 CNAME some.wild
        @ MX 1 mail.served
        c5 CNAME www.served

        """, inner: ["served.z.test."]) == [])
  }

  @Test func `NS, MX and SRV to an alias`() throws {
    #expect(
      try doubts("@ NS a\n@ MX 1 a\n_x._tcp SRV 0 0 1 a\na CNAME ns\n*.w CNAME ns\nm MX 1 b.w\n") == [
        "5:1: NS leads to a.z.test., which is an alias (RFC 2181 §10.3); name the host that has the address",
        "6:1: MX leads to a.z.test., which is an alias (RFC 2181 §10.3); name the host that has the address",
        "7:1: SRV leads to a.z.test., which is an alias (RFC 2782); name the host that has the address",
        "10:1: MX leads to b.w.z.test., which is an alias (RFC 2181 §10.3); name the host that has the address",
      ])
  }

  @Test func `every type whose target's addresses are sent along is looked at`() throws {
    let types = ["AFSDB 1 none", "RT 1 none", "KX 1 none", "SVCB 1 none", "HTTPS 1 none alpn=h2", "HTTPS 0 none"]
    #expect(
      try doubts(types.map { "t \($0)\n" }.joined())
        == types.enumerated().map { index, line in
          "\(index + 5):1: \(line.prefix { $0 != " " }) leads to none.z.test., which has no address here; add an A or AAAA for it, or correct the name"
        })
  }

  @Test func `a service may be bound to its own name, to an alias, and to a name that binds it again (RFC 9460 §2)`()
    throws
  {
    #expect(
      try doubts(
        """
        @ HTTPS 0 svc
        svc HTTPS 1 h3.other.
        own HTTPS 1 .
        to SVCB 1 alias
        k KX 1 alias
        alias CNAME ns
        x SVCB 0 any.wild
        *.wild SVCB 1 h3.other.
        only HTTPS 1 svc

        """) == [
          "13:1: HTTPS leads to svc.z.test., which has no address here; add an A or AAAA for it, or correct the name"
        ])
  }

  @Test func `a name server below its own cut needs glue; one below another cut does not`() throws {
    #expect(
      try doubts("sub NS ns.sub\nsub NS sub\nok NS ns.ok\nns.ok A 192.0.2.1\nother NS ns.sub\n") == [
        "5:1: name server ns.sub.z.test. is below the zone cut that it serves and has no address here (RFC 1034 §4.2.1); add its A or AAAA as glue",
        "6:1: name server sub.z.test. is below the zone cut that it serves and has no address here (RFC 1034 §4.2.1); add its A or AAAA as glue",
      ])
  }

  @Test func `an alias that leads nowhere, to itself, round in a circle, or through too many`() throws {
    let long = (1...12).map { "l\($0) CNAME l\($0 + 1)\n" }.joined() + "l13 A 192.0.2.1\n"
    #expect(
      try doubts("a CNAME none\nb CNAME b\nc CNAME d\nd CNAME c\ne CNAME c\n" + long) == [
        "5:1: CNAME leads to none.z.test., which does not exist; add it, or correct the name",
        "6:1: CNAME leads round in a circle, back to b.z.test.; let one of these names have data",
        "7:1: CNAME leads round in a circle, back to c.z.test.; let one of these names have data",
        "8:1: CNAME leads round in a circle, back to d.z.test.; let one of these names have data",
        "10:1: CNAME leads through more than 11 aliases, and resolvers give up; let it lead to where they end",
      ])
  }

  @Test func `what one context lacks another may have: only what all lack is told`() throws {
    #expect(try doubts("a CNAME db\n@ MX 1 db\n", ["shard": "db 5 A 10.0.0.1\n"]) == [])
    #expect(try doubts("a CNAME db\n", ["lab": "db 5 A 10.0.0.1\n"]).count == 1, "nothing is inherited there")
    #expect(
      try doubts("db A 192.0.2.1\n", ["prod": "a 5 CNAME db\nb 5 CNAME dc\nns 5 CNAME .\n", "shard": "db 5 CNAME .\n"])
        == ["prod/2:1: CNAME leads to dc.z.test., which does not exist; add it, or correct the name"])
  }

  @Test func `a circle through an overlay`() throws {
    #expect(
      try doubts("a CNAME b\nb A 192.0.2.1\n", ["prod": "b 5 CNAME a\n"]) == [
        "prod/1:1: CNAME leads round in a circle, back to b.z.test.; let one of these names have data"
      ])
  }

  @Test func `a DNAME that leads below itself, and one at a wildcard`() throws {
    #expect(
      try doubts("d TYPE39 \\# 12 0178 0164 017a 0474657374 00\n*.w TYPE39 \\# 3 016100\n*.v NS ns\n") == [
        "5:1: DNAME leads to x.d.z.test., at or below its own name, so that no answer ends; let it lead elsewhere",
        "6:1: DNAME at the wildcard *.w.z.test. means something else to each resolver (RFC 6672 §3.3); write it for each name",
        "7:1: NS at the wildcard *.v.z.test. means something else to each resolver (RFC 4592 §4.2); write it for each name",
      ])
  }

  // MARK: - Placement

  @Test func `data at and below a zone cut is never answered; glue, DS and proofs belong there`() throws {
    #expect(
      try doubts(
        """
        sub NS ns.sub
        sub DS 1 13 2 \(String(repeating: "00", count: 32))
        sub NSEC www NS DS RRSIG NSEC
        sub MX 1 ns
        ns.sub A 192.0.2.1
        ns.sub TXT "x"
        www.sub A 192.0.2.2
        b.www.sub A 192.0.2.2
        own NS own
        own A 192.0.2.3
        in.own NS ns.other.

        """.replacing("DS", with: "TYPE43")) == [
          "8:1: MX at the zone cut sub.z.test. is never answered from here (RFC 1034 §4.2.1); move it to that zone's file, or remove the NS",
          "10:1: ns.sub.z.test. is below the zone cut sub.z.test. and never answered from here (RFC 1034 §4.2.1); move it to that zone's file",
          "11:1: www.sub.z.test. is below the zone cut sub.z.test. and never answered from here (RFC 1034 §4.2.1); move it to that zone's file",
          "12:1: b.www.sub.z.test. is below the zone cut sub.z.test. and never answered from here (RFC 1034 §4.2.1); move it to that zone's file",
          "15:1: in.own.z.test. is below the zone cut own.z.test. and never answered from here (RFC 1034 §4.2.1); move it to that zone's file",
        ])
  }

  @Test func `an overlay's name below a cut of the base, unless the overlay takes the cut away`() throws {
    #expect(
      try doubts("sub NS ns.other.\n", ["prod": "www.sub 5 A 10.0.0.1\n"]) == [
        "prod/1:1: www.sub.z.test. is below the zone cut sub.z.test. and never answered from here (RFC 1034 §4.2.1); move it to that zone's file, or write the cut's name in this overlay too"
      ])
    #expect(try doubts("sub NS ns.other.\n", ["prod": "www.sub 5 A 10.0.0.1\nsub 5 TXT \"ours\"\n"]) == [])
  }

  @Test func `data below a DNAME is never answered`() throws {
    #expect(
      try doubts("d TYPE39 \\# 3 016100\nd TXT \"beside is fine\"\nx.d A 192.0.2.1\ny.x.d A 192.0.2.1\na CNAME z.d\n")
        == [
          "7:1: x.d.z.test. is below the DNAME of d.z.test. and never answered (RFC 6672 §2.4); remove it, or the DNAME",
          "8:1: y.x.d.z.test. is below the DNAME of d.z.test. and never answered (RFC 6672 §2.4); remove it, or the DNAME",
        ])
  }

  // MARK: - Owners and times

  @Test func `asterisks that are no wildcards`() throws {
    #expect(
      try doubts("*.w A 192.0.2.1\n*foo A 192.0.2.1\na.*.b A 192.0.2.1\na* A 192.0.2.1\n*.*.c A 192.0.2.1\n") == [
        "6:1: the label \"*foo\" is no wildcard and matches itself only (RFC 4592 §2.1.1); a wildcard is * alone",
        "7:1: the * inside a.*.b.z.test. matches itself only (RFC 4592 §2.1.1); a wildcard is * as the first label",
        "9:1: the * inside *.*.c.z.test. matches itself only (RFC 4592 §2.1.1); a wildcard is * as the first label",
      ])
  }

  @Test func `times of an SOA that cannot be meant`() throws {
    let fixture = try Fixture(base: "$TTL 300\n@ SOA . . 0 3600 600 1800 86401\n@ NS ns.\n")
    #expect(
      fixture.diagnostics == [
        "z.test.zone:2:1: warning: expire 1800 is less than refresh 3600, so secondaries drop the zone between transfers (RFC 1912 §2.2); let expire be some days",
        "z.test.zone:2:1: warning: minimum 86401 keeps \"there is no such name\" in caches for more than a day (RFC 2308 §5); 300 to 10800 is usual",
      ])
  }

  @Test func `more than 500 are not listed`() throws {
    #expect(try doubts((1...600).map { "m\($0) MX 1 none\n" }.joined()).count == 500)
  }
}
