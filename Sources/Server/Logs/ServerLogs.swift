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
    if let metrics { metricsFile = try open(metrics, policy) }
    queries = options.queryLog(policy)
    if let queries { queryWriter.write(to: try open(queries, policy)) }
    dnstap = options.dnstap(policy)
    if let dnstap { dnstapWriter.write(to: try open(dnstap, policy)) }
  }

  /// Where they go, for who starts the server; nil where there are none.
  var places: String? {
    var places: [String] = []
    if let path = metrics?.path { places.append("metrics to \(path)") }
    if let queries {
      places.append("\(queries.choice.scope == .refused ? "refused queries" : "queries") to \(queries.path)")
    }
    switch dnstap?.destination {
    case .file(let path): places.append("dnstap to \(path)")
    case .socket(let path): places.append("dnstap to socket \(path)")
    case nil: break
    }
    return places.isEmpty ? nil : places.joined(separator: ", ")
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

  /// Writes where the new policy says from now on; where that cannot be, as before.
  /// - Returns: what could not be, a sentence each.
  func change(to policy: Policy) -> [String] {
    return [
      problem("metrics go", isOn: metricsFile != nil) { () throws(SystemError) in try changeMetrics(policy) },
      problem("queries are logged", isOn: queries != nil) { () throws(SystemError) in try changeQueries(policy) },
      problem("dnstap goes", isOn: dnstap != nil) { () throws(SystemError) in try changeDnstap(policy) },
    ].compactMap(\.self)
  }

  private func problem(_ what: String, isOn: Bool, _ change: () throws(SystemError) -> Void) -> String? {
    do throws(SystemError) {
      try change()
      return nil
    } catch {
      return "\(error); until a reload can open it, \(what) \(isOn ? "as before" : "nowhere")"
    }
  }

  private func changeMetrics(_ policy: Policy) throws(SystemError) {
    let wanted = options.metricsLog(policy)
    if wanted?.path != metrics?.path {
      var next: MetricsLogFile?
      if let wanted { next = try open(wanted, policy) }
      metricsFile = next
    } else if let wanted {
      metricsFile?.rotate(wanted.rotation)
    }
    (metrics, interval) = (wanted, options.metricsInterval(policy))
  }

  private func changeQueries(_ policy: Policy) throws(SystemError) {
    queries = try change(queries, to: options.queryLog(policy), of: queryWriter) { old, new throws(SystemError) in
      old?.path == new.path ? QueryLogDesk.Target(changing: new) : try open(new, policy)
    }
  }

  private func changeDnstap(_ policy: Policy) throws(SystemError) {
    dnstap = try change(dnstap, to: options.dnstap(policy), of: dnstapWriter) { old, new throws(SystemError) in
      old?.destination == new.destination ? DnstapDesk.Target(changing: new) : try open(new, policy)
    }
  }

  /// Lets a log's writer write as is wanted, to what `target` opens where that is not open yet.
  /// - Returns: what is in force then.
  private func change<Wanted: Equatable, Desk: LogDesk & ~Copyable>(
    _ now: Wanted?, to wanted: Wanted?, of writer: LogWriter<Desk>,
    _ target: (Wanted?, Wanted) throws(SystemError) -> Desk.Target
  ) throws(SystemError) -> Wanted? {
    if wanted == now { return now }
    if let wanted { writer.write(to: try target(now, wanted)) } else { writer.write(to: nil) }
    return wanted
  }

  // MARK: - Opening

  private func open(_ wanted: MetricsLog, _ policy: Policy) throws(SystemError) -> MetricsLogFile {
    do throws(SystemError) {
      return try MetricsLogFile(wanted, losses: metricsLosses, log: log)
    } catch {
      throw error.asked(
        by: options.setting("metrics-log", isOption: options.metricsLog != nil, policy.metricsLog?.location))
    }
  }

  private func open(_ wanted: QueryLog, _ policy: Policy) throws(SystemError) -> QueryLogDesk.Target {
    do throws(SystemError) {
      return try QueryLogDesk.Target(wanted, log: log)
    } catch {
      throw error.asked(by: options.setting("query-log", isOption: options.queryLog != nil, policy.queryLog?.location))
    }
  }

  private func open(_ wanted: Dnstap, _ policy: Policy) throws(SystemError) -> DnstapDesk.Target {
    do throws(SystemError) {
      return try DnstapDesk.Target(wanted, log: log)
    } catch {
      throw error.asked(by: options.setting("dnstap", isOption: options.dnstap != nil, policy.dnstap?.location))
    }
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
