import FlatMemory
import TestSupport
import Testing

@testable import DNSFormat

@Suite("RFC 4034 §6.1: canonical order of names")
struct OrderKeyTests {
  private func octets(_ name: DomainName, originLabels: Int = 0) -> [UInt8] {
    var nameKey = NameKey()
    nameKey.load(name)
    var key = OrderKey()
    key.load(nameKey, originLabels: originLabels)
    return (0..<key.count).map { key[$0] }
  }

  /// §6.1 word for word: labels from the right, each as octets in small letters, a missing octet before any other.
  private func precedesPlainly(_ left: DomainName, _ right: DomainName) -> Bool {
    func folded(_ name: DomainName) -> [[UInt8]] {
      name.labels.reversed().map { $0.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 } }
    }
    return folded(left).lexicographicallyPrecedes(folded(right)) { $0.lexicographicallyPrecedes($1) }
  }

  /// A name of few, short labels over few octets, those around a label's end and around letters among them, so that
  /// random names are often one above the other, or differ in one octet.
  private func name(_ random: inout SeededGenerator) -> DomainName {
    var wire: [UInt8] = []
    for _ in 0..<random.number(0...4) {
      let count = random.number(1...3)
      wire.append(UInt8(count))
      for _ in 0..<count {
        wire.append([0, 1, 2, 0x2a, 0x40, 0x41, 0x5a, 0x5b, 0x61, 0x7a, 0xff].randomElement(using: &random) ?? 0)
      }
    }
    return DomainName(validWire: wire + [0])
  }

  @Test(arguments: [0, 1])
  func `the RFC's example is in order`(originLabels: Int) throws {
    let names = try [
      "example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example", "\\001.z.example",
      "*.z.example", "\\200.z.example",
    ].map { try DomainName($0 + ".") }
    for (lower, upper) in zip(names, names.dropFirst()) {
      let (left, right) = (octets(lower, originLabels: originLabels), octets(upper, originLabels: originLabels))
      #expect(left.lexicographicallyPrecedes(right), "\(lower) before \(upper)")
    }
  }

  @Test(arguments: [41, 42, 43] as [UInt64])
  func `keys sort as names compared label by label do`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<rounds(3000) {
      let (left, right) = (name(&random), name(&random))
      let (leftKey, rightKey) = (octets(left), octets(right))
      #expect(
        leftKey.lexicographicallyPrecedes(rightKey) == precedesPlainly(left, right), "seed \(seed): \(left) \(right)")
      #expect(
        (leftKey == rightKey) == (!precedesPlainly(left, right) && !precedesPlainly(right, left)),
        "seed \(seed): \(left) \(right)")
    }
  }

  @Test(arguments: [44] as [UInt64])
  func `a key compares with one in flat memory as their octets do`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var nameKey = NameKey()
    var key = OrderKey()
    for _ in 0..<rounds(1000) {
      let (left, right) = (name(&random), name(&random))
      nameKey.load(left)
      key.load(nameKey, originLabels: 0)
      let other = octets(right)
      let memory = FlatArray(random.octets(3) + other + random.octets(2))
      let order = key.order(against: memory, at: 3, count: other.count).signum()
      #expect(order == (precedesPlainly(left, right) ? -1 : precedesPlainly(right, left) ? 1 : 0), "seed \(seed)")
    }
  }

  @Test func `the longest names fit`() {
    let zeros = DomainName(
      validWire: [63] + [UInt8](repeating: 0, count: 63) + [63] + [UInt8](repeating: 1, count: 63)
        + [63] + [UInt8](repeating: 0, count: 63) + [61] + [UInt8](repeating: 1, count: 61) + [0])
    #expect(zeros.wire.count == 255 && octets(zeros).count == 2 * 250 + 4)
    let short = DomainName(validWire: (0..<127).flatMap { _ in [1, 0] as [UInt8] } + [0])
    #expect(octets(short).count == 3 * 127)
    #expect(octets(.root).isEmpty)
  }
}
