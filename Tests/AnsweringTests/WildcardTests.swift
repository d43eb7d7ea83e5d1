import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 4592 §2.2.1: what a wildcard covers")
struct WildcardTests {
  /// The RFC's own zone.
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture([
      "example.zone": """
      $ORIGIN example.
      example.                 3600 IN  SOA   ns.example.com. hostmaster 1 3600 600 86400 300
      example.                 3600     NS    ns.example.com.
      example.                 3600     NS    ns.example.net.
      *.example.               3600     TXT   "this is a wildcard"
      *.example.               3600     MX    10 host1.example.
      sub.*.example.           3600     TXT   "this is not a wildcard"
      host1.example.           3600     A     192.0.2.1
      _ssh._tcp.host1.example. 3600     SRV   0 0 22 host1
      _ssh._tcp.host2.example. 3600     SRV   0 0 22 host1
      subdel.example.          3600     NS    ns.example.com.
      subdel.example.          3600     NS    ns.example.net.
      """
    ])
  }

  @Test(
    arguments: [
      ("host3.example.", .mx, "host3.example. 3600 MX 10 host1.example."),
      ("foo.bar.example.", .txt, #"foo.bar.example. 3600 TXT "this is a wildcard""#),
      ("*.example.", .txt, #"*.example. 3600 TXT "this is a wildcard""#),
      ("x.*.example.", .a, ""), ("sub.*.example.", .txt, #"sub.*.example. 3600 TXT "this is not a wildcard""#),
      // What is compressed to a pointer at the question takes its case.
      ("HOST3.Example.", .mx, "HOST3.Example. 3600 MX 10 host1.Example."),
    ] as [(String, RRType, String)])
  func `the answer is synthesised under the name asked for`(qname: String, type: RRType, answer: String) throws {
    let reply = try fixture.ask(qname, type)
    #expect(reply.answer == (answer.isEmpty ? [] : [answer]))
    #expect(reply.isAuthoritative)
  }

  @Test func `the wildcard has no such type: NODATA`() throws {
    let reply = try fixture.ask("host3.example.", .a)
    #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty)
    #expect(reply.authority == ["example. 300 SOA ns.example.com. hostmaster.example. 1 3600 600 86400 300"])
  }

  @Test(
    arguments: [
      ("host1.example.", .mx, "NOERROR"),  // because host1.example. exists
      ("sub.*.example.", .mx, "NOERROR"),  // because sub.*.example. exists
      ("_telnet._tcp.host1.example.", .srv, "NXDOMAIN"),  // because _tcp.host1.example. exists
      ("ghost.*.example.", .mx, "NXDOMAIN"),  // because *.example. exists, as a closest encloser
      ("_tcp.host1.example.", .txt, "NOERROR"), ("host2.example.", .txt, "NOERROR"),
      ("a.host2.example.", .txt, "NXDOMAIN"),
    ] as [(String, RRType, String)])
  func `nothing is synthesised at or below an existing name`(qname: String, type: RRType, rcode: String) throws {
    let reply = try fixture.ask(qname, type)
    #expect(reply.rcode == rcode && reply.answer.isEmpty && reply.authority.count == 1)
  }

  @Test func `nothing is synthesised below a zone cut`() throws {
    let reply = try fixture.ask("host.subdel.example.", .a)
    #expect(reply.answer.isEmpty && !reply.isAuthoritative)
    #expect(
      reply.authority == [
        "subdel.example. 3600 NS ns.example.com.", "subdel.example. 3600 NS ns.example.net.",
      ])
  }

  @Test func `an overlay's wildcard does not beat the base's exact name`() throws {
    let fixture = try Fixture(
      policy: "context lab { from 10.0.0.0/8 }\ncontext other { from 11.0.0.0/8 }\n",
      ["w.test.zone": zoneHead + "a A 192.0.2.1\nb.c A 192.0.2.2\n", "lab/w.test.zone": "$TTL 300\n* A 10.9.9.9\n"])
    #expect(try fixture.ask("a.w.test.", from: "10.0.0.1").data == ["192.0.2.1"])
    #expect(try fixture.ask("new.w.test.", from: "10.0.0.1").data == ["10.9.9.9"])
    #expect(try fixture.ask("x.c.w.test.", from: "10.0.0.1").rcode == "NXDOMAIN")  // c exists
    #expect(try fixture.ask("c.w.test.", from: "10.0.0.1").answer.isEmpty)
    #expect(try fixture.ask("new.w.test.", from: "11.0.0.1").rcode == "NXDOMAIN")
  }
}
