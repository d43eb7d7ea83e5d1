internal import FlatMemory

/// Where in a cache's memory what is.
struct CacheLayout: Sendable {
  /// Memory that is written round and round. Positions count words and only go up.
  struct Ring: Sendable {
    /// Words of the memory.
    let start: Int
    let count: Int
    /// The word that has the lowest position which was not overwritten.
    let tail: Int

    var end: Int { start &+ count }

    /// Where a position is. The division is by a number that is no power of two: some 30 cycles, once a look-up.
    @inline(__always) func word(at position: UInt64) -> Int {
      start &+ Int(truncatingIfNeeded: position % UInt64(truncatingIfNeeded: count))
    }
  }

  static var slotsPerBucket: Int { 8 }
  /// A cache of less keeps nothing.
  static var smallestSize: Int { 64 << 10 }

  let wordCount: Int
  /// A power of two, or 0.
  let bucketCount: Int
  let entrance: Ring
  let main: Ring
  /// The word that has for how long replies may stand in after their end, in seconds.
  let staleTime: Int

  /// - Parameter size: octets.
  init(size: Int) {
    guard size >= Self.smallestSize else {
      (wordCount, bucketCount, staleTime) = (8, 0, 0)
      entrance = Ring(start: 0, count: 1, tail: 0)
      main = entrance
      return
    }
    wordCount = size / 8
    // A reply takes some 200 octets: a slot for every 128 to 256, since buckets do not fill evenly.
    let slots = 1 << (Int.bitWidth - 1 - (size / 128).leadingZeroBitCount)
    bucketCount = slots / Self.slotsPerBucket
    // The tails and the time have a line of memory each, at the end.
    let control = wordCount / 8 * 8 - 24
    staleTime = control
    let middle = slots + (control - slots) / 4
    entrance = Ring(start: slots, count: middle - slots, tail: control + 8)
    main = Ring(start: middle, count: control - middle, tail: control + 16)
  }

  /// The first slot of a hash's bucket.
  @inline(__always) func bucket(of hash: UInt64) -> Int {
    (Int(truncatingIfNeeded: hash) & (bucketCount &- 1)) &* Self.slotsPerBucket
  }
}

/// A word of the index.
///
///     bit 0       asked for since it was put there
///     bit 1       somebody asks for it again, since its end is near
///     bit 2       in the main ring
///     bits 3-50   position, in words: at 100 MB a second it takes 260 days to go through them, and the cache is emptied
///     bits 51-63  of the hash
struct CacheSlot {
  var bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  init(tag: UInt64, position: UInt64, isInMain: Bool) {
    bits = tag &<< 51 | position &<< 3 | (isInMain ? 4 : 0)
  }

  /// Positions are less than this.
  static var positionLimit: UInt64 { 1 << 48 }

  static func tag(of hash: UInt64) -> UInt64 { hash >> 51 }

  /// Positions begin at 1.
  var isFree: Bool { bits == 0 }
  var tag: UInt64 { bits >> 51 }
  var position: UInt64 { bits >> 3 & (Self.positionLimit &- 1) }
  var isInMain: Bool { bits & 4 != 0 }
  var isUsed: Bool { bits & 1 != 0 }
  var isClaimed: Bool { bits & 2 != 0 }
  var used: CacheSlot { CacheSlot(bits: bits | 1) }
  var claimed: CacheSlot { CacheSlot(bits: bits | 2) }
}

/// The head of what is kept: the hash, the route, and two words more; then the name and the image.
struct CacheEntry {
  /// QTYPE and flags as in ``QuestionKind``, octets of the name at bit 24, words of all of it at bit 32.
  var kind: UInt64
  /// When it was put there, and for how long, in seconds.
  var times: UInt64

  static var headWords: Int { 4 }

  init(kind: UInt64, times: UInt64) {
    self.kind = kind
    self.times = times
  }

  init(_ kind: QuestionKind, nameLength: Int, size: Int, inserted: UInt32, life: UInt32) {
    self.kind = kind.word | UInt64(nameLength) &<< 24 | UInt64(size) &<< 32
    times = UInt64(inserted) &<< 32 | UInt64(life)
  }

  var nameLength: Int { Int(kind >> 24 & 0xff) }
  /// In words, the head's among them.
  var size: Int { Int(truncatingIfNeeded: kind >> 32) }
  var inserted: UInt32 { UInt32(truncatingIfNeeded: times >> 32) }
  var life: UInt32 { UInt32(truncatingIfNeeded: times) }

  func isOf(_ other: QuestionKind, nameLength: Int) -> Bool {
    kind & 0xffff_ffff == other.word | UInt64(truncatingIfNeeded: nameLength) &<< 24
  }
}
