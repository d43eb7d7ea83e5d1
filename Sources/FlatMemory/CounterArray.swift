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
