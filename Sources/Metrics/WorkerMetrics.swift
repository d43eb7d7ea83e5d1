public import FlatMemory

/// All that one worker counts. The worker writes, the control plane reads (``read()``), and nobody waits.
///
/// Its memory is some 87 MB of addresses for 512 slots, of which only what is counted in becomes real: 17 KiB a
/// population in use. Lookups in it are additions: no allocation, no lock, no clock.
@safe
public final class WorkerMetrics: Sendable {
  /// Slots where the caller of `init` does not say.
  package static let defaultSlots = 512
  /// The most slots there can be.
  package static let mostSlots = 8191

  /// Octets of addresses that counters for so many slots take.
  package static func size(slots: Int = WorkerMetrics.defaultSlots) -> Int {
    Layout.size(slots) * MemoryLayout<UInt64>.size
  }

  /// How many context slots there are; a greater one is counted as the last.
  public let slots: Int
  @usableFromInline let counters: CounterArray

  /// Counters for `slots` contexts; the same number as ``MetricSlots`` has.
  package init(slots: Int = WorkerMetrics.defaultSlots) {
    precondition((2...WorkerMetrics.mostSlots).contains(slots), "there are slots for none and other at least")
    self.slots = slots
    counters = CounterArray(count: Layout.size(slots))
  }

  /// Where counters lie: the scalars, a count a population, then the histograms of each population.
  @usableFromInline enum Layout {
    @inlinable static var scalars: Int { 0 }
    @inlinable static var silences: Int { 64 }
    @inlinable static var rcodes: Int { 80 }
    @inlinable static var refusals: Int { 112 }
    @inlinable static var wouldBeRefusals: Int { 128 }
    @inlinable static var counts: Int { 144 }
    /// A histogram is its buckets, their sum and their maximum, rounded up to whole cache lines.
    @inlinable static var sum: Int { 1056 }
    @inlinable static var max: Int { 1057 }
    @inlinable static var histogramSize: Int { 1064 }
    /// Residence, then queue.
    @inlinable static var populationSize: Int { 2 &* histogramSize }
    @inlinable static func populations(_ slots: Int) -> Int { counts &+ slots &* Population.kinds }
    static func size(_ slots: Int) -> Int { populations(slots) + slots * Population.kinds * populationSize }
  }

  /// Counts one query that was responded to, with its times in nanoseconds.
  /// - Parameters:
  ///   - residence: from the query handed to us to the response handed to the kernel.
  ///   - queue: from the kernel's receive stamp to the query handed to us.
  @inlinable public func record(_ population: Population, residence: UInt64, queue: QueueTime) {
    count(population)
    add(residence, to: histograms(of: population.index(among: slots)))
    record(queue: queue, of: population)
  }

  /// Counts one query that gets no response: it has no residence time.
  @inlinable public func recordSilence(slot: UInt16, transport: MetricTransport, cause: SilenceCause) {
    count(Population(slot: slot, decision: .silent, transport: transport))
    counters.add(1, to: Layout.silences &+ cause.rawValue)
  }

  /// Counts an event, or `amount` of what it is counted in.
  @inlinable public func count(_ counter: MetricCounter, _ amount: UInt64 = 1) {
    counters.add(amount, to: Layout.scalars &+ counter.rawValue)
  }

  /// Counts a response by its RCODE, extended ones (RFC 6891 §6.1.3) included; all from 31 on together.
  @inlinable public func count(rcode: UInt16) {
    counters.add(1, to: Layout.rcodes &+ Int(min(rcode, 31)))
  }

  /// Counts a refusal by its rule's number in the order of judging; all from 15 on together.
  @inlinable public func count(refusalBy rule: Int) {
    counters.add(1, to: Layout.refusals &+ max(0, min(rule, 15)))
  }

  /// Counts what a rule in shadow would have refused, or changed, by its number as above.
  @inlinable public func count(wouldBeRefusalBy rule: Int) {
    counters.add(1, to: Layout.wouldBeRefusals &+ max(0, min(rule, 15)))
  }

  /// Counts one query of a population, its times left out.
  @inlinable public func count(_ population: Population) {
    counters.add(1, to: Layout.counts &+ population.index(among: slots))
  }

  /// Where the histograms of the population with this index begin.
  @inlinable func histograms(of index: Int) -> Int {
    Layout.populations(slots) &+ index &* Layout.populationSize
  }

  @inlinable func add(_ nanoseconds: UInt64, to histogram: Int) {
    counters.add(1, to: histogram &+ HistogramLayout.bucket(of: nanoseconds))
    counters.add(nanoseconds, to: histogram &+ Layout.sum)
    counters.raise(histogram &+ Layout.max, to: nanoseconds)
  }
}

extension WorkerMetrics {
  /// All counters as they are now; any thread may ask. Populations without a query are left out.
  ///
  /// The worker goes on counting meanwhile: an event may be in some counters and not yet in others.
  package func read() -> MetricCounts {
    var counts = readEvents()
    for index in 0..<slots * Population.kinds {
      let count = counters[Layout.counts + index]
      guard count > 0, let population = Population(index: index) else { continue }
      let start = Layout.populations(slots) + index * Layout.populationSize
      counts.populations[population] = PopulationCounts(
        count: count, residence: histogram(at: start), queue: histogram(at: start + Layout.histogramSize))
    }
    return counts
  }

  /// What is not counted by population, alone.
  func readEvents() -> MetricCounts {
    var counts = MetricCounts()
    for counter in MetricCounter.allCases { counts.events[counter.rawValue] = counters[counter.rawValue] }
    for cause in SilenceCause.allCases { counts.silences[cause.rawValue] = counters[Layout.silences + cause.rawValue] }
    for rcode in counts.rcodes.indices { counts.rcodes[rcode] = counters[Layout.rcodes + rcode] }
    for rule in counts.refusals.indices { counts.refusals[rule] = counters[Layout.refusals + rule] }
    for rule in counts.wouldBeRefusals.indices {
      counts.wouldBeRefusals[rule] = counters[Layout.wouldBeRefusals + rule]
    }
    return counts
  }

  private func histogram(at start: Int) -> HistogramCounts {
    HistogramCounts(
      buckets: (0..<HistogramLayout.bucketCount).map { counters[start + $0] },
      sum: counters[start + Layout.sum], max: counters[start + Layout.max])
  }
}
