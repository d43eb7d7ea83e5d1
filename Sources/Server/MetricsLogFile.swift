internal import DNSFormat
internal import FlatMemory
internal import FoundationEssentials
internal import LinuxIO
internal import Metrics
internal import Policy

/// The metrics log: JSON lines, one for each metric, population and interval.
///
/// A disk that is full is said once, and once more when it takes lines again; what could not be written is lost and
/// counted, the server goes on.
struct MetricsLogFile: ~Copyable {
  private var file: LogFile
  private let losses: WorkerMetrics

  /// - Parameter losses: counts the lines that are lost.
  /// - Throws: where the file cannot be opened for appending.
  init(_ wanted: MetricsLog, losses: WorkerMetrics, log: ServerLog) throws(SystemError) {
    let words = LogFile.Words(
      name: "metrics log", loss: "metrics of this interval are lost, queries are not affected",
      stays: "metrics go where they went")
    file = try LogFile.open(wanted.path ?? "", .lines, wanted.rotation, words, log: log)
    self.losses = losses
  }

  /// Opens the file by its name again: after someone moved it away to rotate it.
  mutating func reopen() { file.reopen() }

  /// Is moved aside at another size from now on.
  mutating func rotate(_ rotation: LogRotation?) { file.rotate(rotation) }

  /// Appends whole lines.
  mutating func append(_ lines: String) {
    if lines.isEmpty { return }
    let octets = Array(lines.utf8)
    let count = octets.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    var buffer = OctetBuffer(capacity: octets.count)
    buffer.append(octets.span)
    losses.count(.metricsLinesLost, UInt64(count - file.append(buffer, count: count)))
  }
}

/// What a reload came to, as a line of the metrics log.
struct ReloadRecord: Encodable {
  let event = "reload"
  let time: String
  let loaded: Bool
  let errors: Int
  let generation: UInt64
  /// True where nothing is wrong with it, but `reload guard` holds it back.
  var held = false
  var forced: Bool?
  /// Answers given lately, and those of them that change; nil where no `reload guard` is in force.
  var asked: UInt64?
  var changed: UInt64?

  /// The record as a line.
  var line: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { return "" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}

/// Adds up what all workers counted, and makes reports of it.
struct MetricsCollector {
  private let workers: [Worker]
  /// What the logs count.
  private let others: [WorkerMetrics]
  private let slots: MetricSlots
  private let clocks = Clock.calibrate()
  private let start = Date()
  private var lastTime = Date()
  private var lastCounts = MetricCounts()
  /// Which queries are timed now, and which were since the start.
  private(set) var sampling: QuerySampling
  private var sample: MetricsReport.Sample

  init(_ workers: [Worker], _ others: [WorkerMetrics], slots: MetricSlots, _ sampling: QuerySampling = .all) {
    self.workers = workers
    self.others = others
    self.sampling = sampling
    sample = .is(sampling)
    self.slots = slots
  }

  private func total() -> MetricCounts {
    (workers.map(\.metrics) + others).reduce(into: MetricCounts()) { $0.merge($1.read()) }
  }

  /// What came since the last interval.
  mutating func interval() -> MetricsReport {
    let now = Date()
    let counts = total()
    var difference = counts
    difference.subtract(lastCounts)
    defer { (lastTime, lastCounts) = (now, counts) }
    return report(difference, from: lastTime, to: now, .is(sampling))
  }

  /// From now on other queries are timed. To be told between two intervals, each of which has one sample.
  mutating func use(_ sampling: QuerySampling) {
    self.sampling = sampling
    sample = sample.with(.is(sampling))
  }

  /// All since the start.
  func all() -> MetricsReport { report(total(), from: start, to: Date(), sample) }

  /// What is said in the log too, as counted since the start: refusals dropped because the log's queue was full, and
  /// responses that the rate limit dropped or cut; what peers did wrong about the PROXY protocol, by its two kinds.
  func saidInLog() -> SaidInLog {
    let total = total()
    return SaidInLog(
      droppedRecords: total[.logRecordsDropped], droppedQueries: total[.queryRecordsDropped],
      lostQueries: total[.queryRecordsLost], droppedTaps: total[.dnstapRecordsDropped],
      lostTaps: total[.dnstapRecordsLost], lostMetrics: total[.metricsLinesLost],
      dropped: total[SilenceCause.limited], slipped: total[.responsesSlipped],
      noProxyHeader: total[SilenceCause.noProxyHeader], untrustedProxy: total[SilenceCause.untrustedProxy]
    )
  }

  private func report(
    _ counts: MetricCounts, from: Date, to: Date, _ sample: MetricsReport.Sample
  ) -> MetricsReport {
    let slots = slots
    return MetricsReport(
      counts, from: from, to: to, sample: sample, contextName: { slots.name(of: $0) },
      monotonic: (clocks.monotonic.resolution, clocks.monotonic.readCost),
      realtime: (clocks.realtime.resolution, clocks.realtime.readCost),
      rcodeName: { RCode(rawValue: UInt16($0))?.mnemonic ?? "RCODE\($0)" },
      ruleName: { Rule(rawValue: UInt8(clamping: $0))?.word ?? "rule\($0)" })
  }
}

/// Counts since the start that the log speaks of when they have grown.
struct SaidInLog {
  var droppedRecords: UInt64 = 0
  var droppedQueries: UInt64 = 0
  var lostQueries: UInt64 = 0
  var droppedTaps: UInt64 = 0
  var lostTaps: UInt64 = 0
  var lostMetrics: UInt64 = 0
  var dropped: UInt64 = 0
  var slipped: UInt64 = 0
  var noProxyHeader: UInt64 = 0
  var untrustedProxy: UInt64 = 0
}

extension SaidInLog {
  /// What the logs of queries and metrics did not get since `before`, in words.
  func logLosses(since before: SaidInLog) -> [String] {
    var lines: [String] = []
    func add(_ count: KeyPath<SaidInLog, UInt64>, _ words: String) {
      let more = self[keyPath: count] - before[keyPath: count]
      if more > 0 { lines.append("\(more) more \(words)") }
    }
    add(
      \.droppedQueries, "queries are missing from the query log: they came faster than they can be written")
    add(\.lostQueries, "queries are missing from the query log: its file did not take them")
    add(\.droppedTaps, "queries are missing from dnstap: they are not taken as fast as they come")
    add(\.lostTaps, "queries are missing from dnstap: its file or collector did not take them")
    add(\.lostMetrics, "lines are missing from the metrics log: its file did not take them")
    return lines
  }
}
