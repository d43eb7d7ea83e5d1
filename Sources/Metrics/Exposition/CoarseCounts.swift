/// What is exposed of all workers' counts: queries of each population, and their times in a few buckets.
///
/// Made straight from the workers' counters: a full ``MetricCounts`` of 512 contexts would be tens of megabytes.
package struct CoarseCounts: Sendable {
  /// What is not counted by population.
  package private(set) var events = MetricCounts()
  private(set) var populations: [Population: CoarsePopulation] = [:]

  /// Counts of nothing.
  package init() {}

  /// Adds what one worker has counted until now; any thread may ask.
  package mutating func add(_ worker: WorkerMetrics) {
    events.merge(worker.readEvents())
    worker.addPopulations(to: &populations)
  }
}

/// What one population had counted.
struct CoarsePopulation: Sendable {
  var count: UInt64 = 0
  var residence = CoarseHistogram()
  var queue = CoarseHistogram()
}

/// Times in a few buckets.
struct CoarseHistogram: Sendable {
  /// Times below each of ``bounds``, and not below the one before; the last are those of all bounds or more.
  private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
  /// All together, in nanoseconds.
  var sum: UInt64 = 0

  /// In nanoseconds: the powers of two from 1.024 µs to 8.6 s.
  ///
  /// Those are bounds of ``HistogramLayout`` too, so nothing is counted in a wrong bucket; but Prometheus takes a bound for
  /// inclusive, and a time that is a bound to the nanosecond is counted above it.
  static let bounds: [UInt64] = (10...33).map { 1 << $0 }

  /// By bucket of ``HistogramLayout``: the index in `counts`.
  private static let places: [Int] = (0..<HistogramLayout.bucketCount).map { bucket in
    bounds.firstIndex { HistogramLayout.upperBound(of: bucket) < $0 } ?? bounds.count
  }

  var count: UInt64 { counts.reduce(0, &+) }

  /// Nothing.
  init() {}

  /// The same times, in fewer buckets.
  init(_ times: HistogramCounts) {
    for (bucket, count) in times.buckets.enumerated() where count > 0 { add(count, bucket: bucket) }
    sum = times.sum
  }

  /// Adds so many times of a bucket of ``HistogramLayout``.
  mutating func add(_ count: UInt64, bucket: Int) { counts[Self.places[bucket]] &+= count }
}

extension WorkerMetrics {
  /// Adds the populations with a query.
  func addPopulations(to populations: inout [Population: CoarsePopulation]) {
    for index in 0..<slots * Population.kinds {
      let count = counters[Layout.counts + index]
      guard count > 0, let population = Population(index: index) else { continue }
      let start = Layout.populations(slots) + index * Layout.populationSize
      var sums = populations[population] ?? CoarsePopulation()
      sums.count &+= count
      if population.decision != .silent {
        add(histogramAt: start, to: &sums.residence)
        add(histogramAt: start + Layout.histogramSize, to: &sums.queue)
      }
      populations[population] = sums
    }
  }

  private func add(histogramAt start: Int, to histogram: inout CoarseHistogram) {
    for bucket in 0..<HistogramLayout.bucketCount {
      let count = counters[start + bucket]
      if count > 0 { histogram.add(count, bucket: bucket) }
    }
    histogram.sum &+= counters[start + Layout.sum]
  }
}
