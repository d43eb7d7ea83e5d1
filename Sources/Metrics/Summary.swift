/// What a measured time may be off by, term by term, in seconds, as far as it does not depend on the value. The terms add;
/// those of the clock are bounds, that of sending is a mean.
package struct Uncertainty: Equatable, Sendable {
  /// The smallest difference the clock can show.
  package var clockResolution: Double
  /// What reading the clock costs: one reading lies between the two moments.
  package var clockRead: Double
  /// One time is read for a whole batch, whose responses are taken one by one while it is sent: what that took on the
  /// average.
  package var sending: Double

  /// Terms in seconds.
  package init(clockResolution: Double, clockRead: Double, sending: Double) {
    self.clockResolution = clockResolution
    self.clockRead = clockRead
    self.sending = sending
  }

  /// Terms as they were measured: a clock's calibration and the mean batch span, all in nanoseconds.
  package static func nanoseconds(resolution: Double, readCost: Double, sendSpan: Double) -> Uncertainty {
    Uncertainty(clockResolution: resolution / 1e9, clockRead: readCost / 1e9, sending: sendSpan / 1e9)
  }

  /// What the histogram's bucket adds to a value read from it, in seconds.
  package static func bucket(at seconds: Double) -> Double { seconds * HistogramLayout.relativeError }

  /// All terms together for a value read from a histogram, in seconds.
  package func total(at seconds: Double) -> Double {
    clockResolution + clockRead + sending + Uncertainty.bucket(at: seconds)
  }
}

/// What a summary of some queries may be off by as one of all, in seconds: about 95 of 100 samples of this size come nearer.
package struct SamplingError: Equatable, Sendable {
  /// Of p99: the farther end of the interval of ranks about it; nil where the sample has no rank that far out.
  package let p99: Double?
  /// Of the mean: 1.96 standard errors; nil of a sample of one.
  package let mean: Double?

  /// Where every query is timed there is none.
  package static let none = SamplingError(p99: 0, mean: 0)

  private init(p99: Double?, mean: Double?) {
    self.p99 = p99
    self.mean = mean
  }

  /// That of a sample drawn at random, without repetition, from so many queries.
  package init(of histogram: HistogramCounts, from queries: UInt64) {
    let count = Double(histogram.count)
    // What is left out of: nothing may be, and a worker that counts on may have timed more than it has counted yet.
    let rest = max(0, 1 - count / Double(max(1, queries)))
    guard count > 0, rest > 0 else {
      self = .none
      return
    }
    mean = histogram.variance.map { 1.96 * ($0 / count * rest).squareRoot() / 1e9 }
    let margin = 1.96 * (0.99 * 0.01 / count * rest).squareRoot()
    guard 0.99 + margin < 1 else {
      p99 = nil
      return
    }
    let value = Double(histogram.quantile(0.99))
    let low = Double(histogram.quantile(max(0, 0.99 - margin))), high = Double(histogram.quantile(0.99 + margin))
    p99 = max(value - low, high - value) / 1e9
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
  /// The terms that do not depend on the value.
  package let terms: Uncertainty
  /// What comes of timing some queries and not all.
  package let sampling: SamplingError

  /// Sums up a histogram, whose times are nanoseconds.
  package init(_ histogram: HistogramCounts, _ terms: Uncertainty, sampling: SamplingError = .none) {
    count = histogram.count
    p50 = Double(histogram.quantile(0.5)) / 1e9
    p95 = Double(histogram.quantile(0.95)) / 1e9
    p99 = Double(histogram.quantile(0.99)) / 1e9
    max = Double(histogram.max) / 1e9
    mean = histogram.mean / 1e9
    self.terms = terms
    self.sampling = sampling
  }

  /// True where the sample is large enough to say how far p99 may be off.
  package var isBounded: Bool { sampling.p99 != nil }

  /// What any of the quantiles may be off by: all terms, the bucket's and the sample's taken at `p99`, the longest of them.
  /// Where that is not bounded, the whole range of the histogram, 137 s.
  package var uncertainty: Double {
    sampling.p99.map { terms.total(at: p99) + $0 } ?? Double(
      HistogramLayout.upperBound(of: HistogramLayout.bucketCount - 1)) / 1e9
  }
}
