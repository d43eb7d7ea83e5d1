internal import Glibc
public import Synchronization

/// Counters with one writer and any number of readers: a worker counts, the control plane reads, nobody waits.
///
/// Relaxed atomics: each counter is right by itself, and a reader may see one event in some counters and not yet in
/// others. The memory is zero pages of the kernel until first touched, so a large array of unused counters costs nothing.
@safe
public struct CounterArray: ~Copyable, @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Atomic<UInt64>>
  /// How many counters there are.
  public let count: Int

  /// `count` counters, all zero.
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

  /// Adds to a counter. For its one writer only: two writers would lose counts.
  @inlinable public func add(_ amount: UInt64, to index: Int) {
    check(index)
    unsafe base[index].store(base[index].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
  }

  /// Raises a counter to `value` where it is lower. For its one writer only.
  @inlinable public func raise(_ index: Int, to value: UInt64) {
    check(index)
    if unsafe base[index].load(ordering: .relaxed) < value { unsafe base[index].store(value, ordering: .relaxed) }
  }

  /// Replaces what a counter says. For its one writer only.
  @inlinable public func set(_ value: UInt64, at index: Int) {
    check(index)
    unsafe base[index].store(value, ordering: .relaxed)
  }

  /// Replaces what a counter says where it still says `expected`; for counters with several writers.
  /// - Returns: false, with nothing changed, where another writer came first.
  @inlinable public func replace(_ expected: UInt64, with value: UInt64, at index: Int) -> Bool {
    check(index)
    return unsafe base[index].compareExchange(expected: expected, desired: value, ordering: .relaxed).exchanged
  }

  /// What a counter says now; any thread may ask.
  @inlinable public subscript(_ index: Int) -> UInt64 {
    check(index)
    return unsafe base[index].load(ordering: .relaxed)
  }

  @inlinable func check(_ index: Int) {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "a counter's index is in bounds")
  }
}

extension CounterArray {
  /// Keeps octets in counters, eight in one, from number `start` on; behind the last counter comes the first. For the one
  /// writer. The count of counters has to be a power of two.
  public func set(_ octets: Span<UInt8>, at start: UInt64) {
    precondition(count & (count &- 1) == 0 && (octets.count &+ 7) / 8 <= count, "octets fit in a ring of counters")
    let mask = UInt64(count &- 1)
    var word = start
    var offset = 0
    while offset < octets.count {
      let value = octets.word(at: offset, size: min(8, octets.count &- offset))
      // Safe: below the count by the mask.
      unsafe base[Int(truncatingIfNeeded: word & mask)].store(value, ordering: .relaxed)
      offset &+= 8
      word &+= 1
    }
  }

  /// Copies `size` octets that were kept from number `start` on into the first of an array, which grows where it is
  /// shorter, in whole words.
  public func copy(_ size: Int, from start: UInt64, into octets: inout [UInt8]) {
    let wordCount = (size &+ 7) / 8
    precondition(count & (count &- 1) == 0 && wordCount <= count && size >= 0, "octets are in a ring of counters")
    if octets.count < wordCount &* 8 {
      octets.append(contentsOf: repeatElement(0, count: wordCount &* 8 &- octets.count))
    }
    let mask = UInt64(count &- 1)
    unsafe octets.withUnsafeMutableBytes { memory in
      for index in 0..<wordCount {
        // Safe: below the count by the mask; the array has room for whole words.
        let value = unsafe base[Int(truncatingIfNeeded: (start &+ UInt64(index)) & mask)].load(ordering: .relaxed)
        unsafe memory.storeBytes(of: value.littleEndian, toByteOffset: index &* 8, as: UInt64.self)
      }
    }
  }
}
