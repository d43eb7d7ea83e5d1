import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 1034 §3.6.2, RFC 6604: aliases")
struct AliasTests {
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture([
      "a.test.zone": zoneHead + """
        www CNAME web
        web A 192.0.2.1
            TXT "web"
        one CNAME two
        two CNAME three
        three CNAME web
        over CNAME host.b.test.
        out CNAME www.elsewhere.org.
        gone CNAME nowhere
        far CNAME missing.b.test.
        nodata CNAME ns
        self CNAME self
        ping CNAME pong
        pong CNAME ping
        wild CNAME any.w
        *.w A 192.0.2.7
        *.alias CNAME web
        *.turn CNAME x.turn
        *.more CNAME a.b.more
        cut CNAME host.sub
        sub NS ns.sub
        ns.sub A 192.0.2.54
        """ + "\n" + (0..<30).map { "c\($0) CNAME c\($0 + 1)\n" }.joined(),
      "b.test.zone": zoneHead + "host A 192.0.2.2\nback CNAME www.a.test.\n",
    ])
  }

  @Test func `an alias comes with what it leads to`() throws {
    let reply = try fixture.ask("www.a.test.")
    #expect(reply.isAuthoritative && reply.rcode == "NOERROR" && reply.authority.isEmpty)
    #expect(reply.answer == ["www.a.test. 300 CNAME web.a.test.", "web.a.test. 300 A 192.0.2.1"])
  }

  @Test func `a chain comes in order`() throws {
    #expect(
      try fixture.ask("one.a.test.", .txt).answer == [
        "one.a.test. 300 CNAME two.a.test.", "two.a.test. 300 CNAME three.a.test.",
        "three.a.test. 300 CNAME web.a.test.",
        "web.a.test. 300 TXT \"web\"",
      ])
  }

  @Test func `a chain goes on in every zone that is served here`() throws {
    #expect(
      try fixture.ask("over.a.test.").answer == ["over.a.test. 300 CNAME host.b.test.", "host.b.test. 300 A 192.0.2.2"])
    #expect(
      try fixture.ask("back.b.test.").answer == [
        "back.b.test. 300 CNAME www.a.test.", "www.a.test. 300 CNAME web.a.test.", "web.a.test. 300 A 192.0.2.1",
      ])
  }

  @Test func `an alias that leads out of our zones is the answer`() throws {
    let reply = try fixture.ask("out.a.test.")
    #expect(reply.rcode == "NOERROR" && reply.answer == ["out.a.test. 300 CNAME www.elsewhere.org."])
    #expect(reply.authority.isEmpty && reply.isAuthoritative)
  }

  @Test func `the RCODE is that of the last name, and so is the SOA (RFC 6604)`() throws {
    let gone = try fixture.ask("gone.a.test.")
    #expect(gone.rcode == "NXDOMAIN" && gone.answer == ["gone.a.test. 300 CNAME nowhere.a.test."])
    #expect(gone.authority == [soa("a.test.")])
    let far = try fixture.ask("far.a.test.")
    #expect(far.rcode == "NXDOMAIN" && far.authority == [soa("b.test.")])
    let nodata = try fixture.ask("nodata.a.test.", .aaaa)
    #expect(nodata.rcode == "NOERROR" && nodata.answer.count == 1 && nodata.authority == [soa("a.test.")])
  }

  @Test func `a question for the alias itself does not follow it`() throws {
    #expect(try fixture.ask("one.a.test.", .cname).answer == ["one.a.test. 300 CNAME two.a.test."])
    #expect(try fixture.ask("one.a.test.", .any).answer == ["one.a.test. 300 CNAME two.a.test."])
    #expect(try fixture.ask("web.a.test.", .cname).answer.isEmpty)
  }

  @Test func `an alias to a wildcard, and a wildcard that is an alias`() throws {
    #expect(
      try fixture.ask("wild.a.test.").answer == [
        "wild.a.test. 300 CNAME any.w.a.test.", "any.w.a.test. 300 A 192.0.2.7",
      ])
    #expect(
      try fixture.ask("q.alias.a.test.").answer == [
        "q.alias.a.test. 300 CNAME web.a.test.", "web.a.test. 300 A 192.0.2.1",
      ])
  }

  @Test func `an alias into a delegated zone ends in its referral`() throws {
    let reply = try fixture.ask("cut.a.test.")
    #expect(reply.answer == ["cut.a.test. 300 CNAME host.sub.a.test."])
    #expect(reply.authority == ["sub.a.test. 300 NS ns.sub.a.test."])
    #expect(reply.additional == ["ns.sub.a.test. 300 A 192.0.2.54"])
  }

  @Test(arguments: [
    ("self.a.test.", 1), ("SELF.A.TEST.", 1), ("ping.a.test.", 2), ("pong.a.test.", 2), ("x.turn.a.test.", 1),
    ("y.turn.a.test.", 2), ("a.b.more.a.test.", 1), ("q.more.a.test.", 2),
  ])
  func `a loop is answered with its records, each once`(qname: String, records: Int) throws {
    let reply = try fixture.ask(qname)
    let lines = reply.answer.map { $0.lowercased() }
    #expect(Set(lines).count == lines.count, "\(lines)")
    #expect(lines.count == records)
    #expect(reply.rcode == "NOERROR")
  }

  @Test func `a chain without an end is cut`() throws {
    let reply = try fixture.ask("c0.a.test.")
    #expect(reply.answer.count == 11 && reply.rcode == "NOERROR")
  }
}
