internal import FoundationEssentials

// For a program.
extension MetricsReport {
  /// JSON lines, each ended by a newline: one a metric and population with a count, then one a context and transport for
  /// the no-response ratio, then one with every event that was counted. Keys in alphabetical order; times in UTC, ISO 8601
  /// with milliseconds. ``MetricsLogSum`` reads them back and adds them up.
  package func jsonLines() -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = ""
    func add(_ line: some Encodable) {
      // Numbers are finite and keys are text: there is nothing here that cannot be encoded.
      guard let data = try? encoder.encode(line) else { preconditionFailure("a line of metrics can be encoded") }
      text += String(decoding: data, as: UTF8.self) + "\n"
    }
    for row in rows { add(TimeLine(row, start: start, end: end, sample: sample)) }
    for ratio in ratios {
      add(
        RatioLine(
          metric: MetricDefinition.noResponse.name(over: ratio.transport), start: start, end: end,
          context: ratio.context, transport: "\(ratio.transport)", unit: MetricDefinition.noResponse.symbol,
          count: ratio.counts.queries, unanswered: ratio.counts.unanswered, ratio: ratio.counts.ratio,
          decisions: ratio.decisions))
    }
    if !events.isEmpty {
      add(EventLine(start: start, end: end, events: Dictionary(events, uniquingKeysWith: &+)))
    }
    return text
  }

  private struct EventLine: Encodable {
    let metric = "events"
    let start, end: String
    let unit = "1"
    let events: [String: UInt64]
  }

  private struct TimeLine: Encodable {
    let metric, start, end, context, decision, transport, unit, sample: String
    let count, queries: UInt64
    let p50, p95, p99, max, mean: Double
    let uncertainty: Terms
    let histogram: Buckets

    struct Terms: Encodable {
      /// All terms together, at `p99`; nil where the sample is too small to say.
      let total: Double?
      let clockResolution, clockRead, bucket, sending: Double
      let sampling, samplingOfMean: Double?

      enum CodingKeys: CodingKey {
        case total, clockResolution, clockRead, bucket, sending, sampling, samplingOfMean
      }

      /// What is not known is there, as null: a term left out would read as none.
      func encode(to encoder: any Encoder) throws {
        var terms = encoder.container(keyedBy: CodingKeys.self)
        try terms.encode(total, forKey: .total)
        try terms.encode(clockResolution, forKey: .clockResolution)
        try terms.encode(clockRead, forKey: .clockRead)
        try terms.encode(bucket, forKey: .bucket)
        try terms.encode(sending, forKey: .sending)
        try terms.encode(sampling, forKey: .sampling)
        try terms.encode(samplingOfMean, forKey: .samplingOfMean)
      }
    }

    struct Buckets: Encodable {
      /// Nanoseconds.
      let sum: UInt64
      /// The shortest time of each bucket in use, in nanoseconds, and its count.
      let buckets: [[UInt64]]
    }

    init(_ row: Row, start: String, end: String, sample: Sample) {
      let summary = row.summary
      metric = row.metric.name(over: row.transport)
      self.start = start
      self.end = end
      self.sample = "\(sample)"
      context = row.context
      decision = row.decision
      transport = "\(row.transport)"
      unit = row.metric.symbol
      count = summary.count
      queries = row.queries
      (p50, p95, p99) = (rounded(summary.p50), rounded(summary.p95), rounded(summary.p99))
      (max, mean) = (rounded(summary.max), rounded(summary.mean))
      uncertainty = Terms(
        total: summary.isBounded ? rounded(summary.uncertainty) : nil,
        clockResolution: rounded(summary.terms.clockResolution), clockRead: rounded(summary.terms.clockRead),
        bucket: rounded(Uncertainty.bucket(at: summary.p99)), sending: rounded(summary.terms.sending),
        sampling: summary.sampling.p99.map(rounded), samplingOfMean: summary.sampling.mean.map(rounded))
      histogram = Buckets(sum: row.histogram.sum, buckets: row.histogram.used.map { [$0.lowerBound, $0.count] })
    }
  }

  private struct RatioLine: Encodable {
    let metric, start, end, context, transport, unit: String
    let count, unanswered: UInt64
    let ratio: Double
    let decisions: [String: UInt64]
  }
}

/// Seconds to the picosecond, so that a line has no digits that nobody measured.
private func rounded(_ seconds: Double) -> Double { (seconds * 1e12).rounded() / 1e12 }
