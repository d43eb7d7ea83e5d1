/// A figure with what is known of its error: 95 % confidence from the sample, the instrument's own beside it.
///
/// All intervals here are those of independent singletons. Poisson sampling draws the moments independently of the network, but
/// disturbances last, and what they meet is alike: then the true interval is wider (``Comparison`` is free of that assumption).
package struct Estimate: Equatable, Sendable, Encodable {
  /// In seconds, or a ratio.
  package let value: Double
  /// The true value is above this with 97.5 %; nil where the sample is too small to say.
  package let low: Double?
  /// The true value is below this with 97.5 %; nil where the sample is too small to say.
  package let high: Double?

  package init(_ value: Double, low: Double?, high: Double?) {
    self.value = value
    self.low = low
    self.high = high
  }
}

/// The statistics of a sample of delays, in seconds. Conditional on arrival within Tmax, as RFC 8912 §6.3.1 asks.
package struct DelaySummary: Equatable, Sendable, Encodable {
  package let count: Int
  package let min: Double
  /// RFC 2330 §11.3; its interval is between order statistics: exact for any distribution of
  /// independent delays.
  package let median: Estimate
  /// With Student's interval.
  package let mean: Estimate
  /// RFC 2330 §11.3: the smallest value that 95 % do not exceed.
  package let p95: Estimate
  package let p99: Estimate
  package let max: Double
  /// Of the sample, with n − 1; nil of a single value.
  package let standardDeviation: Double?

  /// - Parameter nanoseconds: in any order.
  /// - Returns: nil where there are none.
  package init?(_ nanoseconds: [UInt64]) {
    if nanoseconds.isEmpty { return nil }
    let sorted = nanoseconds.sorted().map { Double($0) * 1e-9 }
    let count = sorted.count
    self.count = count
    min = sorted[0]
    max = sorted[count - 1]
    median = quantile(0.5, of: sorted)
    p95 = quantile(0.95, of: sorted)
    p99 = quantile(0.99, of: sorted)
    let average = sorted.reduce(0, +) / Double(count)
    if count > 1 {
      let squares = sorted.reduce(0) { $0 + ($1 - average) * ($1 - average) }
      let deviation = (squares / Double(count - 1)).squareRoot()
      standardDeviation = deviation
      // Below five values Student's distribution says little of delays, which are not normal.
      let half = count < 5 ? nil : studentQuantile(z: z95, degrees: count - 1) * deviation / Double(count).squareRoot()
      mean = Estimate(average, low: half.map { average - $0 }, high: half.map { average + $0 })
    } else {
      standardDeviation = nil
      mean = Estimate(average, low: nil, high: nil)
    }
  }
}

/// The normal distribution's 97.5 % point: 95 % lie within ± this.
package let z95 = 1.959_963_984_540_054

/// Student's distribution's point where the normal one has `z`, for 4 degrees of freedom or more: to 0.5 %, from 10 on to 0.01 %
/// (Fisher's expansion).
package func studentQuantile(z: Double, degrees: Int) -> Double {
  let n = Double(Swift.max(1, degrees))
  let z2 = z * z
  let first = (z2 + 1) / 4
  let second = ((5 * z2 + 16) * z2 + 3) / 96
  let third = (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384
  let fourth = ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160
  return z * (1 + first / n + second / (n * n) + third / (n * n * n) + fourth / (n * n * n * n))
}

/// A quantile of a sorted sample that is not empty, with the order statistics that enclose the true one with 95 %.
///
/// How many of `n` independent values are below the true quantile is binomial, whatever their distribution; so the ranks follow
/// from `n` alone.
func quantile(_ q: Double, of sorted: [Double]) -> Estimate {
  let count = sorted.count
  let rank = Swift.min(count, Swift.max(1, Int((q * Double(count)).rounded(.up))))
  let isMiddle = q == 0.5 && count % 2 == 0
  let value = isMiddle ? (sorted[count / 2 - 1] + sorted[count / 2]) / 2 : sorted[rank - 1]
  let (low, high) = quantileRanks(q, count: count)
  return Estimate(value, low: low.map { sorted[$0 - 1] }, high: high.map { sorted[$0 - 1] })
}

/// The ranks (from 1) of the order statistics that enclose the `q` quantile with at least 95 %, at most 2.5 % outside on
/// either side; nil where there is none on that side.
package func quantileRanks(_ q: Double, count: Int) -> (low: Int?, high: Int?) {
  // Binomial weights, from the most likely count outwards, so that nothing overflows; those below 1e-20 of it do not matter.
  let mode = Swift.min(count, Int(Double(count + 1) * q))
  let odds = q / (1 - q)
  var below: [Double] = []  // of mode - 1, mode - 2, …
  var weight = 1.0
  var k = mode
  while k > 0 {
    weight *= Double(k) / (Double(count - k + 1) * odds)
    k -= 1
    if weight < 1e-20 { break }
    below.append(weight)
  }
  var above = [1.0]  // of mode, mode + 1, …
  weight = 1
  k = mode
  while k < count {
    weight *= Double(count - k) * odds / Double(k + 1)
    k += 1
    if weight < 1e-20 { break }
    above.append(weight)
  }
  let weights = Array(below.reversed()) + above
  let first = mode - below.count
  let total = weights.reduce(0, +)
  // P(B < low) ≤ 2.5 %: B values are below the quantile, so the one of rank `low` is.
  var low: Int?
  var sum = 0.0
  for (offset, weight) in weights.enumerated() {
    if sum > 0.025 * total { break }
    if first + offset >= 1 { low = first + offset }
    sum += weight
  }
  var high: Int?
  sum = 0
  for (offset, weight) in weights.enumerated().reversed() {
    if sum + weight > 0.025 * total {
      if first + offset + 1 <= count { high = first + offset + 1 }
      break
    }
    sum += weight
  }
  return (low, high)
}

/// A ratio of so many of so many, with Wilson's 95 % interval, which is right near 0 and 1 too.
package func ratio(_ part: Int, of whole: Int, z: Double = z95) -> Estimate? {
  guard whole > 0, part >= 0, part <= whole else { return nil }
  let n = Double(whole)
  let p = Double(part) / n
  let middle = p + z * z / (2 * n)
  let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
  let scale = 1 + z * z / n
  // At the ends the interval begins there: the square root rounds.
  return Estimate(
    p, low: part == 0 ? 0 : Swift.max(0, (middle - half) / scale),
    high: part == whole ? 1 : Swift.min(1, (middle + half) / scale))
}
