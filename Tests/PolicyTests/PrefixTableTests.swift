import Addresses
import TestSupport
import Testing

@testable import Policy

@Suite("Prefixes: the longest wins")
struct PrefixTableTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `a table finds what a search of all prefixes finds`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var values: [Prefix: UInt32] = [:]
    for value in 1...1500 as ClosedRange<UInt32> {
      values[prefix(near: address(&random), &random)] = value
    }
    let prefixes = values.map { (prefix: $0.key, value: $0.value) }
    let table = PrefixTable(prefixes)
    for _ in 0..<1500 {
      let address = address(&random)
      let longest = prefixes.filter { $0.prefix.contains(address) }.max { $0.prefix.length < $1.prefix.length }
      #expect(table.value(for: address) == longest?.value ?? 0, "seed \(seed), \(address)")
    }
  }

  @Test(arguments: [0, 1, 8, 15, 16, 17, 19, 20, 21, 31, 32])
  func `a lone IPv4 prefix covers its first and last address and not their neighbours`(length: Int) throws {
    let prefix = Prefix(try IPAddress("10.30.129.77").orThrow(), length: length)
    let table = PrefixTable([(prefix, 7)])
    let first = UInt32(prefix.address.low)
    let last = first | (length == 0 ? .max : length == 32 ? 0 : UInt32.max >> UInt32(length))
    #expect(table.value(for: IPAddress(v4: first)) == 7)
    #expect(table.value(for: IPAddress(v4: last)) == 7)
    if length > 0 {
      #expect(table.value(for: IPAddress(v4: first &- 1)) == 0)
      #expect(table.value(for: IPAddress(v4: last &+ 1)) == 0)
    }
    #expect(table.value(for: IPAddress(high: 0, low: 1)) == 0)
  }

  @Test(arguments: [0, 15, 16, 17, 48, 63, 64, 65, 68, 127, 128])
  func `a lone IPv6 prefix covers what begins like it`(length: Int) throws {
    let address = try IPAddress("2001:db8:85a3:8d3:1319:8a2e:370:7348").orThrow()
    let table = PrefixTable([(Prefix(address, length: length), 7)])
    #expect(table.value(for: address) == 7)
    for bit in 0..<128 {
      let other =
        bit < 64
        ? IPAddress(high: address.high ^ 1 << UInt64(63 - bit), low: address.low)
        : IPAddress(high: address.high, low: address.low ^ 1 << UInt64(127 - bit))
      #expect(table.value(for: other) == (bit < length ? 0 : 7), "bit \(bit)")
    }
    #expect(table.value(for: IPAddress(v4: 1)) == 0)
  }

  @Test func `a mapped IPv4 address is found under its IPv4 prefix`() throws {
    let table = PrefixTable([(try Prefix("10.0.0.0/8").orThrow(), 3)])
    #expect(table.value(for: try IPAddress("::ffff:10.1.2.3").orThrow()) == 3)
  }

  @Test func `an empty table finds nothing`() {
    let table = PrefixTable([])
    #expect(table.value(for: IPAddress(v4: 0)) == 0)
    #expect(table.value(for: IPAddress(high: .max, low: .max)) == 0)
  }

  /// Addresses that share long beginnings, so that prefixes nest.
  private func address(_ random: inout SeededGenerator) -> IPAddress {
    let sparse = { (random: inout SeededGenerator) in random.next() & random.next() & random.next() }
    if random.chance(50) { return IPAddress(v4: UInt32(truncatingIfNeeded: sparse(&random))) }
    return IPAddress(high: sparse(&random) & sparse(&random), low: sparse(&random))
  }

  private func prefix(near address: IPAddress, _ random: inout SeededGenerator) -> Prefix {
    Prefix(address, length: Int.random(in: 0...address.width, using: &random))
  }
}
