internal import DNSFormat
public import FlatMemory

/// A table from the hashes of names to numbers: while a zone is built, of names; then, of where their records are.
///
/// Lines of eight entries, as the processor's cache has them. A name's line is said by the upper half of its hash, its
/// first place in the line by the lower half, which is also its tag. A line is gone round once; only a name whose line
/// is full is in the next. At four fifths full, fewer than one name in ten is not in its own line, and a name costs ten
/// octets.
@usableFromInline struct NameIndex: ~Copyable, Sendable {
  /// A tag in the upper half, a number that is not 0 in the lower; 0 where free.
  @usableFromInline var entries: FlatScratch<UInt64>
  /// Lines of eight entries.
  @usableFromInline let lineCount: UInt64
  private(set) var count = 0

  /// Empty, for so many names.
  init(names: Int) {
    lineCount = UInt64((names * 5 + 31) / 32 + 1)
    entries = FlatScratch(alignedZeros: Int(lineCount) * 8)
  }

  /// True where more names would make lookups long.
  var isFull: Bool { count >= Int(lineCount) * 32 / 5 }

  /// True where another index for as many names would be well smaller.
  var isRoomy: Bool { count * 3 / 2 < Int(lineCount) * 8 - 8 }

  /// Where a lookup is.
  @usableFromInline struct Probe {
    @usableFromInline var slot: Int
    @usableFromInline var left: Int
    @usableFromInline let tag: UInt64

    @inlinable init(slot: Int, left: Int, tag: UInt64) {
      self.slot = slot
      self.left = left
      self.tag = tag
    }
  }

  /// Begins a lookup.
  @inlinable @inline(__always) func probe(_ hash: UInt64) -> Probe {
    let line = (hash &>> 32 &* lineCount) &>> 32
    return Probe(
      slot: Int(truncatingIfNeeded: line &* 8 | hash & 7), left: 8, tag: hash & 0xffff_ffff)
  }

  /// The next number under a hash with the same tag; nil where there is none.
  @inlinable @inline(__always) func next(_ probe: inout Probe) -> Int? {
    while true {
      let entry = entries[probe.slot]
      if entry == 0 { return nil }
      advance(&probe)
      if entry &>> 32 == probe.tag { return Int(entry & 0xffff_ffff) }
    }
  }

  @inlinable @inline(__always) func advance(_ probe: inout Probe) {
    let line = probe.slot & ~7
    probe.left &-= 1
    if probe.left > 0 {
      probe.slot = line | (probe.slot &+ 1) & 7
      return
    }
    // The next line, in the same order.
    let next = line &+ 8
    probe.slot = (next < entries.count ? next : 0) | (probe.slot &+ 1) & 7
    probe.left = 8
  }

  /// Brings near the line of a hash.
  @inlinable @inline(__always) func prefetch(_ hash: UInt64) { entries.prefetch(probe(hash).slot) }

  /// Adds a number, which is not 0, under a hash.
  mutating func insert(_ number: UInt32, hash: UInt64) {
    var probe = probe(hash)
    while entries[probe.slot] != 0 { advance(&probe) }
    entries[probe.slot] = probe.tag &<< 32 | UInt64(number)
    count += 1
  }

  /// Puts another number in the place of each: that which `numbers` has at the old one, counted from 1.
  mutating func renumber(_ numbers: [UInt32]) {
    for slot in 0..<entries.count where entries[slot] != 0 {
      let entry = entries[slot]
      entries[slot] = entry & ~0xffff_ffff | UInt64(numbers[Int(entry & 0xffff_ffff) - 1])
    }
  }
}
