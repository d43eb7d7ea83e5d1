// Randomness: numbers that look random, from a seed.
//
// Takes a seed and gives numbers; where the seed comes from is the caller's matter. Not for what nobody may guess, such as
// the IDs of questions to others.

/// SplitMix64: numbers from a seed, the same on every host, so that what was drawn can be drawn again.
///
/// An addition and a few mixings a number; each of 64 bits comes once before the first comes again. Allocates nothing.
public struct SplitMix64: RandomNumberGenerator, BitwiseCopyable, Sendable {
  /// What the next number is made of: a generator with this seed goes on where this one is.
  public var state: UInt64

  /// A generator of its own sequence.
  @inlinable public init(seed: UInt64) { state = seed }

  /// Any number of 64 bits.
  @inlinable @inline(__always) public mutating func next() -> UInt64 {
    let number = SplitMix64.mixed(state)
    state &+= SplitMix64.step
    return number
  }

  /// A number from 0 on and less than `bound`; 0 where that is 0. Bounds that are small beside 2⁶⁴ are met evenly.
  @inlinable @inline(__always) public mutating func next(below bound: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: bound).high
  }

  /// The first number of a generator with the seed `value`: every bit of it depends on every bit of the value, and no two
  /// values have the same.
  @inlinable @inline(__always) public static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value &+ step
    mixed = (mixed ^ mixed &>> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed &>> 31
  }

  /// 2⁶⁴ by the golden ratio, made odd.
  @inlinable @inline(__always) static var step: UInt64 { 0x9e37_79b9_7f4a_7c15 }
}
