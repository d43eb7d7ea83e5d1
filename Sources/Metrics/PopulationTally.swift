public import FlatMemory

/// The queries of one batch by population, until the time that they all have is known.
///
/// A batch's queries are handed to us at one moment and its responses to the kernel at another, so all have one residence
/// time. Here they are only counted, two additions a query; ``WorkerMetrics/record(residence:of:)`` then counts each
/// population once, as many times over as it has queries.
public struct PopulationTally: ~Copyable {
  /// By index of the population.
  @usableFromInline var counts: FlatScratch<UInt32>
  /// Those with a query, in the order of their first.
  @usableFromInline var touched: FlatScratch<UInt32>
  @usableFromInline var touchedCount = 0
  @usableFromInline let slots: Int

  /// A tally of nothing, for a worker's own metrics.
  package init(for metrics: borrowing WorkerMetrics) {
    slots = metrics.slots
    counts = FlatScratch(repeating: 0, count: slots * Population.kinds)
    touched = FlatScratch(repeating: 0, count: slots * Population.kinds)
  }

  /// One query more.
  @inlinable public mutating func add(_ population: Population) {
    let index = population.index(among: slots)
    let count = counts[index]
    if count == 0 {
      touched[touchedCount] = UInt32(truncatingIfNeeded: index)
      touchedCount &+= 1
    }
    counts[index] = count &+ 1
  }
}

extension WorkerMetrics {
  /// Counts the queries of a batch, each with this residence time in nanoseconds, and empties the tally.
  /// - Returns: how many.
  @discardableResult
  @inlinable public func record(residence: UInt64, of tally: inout PopulationTally) -> UInt64 {
    drain(&tally, isCounted: true, residence: residence)
  }

  /// Counts the queries of a batch, none of them timed here, and empties the tally.
  @inlinable public func count(_ tally: inout PopulationTally) { _ = drain(&tally, isCounted: true, residence: nil) }

  /// Counts the times of a batch's queries that are counted by themselves, and empties the tally.
  /// - Returns: how many.
  @inlinable public func record(onlyResidence residence: UInt64, of tally: inout PopulationTally) -> UInt64 {
    drain(&tally, isCounted: false, residence: residence)
  }

  @inlinable @inline(__always)
  func drain(_ tally: inout PopulationTally, isCounted: Bool, residence: UInt64?) -> UInt64 {
    var all: UInt64 = 0
    for place in 0..<tally.touchedCount {
      let index = Int(tally.touched[place])
      let count = UInt64(tally.counts[index])
      tally.counts[index] = 0
      all &+= count
      if isCounted { counters.add(count, to: Layout.counts &+ index) }
      if let residence {
        let histogram = histograms(of: index)
        counters.add(count, to: histogram &+ HistogramLayout.bucket(of: residence))
        counters.add(count &* residence, to: histogram &+ Layout.sum)
        counters.raise(histogram &+ Layout.max, to: residence)
      }
    }
    tally.touchedCount = 0
    return all
  }

  /// Counts a query's queue time, or why there is none.
  @inlinable @inline(__always) public func record(queue: QueueTime, of population: Population) {
    switch queue {
    case .time(let time):
      add(time, to: histograms(of: population.index(among: slots)) &+ Layout.histogramSize)
    case .unstamped: if population.transport == .udp { count(.unstamped) }
    case .negative: count(.negativeDifferences)
    case .distrusted: count(.queueTimesDistrusted)
    }
  }
}
