internal import Addresses
internal import DNSFormat
internal import LinuxIO
internal import Measuring
internal import Metrics
internal import Probing

extension Command {
  static let measure = Command(
    name: "measure",
    usage: "measure @SERVER[:PORT] NAME [TYPE] [options]",
    summary: "measure a DNS server's response time and loss (RFC 8912 §6)",
    details: """
        --count N          queries to send (default 100; with --duration: as many as fall into it)
        --duration TIME    Tf - T0: 30s, 500ms, 5m; only with --duration is the number of queries itself random
        --rate λ           queries a second on average (default 10, at most 1000)
        --start TIME       T0, as 2026-11-21T20:00:00Z (default: now)
        --threshold TIME   Tmax, the wait after which a query is lost (default \(Int(ActiveMeasurement.maximumWait))s)
        --trunc TIME       the longest spacing; longer ones are set to it (default 30s)
        --seed N           the stream's seed, to send the same again (default: any; it is reported)
        --source ADDR[:PORT]  where to ask from
        --compare @SERVER[:PORT]  measure this one too, in a stream of its own in the same time, and say whether they differ
        --no-recurse       send RD 0; the registered metric has RD 1
        --edns SIZE        send an OPT record with this payload size, as 1232; the registered metric has none
        --output FILE      write every singleton: T, dT, RCODE, Logical, and what else is known of it
        --format json|csv  as JSON lines (default) or comma-separated
        --json             print the summary as one JSON object
        --calibrate        measure only this host's own part, on a loopback within the process

      The metrics are \(MetricDefinition.responseTime.names[0]) and
      \(MetricDefinition.responseLoss.names[0]). Queries leave at the times of a Poisson process, drawn beforehand,
      whatever has come back; delays run from a clock read before the send call to the kernel's stamp of the response. Errors
      (RCODE not 0) are summed up apart from answers. Ports are yours and not \(ActiveMeasurement.port), which the report says.
      Over UDP only: the registry has no such metric over TCP. Intervals of 95 % are those of independent singletons; --compare
      does without that assumption. SERVER is an address or a host's name, whose first address by the system's order is asked;
      TYPE is A unless said. Ctrl-C ends it and reports what there is. Exit code 3 where nothing could be sent, no query got a
      response, or FILE could not be written.
      """,
    valueOptions: [
      "--count", "--duration", "--rate", "--start", "--threshold", "--trunc", "--seed", "--source", "--compare",
      "--edns",
      "--output", "--format",
    ],
    flags: ["--no-recurse", "--json", "--calibrate", "--tcp"]
  ) { arguments in
    do throws(SystemError) {
      return try measured(arguments)
    } catch {
      writeStandardError("ambit: \(error)\n")
      return .system
    }
  }

  private static func measured(_ arguments: Arguments) throws(SystemError) -> ExitCode {
    let words = MeasureWords(arguments)
    let format = words.format
    let query = words.query
    let isCalibration = arguments.has("--calibrate")
    let plan = isCalibration ? nil : words.plan
    // Before anything is sent, and while Ctrl-C still ends the wait for whoever reads a pipe.
    let output = try open(arguments.value("--output"), format)
    // Signals are to be read from now on, until all is measured.
    let ending = Ending(try SignalReader())
    let (calibration, echoes) = try LoopbackCalibration.run(query)
    guard let plan else {
      ending.end()
      let code = write([echoes], to: output, format, isCalibration: true)
      writeOutput(arguments.has("--json") ? calibration.json : calibration.text)
      return code
    }
    for remark in words.remarks(on: plan) { writeStandardError("ambit: \(remark)\n") }
    var run = try ProbeRun(plan)
    let showsProgress = standardErrorIsTerminal()
    let result = try run.measure(
      ending: ending.signals.raw, isEnded: { ending.hasCome() },
      progress: showsProgress ? { showProgress($0) } : nil)
    ending.end()
    if showsProgress { writeStandardError("\r\u{1b}[K") }
    // Before the statistics, which may take a while: they can be had of the singletons again.
    let written = write(result.records, to: output, format, isCalibration: false)
    let measurement = Measurement(
      plan: plan, records: result.records, start: result.start, end: result.end, wasEndedEarly: result.wasEndedEarly,
      calibration: calibration)
    writeOutput(arguments.has("--json") ? measurement.json : measurement.text)
    let found = verdict(on: result)
    return written == .done ? found : written
  }

  /// One line, rewritten; only on a terminal.
  private static func showProgress(_ progress: ProbeRun.Progress) {
    let last = progress.lastDelay.map { ", last \(exactSeconds($0)) s" } ?? ""
    writeStandardError(
      "\r\u{1b}[K\(progress.sent) of \(progress.planned) sent, \(progress.waiting) waiting, \(progress.lost) lost\(last)"
    )
  }

  private static func open(_ path: String?, _ format: SingletonFormat) throws(SystemError) -> OutputFile? {
    guard let path else { return nil }
    let file = try OutputFile(path)
    if let heading = format.heading { try file.write(heading + "\n") }
    return file
  }

  /// Where the singletons cannot be written, there still is the report.
  private static func write(
    _ records: [StreamRecord], to file: OutputFile?, _ format: SingletonFormat, isCalibration: Bool
  ) -> ExitCode {
    guard let file else { return .done }
    do throws(SystemError) {
      for record in records {
        var text = ""
        for singleton in record.singletons {
          text += format.line(singleton, of: record.server, isCalibration: isCalibration) + "\n"
        }
        try file.write(text)
      }
      return .done
    } catch {
      writeStandardError("ambit: \(error)\n")
      return .system
    }
  }

  /// Says what a person should look at where a server gave nothing.
  private static func verdict(on result: ProbeRun.Result) -> ExitCode {
    var code = ExitCode.done
    for record in result.records {
      if record.singletons.contains(where: { !$0.isLost }) { continue }
      let reason = record.singletons.lazy.compactMap(\.note).first ?? record.unsent.keys.sorted().first
      if reason == nil, result.wasEndedEarly { continue }
      code = .system
      writeStandardError(
        "ambit: \(record.server) gave no response\(reason.map { " (\($0))" } ?? ""); is a server there, and does it answer "
          + "this host?\n")
    }
    return code
  }
}

/// Whether a signal has asked for the end.
private final class Ending {
  let signals: SignalReader
  private var hasSignal = false

  init(_ signals: consuming SignalReader) { self.signals = signals }

  func hasCome() -> Bool {
    while let signal = signals.next() { if signal != .user1 { hasSignal = true } }
    return hasSignal
  }

  /// From now on a signal ends the program.
  func end() { signals.release() }
}
