// Measuring: active measurement of a DNS server as RFC 8912 §6 registers it, without the socket and the clock.
//
// Takes a seed, parameters, and what was sent and received when; gives sending times, singletons, statistics with their
// uncertainty, and the texts that show them. It opens nothing, sends nothing and asks no time: module Probing does.

/// Random numbers from a seed (SplitMix64): the same on every host, so a stream can be sent again.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  /// A number above 0 and at most 1, of 2⁵³ equally likely ones.
  package mutating func unit() -> Double { (Double(next() >> 11) + 1) * 0x1p-53 }
}
