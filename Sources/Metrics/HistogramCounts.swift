/// A histogram as numbers: what a worker had counted at some moment, or what came between two moments.
///
/// Times are nanoseconds. Histograms of disjoint intervals, or of different workers, add exactly; quantiles do not, and
/// are computed from the sum.
package struct HistogramCounts: Equatable, Sendable {
  /// How many durations fell into each bucket of ``HistogramLayout``.
  package private(set) var buckets: [UInt64]
  /// All durations together, in nanoseconds; exact.
  package private(set) var sum: UInt64
  /// The longest, in nanoseconds. Exact but in a difference: see `subtract`.
  package private(set) var max: UInt64

  /// A histogram of nothing.
  package init() { self.init(buckets: Array(repeating: 0, count: HistogramLayout.bucketCount), sum: 0, max: 0) }

  /// A histogram as it was written: its buckets in use by their shortest durations, see ``used``.
  package init(used: [(lowerBound: UInt64, count: UInt64)], sum: UInt64, max: UInt64) {
    self.init()
    for bucket in used { buckets[HistogramLayout.bucket(of: bucket.lowerBound)] &+= bucket.count }
    self.sum = sum
    self.max = max
  }

  /// The buckets in use, in order, by their shortest durations in nanoseconds.
  package var used: [(lowerBound: UInt64, count: UInt64)] {
    buckets.indices.compactMap { buckets[$0] == 0 ? nil : (HistogramLayout.lowerBound(of: $0), buckets[$0]) }
  }

  init(buckets: [UInt64], sum: UInt64, max: UInt64) {
    self.buckets = buckets
    self.sum = sum
    self.max = max
  }

  /// Counts one duration; for tests and for what is measured off a query's path.
  package mutating func record(_ nanoseconds: UInt64) {
    buckets[HistogramLayout.bucket(of: nanoseconds)] += 1
    sum &+= nanoseconds
    max = Swift.max(max, nanoseconds)
  }

  /// Adds what another worker counted, or what was counted in another interval.
  package mutating func merge(_ other: HistogramCounts) {
    for index in buckets.indices { buckets[index] &+= other.buckets[index] }
    sum &+= other.sum
    max = Swift.max(max, other.max)
  }

  /// Takes away what had been counted `before`, leaving the interval since.
  ///
  /// A maximum cannot be taken away: where no new one was set, the interval's is given as the upper bound of its
  /// highest bucket in use, which is at most 1/32 above the true one, and no more than the maximum of all time.
  package mutating func subtract(_ before: HistogramCounts) {
    var highest: Int?
    for index in buckets.indices {
      buckets[index] = buckets[index] > before.buckets[index] ? buckets[index] - before.buckets[index] : 0
      if buckets[index] > 0 { highest = index }
    }
    sum = sum > before.sum ? sum - before.sum : 0
    if max > before.max { return }
    max = highest.map { $0 == buckets.count - 1 ? max : min(max, HistogramLayout.upperBound(of: $0)) } ?? 0
  }

  /// The variance of the durations, taken at their buckets' midpoints, as of a sample; nil of fewer than two.
  package var variance: Double? {
    let count = Double(count), mean = mean
    guard count > 1 else { return nil }
    let squares = buckets.indices.reduce(0.0) { sum, index in
      guard buckets[index] > 0 else { return sum }
      let difference = Double(HistogramLayout.midpoint(of: index)) - mean
      return sum + Double(buckets[index]) * difference * difference
    }
    return squares / (count - 1)
  }

  /// How many durations were counted.
  package var count: UInt64 { buckets.reduce(0, &+) }

  /// The mean in nanoseconds, exact; 0 of nothing.
  package var mean: Double {
    let count = count
    return count == 0 ? 0 : Double(sum) / Double(count)
  }

  /// The smallest duration that at least `part` of all are no longer than (RFC 2330 §11.3), in nanoseconds, given as
  /// the midpoint of its bucket: at most 1/64 from the true one. 0 of nothing.
  /// - Parameter part: 0.5 is the median; 0 gives the shortest, 1 the longest (which `max` knows exactly).
  package func quantile(_ part: Double) -> UInt64 {
    precondition((0...1).contains(part), "a quantile is asked of a part of the whole")
    let count = count
    guard count > 0 else { return 0 }
    let rank = Swift.max(1, UInt64(Swift.min((part * Double(count)).rounded(.up), 0x1p63)))
    var seen: UInt64 = 0
    for (index, inBucket) in buckets.enumerated() {
      seen &+= inBucket
      // Never above the longest: a midpoint may be.
      if seen >= rank { return min(max, HistogramLayout.midpoint(of: index)) }
    }
    return max
  }
}
