/// The last seconds of what all workers count, a moment after another: rates, times, and a line of history.
///
/// Fed once a second with the workers' counters and the time; has no clock. Reading is cheap however many contexts there
/// are: the counts of all populations, and the histograms of those that had queries since the last time, of at most 64:
/// where more are busy, those that came first and go on being asked keep their place, and the others have rates only.
package struct MetricWindow: Sendable {
  /// Intervals that rates and times are summed over.
  package static let intervals = 10
  /// Intervals that are remembered as one line each.
  package static let historyLength = 120
  /// Populations whose times are kept.
  package static let mostTimed = 64

  /// What came between two readings.
  private struct Interval {
    var nanoseconds: UInt64
    /// Queries by population's index, those with none left out.
    var counts: [(index: Int, count: UInt64)] = []
    var timedDatagrams: UInt64 = 0
    var sendSpan: UInt64 = 0
  }

  /// A histogram of few buckets in use.
  private struct Times {
    var buckets: [(bucket: Int, count: UInt64)] = []
    var sum: UInt64 = 0
    var max: UInt64 = 0

    init() {}

    init(_ counts: HistogramCounts) {
      for (bucket, count) in counts.buckets.enumerated() where count > 0 { buckets.append((bucket, count)) }
      (sum, max) = (counts.sum, counts.max)
    }
  }

  /// The times of one population: all as last read, and by interval, as many as there are intervals.
  private struct Timed {
    var residence = HistogramCounts()
    var queue = HistogramCounts()
    var residences: [Times] = []
    var queues: [Times] = []
    /// False where what was last read may be from before what is to be told.
    var isKnown = true

    /// True where nothing came in any interval.
    var isIdle: Bool { residences.allSatisfy { $0.buckets.isEmpty } && queues.allSatisfy { $0.buckets.isEmpty } }
  }

  /// One interval as a line of history.
  package struct Second: Equatable, Sendable {
    /// When it ended, as the reader gave it.
    package var time: UInt64
    /// Queries a second, by decision.
    package var answered = 0.0
    package var forwarded = 0.0
    package var refused = 0.0
    package var failed = 0.0
    package var silent = 0.0
    /// Seconds of residence of answered queries; nil where none was timed.
    package var p50: Double?
    package var p99: Double?
  }

  /// How often a population asks.
  package struct Rate: Equatable, Sendable {
    package var population: Population
    package var perSecond: Double
    /// Since the start.
    package var total: UInt64
  }

  /// A population's times in the window.
  package struct Latency: Equatable, Sendable {
    package var metric: MetricDefinition
    package var population: Population
    package var summary: Summary
    /// The histogram, four buckets an octave: lower bound, upper bound (exclusive), both nanoseconds, and count.
    package var buckets: [Bucket]
  }

  /// Times between two bounds, in nanoseconds.
  package struct Bucket: Equatable, Sendable {
    package var from: UInt64
    /// Exclusive.
    package var to: UInt64
    package var count: UInt64
  }

  /// The past, the oldest first.
  package private(set) var history: [Second] = []
  private var window: [Interval] = []
  private var timed: [Int: Timed] = [:]
  private var totals: [UInt64] = []
  private var timedDatagrams: UInt64 = 0
  private var sendSpan: UInt64 = 0
  private var last: UInt64

  /// - Parameter time: now, nanoseconds of a clock that never goes back.
  package init(from time: UInt64) { last = time }

  // MARK: - Feeding

  /// Takes what the workers have counted by now.
  /// - Parameters:
  ///   - time: now, nanoseconds of a clock that never goes back. Nothing happens where it has not moved.
  ///   - stamp: what ``Second/time`` is to say.
  package mutating func take(_ workers: [WorkerMetrics], at time: UInt64, stamp: UInt64) {
    guard time > last, let slots = workers.first?.slots else { return }
    var interval = Interval(nanoseconds: time - last)
    last = time
    let before = totals.isEmpty ? Array(repeating: 0, count: slots * Population.kinds) : totals
    totals = Array(repeating: 0, count: slots * Population.kinds)
    for worker in workers { worker.addCounts(to: &totals) }
    for (index, count) in totals.enumerated() where count > before[index] {
      interval.counts.append((index, count - before[index]))
    }
    let nowTimed = workers.reduce(0) { $0 &+ $1.counted(.timedDatagrams) }
    let nowSpan = workers.reduce(0) { $0 &+ $1.counted(.sendSpan) }
    (interval.timedDatagrams, interval.sendSpan) = (nowTimed &- timedDatagrams, nowSpan &- sendSpan)
    (timedDatagrams, sendSpan) = (nowTimed, nowSpan)
    advance(interval)
    for (index, _) in interval.counts where !isSilent(index) {
      readTimes(of: index, workers, wasEmpty: before[index] == 0)
    }
    remember(interval, stamp)
  }

  /// Leaves out the times of the window so far: they are not of the queries that are timed from now on.
  package mutating func forgetTimes() {
    let nothing = Array(repeating: Times(), count: window.count)
    for index in Array(timed.keys) {
      timed[index]?.residences = nothing
      timed[index]?.queues = nothing
      timed[index]?.isKnown = false
    }
  }

  /// Makes the interval the newest of the window; what is older than the window goes.
  private mutating func advance(_ interval: Interval) {
    let isFull = window.count == Self.intervals
    if isFull { window.removeFirst() }
    window.append(interval)
    for index in Array(timed.keys) {
      if isFull {
        timed[index]?.residences.removeFirst()
        timed[index]?.queues.removeFirst()
      }
      timed[index]?.residences.append(Times())
      timed[index]?.queues.append(Times())
    }
  }

  private func isSilent(_ index: Int) -> Bool { Population(index: index)?.decision == .silent }

  /// Reads the times of a population that had queries.
  private mutating func readTimes(of index: Int, _ workers: [WorkerMetrics], wasEmpty: Bool) {
    let isNew = timed[index] == nil
    if isNew {
      if timed.count >= Self.mostTimed {
        guard let idle = timed.first(where: { $0.value.isIdle })?.key else { return }
        timed[idle] = nil
      }
      let nothing = Array(repeating: Times(), count: window.count)
      timed[index] = Timed(residences: nothing, queues: nothing)
    }
    var residence = HistogramCounts(), queue = HistogramCounts()
    for worker in workers where worker.count(of: index) > 0 {
      let (one, other) = worker.histograms(at: index)
      residence.merge(one)
      queue.merge(other)
    }
    // What was counted before it had a place here is not of this interval.
    if !isNew || wasEmpty, let before = timed[index], before.isKnown {
      var difference = residence
      difference.subtract(before.residence)
      timed[index]?.residences[window.count - 1] = Times(difference)
      difference = queue
      difference.subtract(before.queue)
      timed[index]?.queues[window.count - 1] = Times(difference)
    }
    timed[index]?.residence = residence
    timed[index]?.queue = queue
    timed[index]?.isKnown = true
  }

  private mutating func remember(_ interval: Interval, _ stamp: UInt64) {
    let seconds = Double(interval.nanoseconds) / 1e9
    var second = Second(time: stamp)
    var residence: [Times] = []
    for (index, count) in interval.counts {
      guard let population = Population(index: index) else { continue }
      let rate = Double(count) / seconds
      switch population.decision {
      case .answered:
        second.answered += rate
        if let times = timed[index]?.residences.last { residence.append(times) }
      case .forwarded: second.forwarded += rate
      case .refused: second.refused += rate
      case .failed: second.failed += rate
      case .silent: second.silent += rate
      }
    }
    let counts = Self.sum(residence)
    if counts.count > 0 {
      second.p50 = Double(counts.quantile(0.5)) / 1e9
      second.p99 = Double(counts.quantile(0.99)) / 1e9
    }
    if history.count == Self.historyLength { history.removeFirst() }
    history.append(second)
  }

  private static func sum(_ times: [Times]) -> HistogramCounts {
    var buckets = Array(repeating: UInt64(0), count: HistogramLayout.bucketCount)
    var sum: UInt64 = 0
    var longest: UInt64 = 0
    for part in times {
      for (bucket, count) in part.buckets { buckets[bucket] &+= count }
      sum &+= part.sum
      longest = max(longest, part.max)
    }
    return HistogramCounts(buckets: buckets, sum: sum, max: longest)
  }

  // MARK: - What it comes to

  /// Seconds that the window covers.
  package var seconds: Double { Double(window.reduce(0) { $0 &+ $1.nanoseconds }) / 1e9 }

  /// Queries in the window, by population's index.
  private var queries: [Int: UInt64] {
    var sums: [Int: UInt64] = [:]
    for interval in window { for (index, count) in interval.counts { sums[index, default: 0] &+= count } }
    return sums
  }

  /// Populations with a query in the window, in order.
  package var rates: [Rate] {
    let seconds = seconds
    return queries.sorted { $0.key < $1.key }.compactMap { index, count in
      Population(index: index).map {
        Rate(population: $0, perSecond: Double(count) / seconds, total: totals[index])
      }
    }
  }

  /// Residence, then queue, of the populations with times in the window, in order.
  /// - Parameters:
  ///   - monotonic: what is known of the clock that residence is measured with, nanoseconds.
  ///   - realtime: the same of that of queue times.
  ///   - isWhole: whether every query is timed. Then there is no error of sampling, though a reading of counts and times that
  ///     go on may have a query more of the one than of the other.
  package func latencies(
    monotonic: (resolution: Double, readCost: Double), realtime: (resolution: Double, readCost: Double),
    isWhole: Bool = false
  ) -> [Latency] {
    let timed = window.reduce(0) { $0 &+ $1.timedDatagrams }
    let span = window.reduce(0) { $0 &+ $1.sendSpan }
    let residence = Uncertainty.nanoseconds(
      resolution: monotonic.resolution, readCost: monotonic.readCost,
      sendSpan: timed == 0 ? 0 : Double(span) / Double(timed))
    let queue = Uncertainty.nanoseconds(resolution: realtime.resolution, readCost: realtime.readCost, sendSpan: 0)
    let (inOrder, queries) = (self.timed.sorted { $0.key < $1.key }, isWhole ? [:] : queries)
    return inOrder.compactMap { latency(.residence, $0.key, queries, $0.value.residences, residence) }
      + inOrder.compactMap { latency(.queue, $0.key, queries, $0.value.queues, queue) }
  }

  private func latency(
    _ metric: MetricDefinition, _ index: Int, _ queries: [Int: UInt64], _ times: [Times], _ terms: Uncertainty
  ) -> Latency? {
    let counts = Self.sum(times)
    guard counts.count > 0, let population = Population(index: index) else { return nil }
    let sampling = queries[index].map { SamplingError(of: counts, from: $0) } ?? .none
    return Latency(
      metric: metric, population: population, summary: Summary(counts, terms, sampling: sampling),
      buckets: Self.coarse(counts))
  }

  /// How many populations had queries in the window, and no place among those whose times are kept.
  package var withoutPlace: Int { queries.keys.count { !isSilent($0) && timed[$0] == nil } }

  /// Buckets of eight of the layout's each, those with something in them.
  static func coarse(_ counts: HistogramCounts) -> [Bucket] {
    stride(from: 0, to: HistogramLayout.bucketCount, by: 8).compactMap { first in
      let count = counts.buckets[first..<(first + 8)].reduce(0, &+)
      return count == 0
        ? nil
        : Bucket(
          from: HistogramLayout.lowerBound(of: first), to: HistogramLayout.upperBound(of: first + 7) + 1, count: count)
    }
  }
}

extension WorkerMetrics {
  /// Adds how many queries each population had; by index.
  fileprivate func addCounts(to sums: inout [UInt64]) {
    for index in 0..<min(sums.count, slots * Population.kinds) { sums[index] &+= counters[Layout.counts + index] }
  }

  /// How often an event came, by this worker.
  package func counted(_ counter: MetricCounter) -> UInt64 { counters[Layout.scalars + counter.rawValue] }

  fileprivate func count(of index: Int) -> UInt64 { counters[Layout.counts + index] }

  /// A population's residence and queue times since the start.
  fileprivate func histograms(at index: Int) -> (HistogramCounts, HistogramCounts) {
    let start = histograms(of: index)
    return (times(at: start), times(at: start + Layout.histogramSize))
  }

  private func times(at start: Int) -> HistogramCounts {
    HistogramCounts(
      buckets: (0..<HistogramLayout.bucketCount).map { counters[start + $0] },
      sum: counters[start + Layout.sum], max: counters[start + Layout.max])
  }
}
