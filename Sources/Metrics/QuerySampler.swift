public import Randomness

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
/// Random additive sampling (RFC 2330 §11.1): the gap from one to the next is uniform from 1 to 2N − 1, and the first begins
/// as if the sampler had always run. So every query is as likely to be drawn as any other, from the first on, and a client
/// that asks in a rhythm meets the sample no more or less for it.
public struct QuerySampler: BitwiseCopyable, Sendable {
  @usableFromInline var random: SplitMix64
  @usableFromInline var left: UInt64 = 0
  @usableFromInline var every: UInt64 = 0

  /// A sampler of its own sequence.
  public init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// True where the next query is to be timed, of one in `every`.
  @inlinable @inline(__always)
  public mutating func takes(every number: UInt32) -> Bool {
    if left > 1, every == UInt64(number) {
      left &-= 1
      return false
    }
    return draw(UInt64(number))
  }

  /// Ends a gap and draws the next; where the rate is another, draws what is left of one that is under way: k of 1 to 2N − 1
  /// as often as gaps are k or longer, which is the smaller of two different numbers up to 2N.
  @inlinable @inline(never)
  mutating func draw(_ number: UInt64) -> Bool {
    let isNew = every != number
    every = number
    guard isNew else {
      left = 1 &+ random.next(below: 2 &* number &- 1)
      return true
    }
    let first = random.next(below: 2 &* number)
    let second = random.next(below: 2 &* number &- 1)
    left = min(first, second >= first ? second &+ 1 : second)
    return left == 0 ? draw(number) : false
  }
}
