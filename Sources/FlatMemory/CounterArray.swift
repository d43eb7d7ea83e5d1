/// Counters with one writer and any number of readers: a worker counts, the control plane reads, nobody waits.
///
/// Shared words, each right by itself: a reader may see one event in some counters and not yet in others. A large array of
/// counters that nobody uses costs nothing.
public struct CounterArray: ~Copyable, Sendable {
  @usableFromInline let words: SharedWords

  /// `count` counters, all zero.
  public init(count: Int) { words = SharedWords(count: count) }

  /// How many counters there are.
  @inlinable public var count: Int { words.count }

  /// Adds to a counter. For its one writer only: two writers would lose counts.
  @inlinable public func add(_ amount: UInt64, to index: Int) { words.store(words.load(index) &+ amount, at: index) }

  /// Raises a counter to `value` where it is lower. For its one writer only.
  @inlinable public func raise(_ index: Int, to value: UInt64) {
    if words.load(index) < value { words.store(value, at: index) }
  }

  /// Replaces what a counter says. For its one writer only.
  @inlinable public func set(_ value: UInt64, at index: Int) { words.store(value, at: index) }

  /// Replaces what a counter says where it still says `expected`; for counters with several writers.
  /// - Returns: false, with nothing changed, where another writer came first.
  @inlinable public func replace(_ expected: UInt64, with value: UInt64, at index: Int) -> Bool {
    words.replace(expected, with: value, at: index)
  }

  /// What a counter says now; any thread may ask.
  @inlinable public subscript(_ index: Int) -> UInt64 { words.load(index) }
}

extension CounterArray {
  /// Keeps octets in counters, eight in one, from number `start` on; behind the last counter comes the first. For the one
  /// writer. The count of counters has to be a power of two.
  public func set(_ octets: Span<UInt8>, at start: UInt64) { words.store(octets, inRingAt: start) }

  /// Copies `size` octets that were kept from number `start` on into the first of an array, which grows where it is
  /// shorter, in whole words.
  public func copy(_ size: Int, from start: UInt64, into octets: inout [UInt8]) {
    let wordCount = (size &+ 7) / 8
    precondition(count & (count &- 1) == 0 && wordCount <= count && size >= 0, "octets are in a ring of counters")
    if octets.count < wordCount &* 8 {
      octets.append(contentsOf: repeatElement(0, count: wordCount &* 8 &- octets.count))
    }
    let mask = UInt64(count &- 1)
    var memory = octets.mutableSpan
    for index in 0..<wordCount {
      let value = words.load(Int(truncatingIfNeeded: (start &+ UInt64(index)) & mask))
      memory.set(word: value, at: index &* 8)
    }
  }
}
