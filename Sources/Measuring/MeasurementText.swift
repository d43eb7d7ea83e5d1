internal import Metrics

extension Measurement {
  /// The report as a person reads it.
  package var text: String {
    var text = """
      \((MetricDefinition.responseTime.names + MetricDefinition.responseLoss.names).joined(separator: "\n"))
      \(plan.query.name) \(plan.query.type), RD \(plan.query.isRecursive ? 1 : 0)
      T0 \(DateAndTime(nanoseconds: start)), Tf \(DateAndTime(nanoseconds: end))\(wasEndedEarly ? " (ended early)" : "")
      1/λ \(timeText(seconds: 1 / plan.stream.rate)), Trunc \(timeText(seconds: Double(plan.stream.truncation) / 1e9)), \
      Tmax \(timeText(seconds: Double(plan.threshold) / 1e9)), seed \(plan.seed)

      """
    for record in records { text += "\n" + self.text(of: record) }
    text += "\n95 % intervals are those of independent singletons: disturbances that last make them wider\n"
    text += calibration.text
    if let comparison { text += "\n" + self.text(of: comparison) }
    return text
  }

  private func text(of record: StreamRecord) -> String {
    let sent = record.singletons.count
    let populations = record.populations
    let lost = record.singletons.count { $0.isLost }
    var text = "\(record.server): \(sent) sent, \(sent - lost) responses"
    if !populations.isEmpty {
      text += " (" + populations.map { "\($0.delays.count) \(rcodeText($0.rcode))" }.joined(separator: ", ") + ")"
    }
    text += ", \(lost) lost\n"
    let deviations = deviations(of: record)
    if !deviations.isEmpty { text += "  not as registered: \(deviations.joined(separator: "; "))\n" }
    for remark in remarks(on: record) { text += "  \(remark)\n" }
    if let loss = record.loss, let low = loss.low, let high = loss.high {
      text += "  loss      \(percent(loss.value).leftPadded(to: 10))   95 %: \(percent(low)) to \(percent(high))\n"
    }
    for population in populations {
      guard let summary = DelaySummary(population.delays) else { continue }
      if populations.count > 1 || population.rcode != 0 { text += "  \(rcodeText(population.rcode)):\n" }
      text += self.text(of: summary)
      text += DelayHistogram.text(population.delays)
    }
    return text
  }

  private func text(of summary: DelaySummary) -> String {
    func plain(_ name: String, _ value: Double) -> String {
      "  \(name.rightPadded(to: 9)) \(timeText(seconds: value).leftPadded(to: 10))\n"
    }
    func interval(_ name: String, _ estimate: Estimate) -> String {
      let low = estimate.low.map { timeText(seconds: $0) } ?? "?"
      let high = estimate.high.map { timeText(seconds: $0) } ?? "?"
      var line =
        "  \(name.rightPadded(to: 9)) \(timeText(seconds: estimate.value).leftPadded(to: 10))   95 %: \(low) to \(high)"
      if let both = calibration.uncertainty(of: estimate) {
        line += "; with the instrument −\(timeText(seconds: both.below)) +\(timeText(seconds: both.above))"
      }
      return line + "\n"
    }
    return plain("min", summary.min) + interval("median", summary.median) + interval("mean", summary.mean)
      + interval("p95", summary.p95) + interval("p99", summary.p99) + plain("max", summary.max)
      + (summary.standardDeviation.map { plain("deviation", $0) } ?? "")
  }

  /// What is to be known of a stream before its figures are believed.
  private func remarks(on record: StreamRecord) -> [String] {
    var remarks: [String] = []
    let reasons = record.singletons.reduce(into: [String: Int]()) { reasons, singleton in
      if let note = singleton.note { reasons[note, default: 0] += 1 }
    }
    for (reason, count) in reasons.sorted(by: { $0.key < $1.key }) { remarks.append("\(count) times: \(reason)") }
    for (reason, count) in record.unsent.sorted(by: { $0.key < $1.key }) {
      remarks.append("\(count) not sent, and left out: \(reason)")
    }
    if record.undecided > 0 { remarks.append("\(record.undecided) still waited when it was ended, and are left out") }
    let strays = record.strays
    let kinds = [
      (strays.duplicate, "a second response"), (strays.late, "later than Tmax"),
      (strays.otherID, "an ID that none waits with"),
      (strays.otherQuestion, "another question"), (strays.otherSource, "from elsewhere"),
      (strays.noResponse, "no DNS response"),
    ]
    let told = kinds.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    if !told.isEmpty { remarks.append("not taken: \(told.joined(separator: ", "))") }
    if Double(record.longestLag) / 1e9 > 0.1 / plan.stream.rate {
      remarks.append(
        "sent up to \(timeText(seconds: Double(record.longestLag) / 1e9)) after its time: this host is busy")
    }
    return remarks
  }

  private func text(of comparison: Comparison) -> String {
    var text = "compared: \(plan.servers[1]) minus \(plan.servers[0]), in \(comparison.blockCount) blocks of time\n"
    let rcodes = records.map { $0.populations.first?.rcode }
    if let first = rcodes[0], let second = rcodes[1], first != second {
      text += "  unlike responses: \(rcodeText(second)) from the one, \(rcodeText(first)) from the other\n"
    }
    for difference in comparison.differences {
      let isLoss = difference.of == "loss"
      let size = isLoss ? percent(difference.value.magnitude) : timeText(seconds: difference.value.magnitude)
      let sign = difference.value < 0 ? "−" : "+"
      let uncertainty = difference.uncertainty.map { isLoss ? percent($0) : timeText(seconds: $0) }
      let words =
        switch difference.isBeyondUncertainty {
        case true?: "differs"
        case false?: "no difference beyond the uncertainty"
        case nil: isLoss ? "too few queries to say" : "too few answers to say"
        }
      text +=
        "  \(difference.of.rightPadded(to: 9)) \((sign + size).leftPadded(to: 10))   ± \(uncertainty ?? "?"): \(words)\n"
    }
    switch comparison.differs {
    case true?: text += "the two differ (at most 5 % of comparisons of equal servers say so)\n"
    case false?: text += "no difference beyond the uncertainty\n"
    case nil:
      text += "too few queries to say: send at least \(Comparison.fewestQueries) to each, and get responses\n"
    }
    return text
  }

  private func percent(_ ratio: Double) -> String { decimalText(ratio * 100, decimals: 2) + " %" }
}

extension Calibration {
  /// In two lines, as a person reads it.
  package var text: String {
    """
    instrument, by \(count) round trips on a loopback within this process: delays are too long by up to \
    \(timeText(seconds: systematic)) (this host's own part), ± \(timeText(seconds: random)) (95 %)
    clock: resolution \(timeText(seconds: clockResolution)), a read costs \(timeText(seconds: clockReadCost))

    """
  }
}

extension String {
  /// With blanks behind.
  func rightPadded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
