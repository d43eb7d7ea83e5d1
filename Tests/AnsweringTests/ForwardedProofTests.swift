import DNSFormat
import Testing

@testable import Answering

/// A signature of a stand-in's form: covered type, signer, and nothing that could be checked.
private func signature(_ owner: String, over type: UInt8, by signer: String) throws -> [UInt8] {
  let fixed: [UInt8] = [0, type, 13, 2, 0, 0, 1, 44, 127, 0, 0, 0, 1, 0, 0, 0, 0, 7]
  return try record(owner, 46, fixed + DomainName(signer).wire + [1, 2, 3, 4])
}

private func nsec(_ owner: String, _ next: String) throws -> [UInt8] {
  try record(owner, 47, DomainName(next).wire + [0, 1, 0x40])
}

/// RFC 4035 §3.1.3.3, RFC 5155 §7.2.6: a wildcard's answer comes with the proof that no name is nearer, whoever has what its
/// alias leads to.
@Suite("Proofs along chains of several servers")
struct ForwardedProofTests {
  private let signed = """
    signed. 300 SOA ns.signed. h.signed. 1 3600 600 86400 60
    signed. 300 NS ns.signed.
    signed. 300 RRSIG SOA 13 1 300 20400101000000 20200101000000 7 signed. AQIDBA==
    signed. 300 NSEC *.wild.signed. NS SOA RRSIG NSEC
    signed. 300 RRSIG NSEC 13 1 300 20400101000000 20200101000000 7 signed. AQIDBA==
    *.wild.signed. 300 CNAME web.mesh.test.
    *.wild.signed. 300 RRSIG CNAME 13 2 300 20400101000000 20200101000000 7 signed. AQIDBA==
    *.wild.signed. 300 NSEC *.out.signed. CNAME RRSIG NSEC
    *.wild.signed. 300 RRSIG NSEC 13 2 300 20400101000000 20200101000000 7 signed. AQIDBA==
    *.out.signed. 300 CNAME www.example.org.
    *.out.signed. 300 RRSIG CNAME 13 2 300 20400101000000 20200101000000 7 signed. AQIDBA==
    *.out.signed. 300 NSEC signed. CNAME RRSIG NSEC
    *.out.signed. 300 RRSIG NSEC 13 2 300 20400101000000 20200101000000 7 signed. AQIDBA==
    ns.signed. 300 A 192.0.2.53
    """

  private let mesh = """
    web A 192.0.2.80
    back CNAME x.out.signed.
    private A 10.0.0.7
    deep.private CNAME p.private
    p.private A 10.0.0.8

    """

  private func desk(cacheSize: Int = 1 << 20) throws -> Desk {
    Desk(
      try Fixture(
        policy: """
          context all { from 127.0.0.0/8 }
          forward . 192.0.2.53
          forward corp.example 192.0.2.54
          answer-order fixed
          """,
        ["mesh.test.zone": zoneHead + mesh, "signed.zone": signed]), cacheSize: cacheSize)
  }

  private func request(_ name: String, isSigned: Bool = true) throws -> [UInt8] {
    var request = Message.query(try DomainName(name), .a, id: 0x4d2, udpSize: 4096)
    if isSigned { request[request.count - 4] |= 0x80 }
    return request
  }

  private func lines(_ records: [Message.Record]?) -> [String] {
    (records ?? []).map {
      "\($0.owner) \($0.ttl) \($0.type) \($0.text.split(separator: " ").first ?? "")"
    }
  }

  private func alias(_ owner: String, _ target: String) throws -> [UInt8] {
    try record(owner, 5, DomainName(target).wire)
  }

