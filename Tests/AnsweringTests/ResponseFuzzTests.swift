import Addresses
import DNSFormat
import FlatMemory
import TestSupport
import Testing

@testable import Answering

/// A configuration with everything in it: wildcards, cuts, aliases and loops of them, contexts, overlays, services,
/// isolation, refusals of every kind, a zone that is broken in one context, names of all lengths.
private let everything: KeyValuePairs<String, String> = [
  "mesh.test.zone": zoneHead + """
    * TXT "wild"
    *.sub.wild CNAME *.loop
    *.loop CNAME a.b.loop
    ping CNAME pong
    pong CNAME ping
    orders A 10.30.1.1
           A 10.20.0.1
           AAAA 2001:db8::1
    _http._tcp.orders SRV 0 0 80 orders
    web A 10.30.1.33
    batch CNAME orders
    cut NS ns.cut
        NS web
    ns.cut A 10.30.0.1
    below.cut A 10.30.0.2
    mail MX 10 web
         MX 20 orders
         MX 30 elsewhere.org.
    far CNAME a.b.test.
    big TXT \"\(String(repeating: "x", count: 250))\" \"\(String(repeating: "x", count: 250))\" \"\(String(repeating: "x", count: 250))\"
    a.very.deep.empty.non.terminal A 192.0.2.1
    u TYPE65280 \\# 3 010203
    \\000\\255.bin A 192.0.2.2

    """ + (0..<100).map { "many A 192.0.2.\($0)\n" }.joined(),
  "test/mesh.test.zone": "$TTL 5\norders A 10.20.0.9\nweb CNAME .\ncut A 10.20.0.1\nnew.deep CNAME far\n",
  "prod/mesh.test.zone": "$TTL 5\norders A 10.30.0.9\nempty CNAME *.\nmany NS ns.many\n",
  "shard/mesh.test.zone": "$TTL 5\norders A 10.30.1.9\nmany A 10.30.1.10\n",
  "lab/mesh.test.zone": "$TTL 5\nonly MX 1 orders\n",
  "b.test.zone": zoneHead + "a A 192.0.2.1\nback CNAME ping.mesh.test.\n",
  "prod/b.test.zone": "broken A 1.2\n",
  "db.orders.mesh.test.zone": zoneHead + "@ A 10.30.1.7\n",
]

private let everyone = """
  origin mesh.test
  context laptop { from 127.0.0.0/8; mode observe; deny-as nxdomain }
  context test { from 10.20.0.0/16; deny-as nodata }
  context prod { from 10.30.0.0/16 }
  context shard in prod { from 10.30.1.0/24 }
  context lab { from 10.40.0.0/16; sealed; deny-as drop }
  isolate test prod lab
  service web { runs-at 10.30.1.32/28 }
  service batch { runs-at 10.30.9.0/24; deny-as nxdomain }
  service orders { allow web; allow laptop; refuse batch }
  """

private let sources = [
  "127.0.0.1", "10.20.0.1", "10.30.0.1", "10.30.1.1", "10.30.1.33", "10.30.9.1", "10.40.0.1", "198.51.100.1",
  "2001:db8::9",
]

@Suite("Any octets get a response or silence, never a trap")
struct ResponseFuzzTests {
  private let fixture: Fixture
  private let names = [
    "mesh.test", "orders.mesh.test", "a.b.c.mesh.test", "x.sub.wild.mesh.test", "ping.mesh.test", "batch.mesh.test",
    "cut.mesh.test",
    "x.below.cut.mesh.test", "mail.mesh.test", "far.mesh.test", "big.mesh.test", "many.mesh.test", "empty.mesh.test",
    "deep.empty.non.terminal.mesh.test",
    "only.mesh.test", "a.b.test", "back.b.test", "db.orders.mesh.test", "elsewhere.org", "_http._tcp.orders.mesh.test",
    "bin.mesh.test",
    String(repeating: "a.", count: 122) + "mesh.test", "new.deep.mesh.test", "",
  ]
  private let types = [1, 2, 5, 6, 12, 15, 16, 28, 33, 43, 255, 252, 41, 0, 65280, 257] as [UInt16]

