// For a person.
extension MetricsReport {
  /// From when to when, in a line.
  package var interval: String { "\(start) to \(end)" }

  /// A table of both times, which queries were timed where that is not all, and the no-response ratio in a sentence; within
  /// 100 columns, ended by a newline.
  package func table() -> String {
    var lines: [String] = []
    for metric in [MetricDefinition.residence, .queue] {
      let ofMetric = rows.filter { $0.metric == metric }
      if ofMetric.isEmpty { continue }
      lines.append(line(metric.word, "decision", "transport", ["count", "p50", "p95", "p99", "max", "± at p99"]))
      lines += ofMetric.map { row in
        let times = [row.summary.p50, row.summary.p95, row.summary.p99, row.summary.max].map(timeText)
        return line(
          row.context, row.decision, "\(row.transport)",
          ["\(row.summary.count)"] + times + [
            row.summary.isBounded ? timeText(seconds: row.summary.uncertainty) : "unknown"
          ])
      }
      lines.append("")
    }
    if let timed { lines.append(timed) }
    let total = ratios.reduce(into: MetricCounts.Responsiveness()) { total, ratio in
      total.queries &+= ratio.counts.queries
      total.unanswered &+= ratio.counts.unanswered
    }
    let ratio = total.queries == 0 ? "" : " (\(decimalText(total.ratio * 100, decimals: 2)) %)"
    lines.append("no response: \(total.unanswered) of \(total.queries) queries\(ratio)")
    if !events.isEmpty { lines += wrapped("events: " + events.map { "\($0.0) \($0.1)" }.joined(separator: ", ")) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Which queries were timed; nil where all were.
  private var timed: String? {
    let residence = rows.filter { $0.metric == .residence }
    let count = residence.reduce(0) { $0 &+ $1.summary.count }, queries = residence.reduce(0) { $0 &+ $1.queries }
    switch sample {
    case .is(.all): return nil
    case .is(.off): return "timed: no query (measure off)"
    case .is(.every(let number)):
      return "timed: one query in \(number), at random: \(count) of \(queries) of these"
    case .mixed: return "timed: now all, now some (measure was changed): \(count) of \(queries) of these"
    }
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