  @Test func `ours stay where others lead on to others`() throws {
    let desk = try desk()
    _ = try desk.ask(
      try request("host.corp.example."),
      by: .reply([0, 1, 0, 0] + record("host.corp.example.", 1, [192, 0, 2, 7])))
    let found = try desk.ask(
      try request("made.out.signed."), by: .reply([0, 1, 0, 0] + alias("www.example.org.", "host.corp.example.")))
    #expect(
      lines(found.message?.answer) == [
        "made.out.signed. 300 CNAME www.example.org.", "made.out.signed. 300 RRSIG CNAME",
        "www.example.org. 300 CNAME host.corp.example.", "host.corp.example. 300 A 192.0.2.7",
      ])
    #expect(lines(found.message?.authority) == ["*.out.signed. 300 NSEC signed.", "*.out.signed. 300 RRSIG NSEC"])
    #expect(found.message?.flags == 0x8180, "neither AD nor AA: nobody has validated our part")
  }

  @Test func `ours stay where others lead back to us, and no set is there twice`() throws {
    let found = try desk().ask(
      try request("made.out.signed."), by: .reply([0, 1, 0, 0] + alias("www.example.org.", "also.wild.signed.")))
    #expect(
      lines(found.message?.answer) == [
        "made.out.signed. 300 CNAME www.example.org.", "made.out.signed. 300 RRSIG CNAME",
        "www.example.org. 300 CNAME also.wild.signed.", "also.wild.signed. 300 CNAME web.mesh.test.",
        "also.wild.signed. 300 RRSIG CNAME", "web.mesh.test. 300 A 192.0.2.80",
      ])
    #expect(
      lines(found.message?.authority).sorted() == [
        "*.out.signed. 300 NSEC signed.", "*.out.signed. 300 RRSIG NSEC", "*.wild.signed. 300 NSEC *.out.signed.",
        "*.wild.signed. 300 RRSIG NSEC",
      ])
  }

  @Test func `those of others stay where their alias leads to us, what they say of where it leads does not`() throws {
    let desk = try desk()
    let records =
      try alias("www.example.org.", "web.mesh.test.") + signature("www.example.org.", over: 5, by: "example.org.")
      + nsec("mesa.test.", "metal.test.") + signature("mesa.test.", over: 47, by: "test.")
      + nsec("*.example.org.", "zz.example.org.") + signature("*.example.org.", over: 47, by: "example.org.")
    let found = try desk.ask(try request("www.example.org."), by: .reply([0, 2, 0, 4] + records))
    #expect(
      lines(found.message?.answer) == [
        "www.example.org. 300 CNAME web.mesh.test.", "www.example.org. 300 RRSIG CNAME",
        "web.mesh.test. 300 A 192.0.2.80",
      ])
    let proofs = ["*.example.org. 300 NSEC zz.example.org.", "*.example.org. 300 RRSIG NSEC"]
    #expect(lines(found.message?.authority) == proofs)
    let later = try desk.ask(try request("www.example.org."), by: .cache(now: 100, acceptsStale: false))
    #expect(lines(later.message?.authority) == proofs.map { $0.replacing("300", with: "200") })
    // Behind an alias of ours, to one of theirs, to us: each link's own.
    let whole = try desk.ask(try request("back.mesh.test."), .tcp, by: .cache(now: 0, acceptsStale: false))
    #expect(
      lines(whole.message?.authority)
        == ["*.out.signed. 300 NSEC signed.", "*.out.signed. 300 RRSIG NSEC"] + proofs)
    #expect(whole.message?.answer.last?.text == "192.0.2.80")
  }

  @Test func `an alias alone keeps its proof, at the end of the whole, whoever is asked next`() throws {
    let desk = try desk()
    let proof =
      try nsec("*.example.org.", "zz.example.org.") + signature("*.example.org.", over: 47, by: "example.org.")
    let open =
      try alias("www.example.org.", "y.example.net.") + signature("www.example.org.", over: 5, by: "example.org.")
    _ = try desk.ask(
      try request("y.example.net."), by: .reply([0, 1, 0, 0] + record("y.example.net.", 1, [192, 0, 2, 7])))
    let found = try desk.ask(try request("www.example.org."), by: .reply([0, 2, 0, 2] + open + proof))
    let answer = [
      "www.example.org. 300 CNAME y.example.net.", "www.example.org. 300 RRSIG CNAME", "y.example.net. 300 A 192.0.2.7",
    ]
    let proofs = ["*.example.org. 300 NSEC zz.example.org.", "*.example.org. 300 RRSIG NSEC"]
    #expect(lines(found.message?.answer) == answer && lines(found.message?.authority) == proofs)
    let ours = ["*.out.signed. 300 NSEC signed.", "*.out.signed. 300 RRSIG NSEC"]
    let behind = try desk.ask(try request("made.out.signed."), by: .cache(now: 0, acceptsStale: false))
    #expect(Array(lines(behind.message?.answer).suffix(3)) == answer)
    #expect(lines(behind.message?.authority) == ours + proofs)
  }

  @Test func `who does not ask for them has none`() throws {
    let found = try desk().ask(
      try request("made.out.signed.", isSigned: false),
      by: .reply([0, 1, 0, 0] + alias("www.example.org.", "also.wild.signed.")))
    #expect(found.message?.answer.count == 4 && found.message?.authority.isEmpty == true)
  }

  @Test func `they stay where the end is an address that the name may not have`() throws {
    let own = try desk().ask(
      try request("made.out.signed."), by: .reply([0, 1, 0, 0] + alias("www.example.org.", "private.mesh.test.")))
    #expect(own.message?.answer.last?.text == "private.mesh.test." && own.message?.extendedError?.code == 15)
    #expect(lines(own.message?.authority) == ["*.out.signed. 300 NSEC signed.", "*.out.signed. 300 RRSIG NSEC"])
    // The names of the proof are those of the addresses left out, too: nothing points to where they were.
    let records =
      try alias("www.example.org.", "deep.private.mesh.test.")
      + nsec("p.private.mesh.test.", "zz.mesh.test.") + signature("p.private.mesh.test.", over: 47, by: ".")
    let found = try desk().ask(try request("www.example.org."), by: .reply([0, 1, 0, 2] + records))
    #expect(lines(found.message?.answer) == ["www.example.org. 300 CNAME deep.private.mesh.test."])
    #expect(
      lines(found.message?.authority) == [
        "p.private.mesh.test. 300 NSEC zz.mesh.test.", "p.private.mesh.test. 300 RRSIG NSEC",
      ])
  }

  @Test func `a chain whose proofs do not fit is truncated`() throws {
    var small = try request("www.example.org.")
    (small[small.count - 8], small[small.count - 7]) = (2, 0)
    let sets = try (0..<5).flatMap { index in
      let owner = "\(String(repeating: "a", count: 50))\(index).example.org."
      return try nsec(owner, "zz.example.org.") + signature(owner, over: 47, by: "example.org.")
    }
    let found = try desk().ask(small, by: .reply([0, 1, 0, 10] + alias("www.example.org.", "web.mesh.test.") + sets))
    #expect(found.message?.isTruncated == true && found.message?.answer.isEmpty == true)
    #expect(found.message?.authority.isEmpty == true)
  }

  /// A reply to a name of `zone`: an alias, and an NSEC set with so many octets of types behind each of some names.
  private func large(_ owner: String, _ target: String, _ zone: String, sets: Int) throws -> [UInt8] {
    let types = (0..<60).flatMap { [UInt8($0), 32] + [UInt8](repeating: 1, count: 32) }
    let proofs = try (0..<sets).flatMap { index in
      let owner = "*.n\(index).\(zone)"
      return try record(owner, 47, DomainName("zz.\(zone)").wire + types) + signature(owner, over: 47, by: zone)
    }
    return try [0, 1, 0, UInt8(sets * 2)] + alias(owner, target) + proofs
  }

  @Test func `as many as a message has come whole, and more are never left out silently`() throws {
    let desk = try desk(cacheSize: 16 << 20)
    let reply = try large("www.example.org.", "web.mesh.test.", "example.org.", sets: 12)
    let whole = try desk.ask(try request("www.example.org."), .tcp, by: .reply(reply))
    #expect(whole.size > 24_000 && whole.message?.authority.count == 24 && whole.message?.isTruncated == false)
    let many = try large("www.example.net.", "host.corp.example.", "example.net.", sets: 20)
    _ = try desk.ask(try request("www.example.net."), .tcp, by: .reply(many))
    let more = try large("host.corp.example.", "web.mesh.test.", "corp.example.", sets: 20)
    _ = try desk.ask(try request("host.corp.example."), .tcp, by: .reply(more))
    let cut = try desk.ask(try request("www.example.net."), .tcp, by: .cache(now: 0, acceptsStale: false))
    #expect(cut.finding == .fresh && cut.message?.isTruncated == true && cut.message?.answer.isEmpty == true)
  }
}
