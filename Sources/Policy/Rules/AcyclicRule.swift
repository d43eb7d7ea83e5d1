public import FlatMemory

/// `acyclic`: a service may not call one that already calls it, directly or by way of others.
///
/// "Calls" is what `allow` lines declare (``CallGraph``). That graph has no cycle, which was proved at load; so it is the
/// undeclared call that is refused, one that `*`, a context's grant or `default allow` would let through, and a pair whose
/// exception ended. Whether a service reaches another is one bit, found by halving a row (``Reachability``).
@usableFromInline struct AcyclicRule: ~Copyable, Sendable {
  @usableFromInline let places: FlatArray<UInt32>
  @usableFromInline let words: FlatArray<UInt64>

  init(_ reachability: Reachability?) {
    places = FlatArray(reachability?.places ?? [])
    words = FlatArray(reachability?.words ?? [])
  }

  /// The `acyclic` line where the call is refused; 0 where it is not.
  @inlinable static func reason(_ facts: CallFacts) -> UInt32 {
    facts.closesCycle && !facts.isExcepted ? facts.acyclicReason : 0
  }

  /// True where a row has a bit.
  @inlinable func contains(_ bit: UInt32, first: UInt32, count: UInt32) -> Bool {
    let place = bit >> 6
    var low = Int(first)
    var high = low &+ Int(count)
    while low < high {
      let middle = (low &+ high) >> 1
      let found = places[middle]
      if found == place { return words[middle] >> UInt64(bit & 63) & 1 != 0 }
      if found < place { low = middle &+ 1 } else { high = middle }
    }
    return false
  }
}
