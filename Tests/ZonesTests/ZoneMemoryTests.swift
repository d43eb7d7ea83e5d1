import Contexts
import DNSFormat
import TestSupport
import Testing
import ZoneFile

@testable import Zones

@Suite("Memory grows with what differs, not with contexts × names")
struct ZoneMemoryTests {
  /// A hundred names in a hundred overlays each, spread over the zone.
  @Test(arguments: [1] as [UInt64])
  func `a hundred contexts that each change 1 % of 10,000 names cost less than half the zone`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let text =
      "$TTL 300\n@ SOA ns hostmaster 1 2 3 4 5\n@ NS ns\n"
      + (0..<10_000).map {
        "host\($0) A 10.0.\($0 >> 8).\($0 & 255)\n AAAA 2001:db8::\(String($0, radix: 16))\n TXT \"rack \($0 % 40), owner team-\($0 % 7)\"\n"
      }
      .joined()
    func records(_ text: String) throws -> ZoneRecords {
      ZoneFileReader.read(
        Array(text.utf8), path: "z", origin: try DomainName("z.test."), open: { _ in .failure(.init(reason: "")) }
      ).zone
    }
    let contexts = ContextTree((1...100).map { ("c\($0)", nil, false) })
    let base = ZoneSource.Layer(context: 0, records: try records(text))
    let overlays = try (1...100).map { context in
      let lines = (0..<100).map { _ in "host\(random.number(0...9_999)) 5 A 10.1.0.\(context)\n" }
      return ZoneSource.Layer(context: context, records: try records(Set(lines).joined()))
    }
    let options = ZoneBuildOptions(contexts: contexts, services: [], seed: 1)
    let origin = try DomainName("z.test.")
    let alone = ZoneBuilder.build(ZoneSource(origin: origin, layers: [base]), options).zones[0].memory.count
    let all = ZoneBuilder.build(ZoneSource(origin: origin, layers: [base] + overlays), options).zones[0].memory.count
    #expect(Double(all) < 1.5 * Double(alone), "\(alone) octets without overlays, \(all) with")
  }

  @Test func `where a version of a name was written costs some four octets`() throws {
    let text = zoneHead + (0..<10_000).map { "host\($0) A 10.0.\($0 >> 8).\($0 & 255)\n" }.joined()
    let zone = try Fixture(base: text).zones[0]
    #expect(zone.nameCount == 10_002)
    let size = zone.places.size
    #expect(size < 4 * zone.nameCount)
  }

  @Test func `a name without data costs eight octets beside itself, and one with an address thirty`() throws {
    let fixture = try Fixture(base: zoneHead)
    let more = try Fixture(base: zoneHead + "a.b A 192.0.2.1\n")
    // b.z.test., a.b.z.test.: 10 and 12 octets; the set's header, its RDLENGTH and address.
    #expect(more.zones[0].memory.count - fixture.zones[0].memory.count == 8 + 10 + 8 + 12 + 12 + 6)
  }
  @Test func `what an overlay says as it was before is there once, and each context's place is told`() throws {
    let text = "a A 192.0.2.1\na TXT x\nb A 192.0.2.2\nb.c A 192.0.2.3\n"
    let alone = try Fixture(base: zoneHead + text).zones[0]
    let fixture = try Fixture(
      contexts: ["k", "in-k in k", "other"], base: zoneHead + text,
      ["k": "$TTL 300\nb.c A 192.0.2.3\na A 192.0.2.1\na TXT x\n", "other": "$TTL 300\n\nb A 192.0.2.2\n"])
    let zone = fixture.zones[0]
    #expect(zone.memory.octets(0..<zone.memory.count) == alone.memory.octets(0..<alone.memory.count))
    #expect(zone.recordCount == alone.recordCount)
    func place(_ name: String, _ context: String) throws -> [UInt32]? {
      var key = NameKey()
      key.load(try DomainName(name))
      let number = UInt16(fixture.contexts.number(of: context) ?? 0)
      return zone.place(of: zone.find(key, context: number).node, context: number).map {
        [UInt32($0.context), $0.line]
      }
    }
    #expect(try place("a.z.test.", "") == [0, 5])
    #expect(try place("a.z.test.", "k") == [1, 3])
    #expect(try place("a.z.test.", "in-k") == [1, 3])
    #expect(try place("a.z.test.", "other") == [0, 5])
    #expect(try place("b.z.test.", "in-k") == [0, 7])
    #expect(try place("b.z.test.", "other") == [3, 3])
    #expect(try place("b.c.z.test.", "k") == [1, 2])
  }

  @Test func `contexts whose overlays say the same share what they say`() throws {
    let contexts = (1...20).map { "k\($0)" }
    func size(_ overlays: [(String, String)]) throws -> Int {
      try Fixture(contexts: contexts, base: zoneHead + "a A 192.0.2.1\n", overlayList: overlays).zones[0].memory.count
    }
    let one = try size([("k2", "$TTL 1\na A 10.0.0.1\n")])
    let two = try size([("k2", "$TTL 1\na A 10.0.0.1\n"), ("k4", "$TTL 1\na A 10.0.0.1\n")])
    #expect(two - one == 2 * 6, "two runs more, and no body")
    let back = try size([("k2", "$TTL 1\na A 10.0.0.1\n"), ("k4", "$TTL 300\na A 192.0.2.1\n")])
    #expect(back == one, "a run that is as the one before is none")
  }
}
