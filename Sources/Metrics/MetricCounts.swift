/// What one population had counted.
package struct PopulationCounts: Equatable, Sendable {
  /// Queries, timed or not.
  package var count: UInt64 = 0
  /// From the query handed to us to the response handed to the kernel.
  package var residence = HistogramCounts()
  /// From the kernel's receive stamp to the query handed to us.
  package var queue = HistogramCounts()
}

/// Counters as numbers: of one worker at a moment, of all workers, or of an interval.
///
///     var now = MetricCounts()
///     for worker in workers { now.merge(worker.read()) }
///     var interval = now
///     interval.subtract(before)
package struct MetricCounts: Equatable, Sendable {
  /// By population; one without a query may be missing.
  package internal(set) var populations: [Population: PopulationCounts] = [:]
  var events = [UInt64](repeating: 0, count: MetricCounter.allCases.count)
  var silences = [UInt64](repeating: 0, count: SilenceCause.allCases.count)
  /// Responses by RCODE, 0 to 30; the last counts all from 31 on.
  package internal(set) var rcodes = [UInt64](repeating: 0, count: 32)
  /// Refusals by the rule's number in the order of judging.
  package internal(set) var refusals = [UInt64](repeating: 0, count: 16)
  /// What rules in shadow would have refused, by the rule's number.
  package internal(set) var wouldBeRefusals = [UInt64](repeating: 0, count: 16)

  /// Counts of nothing.
  package init() {}

  /// How often an event came.
  package subscript(_ counter: MetricCounter) -> UInt64 { events[counter.rawValue] }

  /// How many queries got no response for this cause.
  package subscript(_ cause: SilenceCause) -> UInt64 { silences[cause.rawValue] }

  /// Adds another worker's counts, or another interval's.
  package mutating func merge(_ other: MetricCounts) {
    for (population, counts) in other.populations {
      populations[population, default: PopulationCounts()].count &+= counts.count
      populations[population]?.residence.merge(counts.residence)
      populations[population]?.queue.merge(counts.queue)
    }
    combine(other) { $0 &+ $1 }
  }

  /// Takes away what had been counted `before`, leaving the interval since; populations without a query in it go.
  package mutating func subtract(_ before: MetricCounts) {
    for (population, counts) in before.populations {
      guard var rest = populations[population] else { continue }
      rest.count = rest.count > counts.count ? rest.count - counts.count : 0
      rest.residence.subtract(counts.residence)
      rest.queue.subtract(counts.queue)
      populations[population] = rest.count == 0 && rest.residence.count == 0 && rest.queue.count == 0 ? nil : rest
    }
    combine(before) { $0 > $1 ? $0 - $1 : 0 }
  }

  private mutating func combine(_ other: MetricCounts, _ operation: (UInt64, UInt64) -> UInt64) {
    for index in events.indices { events[index] = operation(events[index], other.events[index]) }
    for index in silences.indices { silences[index] = operation(silences[index], other.silences[index]) }
    for index in rcodes.indices { rcodes[index] = operation(rcodes[index], other.rcodes[index]) }
    for index in refusals.indices { refusals[index] = operation(refusals[index], other.refusals[index]) }
    for index in wouldBeRefusals.indices {
      wouldBeRefusals[index] = operation(wouldBeRefusals[index], other.wouldBeRefusals[index])
    }
  }

  /// All queries, and those of them that got no response, by context slot and transport.
  package struct Responsiveness: Equatable, Sendable {
    /// Queries of every decision.
    package var queries: UInt64 = 0
    /// Queries that got no response.
    package var unanswered: UInt64 = 0

    package init(queries: UInt64 = 0, unanswered: UInt64 = 0) {
      self.queries = queries
      self.unanswered = unanswered
    }

    /// Queries that got no response, over queries; 0 of nothing.
    package var ratio: Double { queries == 0 ? 0 : Double(unanswered) / Double(queries) }
  }

  /// Queries and silences of each context and transport, in order.
  package var responsiveness: [(slot: UInt16, transport: MetricTransport, counts: Responsiveness)] {
    var sums: [Population: Responsiveness] = [:]
    for (population, counts) in populations {
      let key = Population(slot: population.slot, decision: .silent, transport: population.transport)
      sums[key, default: Responsiveness()].queries &+= counts.count
      if population.decision == .silent { sums[key, default: Responsiveness()].unanswered &+= counts.count }
    }
    return sums.sorted { $0.key < $1.key }.map { ($0.key.slot, $0.key.transport, $0.value) }
  }

  /// Queries and silences of all contexts and transports together.
  package var totalResponsiveness: Responsiveness {
    populations.reduce(into: Responsiveness()) { total, entry in
      total.queries &+= entry.value.count
      if entry.key.decision == .silent { total.unanswered &+= entry.value.count }
    }
  }

  /// How long the call took that sent a response, in nanoseconds, on the average over the queries timed over UDP; 0 of none.
  package var meanSendSpan: Double {
    self[.timedDatagrams] == 0 ? 0 : Double(self[.sendSpan]) / Double(self[.timedDatagrams])
  }
}

extension MetricCounts {
  /// Every event that happened, by name, in a fixed order: the counters, responses by RCODE, refusals and would-be refusals by
  /// rule, silences by cause. Batches are left out: they are a means of measuring.
  /// - Parameters:
  ///   - rcode: an RCODE's mnemonic.
  ///   - rule: the word of a rule, by its number in the order of judging.
  package func namedEvents(rcode: (Int) -> String, rule: (Int) -> String) -> [(String, UInt64)] {
    let counters = MetricCounter.allCases.filter(\.isLogged).map { ("\($0)", self[$0]) }
    let byRCode = rcodes.enumerated().map { (rcode($0.offset), $0.element) }
    let byRule = refusals.enumerated().map { ("refusedBy_\(rule($0.offset))", $0.element) }
    let byShadow = wouldBeRefusals.enumerated().map { ("wouldRefuseBy_\(rule($0.offset))", $0.element) }
    let byCause = SilenceCause.allCases.map { ("silent_\($0)", self[$0]) }
    return (counters + byRCode + byRule + byShadow + byCause).filter { $0.1 > 0 }
  }
}
