public import FlatMemory

/// `acyclic`: a service may not call one that already calls it, directly or by way of others.
///
/// "Calls" is what `allow` lines declare (``CallGraph``), excepted or not. Of an undeclared call, one that `*`, a
/// context's grant or `default allow` would let through, that is one bit, found by halving a row (``Reachability``). A
/// declared call was proved at load to close no cycle, but for those that an exception lifts: they do from some time
/// on (``CycleTimes``).
@usableFromInline struct AcyclicRule: ~Copyable, Sendable {
  @usableFromInline let places: FlatArray<UInt32>
  @usableFromInline let words: FlatArray<UInt64>
  /// Declared calls that close a cycle, as keys of ``CallTable``, increasing; and from when on.
  @usableFromInline let cycleKeys: FlatArray<UInt64>
  @usableFromInline let cycleTimes: FlatArray<UInt32>

  init(_ reachability: Reachability?, _ times: CycleTimes = CycleTimes()) {
    places = FlatArray(reachability?.places ?? [])
    words = FlatArray(reachability?.words ?? [])
    let cycles = times.starts.map { (CallTable.key(UInt32($0.callee + 1), UInt32($0.caller + 1)), $1) }
      .sorted { $0.0 < $1.0 }
    cycleKeys = FlatArray(cycles.map(\.0))
    cycleTimes = FlatArray(cycles.map(\.1))
  }

  /// The `acyclic` line where the call is refused; 0 where it is not.
  @inlinable static func reason(_ facts: CallFacts) -> UInt32 {
    facts.closesCycle && !facts.isExcepted ? facts.acyclicReason : 0
  }

  /// True where a row has a bit.
  @inline(__always) func contains(_ bit: UInt32, first: UInt32, count: UInt32) -> Bool {
    let place = bit >> 6
    var low = Int(first)
    var high = low &+ Int(count)
    // The last word at or before the place.
    while low < high {
      let middle = (low &+ high) >> 1
      if places[middle] & ~Reachability.runBit <= place { low = middle &+ 1 } else { high = middle }
    }
    if low == Int(first) { return false }
    let found = places[low &- 1]
    if found & ~Reachability.runBit == place { return words[low &- 1] >> UInt64(bit & 63) & 1 != 0 }
    return found & Reachability.runBit != 0
  }

  /// True where a declared call closes a cycle.
  @inline(__always) func isClosing(_ key: UInt64, at time: UInt32) -> Bool {
    var low = 0
    var high = cycleKeys.count
    while low < high {
      let middle = (low &+ high) >> 1
      if cycleKeys[middle] == key { return cycleTimes[middle] <= time }
      if cycleKeys[middle] < key { low = middle &+ 1 } else { high = middle }
    }
    return false
  }
}
