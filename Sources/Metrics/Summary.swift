/// What a measured time may be off by, term by term, in seconds. Bounds, so they add.
package struct Uncertainty: Equatable, Sendable {
  /// The smallest difference the clock can show.
  package var clockResolution: Double
  /// What reading the clock costs: one reading lies between the two moments.
  package var clockRead: Double
  /// One time is read for a whole batch, so a query's own may be off by the batch's mean span.
  package var batching: Double

  /// Terms in seconds.
  package init(clockResolution: Double, clockRead: Double, batching: Double) {
    self.clockResolution = clockResolution
    self.clockRead = clockRead
    self.batching = batching
  }

  /// Terms as they were measured: a clock's calibration and the mean batch span, all in nanoseconds.
  package static func nanoseconds(resolution: Double, readCost: Double, batchSpan: Double) -> Uncertainty {
    Uncertainty(clockResolution: resolution / 1e9, clockRead: readCost / 1e9, batching: batchSpan / 1e9)
  }

  /// What the histogram's bucket adds to a value read from it, in seconds.
  package static func bucket(at seconds: Double) -> Double { seconds * HistogramLayout.relativeError }

  /// All terms together for a value read from a histogram, in seconds.
  package func total(at seconds: Double) -> Double {
    clockResolution + clockRead + batching + Uncertainty.bucket(at: seconds)
  }
}

/// A sample of times in a few numbers: seconds, but the count.
package struct Summary: Equatable, Sendable {
  /// How many times there are.
  package let count: UInt64
  /// The median.
  package let p50: Double
  /// 95 of 100 are no longer.
  package let p95: Double
  /// 99 of 100 are no longer.
  package let p99: Double
  /// The longest.
  package let max: Double
  /// The arithmetic mean, exact but for the clock.
  package let mean: Double
  /// What any of the quantiles may be off by: all terms, the bucket's taken at `p99`, the longest of them.
  package let uncertainty: Double
  /// The terms that do not depend on the value.
  package let terms: Uncertainty

  /// Sums up a histogram, whose times are nanoseconds.
  package init(_ histogram: HistogramCounts, _ terms: Uncertainty) {
    count = histogram.count
    p50 = Double(histogram.quantile(0.5)) / 1e9
    p95 = Double(histogram.quantile(0.95)) / 1e9
    p99 = Double(histogram.quantile(0.99)) / 1e9
    max = Double(histogram.max) / 1e9
    mean = histogram.mean / 1e9
    self.terms = terms
    uncertainty = terms.total(at: p99)
  }
}