  init() throws {
    fixture = try Fixture(policy: everyone + "\nnsid fuzz\ncookies require\n", everything, strict: false)
  }

  private func base(_ random: inout SeededGenerator) throws -> [UInt8] {
    let name = names.randomElement(using: &random) ?? ""
    let type = RRType(types.randomElement(using: &random) ?? 1)
    let sizes: [UInt16?] = [nil, 0, 512, 1232, 4096]
    return Message.query(
      try DomainName(name + "."), type, id: UInt16(random.number(0...65535)),
      udpSize: sizes.randomElement(using: &random) ?? nil)
  }

  private func mutate(_ octets: inout [UInt8], _ random: inout SeededGenerator) {
    for _ in 0..<random.number(0...4) where !octets.isEmpty {
      let at = random.number(0...(octets.count - 1))
      switch random.number(0...5) {
      case 0: octets[at] = UInt8(random.number(0...255))
      case 1: octets[at] ^= 1 << UInt8(random.number(0...7))
      case 2: octets.remove(at: at)
      case 3: octets.insert([0, 0xc0, 0x0c, 0x3f, 0xff, 41][random.number(0...5)], at: at)
      case 4: octets.removeLast(random.number(0...min(octets.count, 12)))
      default: octets += [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, UInt8(random.number(0...4))]
      }
    }
  }

  /// Puts options into the OPT at a query's end, most of them as they should be.
  private func addOptions(_ octets: inout [UInt8], _ random: inout SeededGenerator) {
    let hasOPT = octets.suffix(11).starts(with: [0, 0, 41]) && octets[11] == 1
    guard hasOPT else { return }
    var options: [UInt8] = []
    for _ in 0..<random.number(0...4) {
      let code = [3, 8, 10, 10, 11, 12, 15, 65001][random.number(0...7)]
      let size = code == 10 ? [8, 16, 24, 24, 40, random.number(0...50)][random.number(0...5)] : random.number(0...6)
      options += [UInt8(code >> 8), UInt8(code & 255), 0, UInt8(size)] + random.octets(size)
    }
    octets.removeLast(2)
    octets += [UInt8(options.count >> 8), UInt8(options.count & 255)] + options
    if random.number(0...9) == 0 { octets[5] = 0 }  // QDCOUNT, with a question that is none then
    guard random.number(0...9) == 0 else { return }
    // A TSIG behind the OPT.
    octets[11] = 2
    octets += [1, 107, 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 27, 3, 97, 108, 103, 0] + random.octets(8)
    octets += [0, 4, 1, 2, 3, 4, 7, 7, 0, 0, 0, 2, 8, 8]
  }

  /// A query for a cookie alone.
  private func cookieRequest(_ random: inout SeededGenerator) -> [UInt8] {
    [7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8] + random.octets(8)
  }

  /// What the options of a response must be; nil where they are.
  private func optionFault(_ message: Message, isUDP: Bool) -> String? {
    guard let options = message.options else { return nil }
    for option in options {
      let isRight =
        switch option.code {
        case 3: option.data == Array("fuzz".utf8)
        case 10: option.data.count == 24
        case 11: !isUDP && option.data.count == 2
        case 15: option.data.count >= 2
        default: false
        }
      if !isRight { return "option \(option.code)" }
    }
    return Set(options.map(\.code)).count == options.count ? nil : "an option twice"
  }

