import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 4592 §2.2.2, RFC 8020: names that have only names below them")
struct EmptyNonTerminalTests {
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture([
      "e.test.zone": zoneHead + """
        *.only A 192.0.2.1
        x.*.mid TXT "below an asterisk"
        *.wild TXT "wild"
        a.b.wild A 192.0.2.2
        _x._tcp.srv SRV 0 0 80 ns
        sub.cut.deep NS ns
        under.dname.far DNAME elsewhere.
        """
    ])
  }

  @Test(arguments: [
    "only", "ONLY", "*.mid", "mid", "b.wild", "wild", "_tcp.srv", "srv", "cut.deep", "deep", "dname.far", "far",
  ])
  func `they exist: no data of any type`(name: String) throws {
    for type in [.a, .cname, .ns, .ds, .any, RRType(65_280)] as [RRType] {
      let reply = try fixture.ask("\(name).e.test.", type)
      #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty && reply.isAuthoritative, "\(type)")
      #expect(reply.authority == [soa("e.test.")], "\(type)")
    }
  }

  @Test func `one that has only a wildcard below it is no bar to the wildcard`() throws {
    #expect(try fixture.ask("x.only.e.test.").data == ["192.0.2.1"])
    #expect(try fixture.ask("x.y.z.only.e.test.").data == ["192.0.2.1"])
  }

  @Test func `an asterisk that is one synthesises no data for names beside it`() throws {
    // *.mid exists, without data: names below mid are its, and have none (RFC 4592 §4.2 to §4.7: as any wildcard).
    let reply = try fixture.ask("q.mid.e.test.", .txt)
    #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty && reply.authority == [soa("e.test.")])
    #expect(try fixture.ask("x.q.mid.e.test.", .txt).answer.isEmpty)
    #expect(try fixture.ask("x.*.mid.e.test.", .txt).answer.count == 1)
    #expect(try fixture.ask("y.*.mid.e.test.", .txt).rcode == "NXDOMAIN")
  }

  @Test func `it bars a wildcard beside it`() throws {
    #expect(try fixture.ask("b.wild.e.test.", .txt).answer.isEmpty)
    #expect(try fixture.ask("c.b.wild.e.test.", .txt).rcode == "NXDOMAIN")
    #expect(try fixture.ask("c.d.wild.e.test.", .txt).answer.count == 1)
  }

  @Test func `a service's name alone makes no name exist`() throws {
    let fixture = try Fixture(
      policy: "origin e.test\ncontext c { from 127.0.0.0/8 }\nservice a.ghost\n",
      ["e.test.zone": zoneHead + "* A 192.0.2.9\n"])
    #expect(try fixture.ask("ghost.e.test.").data == ["192.0.2.9"])
    #expect(try fixture.ask("a.ghost.e.test.").data == ["192.0.2.9"])
  }
}
