import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 2308, RFC 8020: NODATA, NXDOMAIN and empty non-terminals")
struct NegativeAnswerTests {
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture([
      "n.test.zone": zoneHead + "a A 192.0.2.1\nx.y.z A 192.0.2.2\n",
      "low.test.zone": "@ 30 SOA . . 1 2 3 4 900\n@ 30 NS ns\nns 30 A 192.0.2.1\n",
    ])
  }

  @Test func `NODATA: no error, no answer, the SOA for min of its TTL and MINIMUM seconds`() throws {
    let reply = try fixture.ask("a.n.test.", .aaaa)
    #expect(reply.rcode == "NOERROR" && reply.isAuthoritative && reply.answer.isEmpty && reply.additional.isEmpty)
    #expect(reply.authority == [soa("n.test.")])
  }

  @Test func `NXDOMAIN: the same, with its RCODE`() throws {
    let reply = try fixture.ask("b.n.test.", .a)
    #expect(reply.rcode == "NXDOMAIN" && reply.isAuthoritative && reply.answer.isEmpty)
    #expect(reply.authority == [soa("n.test.")])
  }

  @Test func `the SOA's own TTL counts where it is the lesser (RFC 2308 §5)`() throws {
    #expect(try fixture.ask("b.low.test.").authority == ["low.test. 30 SOA . . 1 2 3 4 900"])
  }

  @Test(arguments: ["y.z.n.test.", "z.n.test.", "Z.n.test."]) func `an empty non-terminal exists`(qname: String) throws
  {
    let reply = try fixture.ask(qname, .a)
    #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty && reply.authority == [soa("n.test.")])
  }

  @Test(arguments: ["w.z.n.test.", "a.x.y.z.n.test.", "a.a.a.a.n.test."])
  func `below what does not exist nothing exists`(qname: String) throws {
    #expect(try fixture.ask(qname, .a).rcode == "NXDOMAIN")
  }

  @Test func `the apex has its SOA and NS`() throws {
    #expect(try fixture.ask("n.test.", .soa).answer == [soa("n.test.", ttl: 3600)])
    let reply = try fixture.ask("n.test.", .ns)
    #expect(reply.answer == ["n.test. 300 NS ns.n.test."] && reply.additional == ["ns.n.test. 300 A 192.0.2.53"])
    #expect(try fixture.ask("n.test.", .mx).authority == [soa("n.test.")])
  }

  @Test func `a zone at the root, and one with a single label`() throws {
    let root = try Fixture(["..zone": "@ 60 SOA . . 1 2 3 4 5\n@ 60 NS a\na 60 A 192.0.2.1\n"])
    #expect(try root.ask(".", .ns).answer == [". 60 NS a."])
    #expect(try root.ask("b.", .a).rcode == "NXDOMAIN")
    #expect(try root.ask("x.y.a.", .a).rcode == "NXDOMAIN")
    #expect(try root.ask(String(repeating: "a.", count: 127), .a).rcode == "NXDOMAIN")
  }

  @Test func `the longest names exist or do not`() throws {
    let deep = String(repeating: "a.", count: 124)  // with "t." and the root: 251 octets
    let fixture = try Fixture(["t.zone": zoneHead + "\(deep)t. A 192.0.2.9\n"])
    #expect(try fixture.ask(deep + "t.").data == ["192.0.2.9"])
    #expect(try fixture.ask("b." + deep + "t.").rcode == "NXDOMAIN")
    #expect(try fixture.ask(String(deep.dropFirst(2)) + "t.").rcode == "NOERROR")
    #expect(try fixture.ask("b." + deep.dropFirst(2) + "t.").rcode == "NXDOMAIN")
  }
}
