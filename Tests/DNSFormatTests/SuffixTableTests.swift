import TestSupport
import Testing

@testable import DNSFormat

@Suite("A table of names: what is nearest above a name")
struct SuffixTableTests {
  /// The value of the longest name of the table that a name is at or below, by its definition.
  private func nearest(
    _ name: DomainName, _ realm: UInt16, _ entries: [SuffixTable<UInt32>.Entry]
  ) -> UInt32? {
    entries.filter { $0.realm == realm && name.isAtOrBelow($0.name) }.max { $0.name.labelCount < $1.name.labelCount }?
      .value
  }

  private func nearest(_ name: borrowing NameKey, _ realm: UInt16, _ table: borrowing SuffixTable<UInt32>) -> UInt32? {
    var labels = table.nextCount(from: name.labelCount)
    while labels >= 0 {
      if let value = table.value(at: name, labels: labels, realm: realm) { return value }
      labels = table.nextCount(from: labels - 1)
    }
    return nil
  }

  /// A name of few different labels, so that many are above others; some with more than 64 labels.
  private func name(_ random: inout SeededGenerator) throws -> DomainName {
    let count = random.chance(10) ? random.number(60...127) : random.number(0...5)
    let labels = (0..<count).map { _ in ["a", "b", "C"][random.number(0...(count > 5 ? 0 : 2))] }
    return try DomainName(labels.isEmpty ? "." : labels.joined(separator: ".") + ".")
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func `the longest name above counts, in its realm`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      var known: Set<DomainName> = []
      var entries: [SuffixTable<UInt32>.Entry] = []
      for number in 0..<random.number(0...40) {
        let name = try name(&random)
        let realm: UInt16 = known.insert(name).inserted ? 0 : 1
        if entries.contains(where: { $0.name == name && $0.realm == realm }) { continue }
        entries.append(.init(name, realm: realm, UInt32(number)))
      }
      let table = SuffixTable(entries, seed: seed)
      for _ in 0..<100 {
        let asked = try name(&random)
        var key = NameKey()
        key.load(asked)
        for realm in 0...1 as ClosedRange<UInt16> {
          #expect(nearest(key, realm, table) == nearest(asked, realm, entries), "\(asked) in \(realm)")
        }
      }
    }
  }

  @Test func `counts of labels that names have are told from the greatest on`() throws {
    let counts = [0, 1, 3, 63, 64, 65, 127]
    let table = SuffixTable<UInt32>(
      try counts.map { .init(try DomainName(String(repeating: "a.", count: $0) + ($0 == 0 ? "." : "")), 1) }, seed: 1)
    for most in -2...200 {
      #expect(table.nextCount(from: most) == counts.last { $0 <= most } ?? -1, "\(most)")
    }
  }

  @Test func `an empty table has nothing`() {
    let table = SuffixTable<UInt32>([], seed: 1)
    #expect(table.nextCount(from: 127) == -1)
    #expect(table.value(at: NameKey(), labels: 0) == nil)
  }

  @Test func `of two for one name and realm the first counts`() throws {
    let table = SuffixTable<UInt32>([.init(try DomainName("A."), 1), .init(try DomainName("a."), 2)], seed: 1)
    var key = NameKey()
    key.load(try DomainName("x.a."))
    #expect(table.value(at: key, labels: 1) == 1)
    #expect(table.value(at: key, labels: 1, realm: 1) == nil)
  }
}
