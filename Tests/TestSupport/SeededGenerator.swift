import Foundation
package import Randomness

/// Random numbers from a seed: a failure replays.
package typealias SeededGenerator = SplitMix64

extension SplitMix64 {
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
