import Foundation

/// Random numbers from a seed (SplitMix64): a failure replays.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  /// A number in a range.
  package mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// True in so many of a hundred cases.
  package mutating func chance(_ percent: Int) -> Bool { number(0...99) < percent }

  /// Any octets.
  package mutating func octets(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}

/// How many rounds a seeded test runs: `count`, times the environment variable AMBIT_FUZZ.
package func rounds(_ count: Int) -> Int {
  count * max(1, ProcessInfo.processInfo.environment["AMBIT_FUZZ"].flatMap { Int($0) } ?? 1)
}
