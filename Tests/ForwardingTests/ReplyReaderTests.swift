import Addresses
import DNSFormat
import TestSupport
import Testing

@testable import Forwarding

@Suite("Replies: what may be believed of them")
struct ReplyReaderTests {
  let query = UpstreamQuery(forwarded("www.example.org."), id: 7, caseBits: nil)
  let mixed = UpstreamQuery(forwarded("www.example.org."), id: 7, caseBits: 0x5555_5555_5555_5555)

  @Test func `a query repeats nothing of a client's and has its capitals from the bits`() throws {
    let message = try Message(mixed.octets)
    #expect(message.id == 7 && message.flags == 0x0120 && message.udpSize == 1232 && message.options == [])
    #expect("\(message.questions[0].name)" == "WwW.eXaMpLe.OrG.")
    let plain = UpstreamQuery(
      forwarded("a.", 28, isDNSSECOK: true, isCheckingDisabled: true), id: 1, caseBits: nil, hasEDNS: false)
    #expect(try Message(plain.octets).flags == 0x0130)
    #expect(try Message(plain.octets).options == nil)
  }

  @Test func `what is no reply to the query is rejected and says why`() throws {
    let good = Wire(mixed, answer: [a("www.example.org.", [192, 0, 2, 1])])
    #expect(try Reading(good.octets, to: mixed).result == .usable)
    var wrong = good
    wrong.id = 8
    #expect(try Reading(wrong.octets, to: mixed).result == .rejected(.wrongID))
    wrong = good
    wrong.flags = 0x0100
    #expect(try Reading(wrong.octets, to: mixed).result == .rejected(.notAResponse))
    wrong = good
    wrong.question = wire("www.example.net.") + u16(1) + u16(1)
    #expect(try Reading(wrong.octets, to: mixed).result == .rejected(.wrongQuestion))
    wrong.question = wire("WwW.eXaMpLe.OrG.") + u16(28) + u16(1)
    #expect(try Reading(wrong.octets, to: mixed).result == .rejected(.wrongQuestion))
    wrong.question = wire("www.example.org.") + u16(1) + u16(1)
    #expect(try Reading(wrong.octets, to: mixed).result == .rejected(.wrongCase))
    wrong.question = wire("WWW.EXAMPLE.ORG.") + u16(1) + u16(1)
    #expect(try Reading(wrong.octets, to: query).result == .usable)
    #expect(try Reading(Array(good.octets.dropLast()), to: mixed).result == .rejected(.malformed))
    #expect(try Reading([0, 7, 0x81], to: mixed).result == .rejected(.malformed))
  }

  @Test func `a server that cannot or will not is told apart from one that says no`() throws {
    #expect(try Reading(Wire(query, flags: 0x8380).octets, to: query).result == .truncated)
    for rcode in [1, 2, 4, 5, 9] as [UInt16] {
      #expect(try Reading(Wire(query, flags: 0x8180 | rcode).octets, to: query).result == .unusable(rcode: rcode))
    }
    for rcode in 0...15 as ClosedRange<UInt16> {
      let header = Array(Wire(query, flags: 0x8180 | rcode).octets[..<4]) + [0, 0, 0, 0, 0, 0, 0, 0]
      let expected: UpstreamReply = rcode == 1 || rcode == 4 ? .unread(rcode: rcode) : .rejected(.wrongQuestion)
      #expect(try Reading(header, to: query).result == expected)
    }
    let referral = Wire(query, flags: 0x8100, authority: [record("org.", 2, wire("ns.org."))])
    #expect(try Reading(referral.octets, to: query).result == .lame)
    #expect(try Reading(Wire(query, flags: 0x8100).octets, to: query).result == .lame)
    // NSD says AA and no RA.
    let authoritative = Wire(query, flags: 0x8500, answer: [a("www.example.org.", [192, 0, 2, 1])])
    #expect(try Reading(authoritative.octets, to: query).result == .usable)
  }

