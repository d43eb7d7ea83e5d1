internal import DNSFormat
internal import FlatMemory

/// Names of a zone in canonical order (RFC 4034 §6.1): those with NSEC records, or those with NSEC3 records, whose names
/// are hashes. Finds the record that proves a name's absence.
struct NameOrder: ~Copyable, Sendable {
  /// For each name: the offset of its record in the zone (4 octets), octets of its key (2 octets), its key.
  private let memory: FlatArray<UInt8>
  /// Where each name is in `memory`, in order.
  private let starts: FlatArray<UInt32>

  /// - Parameter names: in any order, each once: its ``OrderKey``, and the offset of its record.
  init(_ names: [(key: [UInt8], record: UInt32)]) {
    var builder = OctetBuilder(capacity: names.count * 32)
    var starts: [UInt32] = []
    starts.reserveCapacity(names.count)
    for name in names.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      starts.append(UInt32(builder.count))
      builder.append(host: name.record)
      builder.append(host: UInt16(name.key.count))
      builder.append(name.key[...])
    }
    memory = builder.finish()
    self.starts = FlatArray(starts)
  }

  var count: Int { starts.count }

  /// The index of the last name that is not after the key; -1 where all are.
  func index(notAfter key: borrowing OrderKey) -> Int {
    var low = -1
    var high = starts.count
    while high &- low > 1 {
      let middle = (low &+ high) / 2
      if order(of: key, against: middle) >= 0 { low = middle } else { high = middle }
    }
    return low
  }

  /// True where the name at an index is the key's.
  func isEqual(_ index: Int, _ key: borrowing OrderKey) -> Bool { order(of: key, against: index) == 0 }

  /// The offset of the record of the name at an index.
  func record(_ index: Int) -> Int { Int(memory.load(Int(starts[index]), as: UInt32.self)) }

  private func order(of key: borrowing OrderKey, against index: Int) -> Int {
    let start = Int(starts[index])
    let size = Int(memory.load(start &+ 4, as: UInt16.self))
    return key.order(against: memory, at: start &+ 6, count: size)
  }
}
