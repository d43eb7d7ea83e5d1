package import FoundationEssentials

/// The measures of one interval, as lines for a program and as a table for a person.
package struct MetricsReport: Sendable {
  private let counts: MetricCounts
  private let start: Date
  private let end: Date
  private let contextName: @Sendable (UInt16) -> String
  private let namedEvents: [(String, UInt64)]
  private let residence: Uncertainty
  private let queue: Uncertainty

  /// - Parameters:
  ///   - counts: what all workers counted between `start` and `end`.
  ///   - contextName: the name of a context's slot, ``MetricSlots/name(of:)``.
  ///   - rcodeName: an RCODE's mnemonic; `ruleName`: the word of a rule by its number.
  ///   - monotonic: resolution and read cost, in nanoseconds, of the clock that residence is measured with.
  ///   - realtime: the same of the clock that queue times are measured with.
  package init(
    _ counts: MetricCounts, from start: Date, to end: Date, contextName: @escaping @Sendable (UInt16) -> String,
    monotonic: (resolution: Double, readCost: Double), realtime: (resolution: Double, readCost: Double),
    rcodeName: @escaping @Sendable (Int) -> String = { "RCODE\($0)" },
    ruleName: @escaping @Sendable (Int) -> String = { "rule\($0)" }
  ) {
    namedEvents = counts.namedEvents(rcode: rcodeName, rule: ruleName)
    self.counts = counts
    self.start = start
    self.end = end
    self.contextName = contextName
    residence = .nanoseconds(
      resolution: monotonic.resolution, readCost: monotonic.readCost, batchSpan: counts.meanBatchSpan)
    // A batch's queries are handed to us at one moment, which is read: batching adds nothing to the queue time.
    queue = .nanoseconds(resolution: realtime.resolution, readCost: realtime.readCost, batchSpan: 0)
  }

  /// One time metric of one population.
  private struct Row {
    let metric: MetricDefinition
    let population: Population
    let summary: Summary
  }

  /// Residence, then queue; populations in order; those with nothing counted are left out.
  private var rows: [Row] {
    let populations = counts.populations.sorted { $0.key < $1.key }
    let all =
      populations.map {
        Row(metric: .residence, population: $0.key, summary: Summary($0.value.residence, residence))
      }
      + populations.map { Row(metric: .queue, population: $0.key, summary: Summary($0.value.queue, queue)) }
    return all.filter { $0.summary.count > 0 }
  }
}

// MARK: - For a program

extension MetricsReport {
  /// JSON lines, each ended by a newline: one a metric and population with a count, then one a context and transport for
  /// the no-response ratio, then one with every event that was counted. Keys in alphabetical order; times in UTC, ISO 8601 with milliseconds.
  package func jsonLines() -> String {
    let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    let start = start.formatted(format)
    let end = end.formatted(format)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = ""
    func add(_ line: some Encodable) {
      // Numbers are finite and keys are text: there is nothing here that cannot be encoded.
      guard let data = try? encoder.encode(line) else { preconditionFailure("a line of metrics can be encoded") }
      text += String(decoding: data, as: UTF8.self) + "\n"
    }
    for row in rows {
      add(TimeLine(row, context: contextName(row.population.slot), start: start, end: end))
    }
    for (slot, transport, counts) in counts.responsiveness where counts.queries > 0 {
      add(
        RatioLine(
          metric: MetricDefinition.noResponse.name(over: transport), start: start, end: end,
          context: contextName(slot), transport: "\(transport)", unit: MetricDefinition.noResponse.symbol,
          count: counts.queries, unanswered: counts.unanswered, ratio: counts.ratio))
    }
    let events = namedEvents
    if !events.isEmpty { add(EventLine(start: start, end: end, events: Dictionary(uniqueKeysWithValues: events))) }
    return text
  }

  private struct EventLine: Encodable {
    let metric = "events"
    let start, end: String
    let unit = "1"
    let events: [String: UInt64]
  }

  private struct TimeLine: Encodable {
    let metric, start, end, context, decision, transport, unit: String
    let count: UInt64
    let p50, p95, p99, max, mean: Double
    let uncertainty: Terms

    struct Terms: Encodable {
      /// All terms together, at `p99`.
      let total, clockResolution, clockRead, bucket, batching: Double
    }

    init(_ row: Row, context: String, start: String, end: String) {
      let summary = row.summary
      metric = row.metric.name(over: row.population.transport)
      self.start = start
      self.end = end
      self.context = context
      decision = "\(row.population.decision)"
      transport = "\(row.population.transport)"
      unit = row.metric.symbol
      count = summary.count
      (p50, p95, p99) = (rounded(summary.p50), rounded(summary.p95), rounded(summary.p99))
      (max, mean) = (rounded(summary.max), rounded(summary.mean))
      uncertainty = Terms(
        total: rounded(summary.uncertainty), clockResolution: rounded(summary.terms.clockResolution),
        clockRead: rounded(summary.terms.clockRead), bucket: rounded(Uncertainty.bucket(at: summary.p99)),
        batching: rounded(summary.terms.batching))
    }
  }

  private struct RatioLine: Encodable {
    let metric, start, end, context, transport, unit: String
    let count, unanswered: UInt64
    let ratio: Double
  }
}

/// Seconds to the picosecond, so that a line has no digits that nobody measured.
private func rounded(_ seconds: Double) -> Double { (seconds * 1e12).rounded() / 1e12 }

// MARK: - For a person

extension MetricsReport {
  /// A table of both times, and the no-response ratio in a sentence; within 100 columns, ended by a newline.
  package func table() -> String {
    let rows = rows
    var lines: [String] = []
    for (title, metric) in [("residence", MetricDefinition.residence), ("queue", .queue)] {
      let ofMetric = rows.filter { $0.metric == metric }
      if ofMetric.isEmpty { continue }
      lines.append(line(title, "decision", "transport", ["count", "p50", "p95", "p99", "max", "± at p99"]))
      lines += ofMetric.map { row in
        let times = [row.summary.p50, row.summary.p95, row.summary.p99, row.summary.max, row.summary.uncertainty]
        return line(
          contextName(row.population.slot), "\(row.population.decision)", "\(row.population.transport)",
          ["\(row.summary.count)"] + times.map(timeText))
      }
      lines.append("")
    }
    let total = counts.totalResponsiveness
    let ratio = total.queries == 0 ? "" : " (\(decimalText(total.ratio * 100, decimals: 2)) %)"
    lines.append("no response: \(total.unanswered) of \(total.queries) queries\(ratio)")
    if !namedEvents.isEmpty {
      lines += wrapped("events: " + namedEvents.map { "\($0.0) \($0.1)" }.joined(separator: ", "))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A sentence in lines of at most 100 columns, cut at its commas.
  private func wrapped(_ text: String) -> [String] {
    text.split(separator: ", ").reduce(into: [String]()) { lines, part in
      if let last = lines.last, last.count + part.count < 96 {
        lines[lines.count - 1] = "\(last), \(part)"
      } else {
        lines.append(lines.isEmpty ? String(part) : "        \(part)")
      }
    }
  }

  /// 18 + 10 + 10 columns of words, then six of 10 to 11 for numbers.
  private func line(_ context: String, _ decision: String, _ transport: String, _ numbers: [String]) -> String {
    let name = context.count > 17 ? context.prefix(16) + "…" : context[...]
    let words = pad(String(name), 18) + pad(decision, 10) + pad(transport, 9)
    return words + numbers.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
  }

  private func pad(_ word: String, _ width: Int) -> String {
    word + String(repeating: " ", count: max(1, width - word.count))
  }
}
