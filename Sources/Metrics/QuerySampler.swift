/// Which queries are timed.
public enum QuerySampling: Equatable, Hashable, Sendable, BitwiseCopyable {
  /// Every one.
  case all
  /// One in so many, 2 or more, on the average.
  case every(UInt32)
  /// None; the kernel stamps no datagram either.
  case off
}

/// Draws the queries that are timed: one in N, with gaps that nobody can fall into step with.
///
/// Random additive sampling (RFC 2330 §11.1.1): the gap from one to the next is uniform from 1 to 2N − 1. Every query is
/// as likely to be drawn as any other, and a client that asks in a rhythm meets the sample no more or less for it.
public struct QuerySampler: BitwiseCopyable, Sendable {
  @usableFromInline var state: UInt64
  @usableFromInline var left: UInt64 = 0
  @usableFromInline var every: UInt64 = 0

  /// A sampler of its own sequence.
  public init(seed: UInt64) { state = seed }

  /// True where the next query is to be timed, of one in `every`.
  @inlinable @inline(__always)
  public mutating func takes(every number: UInt32) -> Bool {
    if left > 1, every == UInt64(number) {
      left &-= 1
      return false
    }
    return draw(UInt64(number))
  }

  /// Ends a gap and draws the next; where the rate is another, draws the first, somewhere within it.
  @inlinable @inline(never)
  mutating func draw(_ number: UInt64) -> Bool {
    let isNew = every != number
    every = number
    // SplitMix64: a few instructions, once a gap.
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed &>> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
    mixed ^= mixed &>> 31
    left = 1 &+ mixed.multipliedFullWidth(by: max(1, 2 &* number &- 1)).high
    guard isNew else { return true }
    if left == 1 { return draw(number) }
    left &-= 1
    return false
  }
}
