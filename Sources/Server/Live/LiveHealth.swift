internal import Answering
internal import LinuxIO
internal import Metrics

/// Whether all is well: what is looked at once a second, and told when somebody asks.
struct LiveHealth: Sendable {
  /// Nanoseconds that a worker may take from one turn to the next: it sleeps a second at most.
  static let longestTurn: UInt64 = 5_000_000_000
  /// Seconds before the end of a signature that it is told of.
  private static let signatureNotice: Int32 = 86_400

  private let workers: [String]
  private var lastTurn: [UInt64]
  /// Losses since the start, as last read, and how many came in each of the last seconds.
  private var queue = Losses()
  private var logs = LiveHealth.logCounters.map { _ in Losses() }
  private var memory: UInt64 = 0

  /// What each log counts of records that are missing from it: not written as fast as they came, or not taken.
  private static let logCounters: [(name: String, counters: [MetricCounter])] = [
    ("query log", [.queryRecordsDropped, .queryRecordsLost]),
    ("dnstap", [.dnstapRecordsDropped, .dnstapRecordsLost]),
    ("metrics log", [.metricsLinesLost]),
  ]

  /// A count that should not grow, over the window.
  struct Losses: Sendable {
    private(set) var total: UInt64 = 0
    private var steps: [UInt64] = []

    mutating func take(_ total: UInt64) {
      steps.append(total > self.total ? total - self.total : 0)
      if steps.count > MetricWindow.intervals { steps.removeFirst() }
      self.total = total
    }

    var lately: UInt64 { steps.reduce(0, &+) }
  }

  init(workers: [String], at now: UInt64) {
    self.workers = workers
    lastTurn = Array(repeating: now, count: workers.count)
  }

  mutating func note(workerHasTurned index: Int, at now: UInt64) { lastTurn[index] = now }

  mutating func take(_ metrics: [WorkerMetrics], _ datagrams: [[UDPListener]]) {
    queue.take(
      datagrams.reduce(0) { sum, ofWorker in
        ofWorker.reduce(sum) { $0 &+ UInt64($1.socket.droppedCount ?? 0) }
      })
    for (index, log) in Self.logCounters.enumerated() {
      logs[index].take(metrics.reduce(0) { sum, one in log.counters.reduce(sum) { $0 &+ one.counted($1) } })
    }
    memory = residentMemory() ?? 0
  }

  /// Octets of memory resident.
  var resident: UInt64 { memory }

  /// - Parameter seconds: since 1970, modulo 2^32.
  func checks(
    at now: UInt64, seconds: UInt32, _ configuration: ConfigState, _ layers: [ZoneLayer]
  ) -> [LiveState.Check] {
    [
      workerCheck(now), configurationCheck(configuration), zoneCheck(configuration),
      Self.check(
        queue, "receive queues", none: "no datagram was dropped before it was read",
        some: "dropped before they were read, most for want of room: the server is not fast enough", "datagram"),
      LiveState.Check(name: "memory", isWell: true, text: "\(memory >> 20) MiB resident"),
    ] + logChecks + signatureCheck(layers, seconds)
  }

  /// Whether every worker has taken a turn lately.
  func workerCheck(_ now: UInt64) -> LiveState.Check {
    let stuck = workers.indices.filter { now > lastTurn[$0] && now - lastTurn[$0] > Self.longestTurn }
    let names = stuck.prefix(4).map { "\(workers[$0]) for \((now - lastTurn[$0]) / 1_000_000_000) s" }
    return LiveState.Check(
      name: "workers", isWell: stuck.isEmpty,
      text: stuck.isEmpty
        ? "\(workers.count / 2) UDP and \(workers.count / 2) TCP threads take turns"
        : "no turn taken: \(names.joined(separator: ", "))")
  }

  private var logChecks: [LiveState.Check] {
    zip(Self.logCounters, logs).map { log, losses in
      Self.check(
        losses, log.name, none: "no record is missing",
        some: "missing: not written as fast as they came, or not taken", "record")
    }
  }

  private func configurationCheck(_ state: ConfigState) -> LiveState.Check {
    guard let since = state.staleSince else {
      return LiveState.Check(name: "configuration", isWell: true, text: "what was last loaded is served")
    }
    let cause = state.lastStatus == .held ? "a reload is held back" : "a reload failed"
    return LiveState.Check(
      name: "configuration", isWell: false, text: "what is served is not what is written: \(cause), \(timeOfDay(since))"
    )
  }

  private func zoneCheck(_ state: ConfigState) -> LiveState.Check {
    let broken = state.brokenZones
    let more = broken.count > 5 ? " and \(broken.count - 5) more" : ""
    return LiveState.Check(
      name: "zones", isWell: broken.isEmpty,
      text: broken.isEmpty
        ? "all are loaded" : clipped("SERVFAIL: \(broken.prefix(5).joined(separator: ", "))\(more)"))
  }

  private static func check(
    _ losses: Losses, _ name: String, none: String, some: String, _ unit: String
  ) -> LiveState.Check {
    if losses.total == 0 { return LiveState.Check(name: name, isWell: true, text: none) }
    let count = "\(losses.total) \(unit)\(losses.total == 1 ? "" : "s")"
    return LiveState.Check(
      name: name, isWell: losses.lately == 0, text: "\(count) \(some); \(losses.lately) of them lately")
  }

  private func signatureCheck(_ layers: [ZoneLayer], _ now: UInt32) -> [LiveState.Check] {
    let ends = layers.compactMap { layer in
      layer.firstExpiration.map { (left: Int32(bitPattern: $0 &- now), zone: layer.origin.description) }
    }
    guard let first = ends.min(by: { $0.left < $1.left }) else { return [] }
    let zone = clipped(first.zone)
    let text =
      first.left < 0
      ? "a signature of \(zone) expired \(Self.span(-Int(first.left))) ago"
      : "the first expires in \(Self.span(Int(first.left))) (\(zone))"
    return [LiveState.Check(name: "signatures", isWell: first.left >= Self.signatureNotice, text: text)]
  }

  private static func span(_ seconds: Int) -> String {
    if seconds >= 172_800 { return "\(seconds / 86_400) days" }
    return seconds >= 7200 ? "\(seconds / 3600) hours" : "\(seconds / 60) minutes"
  }
}
