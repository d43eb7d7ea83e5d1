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
    counts = FlatScratch(repeating: 0, count: slots * 8)
    touched = FlatScratch(repeating: 0, count: slots * 8)
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
  @inlinable public func record(residence: UInt64, of tally: inout PopulationTally) {
    let bucket = HistogramLayout.bucket(of: residence)
    for place in 0..<tally.touchedCount {
      let index = Int(tally.touched[place])
      let count = UInt64(tally.counts[index])
      tally.counts[index] = 0
      let histogram = histograms(of: index)
      counters.add(count, to: Layout.counts &+ index)
      counters.add(count, to: histogram &+ bucket)
      counters.add(count &* residence, to: histogram &+ Layout.sum)
      counters.raise(histogram &+ Layout.max, to: residence)
    }
    tally.touchedCount = 0
  }

  /// Counts a query's queue time, nanoseconds; below zero or nil as for ``record(_:residence:queue:)``.
  @inlinable @inline(__always) public func record(queue: Int64?, of population: Population) {
    guard let queue else { return population.transport == .udp ? count(.unstamped) : () }
    guard queue >= 0 else { return count(.negativeDifferences) }
    add(UInt64(bitPattern: queue), to: histograms(of: population.index(among: slots)) &+ Layout.histogramSize)
  }
}
