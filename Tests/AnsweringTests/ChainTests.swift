import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 1034 §3.6.2, §4.3.2: chains of aliases, long, looped and across zones")
struct ChainTests {
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture([
      "a.test.zone": zoneHead + (0..<11).map { "s\($0) CNAME s\($0 + 1)\n" }.joined() + "s11 A 192.0.2.11\n"
        + (0..<20).map { "l\($0) CNAME l\($0 + 1)\n" }.joined() + "l20 A 192.0.2.20\n"
          + """
          loop CNAME loop.b.test.
          hop CNAME hop.b.test.
          here A 192.0.2.1
          d DNAME d.b.test.
          cut NS ns.cut
          ns.cut A 192.0.2.2
          long CNAME \(String(repeating: "l.", count: 120))a.test.
          text TXT "text"
          stop CNAME *.star
          *.star A 192.0.2.3
          into CNAME x.deep.c.a.test.
          """,
      "b.test.zone": zoneHead + """
        loop CNAME loop.c.test.
        hop CNAME hop.c.test.
        d DNAME d.c.test.
        """,
      "c.test.zone": zoneHead + """
        loop CNAME loop.a.test.
        hop CNAME here.a.test.
        d DNAME a.test.
        miss CNAME none.a.test.
        """,
      "c.a.test.zone": zoneHead + "deep NS ns.elsewhere.\n",
    ])
  }

  @Test func `a chain of eleven is followed to its end`() throws {
    let reply = try fixture.ask("s0.a.test.")
    #expect(reply.answer.count == 12 && reply.answer.last == "s11.a.test. 300 A 192.0.2.11")
  }

  @Test(arguments: [.a, .aaaa, .txt] as [RRType])
  func `a longer one is answered with what is there, and no error`(type: RRType) throws {
    let reply = try fixture.ask("l0.a.test.", type)
    #expect(reply.rcode == "NOERROR" && reply.isAuthoritative && !reply.isTruncated)
    #expect(reply.answer == (0..<11).map { "l\($0).a.test. 300 CNAME l\($0 + 1).a.test." })
    #expect(reply.authority.isEmpty, "an end that was not reached is no NODATA")
    // From the middle the end is near enough.
    #expect(try fixture.ask("l9.a.test.").answer.last == "l20.a.test. 300 A 192.0.2.20")
  }

  @Test func `a loop through three zones ends where it began`() throws {
    for origin in ["a", "b", "c"] {
      let reply = try fixture.ask("loop.\(origin).test.")
      #expect(reply.rcode == "NOERROR" && reply.answer.count == 3 && Set(reply.answer).count == 3)
      #expect(reply.authority.isEmpty)
    }
  }

  @Test func `a chain through three zones ends in the first again`() throws {
    #expect(
      try fixture.ask("hop.a.test.").answer == [
        "hop.a.test. 300 CNAME hop.b.test.", "hop.b.test. 300 CNAME hop.c.test.",
        "hop.c.test. 300 CNAME here.a.test.", "here.a.test. 300 A 192.0.2.1",
      ])
  }

  @Test func `DNAMEs through three zones`() throws {
    let reply = try fixture.ask("here.d.a.test.")
    #expect(reply.answer.count == 7 && reply.answer.last == "here.a.test. 300 A 192.0.2.1")
    #expect(try fixture.ask("text.d.a.test.", .txt).answer.last == "text.a.test. 300 TXT \"text\"")
    #expect(try fixture.ask("none.d.a.test.").rcode == "NXDOMAIN")
    // Round and round: each name is one label shorter, then it is d.a.test. itself, which has no address.
    let looped = try fixture.ask("d.d.a.test.")
    #expect(looped.rcode == "NOERROR" && looped.authority == [soa("a.test.")])
  }

  @Test func `the last zone's RCODE and SOA, in whichever zone the chain began`() throws {
    let reply = try fixture.ask("miss.c.test.")
    #expect(reply.rcode == "NXDOMAIN" && reply.authority == [soa("a.test.")] && reply.isAuthoritative)
  }

  @Test func `an asterisk in RDATA is a name like others`() throws {
    #expect(
      try fixture.ask("stop.a.test.").answer == [
        "stop.a.test. 300 CNAME *.star.a.test.", "*.star.a.test. 300 A 192.0.2.3",
      ])
  }

  @Test func `a chain into the referral of a zone below another of ours`() throws {
    let reply = try fixture.ask("into.a.test.")
    #expect(reply.answer == ["into.a.test. 300 CNAME x.deep.c.a.test."])
    #expect(reply.authority == ["deep.c.a.test. 300 NS ns.elsewhere."] && reply.isAuthoritative)
  }

  @Test func `an alias is not followed for its own type, nor for ANY`() throws {
    for type in [.cname, .any] as [RRType] {
      #expect(try fixture.ask("hop.a.test.", type).answer == ["hop.a.test. 300 CNAME hop.b.test."])
    }
  }

  @Test func `an alias to a long name`() throws {
    let reply = try fixture.ask("long.a.test.")
    #expect(reply.rcode == "NXDOMAIN" && reply.message?.answer.first?.rdata.count == 248)
  }

  @Test func `an alias at a wildcard is followed from the name it stands in for, once for each name`() throws {
    let fixture = try Fixture([
      "w.test.zone": zoneHead + "*.x CNAME end\nend A 192.0.2.1\n*.y CNAME a.y\n*.z CNAME b.c.z\nb.c.z CNAME q.z\n"
    ])
    #expect(
      try fixture.ask("any.x.w.test.").answer == ["any.x.w.test. 300 CNAME end.w.test.", "end.w.test. 300 A 192.0.2.1"])
    #expect(try fixture.ask("any.x.w.test.", .cname).answer == ["any.x.w.test. 300 CNAME end.w.test."])
    #expect(try fixture.ask("any.x.w.test.", .aaaa).authority == [soa("w.test.")])
    #expect(try fixture.ask("b.y.w.test.").answer.count == 2)
    #expect(try fixture.ask("q.z.w.test.").answer.count == 2)
  }
}
