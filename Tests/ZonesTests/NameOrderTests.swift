import DNSFormat
import FlatMemory
import TestSupport
import Testing

@testable import Zones

@Suite("RFC 4034 §6.1: finding the name before another")
struct NameOrderTests {
  private func octets(_ name: DomainName) -> [UInt8] {
    var nameKey = NameKey()
    nameKey.load(name)
    var key = OrderKey()
    key.load(nameKey, originLabels: 0)
    return (0..<key.count).map { key[$0] }
  }

  private func name(_ random: inout SeededGenerator) -> DomainName {
    var wire: [UInt8] = []
    for _ in 0..<random.number(0...3) {
      let count = random.number(1...2)
      wire.append(UInt8(count))
      for _ in 0..<count { wire.append([0, 1, 2, 0x41, 0x61, 0x62, 0xff].randomElement(using: &random) ?? 0) }
    }
    return DomainName(validWire: wire + [0])
  }

  @Test(arguments: [0, 1, 2, 3, 50, 400]) func `halving finds what a search from the front finds`(count: Int) {
    let seed = UInt64(7000 + count)
    var random = SeededGenerator(seed: seed)
    var keys: Set<[UInt8]> = []
    for _ in 0..<count { keys.insert(octets(name(&random))) }
    let shuffled = Array(keys).shuffled(using: &random)
    let order = NameOrder(shuffled.enumerated().map { ($0.element, UInt32($0.offset)) })
    let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
    let size = order.count
    #expect(size == sorted.count)
    for index in sorted.indices {
      let record = order.record(index)
      #expect(shuffled[record] == sorted[index], "seed \(seed)")
    }
    var nameKey = NameKey()
    var key = OrderKey()
    for _ in 0..<rounds(500) {
      let asked = name(&random)
      nameKey.load(asked)
      key.load(nameKey, originLabels: 0)
      let plain = (sorted.lastIndex { !octets(asked).lexicographicallyPrecedes($0) }) ?? -1
      let found = order.index(notAfter: key)
      #expect(found == plain, "seed \(seed): \(asked)")
      if found >= 0 {
        let isEqual = order.isEqual(found, key)
        #expect(isEqual == (sorted[found] == octets(asked)), "seed \(seed): \(asked)")
      }
    }
  }

  @Test func `the record before a name goes round the circle, and by context`() throws {
    let fixture = try Fixture(
      contexts: ["prod"],
      base: zoneHead + "@ NSEC b.z.test. SOA NSEC\nb A 192.0.2.1\nb NSEC d.z.test. A NSEC\nd NSEC z.test. NSEC\n",
      ["prod": "b 5 A 192.0.2.2\n"])
    func before(_ name: String, _ context: UInt16) throws -> String? {
      var nameKey = NameKey()
      nameKey.load(try DomainName(name))
      var key = OrderKey()
      key.load(nameKey, originLabels: 2)
      let zone = fixture.zones[0]
      guard let denial = zone.denial(.nsec, key, context: context) else { return nil }
      var owner = NameKey()
      owner.load(zone.memory, at: denial.node.nameOffset)
      let wire = (0..<owner.length).map { owner.octet(at: $0) }
      return "\(DomainName(validWire: wire))\(denial.isMatch ? " itself" : "")"
    }
    #expect(try before("z.test.", 0) == "z.test. itself")
    #expect(try before("a.z.test.", 0) == "z.test.")
    #expect(try before("B.z.test.", 0) == "b.z.test. itself")
    #expect(try before("c.b.z.test.", 0) == "b.z.test.")
    #expect(try before("zz.z.test.", 0) == "d.z.test.")
    // In prod the overlay's node has no NSEC: the one before it is found.
    #expect(try before("c.z.test.", 1) == "z.test.")
    #expect(try before("b.z.test.", 1) == "z.test.")
  }
}
