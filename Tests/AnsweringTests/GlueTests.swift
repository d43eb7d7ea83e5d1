import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 9471: the addresses that a referral needs")
struct GlueTests {
  private func referral(_ records: String, _ name: String = "x.c.g.test.") throws -> Reply {
    try Fixture(["g.test.zone": zoneHead + records]).ask(name)
  }

  @Test func `in-domain glue, below the cut itself`() throws {
    let reply = try referral("c NS ns.c\nns.c A 192.0.2.1\nns.c AAAA 2001:db8::1\nns.c TXT \"no glue\"\n")
    #expect(reply.additional == ["ns.c.g.test. 300 A 192.0.2.1", "ns.c.g.test. 300 AAAA 2001:db8::1"])
  }

  @Test func `the cut's own name as its server`() throws {
    #expect(try referral("c NS c\nc A 192.0.2.1\n").additional == ["c.g.test. 300 A 192.0.2.1"])
  }

  @Test func `sibling glue, below another cut`() throws {
    let reply = try referral("c NS ns.d\nd NS ns.d\nns.d A 192.0.2.1\n")
    #expect(reply.additional == ["ns.d.g.test. 300 A 192.0.2.1"])
    #expect(try !reply.isAuthoritative && referral("c NS ns.c\nns.c A 192.0.2.1\n", "ns.c.g.test.").answer.isEmpty)
  }

  @Test func `a server at the apex, or anywhere in the zone`() throws {
    #expect(
      try referral("@ A 192.0.2.2\nc NS @\nc NS ns\n").additional.sorted() == [
        "g.test. 300 A 192.0.2.2", "ns.g.test. 300 A 192.0.2.53",
      ])
  }

  @Test func `no wildcard, no alias and nothing out of the zone is glue`() throws {
    #expect(try referral("c NS q.w\n*.w A 192.0.2.1\nc NS alias\nalias CNAME ns\nc NS ns.org.\n").additional.isEmpty)
  }

  @Test func `glue is not what a question for it gets`() throws {
    let reply = try referral("c NS ns.c\nns.c A 192.0.2.1\n", "ns.c.g.test.")
    #expect(!reply.isAuthoritative && reply.answer.isEmpty && reply.authority == ["c.g.test. 300 NS ns.c.g.test."])
  }

  @Test func `glue is the parent's, though the zone below a cut is served too and has other data`() throws {
    let fixture = try Fixture([
      "g.test.zone": zoneHead + "d NS ns.d\nns.d A 192.0.2.1\nc NS ns.d\n", "d.g.test.zone": zoneHead,
    ])
    #expect(try fixture.ask("x.c.g.test.").additional == ["ns.d.g.test. 300 A 192.0.2.1"])
  }

  @Test func `a referral to many servers has all their addresses over TCP, and never TC there`() throws {
    var records = ""
    for number in 1...60 {
      records += "c NS n\(number).c\nn\(number).c A 192.0.2.\(number)\nn\(number).c AAAA 2001:db8::\(number)\n"
    }
    let fixture = try Fixture(["g.test.zone": zoneHead + records])
    let reply = try fixture.ask("x.c.g.test.", transport: .tcp)
    #expect(!reply.isTruncated && reply.additional.count == 120)
    #expect(try fixture.ask("x.c.g.test.").isTruncated)
  }
}
