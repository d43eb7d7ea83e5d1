internal import DNSFormat
internal import FoundationEssentials
internal import LinuxIO
internal import Metrics
internal import Policy

/// The metrics log: JSON lines, one for each metric, population and interval.
///
/// A disk that is full is said once, and once more when it takes lines again; what could not be written is lost, the
/// server goes on.
struct MetricsLogFile: ~Copyable {
  private var file: AppendFile
  private let log: ServerLog
  private var isFailing = false
  /// True where the file ends within a line.
  private var endsInHalf = false

  /// - Throws: where the file cannot be opened for appending.
  init(_ path: String, log: ServerLog) throws(SystemError) {
    file = try AppendFile(path)
    self.log = log
  }

  /// Opens the file by its name again: after someone moved it away to rotate it.
  mutating func reopen() {
    do throws(SystemError) {
      try file.reopen()
      endsInHalf = false
    } catch {
      log.write("\(error); metrics go where they went")
    }
  }

  /// Appends whole lines.
  mutating func append(_ lines: String) {
    if lines.isEmpty { return }
    let octets = Array((endsInHalf ? "\n" + lines : lines).utf8)
    let (count, error) = file.appendSome(octets.span)
    if count > 0 { endsInHalf = octets[count - 1] != UInt8(ascii: "\n") }
    if let error {
      if !isFailing { log.write("\(error); metrics of this interval are lost, queries are not affected") }
    } else if isFailing {
      log.write("the metrics log \(file.path) takes lines again")
    }
    isFailing = error != nil
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
  private let slots: MetricSlots
  private let clocks = Clock.calibrate()
  private let start = Date()
  private var lastTime = Date()
  private var lastCounts = MetricCounts()
  /// Which queries are timed now, and which were since the start.
  private(set) var sampling: QuerySampling
  private var sample: MetricsReport.Sample

  init(_ workers: [Worker], slots: MetricSlots, _ sampling: QuerySampling = .all) {
    self.workers = workers
    self.sampling = sampling
    sample = .is(sampling)
    self.slots = slots
  }

  private func total() -> MetricCounts {
    workers.reduce(into: MetricCounts()) { $0.merge($1.metrics.read()) }
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
  var dropped: UInt64 = 0
  var slipped: UInt64 = 0
  var noProxyHeader: UInt64 = 0
  var untrustedProxy: UInt64 = 0
}