  /// What holds of every response; nil where it does, else what does not.
  private func fault(
    _ request: [UInt8], _ response: [UInt8], _ outcome: Outcome, limit: Int, isUDP: Bool
  ) -> String? {
    if response.isEmpty {
      return outcome.decision == .silent ? nil : "silence that says it is none"
    }
    guard outcome.decision != .silent, outcome.decision != .answered || outcome.wireError == nil else {
      return "the decision"
    }
    guard let message = try? Message(response) else { return "it does not decode" }
    guard response.count <= limit else { return "\(response.count) octets for \(limit)" }
    guard response[0] == request[0], response[1] == request[1], message.flags & 0x8000 != 0 else { return "ID or QR" }
    guard message.flags & 0x7900 == UInt16(request[2] & 0x79) << 8, message.flags & 0xf0 == 0 else {
      return "the flags"
    }
    guard message.rcode == outcome.rcode.rawValue, message.isTruncated == outcome.isTruncated else {
      return "the outcome"
    }
    if let question = message.questions.first {
      let size = question.name.wire.count + 4
      if response[12..<(12 + size)] != request[12..<(12 + size)] { return "the question" }
    } else if outcome.wireError == nil, request[4] | request[5] != 0 {
      return "no question"
    }
    if let fault = optionFault(message, isUDP: isUDP) { return fault }
    let isSigned = outcome.wireError == .signed
    if isSigned != (outcome.rcode == .notAuth) { return "NOTAUTH" }
    let records = message.answer + message.authority + message.additional
    let lines = records.map { "\($0.owner) \($0.type) \($0.text)".lowercased() }
    if Set(lines).count != lines.count { return "a record twice: \(lines)" }
    if outcome.decision == .refused, !message.answer.isEmpty { return "data for who is refused" }
    return nil
  }

  @Test(arguments: [1] as [UInt64]) func `mutated queries`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var workspace = Workspace()
    var buffer = OctetBuffer(capacity: 65535)
    let addresses = try sources.map { try #require(IPAddress($0)) }
    var counts: [Decision: Int] = [:]
    for round in 0..<rounds(50_000) {
      var request =
        round % 50 == 0 ? (0..<random.number(0...60)).map { _ in UInt8(random.number(0...255)) } : try base(&random)
      if random.number(0...2) == 0 { addOptions(&request, &random) }
      if random.number(0...99) == 0 { request = cookieRequest(&random) }
      mutate(&request, &random)
      let isUDP = random.number(0...3) > 0
      let arrival = Arrival(source: addresses[random.number(0...(addresses.count - 1))], transport: isUDP ? .udp : .tcp)
      let outcome = respond(to: request.span, arrival, fixture.snapshot, using: &workspace, into: &buffer)
      let response = buffer.octets.octets(0..<buffer.count)
      let limit = isUDP ? min(1232, workspace.query.hasEDNS ? workspace.query.udpSize : 512) : 65535
      let found = fault(request, response, outcome, limit: limit, isUDP: isUDP)
      #expect(found == nil, "seed \(seed), round \(round), request \(request)")
      counts[outcome.decision, default: 0] += 1
    }
    // The mutations leave enough of every kind for this to say something.
    for decision in [Decision.answered, .refused, .failed, .silent] {
      #expect(counts[decision, default: 0] > rounds(50_000) / 100, "\(counts)")
    }
  }

  @Test(arguments: [2] as [UInt64])
  func `a workspace that was used before answers as a new one`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var workspace = Workspace()
    var buffer = OctetBuffer(capacity: 65535)
    for round in 0..<rounds(2000) {
      var request = try base(&random)
      if random.number(0...1) == 0 { addOptions(&request, &random) }
      if random.number(0...3) == 0 { mutate(&request, &random) }
      let source = sources[random.number(0...(sources.count - 1))]
      let fresh = try fixture.send(request, from: source)
      let arrival = Arrival(source: try #require(IPAddress(source)), transport: .udp)
      let outcome = respond(to: request.span, arrival, fixture.snapshot, using: &workspace, into: &buffer)
      #expect(buffer.octets.octets(0..<buffer.count) == fresh.octets, "seed \(seed), round \(round)")
      #expect(outcome.decision == fresh.outcome.decision && outcome.refusal == fresh.outcome.refusal)
    }
  }

  @Test func `UDP answers are TCP answers, or say that they are cut`() throws {
    for name in names {
      for type in types {
        for source in sources {
          let udp = try fixture.ask(name + ".", RRType(type), from: source)
          let tcp = try fixture.ask(name + ".", RRType(type), from: source, transport: .tcp)
          #expect(udp.rcode == tcp.rcode && udp.ede == tcp.ede && !tcp.isTruncated)
          if !udp.isTruncated { #expect(udp.answer == tcp.answer && udp.authority == tcp.authority) }
        }
      }
    }
  }
}
