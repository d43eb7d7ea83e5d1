import Addresses
import DNSFormat
import FlatMemory
import Policy
import TestSupport
import Testing

@testable import Answering

/// A configuration with everything in it: wildcards, cuts, aliases and loops of them, contexts, overlays, services,
/// isolation, refusals of every kind, a zone that is broken in one context, names of all lengths; DNAMEs in chains, in
/// loops and too long; hints in HTTPS records; zones signed with NSEC and NSEC3, with overlays signed and not.
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
    d1 DNAME d2
    d2 DNAME b.test.
    d3 DNAME sub.wild
    round1 DNAME round2
    round2 DNAME round1
    grows DNAME x.grows
    long DNAME \(String(repeating: "l.", count: 100))long
    signed DNAME s.test.
    to DNAME _tcp.orders
    some HTTPS 1 . ipv4hint=10.20.0.1
         HTTPS 2 . ipv4hint=10.20.0.2,10.30.0.2
         HTTPS 3 . ipv6hint=2001:db8::3
         HTTPS 4 orders alpn=h2
    all HTTPS 1 . ipv4hint=10.30.0.1
        HTTPS 2 web ipv4hint=10.20.0.1
    bound HTTPS 0 some
          SVCB 0 all
    lent A 10.20.0.7
         A 10.30.0.7
    vault A 192.0.2.77
    upper A 10.30.8.17
    high A 10.30.8.1
    steer A 10.30.1.1
          A 10.20.0.1
          AAAA 2001:db8::1
    _http._tcp.steer SRV 0 0 80 steer
                     SRV 0 0 81 orders
                     SRV 0 0 82 elsewhere.org.
    stand A 10.30.1.40

    """ + (0..<100).map { "many A 192.0.2.\($0)\n" }.joined(),
  "test/mesh.test.zone": "$TTL 5\norders A 10.20.0.9\nweb CNAME .\ncut A 10.20.0.1\nnew.deep CNAME far\n",
  "prod/mesh.test.zone": "$TTL 5\norders A 10.30.0.9\nempty CNAME *.\nmany NS ns.many\n",
  "shard/mesh.test.zone": "$TTL 5\norders A 10.30.1.9\nmany A 10.30.1.10\n",
  "lab/mesh.test.zone": "$TTL 5\nonly MX 1 orders\n",
  "b.test.zone": zoneHead + "a A 192.0.2.1\nback CNAME ping.mesh.test.\n",
  "prod/b.test.zone": "broken A 1.2\n",
  "db.orders.mesh.test.zone": zoneHead + "@ A 10.30.1.7\n",
  "s.test.zone": SignedZones.text(
    """
    s.test. SOA ns.s.test. h.s.test. 1 3600 600 86400 60
    s.test. NS ns.s.test.
    s.test. NSEC bound.s.test. NS SOA RRSIG NSEC
    bound.s.test. HTTPS 1 . ipv4hint=10.20.0.1
    bound.s.test. HTTPS 2 mixed.s.test. ipv4hint=10.30.0.1
    bound.s.test. NSEC cut.s.test. HTTPS RRSIG NSEC
    cut.s.test. NS ns.cut.s.test. ;
    cut.s.test. NSEC moved.s.test. NS RRSIG NSEC
    ns.cut.s.test. A 10.30.0.1 ;
    moved.s.test. DNAME nsec.test.
    moved.s.test. NSEC mixed.s.test. DNAME RRSIG NSEC
    mixed.s.test. A 10.20.0.1
    mixed.s.test. A 10.30.0.1
    mixed.s.test. AAAA 2001:db8::1
    mixed.s.test. NSEC ns.s.test. A AAAA RRSIG NSEC
    ns.s.test. A 192.0.2.53
    ns.s.test. NSEC *.wild.s.test. A RRSIG NSEC
    *.wild.s.test. CNAME mixed.s.test.
    *.wild.s.test. NSEC s.test. CNAME RRSIG NSEC
    """, apex: "s.test.", ttl: 300),
  "test/s.test.zone": SignedZones.text(
    """
    mixed.s.test. TXT "test's"
    mixed.s.test. NSEC ns.s.test. TXT RRSIG NSEC
    """, apex: "s.test.", ttl: 300),
  "nsec.test.zone": SignedZones.nsec.replacing("example.", with: "nsec.test."),
  "prod/nsec.test.zone": "$TTL 5\nai A 10.30.0.8\nxx CNAME .\nnew.ns1 A 10.30.0.8\n",
  "example.zone": SignedZones.nsec3,
  "prod/example.zone": "$TTL 5\nxx A 10.30.0.8\nns2 CNAME .\n*.w CNAME *.\nx.c A 10.30.0.8\n",
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
  service steer {
    weight 10.30.1.1 3, 10.20.0.1 1; canary 2001:db8::1 30%; prefer near; floor 40%; max-answers 2; fail fallback stand
  }
  service stand { drain 10.30.1.40; fail fallback orders }
  """

