import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 6672: DNAME, a subtree under another name")
struct DNAMETests {
  private static let head = "$TTL 300\n@ 3600 SOA ns.elsewhere. h.elsewhere. 1 3600 600 86400 60\n@ NS ns.elsewhere.\n"

  // MARK: - §2.2

  @Test(
    arguments: [
      ("com.", "example.com.", "example.net.", nil), ("example.com.", "example.com.", "example.net.", nil),
      ("a.example.com.", "example.com.", "example.net.", "a.example.net."),
      ("a.b.example.com.", "example.com.", "example.net.", "a.b.example.net."),
      ("ab.example.com.", "b.example.com.", "example.net.", nil),
      ("foo.example.com.", "example.com.", "example.net.", "foo.example.net."),
      ("a.x.example.com.", "x.example.com.", "example.net.", "a.example.net."),
      ("a.example.com.", "example.com.", "y.example.net.", "a.y.example.net."),
      ("cyc.example.com.", "example.com.", "example.com.", "cyc.example.com."),
      ("cyc.example.com.", "example.com.", "c.example.com.", "cyc.c.example.com."),
      ("shortloop.x.x.", "x.", ".", "shortloop.x."), ("shortloop.x.", "x.", ".", "shortloop."),
    ] as [(String, String, String, String?)])
  func `§2.2 the table of substitutions`(qname: String, owner: String, target: String, result: String?) throws {
    let origin = owner == "x." ? "x" : "com"
    let fixture = try Fixture(["\(origin).zone": Self.head + "\(owner) DNAME \(target)\n"])
    let reply = try fixture.ask(qname)
    let made = reply.answer.first { $0.hasPrefix("\(qname) 300 CNAME ") }
    #expect(made == result.map { "\(qname) 300 CNAME \($0)" })
    #expect(reply.answer.first == result.map { _ in "\(owner) 300 DNAME \(target)" })
    #expect(reply.isAuthoritative && Set(reply.answer).count == reply.answer.count)
    // The table's note: at the owner itself there is a match for QTYPE=DNAME only.
    #expect(try fixture.ask(owner, .dname).answer == ["\(owner) 300 DNAME \(target)"])
  }

