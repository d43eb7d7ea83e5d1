internal import FoundationEssentials

/// Adds up the lines of metrics logs: intervals to a day, servers to a service.
///
/// Temporal composition (RFC 2330 §9.2): histograms, counts and events of disjoint intervals add exactly, and every
/// quantile is computed from the sum. It is for the caller to see that no interval is there twice.
///
///     var sum = MetricsLogSum()
///     for line in lines { sum.add(line) }
///     print(sum.report().table())
package struct MetricsLogSum {
  /// Lines that were added.
  package private(set) var lineCount = 0
  /// Lines that are none of a metrics log.
  package private(set) var malformedCount = 0
  /// Lines with times but no histogram, as written before 0.6: their quantiles do not add.
  package private(set) var withoutHistogramCount = 0

  private struct Key: Hashable {
    let metric: MetricDefinition
    let context, decision: String
    let transport: MetricTransport
  }

  fileprivate struct Times {
    var queries: UInt64 = 0
    var histogram = HistogramCounts()
    var resolution = 0.0
    var read = 0.0
    /// Times the count.
    var sending = 0.0
    var sample: MetricsReport.Sample?
  }

  /// No count of one line is as large; so the sums of any logs stay numbers.
  private static let bound: UInt64 = 1 << 48

  private var times: [Key: Times] = [:]
  private var ratios: [Key: MetricsReport.Ratio] = [:]
  private var events: [String: UInt64] = [:]
  private var start: String?
  private var end: String?
  private static let metrics = Dictionary(
    uniqueKeysWithValues: MetricDefinition.passive.flatMap { metric in
      metric.transports.map { (metric.name(over: $0), (metric: metric, transport: $0)) }
    })

  package init() {}

  /// A line as it was written. What a kind of line has not is nil.
  fileprivate struct Line: Decodable {
    let metric, event, start, end, context, decision, sample: String?
    let count, queries, unanswered: UInt64?
    let max: Double?
    let uncertainty: Terms?
    let histogram: Buckets?
    let decisions: [String: UInt64]?
    let events: [String: UInt64]?

    struct Terms: Decodable { let clockResolution, clockRead, sending: Double }
    struct Buckets: Decodable {
      let sum: UInt64
      let buckets: [[UInt64]]
    }
  }

  /// Adds one line; one that is not of a metrics log is counted and left out, one about a reload is passed over.
  package mutating func add(_ octets: Span<UInt8>) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(octets.count)
    for index in octets.indices { bytes.append(octets[index]) }
    guard let line = try? JSONDecoder().decode(Line.self, from: Data(bytes)) else { return malformedCount += 1 }
    if line.event != nil { return lineCount += 1 }
    guard let start = line.start, let end = line.end, add(line) else { return malformedCount += 1 }
    lineCount += 1
    self.start = min(self.start ?? start, start)
    self.end = max(self.end ?? end, end)
  }

  /// - Returns: false for a line that is none.
  private mutating func add(_ line: Line) -> Bool {
    if let events = line.events {
      for (name, count) in events { self.events[name, default: 0] &+= count }
      return true
    }
    guard let name = line.metric, let (metric, transport) = Self.metrics[name], let context = line.context,
      let count = line.count, count < Self.bound
    else { return false }
    if metric == .noResponse {
      guard let unanswered = line.unanswered, unanswered <= count else { return false }
      let key = Key(metric: metric, context: context, decision: "", transport: transport)
      var sum =
        ratios[key]
        ?? MetricsReport.Ratio(
          context: context, transport: transport, counts: MetricCounts.Responsiveness(), decisions: [:])
      sum.counts.queries &+= count
      sum.counts.unanswered &+= unanswered
      sum.decisions.merge(line.decisions ?? [:], uniquingKeysWith: &+)
      ratios[key] = sum
      return true
    }
    guard let decision = line.decision, let terms = line.uncertainty, let max = line.max,
      [max, terms.clockResolution, terms.clockRead, terms.sending].allSatisfy((0..<1e9).contains)
    else { return false }
    guard let written = line.histogram else {
      withoutHistogramCount += 1
      return true
    }
    guard written.buckets.allSatisfy({ $0.count == 2 && $0[1] < Self.bound }) else { return false }
    let histogram = HistogramCounts(
      used: written.buckets.map { ($0[0], $0[1]) }, sum: written.sum, max: UInt64((max * 1e9).rounded()))
    let key = Key(metric: metric, context: context, decision: decision, transport: transport)
    let sample = line.sample.flatMap { MetricsReport.Sample($0) } ?? .mixed
    times[key, default: Times()].add(histogram, queries: line.queries ?? count, terms, sample)
    return true
  }

  /// What the lines come to. The calibration terms are the greatest, the sending term is the mean over all queries, and
  /// the sampling term is computed anew.
  package func report() -> MetricsReport {
    let samples = times.values.compactMap(\.sample)
    // An interval in which none was timed has no line of times, but its queries count. A queue time may be undefined.
    let isPart = times.contains { key, times in
      key.metric == .residence && queries(of: key).map { $0 != times.queries } ?? false
    }
    let sample =
      isPart ? .mixed : samples.dropFirst().reduce(samples.first ?? .is(.off)) { $0.with($1) }
    let rows = times.sorted { order($0.key) < order($1.key) }.map { key, times in
      let count = Double(max(1, times.histogram.count))
      let queries = queries(of: key) ?? times.queries
      return MetricsReport.Row(
        key.metric, context: key.context, decision: key.decision, transport: key.transport,
        queries: queries, times.histogram,
        Uncertainty(clockResolution: times.resolution, clockRead: times.read, sending: times.sending / count),
        key.metric == .queue || queries == times.queries ? times.sample ?? .mixed : .mixed)
    }
    let ratios = ratios.sorted { order($0.key) < order($1.key) }.map(\.value)
    return MetricsReport(
      start: start ?? "", end: end ?? "", sample: sample, rows: rows, ratios: ratios,
      events: events.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  /// The queries of a population in all intervals, also in those where none was timed.
  private func queries(of key: Key) -> UInt64? {
    let ratio = Key(metric: .noResponse, context: key.context, decision: "", transport: key.transport)
    return ratios[ratio]?.decisions[key.decision]
  }

  /// Residence before queue, then as contexts, decisions and transports are listed elsewhere.
  private func order(_ key: Key) -> (Int, String, Int, Int) {
    (
      key.metric == .queue ? 1 : 0, key.context,
      MetricDecision.allCases.firstIndex { "\($0)" == key.decision } ?? MetricDecision.allCases.count,
      Int(key.transport.rawValue)
    )
  }
}

extension MetricsLogSum.Times {
  fileprivate mutating func add(
    _ other: HistogramCounts, queries: UInt64, _ terms: MetricsLogSum.Line.Terms, _ sample: MetricsReport.Sample
  ) {
    histogram.merge(other)
    self.queries &+= queries
    resolution = max(resolution, terms.clockResolution)
    read = max(read, terms.clockRead)
    sending += terms.sending * Double(other.count)
    self.sample = self.sample.map { $0.with(sample) } ?? sample
  }
}
