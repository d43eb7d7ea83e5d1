package import FoundationEssentials

/// The measures of one interval, as lines for a program and as a table for a person.
package struct MetricsReport: Sendable {
  /// One time metric of one population.
  struct Row: Sendable {
    let metric: MetricDefinition
    let context: String
    let decision: String
    let transport: MetricTransport
    /// Queries of the population, timed or not.
    let queries: UInt64
    let histogram: HistogramCounts
    let summary: Summary

    init(
      _ metric: MetricDefinition, context: String, decision: String, transport: MetricTransport, queries: UInt64,
      _ histogram: HistogramCounts, _ terms: Uncertainty, _ sample: Sample
    ) {
      self.metric = metric
      self.context = context
      self.decision = decision
      self.transport = transport
      self.queries = queries
      self.histogram = histogram
      let isWhole = sample == .is(.all)
      summary = Summary(histogram, terms, sampling: isWhole ? .none : SamplingError(of: histogram, from: queries))
    }
  }

  /// The queries of one context over one transport, and how many of them got no response.
  struct Ratio: Sendable {
    let context: String
    let transport: MetricTransport
    var counts: MetricCounts.Responsiveness
    /// Queries by what became of them, timed or not.
    var decisions: [String: UInt64]
  }

  /// Which queries were timed in an interval.
  package enum Sample: Equatable, Sendable {
    case `is`(QuerySampling)
    /// Now some, now others: times of intervals with a smaller sample weigh less.
    case mixed
  }

  /// UTC, ISO 8601 with milliseconds.
  let start: String
  let end: String
  let sample: Sample
  /// Residence, then queue; populations in order; those with nothing counted are left out.
  let rows: [Row]
  let ratios: [Ratio]
  let events: [(String, UInt64)]

  init(
    start: String, end: String, sample: Sample, rows: [Row], ratios: [Ratio], events: [(String, UInt64)]
  ) {
    self.start = start
    self.end = end
    self.sample = sample
    self.rows = rows.filter { $0.summary.count > 0 }
    self.ratios = ratios.filter { $0.counts.queries > 0 }
    self.events = events
  }

  /// - Parameters:
  ///   - counts: what all workers counted between `start` and `end`.
  ///   - sample: which queries they timed.
  ///   - contextName: the name of a context's slot, ``MetricSlots/name(of:)``.
  ///   - rcodeName: an RCODE's mnemonic; `ruleName`: the word of a rule by its number.
  ///   - monotonic: resolution and read cost, in nanoseconds, of the clock that residence is measured with.
  ///   - realtime: the same of the clock that queue times are measured with.
  package init(
    _ counts: MetricCounts, from start: Date, to end: Date, sample: Sample = .is(.all),
    contextName: @escaping @Sendable (UInt16) -> String,
    monotonic: (resolution: Double, readCost: Double), realtime: (resolution: Double, readCost: Double),
    rcodeName: @escaping @Sendable (Int) -> String = { "RCODE\($0)" },
    ruleName: @escaping @Sendable (Int) -> String = { "rule\($0)" }
  ) {
    let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    let sendSpan = counts.meanSendSpan
    let populations = counts.populations.sorted { $0.key < $1.key }
    let residence = populations.map { population, counts in
      // Over TCP it is not known how long the send calls took.
      Row(
        .residence, context: contextName(population.slot), decision: "\(population.decision)",
        transport: population.transport, queries: counts.count, counts.residence,
        .nanoseconds(
          resolution: monotonic.resolution, readCost: monotonic.readCost,
          sendSpan: population.transport == .udp ? sendSpan : 0), sample)
    }
    let queue = populations.map { population, counts in
      // A batch's queries are handed to us at one moment, which is read.
      Row(
        .queue, context: contextName(population.slot), decision: "\(population.decision)",
        transport: population.transport, queries: counts.count, counts.queue,
        .nanoseconds(resolution: realtime.resolution, readCost: realtime.readCost, sendSpan: 0), sample)
    }
    self.init(
      start: start.formatted(format), end: end.formatted(format), sample: sample, rows: residence + queue,
      ratios: counts.responsiveness.map {
        (slot, transport, responsiveness) in
        Ratio(
          context: contextName(slot), transport: transport, counts: responsiveness,
          decisions: Dictionary(
            uniqueKeysWithValues: MetricDecision.allCases.compactMap { decision in
              counts.populations[Population(slot: slot, decision: decision, transport: transport)].map {
                ("\(decision)", $0.count)
              }
            }))
      }, events: counts.namedEvents(rcode: rcodeName, rule: ruleName))
  }
}

extension MetricsReport.Sample: CustomStringConvertible {
  /// As the metrics log has it: `all`, `one in 100`, `off`, `mixed`.
  package var description: String {
    switch self {
    case .is(.all): "all"
    case .is(.every(let number)): "one in \(number)"
    case .is(.off): "off"
    case .mixed: "mixed"
    }
  }

  /// Reads what `description` gives; nil of anything else.
  init?(_ text: String) {
    switch text {
    case "all": self = .is(.all)
    case "off": self = .is(.off)
    case "mixed": self = .mixed
    default:
      guard text.hasPrefix("one in "), let number = UInt32(text.dropFirst(7)), number > 1 else { return nil }
      self = .is(.every(number))
    }
  }

  /// The sample of two intervals together.
  package func with(_ other: Self) -> Self { self == other ? self : .mixed }
}
