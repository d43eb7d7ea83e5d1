import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 1034 §4.3.2 step 2: the nearest zone, of several one below another")
struct NestedZoneTests {
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture([
      "..zone": "$TTL 60\n@ SOA . . 1 2 3 4 5\n@ NS a\na A 192.0.2.1\ntest NS ns.test.\nns.test A 192.0.2.9\n",
      "test.zone": zoneHead + "www A 192.0.2.2\nx.skip A 192.0.2.3\n*.a TXT \"above\"\n",
      "c.b.a.test.zone": zoneHead + "www A 192.0.2.4\n* TXT \"below\"\n",
    ])
  }

  @Test(arguments: [
    ("a.", "192.0.2.1"), ("www.test.", "192.0.2.2"), ("www.c.b.a.test.", "192.0.2.4"), ("ns.test.", "192.0.2.53"),
  ])
  func `each answers for its own names`(name: String, data: String) throws {
    let reply = try fixture.ask(name)
    #expect(reply.isAuthoritative && reply.data == [data])
  }

  @Test(arguments: [("b.", ". 5 SOA . . 1 2 3 4 5"), ("b.test.", soa("test.")), ("c.test.", soa("test."))])
  func `an absent name is denied by the nearest zone above it`(name: String, authority: String) throws {
    let reply = try fixture.ask(name)
    #expect(reply.rcode == "NXDOMAIN" && reply.authority == [authority])
  }

  @Test func `a zone without a cut above it: what lies between is the upper zone's`() throws {
    #expect(try fixture.ask("b.a.test.", .txt).data == ["\"above\""])
    #expect(try fixture.ask("c.b.a.test.", .txt).authority == [soa("c.b.a.test.")])
    #expect(try fixture.ask("q.c.b.a.test.", .txt).data == ["\"below\""])
    #expect(try fixture.ask("c.b.a.test.", .soa).answer == [soa("c.b.a.test.", ttl: 3600)])
  }

  @Test func `a child's data is its own, not the glue its parent has`() throws {
    #expect(try fixture.ask("ns.test.").answer == ["ns.test. 300 A 192.0.2.53"])
    #expect(try fixture.ask("test.", .ns).isAuthoritative)
    #expect(try fixture.ask("test.", .ds).authority == [". 5 SOA . . 1 2 3 4 5"])
  }

  @Test func `a zone of a single label`() throws {
    let fixture = try Fixture(["test.zone": zoneHead + "@ A 192.0.2.1\n* A 192.0.2.2\n"])
    #expect(try fixture.ask("test.").data == ["192.0.2.1"] && fixture.ask("x.TEST.").data == ["192.0.2.2"])
    #expect(try fixture.ask("test1.").rcode == "REFUSED" && fixture.ask(".").rcode == "REFUSED")
  }
}