  @Test func `§2.2 the RFC's short loop: the same DNAME, applied until it does not match`() throws {
    let fixture = try Fixture(["x.zone": Self.head + "@ DNAME .\n"])
    let reply = try fixture.ask("shortloop.x.x.")
    #expect(
      reply.answer == [
        "x. 300 DNAME .", "shortloop.x.x. 300 CNAME shortloop.x.", "shortloop.x. 300 CNAME shortloop.",
      ])
    #expect(reply.rcode == "NOERROR")
  }

  /// Labels that make `kept` octets of name, the root not counted.
  private func labels(_ kept: Int) -> String {
    var left = kept
    var text = ""
    while left > 0 {
      let size = left == 65 ? 32 : min(left, 64)
      text += String(repeating: "k", count: size - 1) + "."
      left -= size
    }
    return text
  }

  @Test(arguments: [(200, 253, false), (200, 254, false), (200, 255, false), (200, 256, true), (100, 300, true)])
  func `§2.2 255 octets are a name, 256 YXDOMAIN with the DNAME beside it`(kept: Int, size: Int, isTooLong: Bool) throws
  {
    let target = labels(size - kept - 1)
    let fixture = try Fixture(["d.zone": Self.head + "@ DNAME \(target)\n"])
    let reply = try fixture.ask(labels(kept) + "d.")
    #expect(reply.answer.first == "d. 300 DNAME \(target)")
    #expect(reply.isAuthoritative && reply.rcode == (isTooLong ? "YXDOMAIN" : "NOERROR"))
    #expect(reply.answer.count == (isTooLong ? 1 : 2))
    if !isTooLong {
      #expect(reply.message?.answer.last?.rdata.count == size)
      #expect(reply.answer.last == "\(labels(kept))d. 300 CNAME \(labels(kept))\(target)")
    }
  }

  // MARK: - Names at and below the owner

  private static let zone =
    zoneHead + """
      sub 77 DNAME target
      sub TXT "at the owner"
      hidden.sub A 192.0.2.66
      *.sub A 192.0.2.67
      cut.sub NS ns.cut.sub
      ns.cut.sub A 192.0.2.68
      deeper.sub DNAME elsewhere.org.
      alias.sub CNAME ns
      target A 192.0.2.1
      host.target A 192.0.2.2
      host.target TXT "host"
      www.target CNAME host.target
      mail MX 10 hidden.sub
           MX 20 host.target
      away DNAME other.test.
      out DNAME elsewhere.org.
      one DNAME two
      two DNAME three
      three DNAME target
      back DNAME forth
      forth DNAME back
      turn DNAME x.turn
      to CNAME host.sub
      *.wild DNAME target
      below.under.top A 192.0.2.3
      """

  private func mesh() throws -> Fixture {
    try Fixture([
      "a.test.zone": Self.zone,
      "other.test.zone": zoneHead + "host A 192.0.2.4\nsub NS ns.sub\nns.sub A 192.0.2.5\n",
    ])
  }

  private static let redirected = [
    "sub.a.test. 77 DNAME target.a.test.", "host.sub.a.test. 77 CNAME host.target.a.test.",
  ]

  @Test func `a name below comes with the DNAME, a CNAME of its TTL, and what that leads to`() throws {
    let reply = try mesh().ask("host.sub.a.test.")
    #expect(reply.answer == Self.redirected + ["host.target.a.test. 300 A 192.0.2.2"])
    #expect(reply.isAuthoritative && reply.rcode == "NOERROR" && reply.authority.isEmpty)
  }

  @Test(
    arguments: [
      ("host", .txt, ["host.target.a.test. 300 TXT \"host\""]), ("host", .cname, []), ("host", .dname, []),
      ("host", .ds, []), ("host", .ns, []), ("host", .any, ["host.target.a.test. 300 A 192.0.2.2"]),
    ] as [(String, RRType, [String])])
  func `every type below is asked for at the target, CNAME is answered by the one made`(
    label: String, type: RRType, rest: [String]
  ) throws {
    let reply = try mesh().ask("\(label).sub.a.test.", type)
    #expect(reply.answer == Self.redirected + rest && reply.rcode == "NOERROR" && reply.isAuthoritative)
    let isEmpty = rest.isEmpty && type != .cname
    #expect(reply.authority == (isEmpty ? [soa("a.test.")] : []))
  }

  @Test func `the owner itself is not redirected`() throws {
    let fixture = try mesh()
    #expect(try fixture.ask("sub.a.test.", .txt).answer == ["sub.a.test. 300 TXT \"at the owner\""])
    #expect(try fixture.ask("sub.a.test.", .dname).answer == ["sub.a.test. 77 DNAME target.a.test."])
    #expect(try fixture.ask("sub.a.test.", .any).answer.count == 1)
    for type in [.a, .cname, .ds, .ns] as [RRType] {
      let reply = try fixture.ask("sub.a.test.", type)
      #expect(reply.answer.isEmpty && reply.rcode == "NOERROR" && reply.authority == [soa("a.test.")], "\(type)")
    }
  }

  @Test(arguments: [
    "hidden.sub", "any.sub", "*.sub", "cut.sub", "x.cut.sub", "ns.cut.sub", "x.deeper.sub", "alias.sub",
  ])
  func `§2.4 what the zone has below a DNAME is not there: names, wildcards, cuts, aliases, DNAMEs`(name: String) throws
  {
    for type in [.a, .ns, .ds, .txt] as [RRType] {
      let reply = try mesh().ask("\(name).a.test.", type)
      let made = "\(name).a.test. 77 CNAME \(name.dropLast(3))target.a.test."
      #expect(reply.answer == [Self.redirected[0], made] && reply.rcode == "NXDOMAIN")
      #expect(reply.authority == [soa("a.test.")] && reply.isAuthoritative)
    }
  }

  @Test func `§2.4 addresses below a DNAME are in no additional section`() throws {
    #expect(try mesh().ask("mail.a.test.", .mx).additional == ["host.target.a.test. 300 A 192.0.2.2"])
    let fixture = try Fixture(["g.test.zone": zoneHead + "d DNAME t\nns.d A 192.0.2.9\nc NS ns.d\n"])
    let reply = try fixture.ask("x.c.g.test.")
    #expect(reply.authority == ["c.g.test. 300 NS ns.d.g.test."] && reply.additional.isEmpty)
  }

  @Test func `a DNAME at the apex takes all below it, but not the apex's own data`() throws {
    let fixture = try Fixture([
      "f.test.zone": zoneHead + "@ DNAME other.test.\n@ MX 10 mail.other.test.\n", "other.test.zone": zoneHead,
    ])
    #expect(try fixture.ask("f.test.", .soa).answer == [soa("f.test.", ttl: 3600)])
    #expect(try fixture.ask("f.test.", .ns).answer == ["f.test. 300 NS ns.f.test."])
    #expect(try fixture.ask("f.test.", .mx).answer == ["f.test. 300 MX 10 mail.other.test."])
    #expect(try fixture.ask("f.test.", .aaaa).authority == [soa("f.test.")])
    #expect(
      try fixture.ask("ns.f.test.").answer == [
        "f.test. 300 DNAME other.test.", "ns.f.test. 300 CNAME ns.other.test.", "ns.other.test. 300 A 192.0.2.53",
      ])
  }

  @Test func `RFC 4592 §4.4 a DNAME at a wildcard is data of the names it covers, and redirects only below itself`()
    throws
  {
    let fixture = try mesh()
    #expect(try fixture.ask("q.wild.a.test.", .dname).answer == ["q.wild.a.test. 300 DNAME target.a.test."])
    let reply = try fixture.ask("q.wild.a.test.", .a)
    #expect(reply.answer.isEmpty && reply.rcode == "NOERROR" && reply.authority == [soa("a.test.")])
    #expect(try fixture.ask("host.q.wild.a.test.", .a).answer.isEmpty)
    #expect(try fixture.ask("host.*.wild.a.test.", .a).answer.last == "host.target.a.test. 300 A 192.0.2.2")
  }

  // MARK: - Chains

  @Test func `DNAMEs are applied one after the other`() throws {
    let reply = try mesh().ask("host.one.a.test.")
    #expect(
      reply.answer == [
        "one.a.test. 300 DNAME two.a.test.", "host.one.a.test. 300 CNAME host.two.a.test.",
        "two.a.test. 300 DNAME three.a.test.", "host.two.a.test. 300 CNAME host.three.a.test.",
        "three.a.test. 300 DNAME target.a.test.", "host.three.a.test. 300 CNAME host.target.a.test.",
        "host.target.a.test. 300 A 192.0.2.2",
      ])
  }

  @Test(arguments: [RRType.dname, .rrsig]) func `a DNAME that leads to its own owner comes once, its signature too`(
    type: RRType
  ) throws {
    let signature = "RRSIG DNAME 13 2 300 20300101000000 20200101000000 1 s.test. AAAA"
    let fixture = try Fixture(["s.test.zone": Self.head + "d DNAME s.test.\nd \(signature)\n"])
    let reply = try fixture.askSigned("d.d.s.test.", type)
    #expect(
      reply.answer.map { $0.split(separator: " ")[2] } == ["DNAME", "RRSIG", "CNAME"] && reply.rcode == "NOERROR")
  }

  @Test func `CNAMEs lead into DNAMEs and out of them`() throws {
    let fixture = try mesh()
    #expect(
      try fixture.ask("to.a.test.").answer.map { $0.split(separator: " ")[2] } == ["CNAME", "DNAME", "CNAME", "A"])
    #expect(
      try fixture.ask("www.sub.a.test.").answer.suffix(2) == [
        "www.target.a.test. 300 CNAME host.target.a.test.", "host.target.a.test. 300 A 192.0.2.2",
      ])
    // A question for the CNAME ends at the one that the DNAME makes, wherever that leads.
    #expect(try fixture.ask("www.sub.a.test.", .cname).answer.count == 2)
    #expect(try fixture.ask("to.a.test.", .cname).answer == ["to.a.test. 300 CNAME host.sub.a.test."])
  }

  @Test(arguments: [("x.back", 4), ("x.forth", 4), ("x.turn", 12), ("x.y.turn", 12)])
  func `loops end`(name: String, records: Int) throws {
    let reply = try mesh().ask("\(name).a.test.")
    #expect(reply.rcode == "NOERROR" && reply.answer.count == records)
    #expect(Set(reply.answer).count == records, "no RR comes twice")
  }

  @Test func `the target may be in another zone of ours, at its cut, or out of all`() throws {
    let fixture = try mesh()
    #expect(try fixture.ask("host.away.a.test.").answer.last == "host.other.test. 300 A 192.0.2.4")
    let gone = try fixture.ask("gone.away.a.test.")
    #expect(gone.rcode == "NXDOMAIN" && gone.answer.count == 2 && gone.authority == [soa("other.test.")])
    let cut = try fixture.ask("x.sub.away.a.test.")
    #expect(cut.isAuthoritative && cut.authority == ["sub.other.test. 300 NS ns.sub.other.test."])
    #expect(cut.additional == ["ns.sub.other.test. 300 A 192.0.2.5"])
    let out = try fixture.ask("www.out.a.test.")
    #expect(out.rcode == "NOERROR" && out.authority.isEmpty && out.isAuthoritative)
    #expect(
      out.answer == ["out.a.test. 300 DNAME elsewhere.org.", "www.out.a.test. 300 CNAME www.elsewhere.org."])
  }

  @Test func `the case of the question stays in the CNAME and in its target`() throws {
    let reply = try mesh().ask("HoSt.SUB.a.TEST.")
    let made = try #require(reply.message?.answer.dropFirst().first)
    #expect("\(made.owner)" == "HoSt.SUB.a.TEST.")
    #expect(made.text.hasPrefix("HoSt.target."))
    #expect(reply.data.contains("192.0.2.2"))
  }

  @Test func `labels of any octets are carried over`() throws {
    let fixture = try Fixture(["o.test.zone": zoneHead + "d DNAME t\n\\000\\.\\ x.t A 192.0.2.1\n"])
    let reply = try fixture.ask("\\000\\.\\ x.d.o.test.")
    #expect(reply.data.contains("192.0.2.1") && reply.answer.count == 3)
  }

  // MARK: - §6

  @Test func `§6.1 an organisation under a new name`() throws {
    let fixture = try Fixture([
      "frobozz.example.zone": Self.head + "@ DNAME frobozz-division.acme.example.\n@ MX 10 mailhub.acme.example.\n",
      "acme.example.zone": Self.head + "www.frobozz-division A 192.0.2.1\nmailhub A 192.0.2.2\n",
    ])
    #expect(try fixture.ask("www.frobozz.example.").answer.last == "www.frobozz-division.acme.example. 300 A 192.0.2.1")
    #expect(try fixture.ask("frobozz.example.", .mx).answer == ["frobozz.example. 300 MX 10 mailhub.acme.example."])
  }

  @Test func `§6.2 delegating a part of a reverse zone`() throws {
    let fixture = try Fixture([
      "0.192.in-addr.arpa.zone": Self.head + """
        8/22 NS ns.slash-22-holder.example.
        8 DNAME 8.8/22
        9 DNAME 9.8/22
        10 DNAME 10.8/22
        11 DNAME 11.8/22
        """
    ])
    let reply = try fixture.ask("33.9.0.192.in-addr.arpa.", .ptr)
    #expect(
      reply.answer == [
        "9.0.192.in-addr.arpa. 300 DNAME 9.8/22.0.192.in-addr.arpa.",
        "33.9.0.192.in-addr.arpa. 300 CNAME 33.9.8/22.0.192.in-addr.arpa.",
      ])
    #expect(reply.authority == ["8/22.0.192.in-addr.arpa. 300 NS ns.slash-22-holder.example."])
  }
}