/// What the rules about pairs have to say besides: `web` and `high`, who call from an isolated context, may call `lent`
/// for as long as an exception lasts, and get its endpoints in both.
private let pairs = """
  tiers critical > low
  acyclic
  service lent { tier low; runs-at 10.30.0.7 }
  service vault { require identity }
  service high { tier critical; runs-at 10.30.8.0/28 }
  service upper { runs-at 10.30.8.16/28; allow high }
  except web -> lent until 2026-12-31 because x
  except high -> lent until 2026-12-31 because x
  """

/// Midnight after that day, UTC.
private let end: UInt32 = 1_798_761_600

/// Believed where it says for whom it asks.
private let forwarder = "198.51.100.53"

private let sources = [
  "127.0.0.1", "10.20.0.1", "10.30.0.1", "10.30.1.1", "10.30.1.33", "10.30.9.1", "10.40.0.1", "198.51.100.1",
  "2001:db8::9", forwarder,
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
    "d1.mesh.test", "a.d1.mesh.test", "ping.d3.mesh.test", "x.round1.mesh.test", "x.grows.mesh.test",
    String(repeating: "b.", count: 30) + "long.mesh.test", "mixed.signed.mesh.test", "a.moved.signed.mesh.test",
    "_http.to.mesh.test",
    "some.mesh.test", "all.mesh.test", "bound.mesh.test", "steer.mesh.test", "_http._tcp.steer.mesh.test",
    "x.steer.mesh.test", "stand.mesh.test",
    "s.test", "bound.s.test", "mixed.s.test", "x.cut.s.test", "x.wild.s.test", "moved.s.test", "a.z.w.moved.s.test",
    "nm.s.test",
    "nsec.test", "ai.nsec.test", "xx.nsec.test", "ml.nsec.test", "b.nsec.test", "mc.a.nsec.test", "a.z.w.nsec.test",
    "x.y.w.nsec.test",
    "example", "a.c.x.w.example", "ns2.example", "mc.c.example", "a.example", "a.z.w.example", "w.example",
    "xx.example",
    "kohar7mbb8dc2ce8a9qvl8hon4k53uhi.example",
  ]
  private let types =
    [
      1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 43, 46, 47, 48, 50, 51, 64, 65, 255, 252, 41, 0, 65280, 257,
    ] as [UInt16]

  init() throws {
    let well = try Fixture(
      policy: everyone + "\ntrust ecs from \(forwarder)\nnsid fuzz\ncookies require\n", everything, strict: false)
    let steered = well.snapshot.policy.serviceNumber(for: try DomainName("steer.mesh.test."))
    let down = EndpointStates.Row(
      service: steered, state: .unsettled, down: [try #require(IPAddress("10.30.1.1"))])
    fixture = Fixture(snapshot: well.snapshot.seeing(Situation(endpoints: EndpointStates([down]))))
  }

  /// A query, well formed; where it has an OPT, half of the time with the DO bit.
  private func base(
    _ random: inout SeededGenerator, sizes: [UInt16?] = [nil, 0, 512, 1232, 1232, 4096]
  ) throws -> [UInt8] {
    let name = names.randomElement(using: &random) ?? ""
    let type = RRType(types.randomElement(using: &random) ?? 1)
    let size = sizes.randomElement(using: &random) ?? nil
    var request = Message.query(
      try DomainName(name + "."), type, id: UInt16(random.number(0...65535)), udpSize: size)
    if size != nil, random.number(0...1) == 0 { request[request.count - 4] |= 0x80 }
    if random.number(0...9) == 0 { request[15 + (try DomainName(name + ".").wire.count)] = 3 }  // class CH
    return request
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
      let isSubnet = code == 8 && random.chance(80)
      let data = isSubnet ? clientSubnet(&random) : random.octets(size)
      options += [UInt8(code >> 8), UInt8(code & 255), 0, UInt8(data.count)] + data
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

  /// A Client Subnet as it should be, its scope 0.
  private func clientSubnet(_ random: inout SeededGenerator) -> [UInt8] {
    let address: [UInt8] = [10, [20, 30, 40, 50, 60][random.number(0...4)], UInt8(random.number(0...3)), 33]
    let octets = random.number(0...4)
    return [0, 1, UInt8(octets * 8), 0] + address.prefix(octets)
  }

  /// A query for a cookie alone, some with a server cookie that is none of ours.
  private func cookieRequest(_ random: inout SeededGenerator) -> [UInt8] {
    let size = [8, 8, 16, 24, 40][random.number(0...4)]
    let start: [UInt8] = [7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0]
    return start + [UInt8(size + 4), 0, 10, 0, UInt8(size)] + random.octets(size)
  }

  /// What the options of a response must be; nil where they are.
  private func optionFault(_ message: Message, from source: String, isUDP: Bool) -> String? {
    guard let options = message.options else { return nil }
    for option in options {
      let isRight =
        switch option.code {
        case 3: option.data == Array("fuzz".utf8)
        case 8: source == forwarder && option.data.count >= 4
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
    _ request: [UInt8], _ response: [UInt8], _ outcome: Outcome, from source: String, limit: Int, isUDP: Bool,
    asksForProofs: Bool
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
    if let fault = optionFault(message, from: source, isUDP: isUDP) { return fault }
    let isSigned = outcome.wireError == .signed
    if isSigned != (outcome.rcode == .notAuth) { return "NOTAUTH" }
    let records = message.answer + message.authority + message.additional
    let lines = records.map { "\($0.owner) \($0.type) \($0.text)".lowercased() }
    if Set(lines).count != lines.count { return "a record twice: \(lines)" }
    if outcome.decision == .refused, !message.answer.isEmpty { return "data for who is refused" }
    if !asksForProofs, (message.authority + message.additional).contains(where: { proofs.contains($0.type) }) {
      return "proofs that nobody asked for"
    }
    return isolationFault(message, from: source)
  }

  private let proofs: Set<RRType> = [.rrsig, .nsec, .nsec3]

  /// `isolate test prod`: neither gets the other's endpoints.
  private func isolationFault(_ message: Message, from source: String) -> String? {
    let others = source.hasPrefix("10.20.") ? "10.30." : source.hasPrefix("10.30.") ? "10.20." : nil
    guard let others else { return nil }
    let endpoints = (message.answer + message.additional).filter { [.a, .svcb, .https].contains($0.type) }
    return endpoints.first { $0.text.contains(others) }.map { "\($0.owner) \($0.text), which is isolated" }
  }

  @Test(arguments: [1] as [UInt64]) func `mutated queries`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var workspace = Workspace()
    var buffer = OctetBuffer(capacity: 65535)
    let addresses = try sources.map { try #require(IPAddress($0)) }
    var counts: [Decision: Int] = [:]
    var reached: Set<String> = []
    for round in 0..<rounds(50_000) {
      var request =
        round % 50 == 0 ? (0..<random.number(0...60)).map { _ in UInt8(random.number(0...255)) } : try base(&random)
      if random.number(0...2) == 0 { addOptions(&request, &random) }
      if random.number(0...99) == 0 { request = cookieRequest(&random) }
      mutate(&request, &random)
      let isUDP = random.number(0...3) > 0
      let caller = random.number(0...(addresses.count - 1))
      let arrival = Arrival(source: addresses[caller], transport: isUDP ? .udp : .tcp)
      // As in a batch.
      let hash = workspace.lookAhead(at: request.span, fixture.snapshot)
      workspace.lookAhead(to: hash, fixture.snapshot)
      let outcome = respond(
        to: request.span, arrival, fixture.snapshot, hash: hash, using: &workspace, into: &buffer)
      let response = buffer.octets.octets(0..<buffer.count)
      let limit = isUDP ? min(1232, workspace.query.hasEDNS ? workspace.query.udpSize : 512) : 65535
      let found = fault(
        request, response, outcome, from: sources[caller], limit: limit, isUDP: isUDP,
        asksForProofs: workspace.query.isDNSSECOK)
      #expect(found == nil, "seed \(seed), round \(round), from \(sources[caller]), request \(request)")
      counts[outcome.decision, default: 0] += 1
      if let message = try? Message(response) {
        reached.insert("\(outcome.rcode)")
        reached.formUnion(message.answer.map { "\($0.type) in the answer" })
        reached.formUnion(message.authority.map { "\($0.type) in the authority section" })
      }
    }
    // The mutations leave enough of every kind for this to say something.
    for decision in [Decision.answered, .refused, .failed, .silent] {
      #expect(counts[decision, default: 0] > rounds(50_000) / 100, "\(counts)")
    }
    let wanted =
      ["yxDomain", "badCookie"] + ["DNAME", "HTTPS", "SVCB", "RRSIG", "NSEC"].map { "\($0) in the answer" }
      + ["RRSIG", "NSEC", "NSEC3", "DS"].map { "\($0) in the authority section" }
    #expect(reached.isSuperset(of: wanted), "not reached: \(Set(wanted).subtracting(reached))")
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

  @Test(arguments: [3] as [UInt64])
  func `UDP answers are TCP answers, or say that they are cut`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for round in 0..<min(rounds(3500), 28_000) {
      let request = try base(&random, sizes: [1232])
      let source = sources[random.number(0...(sources.count - 1))]
      let udp = try fixture.send(request, from: source)
      let tcp = try fixture.send(request, from: source, transport: .tcp)
      let place = "seed \(seed), round \(round), from \(source), request \(request)"
      #expect(udp.rcode == tcp.rcode && udp.ede == tcp.ede && !tcp.isTruncated, "\(place)")
      if !udp.isTruncated { #expect(udp.answer == tcp.answer && udp.authority == tcp.authority, "\(place)") }
    }
  }

  @Test(arguments: [4, 5, 6] as [UInt64])
  func `the direct way gives what the long way gives, octet by octet`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var direct = Workspace(), long = Workspace()
    long.takesDirectWay = false
    var directly = OctetBuffer(capacity: 65535), longer = OctetBuffer(capacity: 65535)
    let fixture = try Fixture(
      policy: "\(everyone)\n\(pairs)\ntrust ecs from \(forwarder)\nnsid fuzz\ncookies require\n", everything,
      strict: false)
    let addresses = try (sources + ["10.30.8.1", "10.30.8.17"]).map { try #require(IPAddress($0)) }
    let web = fixture.snapshot.policy.serviceNumber(for: try DomainName("web.mesh.test."))
    let common = [
      "orders.mesh.test", "web.mesh.test", "many.mesh.test", "big.mesh.test", "u.mesh.test", "a.b.test", "mixed.s.test",
      "db.orders.mesh.test", "ai.nsec.test", "\\000\\255.bin.mesh.test",
      "lent.mesh.test", "lent.mesh.test", "vault.mesh.test", "upper.mesh.test", "high.mesh.test",
    ]
    var taken = 0
    /// Answers with an endpoint that `isolate` would have left out, were it not for an exception.
    var excepted = 0
    var rules: Set<Rule> = []
    var (refused, without, absent) = (0, 0, 0)
    for round in 0..<rounds(20_000) {
      var request = try base(&random)
      if random.number(0...1) == 0 {
        let name = try DomainName((common.randomElement(using: &random) ?? "") + ".")
        let sizes: [UInt16?] = [nil, 512, 1232]
        let size = sizes.randomElement(using: &random) ?? nil
        let type = [.a, .a, .aaaa, .txt, RRType(65280)].randomElement(using: &random) ?? .a
        request = Message.query(name, type, id: UInt16(random.number(0...65535)), udpSize: size)
      }
      if random.number(0...7) == 0 { addOptions(&request, &random) }
      if random.number(0...7) == 0 { mutate(&request, &random) }
      let isUDP = random.number(0...3) > 0
      let caller = random.number(0...(addresses.count - 1))
      var evidence = Evidence(source: addresses[caller])
      if random.chance(10) { evidence.certificateService = web }
      let time = random.chance(80) ? end - 1 : end
      let arrival = Arrival(evidence, transport: isUDP ? .udp : .tcp, time: time)
      let hash = direct.lookAhead(at: request.span, fixture.snapshot)
      let one = respond(to: request.span, arrival, fixture.snapshot, hash: hash, using: &direct, into: &directly)
      let other = respond(to: request.span, arrival, fixture.snapshot, using: &long, into: &longer)
      let responses = (directly.octets.octets(0..<directly.count), longer.octets.octets(0..<longer.count))
      if one != other || responses.0 != responses.1 {
        Issue.record("seed \(seed), round \(round), from \(addresses[caller]), request \(request): \(one), \(other)")
      }
      var outcome = Outcome(caller: fixture.snapshot.policy.callers.caller(arrival.evidence))
      directly.reset()
      if one.decision == .answered || one.decision == .refused,
        direct.answersDirectly(request.span, arrival, fixture.snapshot, hash, &outcome, into: &directly)
      {
        taken += 1
        let judged = fixture.snapshot.policy.permission(one.caller, target: one.service, at: time)
        if judged == .excepted, responses.0[7] == 2 { excepted += 1 }
        if one.decision == .refused {
          refused += 1
          if let refusal = one.refusal { rules.insert(refusal.rule) }
        } else if one.rcode == .nxDomain {
          absent += 1
        } else if responses.0[7] == 0 {
          without += 1
        }
      }
    }
    #expect(taken > rounds(20_000) / 40, "\(taken)")
    #expect([refused, without, absent].allSatisfy { $0 > rounds(20_000) / 500 }, "\(refused), \(without), \(absent)")
    #expect(excepted > rounds(20_000) / 500, "\(excepted)")
    #expect(rules.isSuperset(of: [.refuse, .require, .acyclic, .tiers]), "\(rules)")
  }
}
