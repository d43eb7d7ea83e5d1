// Measuring: active measurement of a DNS server as RFC 8912 §6 registers it, without the socket and the clock.
//
// Takes a seed, parameters, and what was sent and received when; gives sending times, singletons, statistics with their
// uncertainty, and the texts that show them. It opens nothing, sends nothing and asks no time: module Probing does.

package import Randomness

extension SplitMix64 {
  /// A number above 0 and at most 1, of 2⁵³ equally likely ones.
  package mutating func unit() -> Double { (Double(next() >> 11) + 1) * 0x1p-53 }
}
