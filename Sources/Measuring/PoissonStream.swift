package import Randomness

/// When to send: the times of a Poisson process, all drawn before the first query leaves (RFC 8912 §6.3.2, RFC 2330 §11.1.3).
///
/// Spacings are exponential with mean 1/λ. One that is longer than Trunc is set to Trunc, as RFC 8912 §6.3.2 has it, so the
/// longest are not redrawn but gathered there.
package struct PoissonStream: Sendable {
  /// λ, in queries a second.
  package let rate: Double
  /// Trunc, in nanoseconds.
  package let truncation: UInt64

  /// - Parameters:
  ///   - rate: above 0.
  ///   - truncation: in nanoseconds.
  package init(rate: Double, truncation: UInt64) {
    precondition(rate > 0 && rate.isFinite, "a stream has a rate above 0")
    self.rate = rate
    self.truncation = truncation
  }

  /// Queries a second on average: λ, and more where Trunc cuts spacings, whose mean then is (1 − e^(−λ·Trunc))/λ.
  package var meanRate: Double {
    // e⁻ˣ as (1 − x/2²⁰)^(2²⁰), which is good to 1e-4 of the rate.
    var beyond = max(0, 1 - rate * Double(truncation) * 1e-9 * 0x1p-20)
    for _ in 0..<20 { beyond *= beyond }
    return rate / (1 - beyond)
  }

  /// The sending times in nanoseconds after T0, ascending: `count` of them, and none after `end`.
  package func times(count: Int, until end: UInt64, random: inout SplitMix64) -> [UInt64] {
    var times: [UInt64] = []
    var time: UInt64 = 0
    while times.count < count {
      let (next, overflow) = time.addingReportingOverflow(spacing(&random))
      if overflow || next > end { break }
      time = next
      times.append(time)
    }
    return times
  }

  /// One spacing, in nanoseconds.
  package func spacing(_ random: inout SplitMix64) -> UInt64 {
    let drawn = -naturalLogarithm(random.unit()) / rate * 1e9
    return drawn >= Double(truncation) ? truncation : UInt64(drawn)
  }
}

/// The IDs of the queries of one stream (RFC 8912 §6.3.5): all that it has before any comes again. Streams that share a socket
/// have no ID in common.
package struct QueryIDs: Sendable {
  private let ids: [UInt16]

  /// - Parameters:
  ///   - stream: its number, from 0, among `streamCount`.
  package init(stream: Int = 0, of streamCount: Int = 1, random: inout SplitMix64) {
    ids = stride(from: stream, to: 65_536, by: streamCount).map { UInt16($0) }.shuffled(using: &random)
  }

  /// The ID of the query of this number.
  package subscript(number: Int) -> UInt16 { ids[number % ids.count] }
}

/// The natural logarithm of a positive finite number, to 1e-15 of its size: the same digits on every host, so a seed gives the
/// same stream everywhere.
///
/// With x = m·2ᵉ and m from √½ to √2, ln x = e·ln 2 + 2·artanh((m − 1)/(m + 1)), whose series ends quickly.
package func naturalLogarithm(_ x: Double) -> Double {
  precondition(x > 0 && x.isFinite, "a logarithm is of a positive number")
  var mantissa = x.significand
  var exponent = Double(x.exponent)
  if mantissa > 1.414_213_562_373_095_1 {
    mantissa /= 2
    exponent += 1
  }
  let z = (mantissa - 1) / (mantissa + 1)
  var sum = 0.0
  for power in stride(from: 27, through: 1, by: -2) { sum = sum * z * z + 1 / Double(power) }
  return exponent * 0.693_147_180_559_945_3 + 2 * z * sum
}
