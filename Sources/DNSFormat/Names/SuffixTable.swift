public import FlatMemory

/// Values by names, for whoever looks for the nearest that a name is at or below.
///
/// Immutable; asking it allocates nothing and counts no references. A probe of a hash table for each count of labels that
/// some name of the table has, longest first:
///
///     var labels = table.nextCount(from: name.labelCount)
///     while labels >= 0 {
///       if let value = table.value(at: name, labels: labels) { … }
///       labels = table.nextCount(from: labels &- 1)
///     }
public struct SuffixTable<Value: BitwiseCopyable & Sendable>: ~Copyable, Sendable {
  /// Open addressing: a power of two of slots, more than half of them free.
  @usableFromInline let index: FlatArray<Slot>
  /// The names in small letters, one after the other.
  @usableFromInline let names: FlatArray<UInt8>
  /// Bit n: some name has n labels; and 64 more.
  @usableFromInline let shortCounts: UInt64
  @usableFromInline let longCounts: UInt64
  @usableFromInline let seed: UInt64

  @usableFromInline struct Slot: BitwiseCopyable, Sendable {
    /// The name's hash and its realm.
    @usableFromInline let hash: UInt64
    @usableFromInline let name: UInt32
    /// In octets.
    @usableFromInline let length: UInt16
    @usableFromInline let realm: UInt16
    /// Nil where the slot is free.
    @usableFromInline let value: Value?
  }

  /// A name with a value: the same name may have another in each realm. Of two for one name and realm the first counts.
  package struct Entry {
    package let name: DomainName
    package let realm: UInt16
    package let value: Value

    package init(_ name: DomainName, realm: UInt16 = 0, _ value: Value) {
      (self.name, self.realm, self.value) = (name, realm, value)
    }
  }

  /// - Parameter seed: keeps the table's order from those who choose its names.
  package init(_ entries: [Entry], seed: UInt64) {
    let free = Slot(hash: 0, name: 0, length: 0, realm: 0, value: nil)
    var table = [Slot](repeating: free, count: 1 << (Int.bitWidth - (entries.count * 2).leadingZeroBitCount))
    var counts: (short: UInt64, long: UInt64) = (0, 0)
    var names: [UInt8] = []
    var name = NameKey()
    for entry in entries {
      name.load(entry.name)
      counts.short |= 1 << UInt64(name.labelCount)
      if name.labelCount >= 64 { counts.long |= 1 << UInt64(name.labelCount - 64) }
      let hash = name.hash(from: 0, seed: seed) &+ UInt64(entry.realm)
      var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
      while table[slot].value != nil { slot = (slot + 1) & (table.count - 1) }
      table[slot] = Slot(
        hash: hash, name: UInt32(names.count), length: UInt16(name.length), realm: entry.realm, value: entry.value)
      for offset in 0..<name.length { names.append(name.octet(at: offset)) }
    }
    index = FlatArray(table)
    // Names are compared in whole words, which may reach behind the last.
    self.names = FlatArray(names + [UInt8](repeating: 0, count: 8))
    (shortCounts, longCounts) = counts
    self.seed = seed
  }

  /// The greatest count of labels, `most` or less, that some name of the table has; -1 for none.
  @inlinable @inline(__always) public func nextCount(from most: Int) -> Int {
    var most = most
    if most >= 64 {
      let counts = longCounts & ~0 >> UInt64(max(0, 127 &- most))
      if counts != 0 { return 127 &- counts.leadingZeroBitCount }
      most = 63
    }
    // Shifted out where `most` is below 0.
    return 63 &- (shortCounts & ~0 >> UInt64(truncatingIfNeeded: 63 &- most)).leadingZeroBitCount
  }

  /// The value of the name's ancestor with so many labels, the name itself for its own count; nil where the table does not
  /// have it in the realm.
  @inlinable public func value(at name: borrowing NameKey, labels: Int, realm: UInt16 = 0) -> Value? {
    let start = name.start(ofSuffix: labels)
    let hash = name.hash(from: start, seed: seed) &+ UInt64(realm)
    let mask = index.count &- 1
    var place = Int(truncatingIfNeeded: hash) & mask
    while true {
      let slot = index[place]
      guard let value = slot.value else { return nil }
      if slot.hash == hash, slot.realm == realm,
        name.suffix(from: start, equals: names, at: Int(slot.name), count: Int(slot.length))
      {
        return value
      }
      place = (place &+ 1) & mask
    }
  }
}
