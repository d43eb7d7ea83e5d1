internal import LinuxIO
internal import Metrics

extension Command {
  static let metrics = Command(
    name: "metrics",
    usage: "metrics [NAME | --sum LOG...] [--json]",
    summary: "what the metrics are, or what metrics logs add up to",
    details: """
        --json      print JSON: the definitions; of a sum, lines as a metrics log has them
        --sum       add up the intervals of the metrics logs LOG..., - for standard input: of a day, or of several servers
        --markdown  print the definitions as docs/metrics.md has them

      Without NAME the metrics are listed. NAME is a metric's word or its name in full, and prints its registry entry
      (RFC 8911), or it is events, for what is counted beside the metrics. An interval that is in the logs twice is
      counted twice.
      """,
    valueOptions: [],
    flags: ["--json", "--sum", "--markdown"]
  ) { arguments in
    if arguments.has("--sum") { return sum(of: arguments) }
    if arguments.operands.count > 1 { arguments.fail("metrics takes one NAME; write --sum before logs") }
    if arguments.has("--markdown") {
      writeOutput(MetricDefinition.all.map(\.markdown).joined(separator: "\n"))
      return .done
    }
    guard let name = arguments.operands.first else {
      writeOutput(arguments.has("--json") ? definitionsJSON(MetricDefinition.all) : MetricDefinition.overview)
      return .done
    }
    if name == "events" {
      writeOutput(EventDefinition.text)
      return .done
    }
    guard let metric = MetricDefinition.called(name) else {
      let words = MetricDefinition.all.map(\.word) + ["events"]
      Arguments.fail(
        "there is no metric \"\(name)\"", among: words + MetricDefinition.all.flatMap(\.names), for: name,
        see: "ambit metrics, or write one of \(words.joined(separator: ", "))")
    }
    writeOutput(arguments.has("--json") ? definitionsJSON([metric]) : metric.text)
    return .done
  }

  private static func isMetric(_ name: String) -> Bool { name == "events" || MetricDefinition.called(name) != nil }

  private static func sum(of arguments: Arguments) -> ExitCode {
    if arguments.has("--markdown") { arguments.fail("a sum is no definition: it has no --markdown") }
    guard !arguments.operands.isEmpty else { arguments.fail("--sum takes a metrics log, as metrics-log writes it") }
    if let name = arguments.operands.first(where: { isMetric($0) && fileStatus($0) == nil }) {
      arguments.fail("\(name) is a metric's name: --sum takes logs only, and adds up all metrics")
    }
    var sum = MetricsLogSum()
    for log in arguments.operands {
      let lines = sum.lineCount
      var start: [UInt8]?
      var hasLongLines = false
      do throws(SystemError) {
        var reader = try LineReader(log)
        while try reader.next({ line in
          start = start ?? (0..<min(2, line.count)).map { line[$0] }
          sum.add(line)
        }) {}
        hasLongLines = reader.tooLongCount > 0
        if hasLongLines {
          writeStandardError("ambit: \(reader.tooLongCount) lines of \(log) are too long\n")
        }
      } catch {
        writeStandardError("ambit: \(error)\n")
        return .system
      }
      if sum.lineCount == lines {
        let name = log == "-" ? "standard input" : log
        guard start != nil || hasLongLines else {
          writeStandardError("ambit: \(name) is empty: no interval has ended yet\n")
          continue
        }
        let remedy =
          start == [0x1f, 0x8b]
          ? "it is compressed: zcat \(log == "-" ? "FILE" : log) | ambit metrics --sum -" : "write one with metrics-log"
        writeStandardError("ambit: no line of \(name) is a metrics log's; \(remedy)\n")
        return .badInput
      }
    }
    if sum.lineCount == 0 { return .badInput }
    if sum.malformedCount > 0 {
      writeStandardError("ambit: lines that are no metrics log's were left out: \(sum.malformedCount)\n")
    }
    if sum.withoutHistogramCount > 0 {
      writeStandardError(
        "ambit: lines without a histogram were left out, written by an older ambit: \(sum.withoutHistogramCount)\n")
    }
    let report = sum.report()
    writeOutput(arguments.has("--json") ? report.jsonLines() : "\(report.interval)\n\n\(report.table())")
    return .done
  }
}
