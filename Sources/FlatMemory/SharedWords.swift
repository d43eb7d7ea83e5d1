internal import Glibc
public import Synchronization

/// Words of memory that one thread writes and others read meanwhile, without locks.
///
/// Every access is a relaxed atomic one, so what a reader copies may be half of what was and half of what is: whoever keeps
/// something here says how a reader can tell (``ReplyCache`` does by a count that the writer raises first). The memory is
/// zero pages of the kernel until first touched, so many words that nobody uses cost nothing.
@safe
public struct SharedWords: ~Copyable, @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Atomic<UInt64>>
  /// How many words there are.
  public let count: Int

  /// `count` words, all zero, beginning where a page does.
  public init(count: Int) {
    // Whole pages of the system's, so that sets of eight are a cache line each and no other memory shares one with them.
    // The C library would give memory that it has free, and write zeros all over it, where a load left enough.
    let octets = max(1, count) * MemoryLayout<Atomic<UInt64>>.stride
    let pages = unsafe mmap(nil, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let pages = unsafe pages, unsafe pages != MAP_FAILED else { endOutOfMemory(octets) }
    self.count = count
    // Safe: an atomic integer is its integer in memory, and all-zero octets are a zero.
    unsafe base = pages.assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  deinit { unsafe munmap(base, max(1, count) * MemoryLayout<Atomic<UInt64>>.stride) }

  /// The word at `index`, which is in bounds; nothing that is read later was read before it where `isFirst`.
  @inlinable @inline(__always) public func load(_ index: Int, isFirst: Bool = false) -> UInt64 {
    check(index)
    return unsafe isFirst ? base[index].load(ordering: .acquiring) : base[index].load(ordering: .relaxed)
  }

  /// Replaces a word; whoever sees it sees what was written before it too where `isLast`.
  @inlinable @inline(__always) public func store(_ value: UInt64, at index: Int, isLast: Bool = false) {
    check(index)
    if isLast {
      unsafe base[index].store(value, ordering: .releasing)
    } else {
      unsafe base[index].store(value, ordering: .relaxed)
    }
  }

  /// Replaces a word that is still `expected`.
  /// - Returns: false, with nothing changed, where it is not.
  @inlinable public func replace(_ expected: UInt64, with value: UInt64, at index: Int) -> Bool {
    check(index)
    return unsafe base[index].compareExchange(expected: expected, desired: value, ordering: .relaxed).exchanged
  }

  /// What the thread reads from now on it has not read before.
  @inlinable @inline(__always) public static func readsEndHere() { atomicMemoryFence(ordering: .acquiring) }

  /// What the thread writes from now on nobody sees who does not see what it wrote before.
  @inlinable @inline(__always) public static func writesBeginHere() { atomicMemoryFence(ordering: .releasing) }

  /// Replaces a buffer's octets by those of `size` words, eight a word, as many as the buffer's memory holds.
  public func copy(words size: Int, from start: Int, into buffer: inout OctetBuffer) {
    check(start, size)
    buffer.reset()
    unsafe buffer.fill { memory in
      let words = min(size, memory.count &>> 3)
      guard let target = memory.baseAddress else { return 0 }
      var index = 0
      while index < words {
        // Safe: below both counts, which were checked.
        let word = unsafe base[start &+ index].load(ordering: .relaxed)
        unsafe target.storeBytes(of: word, toByteOffset: index &* 8, as: UInt64.self)
        index &+= 1
      }
      return words &* 8
    }
  }

  /// Writes octets from `start` on, eight a word, the last one filled up with zeros.
  public func store(_ octets: Span<UInt8>, at start: Int) {
    check(start, (octets.count &+ 7) &>> 3)
    // Safe: checked above for all of them.
    unsafe write(octets, at: start, mask: -1)
  }

  /// The same in a ring: behind the last word comes the first. The count of words has to be a power of two.
  public func store(_ octets: Span<UInt8>, inRingAt start: UInt64) {
    precondition(count & (count &- 1) == 0 && (octets.count &+ 7) &>> 3 <= count, "octets fit in a ring of words")
    // Safe: below the count by the mask.
    unsafe write(octets, at: Int(truncatingIfNeeded: start), mask: count &- 1)
  }

  /// - Parameter mask: of the places; what it leaves is in bounds.
  @unsafe private func write(_ octets: Span<UInt8>, at start: Int, mask: Int) {
    var place = start
    var offset = 0
    while offset < octets.count {
      let word = octets.word(at: offset, size: min(8, octets.count &- offset))
      unsafe base[place & mask].store(word, ordering: .relaxed)
      offset &+= 8
      place &+= 1
    }
  }

  /// Copies words to another place here, from the first on: where the two overlap, the other place comes first. For the
  /// writer.
  public func move(words size: Int, from start: Int, to target: Int) {
    check(start, size)
    check(target, size)
    var index = 0
    while index < size {
      // Safe: checked above for all of them.
      unsafe base[target &+ index].store(base[start &+ index].load(ordering: .relaxed), ordering: .relaxed)
      index &+= 1
    }
  }

  @inlinable @inline(__always) func check(_ index: Int) {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "a shared word's index is in bounds")
  }

  @inlinable func check(_ index: Int, _ size: Int) {
    precondition(index >= 0 && size >= 0 && size <= count &- index, "shared words are in bounds")
  }
}
