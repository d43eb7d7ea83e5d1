public import FlatMemory

/// Finds the line whose `identity` a certificate's common name is: a hash of its octets, then a comparison of them all.
///
/// Octet by octet, as policy and certificate write them: no letters are folded, no zero ends a name, and what is no UTF-8
/// equals nothing.
@usableFromInline struct IdentityTable: ~Copyable, Sendable {
  @usableFromInline struct Entry: BitwiseCopyable, Sendable {
    /// 0 for a free slot.
    @usableFromInline var line: UInt32 = 0
    @usableFromInline var start: UInt32 = 0
    @usableFromInline var count: UInt32 = 0
  }

  /// Open addressing: a power of two of slots, at least half of them free.
  @usableFromInline let entries: FlatArray<Entry>
  @usableFromInline let octets: FlatArray<UInt8>

  /// Of equal names the first counts.
  init(_ names: [(name: String, line: UInt32)]) {
    var octets: [UInt8] = []
    var slots = Array(repeating: Entry(), count: 2)
    while slots.count < names.count * 2 { slots += slots }
    var known: Set<[UInt8]> = []
    for (name, line) in names {
      let new = Array(name.utf8)
      guard known.insert(new).inserted else { continue }
      var slot = Self.firstSlot(new.span, slots.count)
      while slots[slot].line != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Entry(line: line, start: UInt32(octets.count), count: UInt32(new.count))
      octets += new
    }
    entries = FlatArray(slots)
    self.octets = FlatArray(octets)
  }

  /// The line of a name; 0 where no service has it.
  @inlinable func line(of name: Span<UInt8>) -> UInt32 {
    var slot = Self.firstSlot(name, entries.count)
    while true {
      let entry = entries[slot]
      if entry.line == 0 || isName(entry, name) { return entry.line }
      slot = (slot &+ 1) & (entries.count &- 1)
    }
  }

  @inlinable func isName(_ entry: Entry, _ name: Span<UInt8>) -> Bool {
    guard Int(entry.count) == name.count else { return false }
    for index in 0..<name.count where octets[Int(entry.start) &+ index] != name[index] { return false }
    return true
  }

  /// Where the search for a name begins: FNV-1a, folded.
  @inlinable static func firstSlot(_ name: Span<UInt8>, _ count: Int) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in 0..<name.count { hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 32) & (count &- 1)
  }
}

/// Finds the line whose `uid` a user of this host is: a search in ascending numbers.
@usableFromInline struct UserTable: ~Copyable, Sendable {
  @usableFromInline let numbers: FlatArray<UInt32>
  @usableFromInline let lines: FlatArray<UInt32>

  /// Of equal numbers the first counts.
  init(_ users: [(number: UInt32, line: UInt32)]) {
    var known: Set<UInt32> = []
    let sorted = users.filter { known.insert($0.number).inserted }.sorted { $0.number < $1.number }
    numbers = FlatArray(sorted.map(\.number))
    lines = FlatArray(sorted.map(\.line))
  }

  @inlinable var isEmpty: Bool { numbers.count == 0 }

  /// The line of a user; 0 where it is no service.
  @inlinable func line(of user: UInt32) -> UInt32 { Self.line(of: user, numbers, lines) }

  /// The same in a table's arrays.
  @inlinable static func line(
    of user: UInt32, _ numbers: borrowing FlatArray<UInt32>, _ lines: borrowing FlatArray<UInt32>
  ) -> UInt32 {
    var low = 0
    var high = numbers.count
    while low < high {
      let middle = (low &+ high) >> 1
      if numbers[middle] < user { low = middle &+ 1 } else { high = middle }
    }
    return low < numbers.count && numbers[low] == user ? lines[low] : 0
  }
}