  @Test func `only the chain that starts at the question is taken, and in order`() throws {
    var reply = Wire(
      query,
      answer: [
        a("b.example.net.", [192, 0, 2, 2], ttl: 50), a("evil.test.", [192, 0, 2, 66]),
        cname("a.example.com.", "b.example.net.", ttl: 70), cname("www.example.org.", "a.example.com."),
        cname("www.example.org.", "evil.test."), a("b.example.net.", [192, 0, 2, 3], ttl: 40),
      ], authority: [record("example.org.", 2, wire("ns.evil.test."))])
    reply.additional = [a("ns.evil.test.", [192, 0, 2, 67])]
    let reading = try Reading(reply.octets, to: query)
    #expect(
      reading.answer == [
        "www.example.org. 300 CNAME a.example.com.", "a.example.com. 70 CNAME b.example.net.",
        "b.example.net. 40 A 192.0.2.2", "b.example.net. 40 A 192.0.2.3",
      ])
    #expect(reading.authority.isEmpty)
    #expect(reading.life == 40)
    let aged = try Reading(reply.octets, to: query, age: 45, rotation: 1)
    #expect(
      aged.answer.suffix(3) == [
        "a.example.com. 25 CNAME b.example.net.", "b.example.net. 0 A 192.0.2.3", "b.example.net. 0 A 192.0.2.2",
      ])
  }

  @Test func `a loop of aliases ends`() throws {
    let reply = Wire(query, answer: [cname("www.example.org.", "x."), cname("x.", "www.example.org.")])
    #expect(try Reading(reply.octets, to: query).answer.count == 2)
  }

  @Test func `a redirected subtree is taken with its DNAME`() throws {
    let reply = Wire(
      query,
      answer: [
        record("example.org.", 39, wire("example.net.")), cname("www.example.org.", "www.example.net."),
        a("www.example.net.", [192, 0, 2, 9]),
      ])
    #expect(
      try Reading(reply.octets, to: query).answer == [
        "example.org. 300 DNAME example.net.", "www.example.org. 300 CNAME www.example.net.",
        "www.example.net. 300 A 192.0.2.9",
      ])
  }

  @Test func `a DNAME without its CNAME is given one, as long as there is a name that long`() throws {
    let dname = record("example.org.", 39, ttl: 120, wire("example.net."))
    let reply = Wire(query, answer: [dname, a("www.example.net.", [192, 0, 2, 9])])
    #expect(
      try Reading(reply.octets, to: query).answer == [
        "example.org. 120 DNAME example.net.", "www.example.org. 120 CNAME www.example.net.",
        "www.example.net. 300 A 192.0.2.9",
      ])
    let label = String(repeating: "a", count: 60)
    let long = record("example.org.", 39, wire("\(label).\(label).\(label).\(label).aaaaaa."))
    #expect(try Reading(Wire(query, flags: 0x8186, answer: [long]).octets, to: query).answer.count == 1)
  }

  /// RFC 2308 §2.1, §2.2 and §5.
  @Test(arguments: [(900, 60, 60), (30, 60, 30), (90_000, 80_000, 3600), (0, 60, 0)])
  func `a denial lives for the less of the SOA's TTL and its MINIMUM`(ttl: Int, minimum: Int, life: Int) throws {
    let reply = Wire(query, flags: 0x8183, authority: [soa("example.org.", ttl: ttl, minimum: minimum)])
    let reading = try Reading(reply.octets, to: query)
    #expect(reading.message?.rcode == 3 && reading.life == UInt32(life))
    #expect(reading.message?.authority.map(\.ttl) == [UInt32(life)])
  }

  @Test func `a denial without the SOA of a zone around the name is not kept`() throws {
    #expect(try Reading(Wire(query, flags: 0x8183).octets, to: query).life == 0)
    let foreign = try Reading(Wire(query, authority: [soa("evil.test.")]).octets, to: query)
    #expect(foreign.result == .usable && foreign.life == 0 && foreign.authority.isEmpty)
    // The SOA is of the zone that the alias leads to (RFC 2308 §2.1).
    let alias = try Reading(
      Wire(query, flags: 0x8183, answer: [cname("www.example.org.", "no.test.")], authority: [soa("test.")]).octets,
      to: query)
    #expect(alias.life == 60 && alias.answer.count == 1 && alias.authority.count == 1)
  }

  @Test func `proofs are for who wants them, and only those of a zone around the name`() throws {
    let proofs = [
      soa("example.org."), signature("example.org.", covers: 6, by: "example.org."),
      record("a.example.org.", 47, wire("z.example.org.") + [0, 1, 0x40]),
      signature("a.example.org.", covers: 47, by: "example.org."),
      record("a.evil.test.", 47, wire("z.evil.test.") + [0, 1, 0x40]),
      signature("a.evil.test.", covers: 47, by: "evil.test."),
    ]
    #expect(try Reading(Wire(query, flags: 0x8183, authority: proofs).octets, to: query).authority.count == 1)
    let asking = UpstreamQuery(forwarded("www.example.org.", isDNSSECOK: true), id: 7, caseBits: nil)
    let proven = try Reading(Wire(asking, flags: 0x81a3, authority: proofs).octets, to: asking)
    #expect(proven.message?.authority.map(\.type.rawValue) == [6, 46, 47, 46])
    #expect(proven.isAuthentic)
  }

  @Test func `another server's error is passed on`() throws {
    var reply = Wire(query, flags: 0x8183, authority: [soa("example.org.")])
    reply.additional = [[0] + u16(41) + u16(1232) + u32(0) + u16(9) + u16(15) + u16(5) + u16(17) + Array("abc".utf8)]
    #expect(try Reading(reply.octets, to: query).errorCode == 17)
  }

  @Test(arguments: [
    "10.1.2.3", "127.0.0.1", "0.0.0.0", "172.31.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "::", "::1",
    "fe80::1",
    "255.255.255.255", "239.1.2.3", "198.19.0.1", "ff02::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
    "64:ff9b:1::1", "2002:a00:1::", "::7f00:1",
  ])
  func `private addresses are blocked`(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(RebindingGuard().blocks(address))
    #expect(!RebindingGuard(prefixes: [Prefix(address, length: address.width)]).blocks(address) || text.contains("::"))
  }

  @Test(arguments: ["192.0.2.1", "172.32.0.1", "2001:db8::1", "64:ff9b::c000:201", "100.128.0.1", "2606:4700::1111"])
  func `public addresses pass`(text: String) throws {
    #expect(!RebindingGuard().blocks(try #require(IPAddress(text))))
  }

  @Test func `names of others have no private addresses unless they are allowed`() throws {
    let both = Wire(query, answer: [a("www.example.org.", [10, 0, 0, 1]), a("www.example.org.", [192, 0, 2, 1])])
    #expect(try Reading(both.octets, to: query).answer == ["www.example.org. 300 A 192.0.2.1"])
    let one = Wire(query, answer: [cname("www.example.org.", "x.test."), a("x.test.", [127, 0, 0, 1])])
    let blocked = try Reading(one.octets, to: query)
    #expect(blocked.answer == ["www.example.org. 300 CNAME x.test."] && blocked.errorCode == 15)
    #expect(blocked.message?.rcode == 0 && blocked.life == 300)
    for (zone, count) in [("example.org.", 2), ("org.", 2), (".", 2), ("x.test.", 1), ("xample.org.", 1)] {
      // Whoever has a name could make it an alias of one that is allowed.
      let allowing = RebindingGuard(zones: [try DomainName(zone)])
      #expect(try Reading(one.octets, to: query, ReplyLimits(), allowing).answer.count == count)
    }
    let https = UpstreamQuery(forwarded("www.example.org.", 65), id: 7, caseBits: nil)
    let hint = Wire(https, answer: [record("www.example.org.", 65, u16(1) + [0] + u16(4) + u16(4) + [10, 0, 0, 1])])
    #expect(try Reading(hint.octets, to: https).errorCode == 15)
  }

  @Test func `addresses in records of any type are judged, and one of three octets is none`() throws {
    let ten: [UInt8] = [10, 0, 0, 1], open: [UInt8] = [192, 0, 2, 1]
    let frames: [(type: Int, before: [UInt8], behind: [UInt8])] = [
      (11, [], [6, 1]), (42, [0, 1, 32, 4], []), (45, [10, 1, 2], [1, 2]), (105, [0, 1], []), (260, [10, 1], []),
    ]
    for (type, before, behind) in frames {
      let asking = UpstreamQuery(forwarded("www.example.org.", UInt16(type)), id: 7, caseBits: nil)
      for address in [ten, open] {
        let reply = Wire(asking, answer: [record("www.example.org.", type, before + address + behind)])
        let reading = try Reading(reply.octets, to: asking)
        #expect(reading.errorCode == (address == ten ? 15 : nil), "TYPE\(type)")
        #expect(reading.message?.answer.count == (address == ten ? 0 : 1))
      }
    }
    let l64 = UpstreamQuery(forwarded("www.example.org.", 106), id: 7, caseBits: nil)
    let local = Wire(l64, answer: [record("www.example.org.", 106, [0, 1, 0xfd] + Array(repeating: 0, count: 7))])
    #expect(try Reading(local.octets, to: l64).errorCode == 15)
    let short = Wire(query, answer: [a("www.example.org.", [10, 0, 0])])
    #expect(try Reading(short.octets, to: query).result == .rejected(.malformed))
  }

  /// RFC 8767 §4, RFC 2308 §2.1 and §2.1.3.
  @Test func `odd replies are read as they are meant`() throws {
    let long = Wire(query, answer: [a("www.example.org.", [192, 0, 2, 1], ttl: 0x8000_0001)])
    #expect(try Reading(long.octets, to: query).life == 86_400)
    let data = try Reading(
      Wire(query, flags: 0x8183, answer: [a("www.example.org.", [192, 0, 2, 1])]).octets, to: query)
    #expect(data.message?.rcode == 0 && data.answer.count == 1)
    let denial = Wire(query, flags: 0x8183, authority: [record("org.", 2, wire("ns.org."))])
    let reading = try Reading(denial.octets, to: query)
    #expect(reading.result == .usable && reading.message?.rcode == 3 && reading.life == 0)
  }

  /// Pointers, each to the one before: 65 KB of them made one reply take a third of a second.
  @Test func `a name has no more pointers than labels`() throws {
    for (count, result) in [(128, UpstreamReply.usable), (129, .rejected(.malformed))] {
      var octets = Wire(query).octets
      // A record whose RDATA is a name and pointers to it; then one whose owner is the last of them.
      let head: [UInt8] = [0] + u16(65_280) + u16(1) + u32(60)
      var data: [UInt8] = [0]
      let start = octets.count + head.count + 2
      for index in 0..<(count - 1) { data += u16(0xc000 | (index == 0 ? start : start + 2 * index - 1)) }
      octets += head + u16(data.count) + data
      octets += u16(0xc000 | (start + 2 * (count - 1) - 1)) + u16(16) + u16(1) + u32(60) + u16(2) + [1, 65]
      octets[7] = 2
      #expect(try Reading(octets, to: query).result == result)
    }
  }

  @Test func `more proofs than any honest reply has are left out, and more types are too many`() throws {
    let asking = UpstreamQuery(forwarded("www.example.org.", isDNSSECOK: true), id: 7, caseBits: nil)
    let proofs = (0..<100).flatMap { index in
      let owner = "n\(index).example.org."
      return [record(owner, 47, wire("z.org.") + [0, 1, 0x40]), signature(owner, covers: 47, by: "example.org.")]
    }
    let reading = try Reading(Wire(asking, flags: 0x8183, authority: [soa("example.org.")] + proofs).octets, to: asking)
    #expect(reading.message?.authority.count == 1 + 2 * ReplyReader.mostProofs)
    let any = UpstreamQuery(forwarded("www.example.org.", 255), id: 7, caseBits: nil)
    for (count, result) in [(64, UpstreamReply.usable), (65, .rejected(.malformed))] {
      let reply = Wire(any, answer: (0..<count).map { record("www.example.org.", 65_280 + $0, [1]) })
      #expect(try Reading(reply.octets, to: any).result == result)
    }
  }

  @Test func `any octets give a result`() throws {
    var random = SeededGenerator(seed: 11)
    let asking = UpstreamQuery(forwarded("www.example.org.", isDNSSECOK: true), id: 7, caseBits: nil)
    let proof = record("a.example.org.", 47, wire("z.example.org.") + [0, 1, 0x40])
    let seeds = [
      Wire(
        asking,
        answer: [cname("www.example.org.", "b."), a("b.", [192, 0, 2, 1]), record("b.", 15, u16(1) + wire("m.b."))]),
      Wire(
        asking, flags: 0x8183, authority: [soa("org."), proof, signature("a.example.org.", covers: 47, by: "org.")]),
    ].map(\.octets)
    for _ in 0..<rounds(3000) {
      var octets = seeds[random.number(0...1)]
      for _ in 0..<random.number(1...6) {
        switch random.number(0...3) {
        case 0: octets.removeLast(min(octets.count, random.number(0...20)))
        case 1: octets += random.octets(random.number(0...20))
        default:
          if octets.count > 40 {
            octets[random.number(4...(octets.count - 1))] = random.chance(50) ? 0xc0 : random.octets(1)[0]
          }
        }
      }
      // What is usable reads as a message.
      _ = try Reading(octets, to: asking)
    }
  }
}
