import Contexts
import DNSFormat
import FlatMemory
import TestSupport
import Testing
import ZoneFile

@testable import Zones

@Suite("A zone's layout holds what was put in")
struct ZoneLayoutTests {
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `the index finds exactly the numbers put in, wherever their hashes fall`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let count = random.number(1...3_000)
    var index = NameIndex(names: count)
    var numbers: [UInt64: Set<Int>] = [:]
    var hashes: [UInt64] = []
    for number in 1...count {
      // Half of them crowd into a few lines and share tags.
      let hash = random.chance(50) ? random.next() : random.next() & 0x8000_0000_0000_0003
      numbers[hash & 0xffff_ffff, default: []].insert(number)
      let isFull = index.isFull
      #expect(!isFull)
      index.insert(UInt32(number), hash: hash)
      hashes.append(hash)
    }
    for (number, hash) in zip(1..., hashes) {
      let found = Self.found(hash, index)
      #expect(found.contains(number) && found.isSubset(of: numbers[hash & 0xffff_ffff] ?? []))
    }
    for _ in 0..<1_000 {
      let hash = random.chance(50) ? random.next() : random.next() & 0x8000_0000_0000_0003
      #expect(Self.found(hash, index).isSubset(of: numbers[hash & 0xffff_ffff] ?? []))
    }
    index.renumber((1...count).map { UInt32($0 * 2) })
    for (number, hash) in zip(1..., hashes) {
      let found = Self.found(hash, index)
      let known = numbers[hash & 0xffff_ffff] ?? []
      #expect(found.contains(number * 2) && found.isSubset(of: Set(known.map { $0 * 2 })))
    }
  }

  private static func found(_ hash: UInt64, _ index: borrowing NameIndex) -> Set<Int> {
    var probe = index.probe(hash)
    var found: Set<Int> = []
    while let number = index.next(&probe) { found.insert(number) }
    return found
  }

  @Test func `of the names of a full index nine in ten are in their own line`() {
    var random = SeededGenerator(seed: 5)
    var index = NameIndex(names: 40_000)
    var hashes: [UInt64] = []
    while !index.isFull {
      hashes.append(random.next())
      index.insert(UInt32(hashes.count), hash: hashes[hashes.count - 1])
    }
    let inOwnLine = hashes.enumerated().count { number, hash in
      var probe = index.probe(hash)
      let line = probe.slot >> 3
      while true {
        let before = probe.slot >> 3
        guard let found = index.next(&probe) else { return false }
        if found == number + 1 { return before == line }
      }
    }
    #expect(inOwnLine * 10 >= hashes.count * 9, "\(inOwnLine) of \(hashes.count)")
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `each context finds the place of every version that it sees, and none where there is none`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let tree = ContextTree([
      ("a", nil, false), ("b", "a", false), ("c", "b", false), ("d", "a", false), ("e", nil, false),
    ])
    var source = try Self.source("$TTL 1\n")
    source.layers = try tree.nodes.indices.map {
      let folder = $0 == 0 ? "" : "\(tree.nodes[$0].name)/"
      return .init(context: $0, records: try Self.records("$TTL 1\n", path: "\(folder)z.test.zone"))
    }
    var builder = NodePlaces.Builder(source, tree)
    var expected: [Int: [Int: Int]] = [:]  // by data and context: the line
    var data = 8
    for _ in 0..<random.number(0...400) {
      data += random.chance(5) ? random.number(1...100_000) : random.number(1...200)
      // Mostly the base alone, or one overlay; sometimes several that say the same, seldom more than a block has.
      var layers = random.chance(70) ? [0] : []
      if random.chance(40) {
        layers += source.layers.indices.dropFirst().filter { _ in random.chance(40) }.shuffled(using: &random)
      }
      for layer in layers {
        let line = random.chance(10) ? random.number(1...4_000_000_000) : random.number(1...500)
        builder.add(line: line, file: 0, layer: layer, data: data)
        expected[data, default: [:]][layer] = line
      }
    }
    let places = NodePlaces(builder)
    for (data, lines) in expected {
      for context in tree.nodes.indices {
        let place = places.place(ofData: data, context: UInt16(context))
        let writer = tree.path(from: context).first { lines[$0] != nil }
        #expect(place.map { Int($0.context) } == writer)
        #expect(place.map { Int($0.line) } == writer.flatMap { lines[$0] })
        guard let place, let writer else { continue }
        var buffer = OctetBuffer(capacity: 64)
        places.appendFile(of: place, to: &buffer)
        let file = String(decoding: buffer.octets.octets(0..<buffer.count), as: UTF8.self)
        #expect(file == (writer == 0 ? "z.test.zone" : "\(tree.nodes[writer].name)/z.test.zone"))
      }
      if expected[data + 1] == nil {
        let behind = places.place(ofData: data + 1, context: 0)
        #expect(behind == nil)
      }
    }
    let none = places.place(ofData: 0, context: 0)
    #expect(none == nil)
  }

  @Test func `places of the same data are found where they are more than a block`() throws {
    let tree = ContextTree((1...100).map { ("k\($0)", nil, false) })
    var source = try Self.source("$TTL 1\n")
    source.layers = try tree.nodes.indices.map {
      .init(context: $0, records: try Self.records("$TTL 1\n", path: "k\($0)/z.test.zone"))
    }
    var builder = NodePlaces.Builder(source, tree)
    for data in [8, 20, 40, 60] {
      for layer in source.layers.indices { builder.add(line: data + layer, file: 0, layer: layer, data: data) }
    }
    let places = NodePlaces(builder)
    for data in [8, 20, 40, 60] {
      for context in tree.nodes.indices {
        let place = places.place(ofData: data, context: UInt16(context))
        #expect(place?.line == UInt32(data + context))
      }
    }
  }

  @Test(arguments: 1...30 as ClosedRange<UInt64>)
  func `the short way for plain names writes what the general way does`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let rdata = [
      "A 192.0.2.1", "A 192.0.2.2", "A 192.0.2.3", "AAAA 2001:db8::1", "AAAA 2001:db8::2", "TXT a", "TXT A", "TXT b",
      "CNAME n1", "CNAME n2", "NS n1", "NS N1", "NS n3", "MX 1 n2", "DNAME n4", "SPF a", "SRV 1 1 1 n1", "PTR N1",
      "TYPE65280 \\# 0", "TYPE65280 \\# 1 00", "SOA ns h 1 2 3 4 5", "CAA 0 issue \"x\"",
    ]
    var text = zoneHead
    for _ in 0..<random.number(1...300) {
      let below = random.chance(30) ? ".n\(random.number(1...9))" : ""
      // Mostly a kind of record a name, so that plain names are not rare.
      let first = random.number(0...rdata.count - 1)
      for _ in 0..<random.number(1...4) {
        let kind = random.chance(70) ? first : random.number(0...rdata.count - 1)
        text += "n\(random.number(1...60))\(below) \(random.chance(90) ? "" : "7 ")\(rdata[kind])\n"
      }
    }
    for number in 0..<random.number(0...20) { text += "many A 10.0.0.\(number)\n" }
    let source = try Self.source(text)
    let options = ZoneBuildOptions(contexts: ContextTree([]), services: [try DomainName("n1.z.test.")], seed: seed)
    let short = ZoneBuilder.build(source, options)
    let general = ZoneBuilder.build(source, options, hasShortWay: false)
    #expect(short.diagnostics.map(\.description) == general.diagnostics.map(\.description))
    let (one, other) = (short.zones[0], general.zones[0])
    #expect(one.memory.octets(0..<one.memory.count) == other.memory.octets(0..<other.memory.count))
    #expect(one.recordCount == other.recordCount && one.recordOffsets == other.recordOffsets)
    for record in one.recordOffsets {
      let (node, same) = (one.node(ofRecord: record, context: 0), other.node(ofRecord: record, context: 0))
      #expect(one.place(of: node, context: 0)?.line == other.place(of: same, context: 0)?.line)
      let key = Self.key(one.name(ofRecord: record))
      let found = one.recordOffset(of: key)
      #expect(found == record)
    }
    #expect(one.recordOffsets.count == Set(one.recordOffsets.map { one.name(ofRecord: $0) }).count)
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `sets of addresses are marked with the one context that their endpoints lead into`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    // An address leads into the context of its last octet, 0 for none; 9 leads into two.
    let endpoints = EndpointContexts(prefixes: []) { $0.low & 255 == 9 ? nil : UInt16($0.low & 255) }
    var text = zoneHead
    var plain: [String: [UInt16]] = [:]
    for _ in 0..<300 {
      let (owner, type) = ("n\(random.number(1...60))", random.chance(50) ? "A" : "AAAA")
      let number = random.chance(60) ? 3 : [0, 0, 1, 9, 253, 254].randomElement(using: &random) ?? 0
      text += type == "A" ? "\(owner) A 192.0.2.\(number)\n" : "\(owner) AAAA ::\(String(number, radix: 16))\n"
      plain["\(owner).z.test. \(type)", default: []].append(UInt16(number))
    }
    text += "mail MX 7 n1\nmail TXT x\n"
    let source = try Self.source(text)
    let options = ZoneBuildOptions(contexts: ContextTree([]), services: [], seed: seed, endpoints: endpoints)
    var marked = 0
    for hasShortWay in [true, false] {
      let zone = ZoneBuilder.build(source, options, hasShortWay: hasShortWay).zones[0]
      for record in zone.recordOffsets {
        let node = zone.node(ofRecord: record, context: 0)
        for set in node.rrsets(zone.memory) where set.holdsAddresses {
          let type = set.type == .a ? "A" : "AAAA"
          guard let led = plain["\(zone.name(ofRecord: record)) \(type)"] else { continue }
          let contexts = Set(led).subtracting([0])
          let expected = contexts.count > 1 || contexts.contains(9) ? nil : contexts.first ?? 0
          #expect(set.endpointContext == expected, "seed \(seed): \(zone.name(ofRecord: record)) \(type)")
          marked += expected == nil ? 0 : 1
        }
      }
    }
    #expect(marked > 20)
    let unmarked = ZoneBuilder.build(source, ZoneBuildOptions(contexts: ContextTree([]), services: [], seed: seed))
      .zones[0]
    for record in unmarked.recordOffsets {
      for set in unmarked.node(ofRecord: record, context: 0).rrsets(unmarked.memory) where set.holdsAddresses {
        #expect(set.endpointContext == nil)
      }
    }
  }

  @Test func `contexts beyond what an octet tells leave sets unmarked`() throws {
    let endpoints = EndpointContexts(prefixes: []) { UInt16($0.low & 0xffff) }
    let source = try Self.source(zoneHead + "a A 10.0.0.254\nb A 10.0.0.255\nc A 10.0.1.0\nd A 10.0.1.1\n")
    let options = ZoneBuildOptions(contexts: ContextTree([]), services: [], seed: 1, endpoints: endpoints)
    let zone = ZoneBuilder.build(source, options).zones[0]
    var marks: [String: UInt16?] = [:]
    for record in zone.recordOffsets {
      let set = zone.node(ofRecord: record, context: 0).rrset(.a, zone.memory)
      marks["\(zone.name(ofRecord: record))"] = .some(set?.endpointContext)
    }
    #expect(marks["a.z.test."] == .some(254))
    for name in ["b", "c", "d"] { #expect(marks["\(name).z.test."] == .some(nil)) }
  }

  @Test func `RRsets of more than 65,535 octets together are all found at their name`() throws {
    let fill = String(repeating: "00", count: 40_000)
    let sets = (1...3).map { "big TYPE6528\($0) \\# 40000 \(fill)\n" }.joined()
    let fixture = try Fixture(base: zoneHead + sets + "big A 192.0.2.1\n")
    #expect(fixture.diagnostics.isEmpty)
    let zone = fixture.zones[0]
    let key = Self.key(try DomainName("big.z.test."))
    let found = zone.node(key, labels: 3, context: 0)
    let node = try #require(found)
    #expect(node.rrsets(zone.memory).map(\.type.rawValue) == [65281, 65282, 65283, 1])
    #expect(node.rrset(.a, zone.memory)?.count == 1)
    #expect(zone.recordOffsets.count == zone.nameCount)
  }

  @Test(arguments: [65_229, 65_241, 65_242, 65_535])
  func `a record that no message holds is refused`(size: Int) throws {
    let record = "big TYPE65280 \\# \(size) \(String(repeating: "00", count: size))\n"
    let fixture = try Fixture(base: zoneHead + record)
    #expect(fixture.diagnostics.contains { $0.contains("do not fit in a message") } == (size > 65_241))
  }

  private static func key(_ name: DomainName) -> NameKey {
    var key = NameKey()
    key.load(name)
    return key
  }

  private static func records(_ text: String, path: String) throws -> ZoneRecords {
    ZoneFileReader.read(
      Array(text.utf8), path: path, origin: try DomainName("z.test."), open: { _ in .failure(.init(reason: "")) }
    ).zone
  }

  private static func source(_ text: String) throws -> ZoneSource {
    ZoneSource(
      origin: try DomainName("z.test."),
      layers: [ZoneSource.Layer(context: 0, records: try records(text, path: "z.test.zone"))])
  }
}
