internal import LinuxIO
internal import Metrics
internal import Policy

/// The server's logs beside what it says on standard error: the query log and dnstap, each with a thread of its own, and
/// the metrics log, which the control thread writes.
final class ServerLogs {
  private let options: ServerOptions
  private let log: ServerLog
  private let queryWriter: LogWriter<QueryLogDesk>
  private let dnstapWriter: LogWriter<DnstapDesk>
  private var threads: [WorkerThread] = []
  private var metricsFile: MetricsLogFile?
  private let metricsLosses = WorkerMetrics(slots: 2)
  /// What is in force; what a reload wants and cannot have is not.
  private var queries: QueryLog?
  private var dnstap: Dnstap?
  private var metrics: MetricsLog?
  /// Seconds between two records of the metrics.
  private(set) var interval: UInt32

  /// Opens what the options and the policy say.
  /// - Throws: where one of them cannot be.
  init(
    _ options: ServerOptions, _ policy: Policy, _ workers: [Worker], _ snapshots: [UInt64: ServedSnapshot],
    log: ServerLog
  ) throws(SystemError) {
    (self.options, self.log) = (options, log)
    queryWriter = try LogWriter(workers.map(\.queries), snapshots, losses: .queryRecordsLost, log: log)
    dnstapWriter = try LogWriter(workers.map(\.taps), snapshots, losses: .dnstapRecordsLost, log: log)
    metrics = options.metricsLog(policy)
    interval = options.metricsInterval(policy)
    if let metrics { metricsFile = try MetricsLogFile(metrics, losses: metricsLosses, log: log) }
    queries = options.queryLog(policy)
    if let queries { queryWriter.write(to: try QueryLogDesk.Target(queries, log: log)) }
    dnstap = options.dnstap(policy)
    if let dnstap { dnstapWriter.write(to: try DnstapDesk.Target(dnstap, log: log)) }
  }

  /// Which queries the logs have.
  var choices: LogChoices { LogChoices(queries: queries?.choice, dnstap: dnstap?.choice) }

  /// What they count of their own.
  var counters: [WorkerMetrics] { [queryWriter.metrics, dnstapWriter.metrics, metricsLosses] }

  /// Starts the threads; what runs in them is handed to `guarding`, which says what ended them.
  func start(_ guarding: @escaping @Sendable (() throws(SystemError) -> Void) -> Void) throws(SystemError) {
    let (queries, dnstap) = (queryWriter, dnstapWriter)
    threads = [
      try WorkerThread.start(name: "ambit-querylog") { guarding { () throws(SystemError) in try queries.run() } },
      try WorkerThread.start(name: "ambit-dnstap") { guarding { () throws(SystemError) in try dnstap.run() } },
    ]
  }

  /// The snapshots that records may be of.
  func use(_ snapshots: [UInt64: ServedSnapshot]) {
    queryWriter.use(snapshots)
    dnstapWriter.use(snapshots)
  }

  /// Opens the files by their names again, after rotating them.
  func reopen() {
    metricsFile?.reopen()
    queryWriter.reopen()
    dnstapWriter.reopen()
  }

  /// Appends lines to the metrics log.
  func appendMetrics(_ lines: @autoclosure () -> String) { if metricsFile != nil { metricsFile?.append(lines()) } }

  // MARK: - Reloads

  /// Writes where the new policy says from now on; where that cannot be, as before, which is said.
  func change(to policy: Policy) {
    attempt("metrics are written as they were") { () throws(SystemError) in
      try changeMetrics(options.metricsLog(policy))
      interval = options.metricsInterval(policy)
    }
    attempt("queries are logged where they were") { () throws(SystemError) in
      try changeQueries(options.queryLog(policy))
    }
    attempt("dnstap goes where it went") { () throws(SystemError) in try changeDnstap(options.dnstap(policy)) }
  }

  private func attempt(_ otherwise: String, _ change: () throws(SystemError) -> Void) {
    do throws(SystemError) { try change() } catch { log.write("\(error); \(otherwise)") }
  }

  private func changeMetrics(_ wanted: MetricsLog?) throws(SystemError) {
    if wanted?.path != metrics?.path {
      var next: MetricsLogFile?
      if let wanted { next = try MetricsLogFile(wanted, losses: metricsLosses, log: log) }
      metricsFile = next
    } else if let wanted {
      metricsFile?.rotate(wanted.rotation)
    }
    metrics = wanted
  }

  private func changeQueries(_ wanted: QueryLog?) throws(SystemError) {
    if wanted == queries { return }
    if let wanted {
      let isSame = wanted.path == queries?.path
      queryWriter.write(
        to: isSame ? QueryLogDesk.Target(changing: wanted) : try QueryLogDesk.Target(wanted, log: log))
    } else {
      queryWriter.write(to: nil)
    }
    queries = wanted
  }

  private func changeDnstap(_ wanted: Dnstap?) throws(SystemError) {
    if wanted == dnstap { return }
    if let wanted {
      let isSame = wanted.destination == dnstap?.destination
      dnstapWriter.write(to: isSame ? DnstapDesk.Target(changing: wanted) : try DnstapDesk.Target(wanted, log: log))
    } else {
      dnstapWriter.write(to: nil)
    }
    dnstap = wanted
  }

  // MARK: - The end

  /// Waits for the logs' last records, but not for what nobody takes.
  func finish() {
    queryWriter.stop()
    dnstapWriter.stop()
    for _ in 0..<200 where !(queryWriter.hasEnded && dnstapWriter.hasEnded) { pause(milliseconds: 10) }
    for (hasEnded, name) in [(queryWriter.hasEnded, "the query log"), (dnstapWriter.hasEnded, "dnstap")] where !hasEnded
    {
      log.write("\(name) does not take its last records; they are lost")
    }
    if queryWriter.hasEnded, dnstapWriter.hasEnded { for thread in threads { thread.join() } }
  }
}
