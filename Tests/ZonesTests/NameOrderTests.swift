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
    // Some names have a record in every context, some in one or two of three.
    let entries = keys.shuffled(using: &random).enumerated().map { number, key in
      let contexts = random.number(0...2) == 0 ? Set([random.number(0...2), random.number(0...2)]) : nil
      return NameOrder.Entry(key: key, record: UInt32(number), contexts: contexts)
    }
    let order = NameOrder(entries, contextCount: 3)
    var nameKey = NameKey()
    var key = OrderKey()
    for round in 0..<rounds(500) {
      let context = round % 3
      let seen = entries.filter { $0.contexts?.contains(context) ?? true }
        .sorted { $0.key.lexicographicallyPrecedes($1.key) }
      let asked = name(&random)
      nameKey.load(asked)
      key.load(nameKey, originLabels: 0)
      let plain = seen.last { !octets(asked).lexicographicallyPrecedes($0.key) } ?? seen.last
      let found = order.record(notAfter: key, context: UInt16(context))
      #expect(found?.offset == plain.map { Int($0.record) }, "seed \(seed): \(asked)")
      #expect(found?.isMatch == plain.map { $0.key == octets(asked) }, "seed \(seed): \(asked)")
      let isEmpty = order.isEmpty(for: UInt16(context))
      #expect(isEmpty == seen.isEmpty, "seed \(seed)")
    }
  }

  @Test func `a context without such records has no proofs, whatever others have`() throws {
    let fixture = try Fixture(
      contexts: ["prod", "test"], base: zoneHead + "b A 192.0.2.1\n",
      ["prod": "b 5 A 192.0.2.2\nb 5 NSEC z.test. A NSEC\n"])
    let kinds = (0...2).map { fixture.zones[0].denialKind(context: $0) != nil }
    #expect(kinds == [false, true, false])
  }

  @Test func `NSEC3 records that no NSEC3PARAM asks for prove nothing, and check says so`() throws {
    func fixture(_ parameters: String) throws -> Fixture {
      let hash = String(repeating: "0", count: 32)
      return try Fixture(
        base: zoneHead + "@ DNSKEY 257 3 13 AAAA\n\(parameters)\(hash) NSEC3 1 0 0 AB \(hash) A\n")
    }
    let foreign = try fixture("@ NSEC3PARAM 1 0 0 -\n")
    #expect(foreign.zones[0].denialKind(context: 0) == nil)
    #expect(
      foreign.diagnostics.contains { $0.contains("6:1: warning: no NSEC3 record is made as this NSEC3PARAM says") })
    #expect(try fixture("").diagnostics.contains { $0.contains("6:1: warning: the apex has no NSEC3PARAM") })
    #expect(try fixture("@ NSEC3PARAM 1 0 0 AB\n").zones[0].denialKind(context: 0) != nil)
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
