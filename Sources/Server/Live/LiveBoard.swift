internal import Answering
internal import FoundationEssentials
internal import LinuxIO
internal import Metrics
internal import Policy
internal import Synchronization

/// What a running server shows of itself: the control thread feeds it once a second, any thread reads it.
///
/// Feeding is cheap (see ``MetricWindow`` and ``WorkerCalls``); texts and JSON are made when somebody asks, at most once a
/// second, however many ask. No query's path has anything to do with it.
final class LiveBoard: Sendable {
  /// What does not change while the server runs.
  struct Facts: Sendable {
    var version: String
    var folder: String
    var host: String
    var listening: [String]
    /// As threads are called, in the workers' order.
    var workers: [String]
    /// Threads that answer datagrams.
    var cores: Int

    /// What options and sockets say.
    /// - Parameter hasLeases: two more threads answer at listeners that come and go.
    init(_ options: ServerOptions, _ sockets: Sockets, hasLeases: Bool) {
      let cores = sockets.datagrams.count
      version = options.version
      folder = options.folder
      host = hostName()
      listening = sockets.addresses.map(\.description)
      workers =
        (0..<cores).map { "ambit-udp-\($0)" } + (0..<cores).map { "ambit-tcp-\($0)" }
        + (hasLeases ? ["ambit-udp-lease", "ambit-tcp-lease"] : []) + ["ambit-forward"]
      self.cores = cores
    }

    init(folder: String, workers: [String] = []) {
      (version, self.folder, host, listening) = ("", folder, "", [])
      (self.workers, cores) = (workers, workers.count)
    }
  }

  /// What one feeding leaves.
  struct Live: Sendable {
    let facts: Facts
    let slots: MetricSlots
    /// What the checks of endpoints have come to.
    let checking: HealthBoard
    let clocks = Clock.calibrate()
    /// Since when the server runs, by both clocks.
    let start: (monotonic: UInt64, wall: UInt64)
    /// The last feeding.
    var now: (monotonic: UInt64, wall: UInt64)
    var window: MetricWindow
    var calls = LiveCalls()
    var watch = CallWatch()
    var refusals = LiveRefusals()
    var health: LiveHealth
    var configuration: ConfigState
    var served: ServedSnapshot
    /// What the forwarder shows; nil before it is there.
    var upstreams: UpstreamBoard?
    /// The contexts of the snapshot in service; nil until somebody asks.
    var contexts: [LiveState.Context]?
    var shown: LiveState?
    /// Nil where nothing is leased.
    var leases: LeaseList?
  }

  /// What the watch of calls counts.
  let callMetrics = WorkerMetrics()
  private let live: Mutex<Live>
  private let hasStopped = Atomic<Bool>(false)
  /// The last JSON, and what it is of.
  private let encoded = Mutex<(state: LiveState, text: String)?>(nil)
  /// Octets of JSON at the most, so that an answer over the control socket is whole.
  static let longestJSON = ControlAnswer.longest - 64

  /// - Parameters:
  ///   - monotonic: now, nanoseconds of the clock that never goes back.
  ///   - wall: now, nanoseconds since 1970.
  init(
    _ facts: Facts, _ served: ServedSnapshot, slots: MetricSlots, checking: HealthBoard = HealthBoard(),
    at monotonic: UInt64, wall: UInt64
  ) {
    live = Mutex(
      Live(
        facts: facts, slots: slots, checking: checking, start: (monotonic, wall), now: (monotonic, wall),
        window: MetricWindow(from: monotonic), health: LiveHealth(workers: facts.workers, at: monotonic),
        configuration: ConfigState(loaded: wall), served: served))
  }

  // MARK: - For the control thread

  /// Looks at the workers. Once a second.
  /// - Parameters:
  ///   - logs: what the logs count of their own.
  ///   - snapshots: those by which queries may still be answered, by generation.
  func feed(
    _ workers: [Worker], logs: [WorkerMetrics] = [], _ snapshots: [UInt64: ServedSnapshot],
    datagrams: [[UDPListener]], at monotonic: UInt64, wall: UInt64
  ) {
    live.withLock { live in
      live.window.take(workers.map(\.metrics), at: monotonic, stamp: wall)
      live.calls.begin(generations: snapshots.keys)
      Self.collect(workers, snapshots, &live, at: monotonic)
      live.health.take(workers.map(\.metrics) + logs, datagrams)
      live.now = (monotonic, wall)
      live.shown = nil
    }
  }

  /// Takes the calls that wait: before the numbers they are counted by mean nothing any more.
  func collectCalls(_ workers: [Worker], _ snapshots: [UInt64: ServedSnapshot], at monotonic: UInt64) {
    live.withLock { Self.collect(workers, snapshots, &$0, at: monotonic) }
  }

  private static func collect(
    _ workers: [Worker], _ snapshots: [UInt64: ServedSnapshot], _ live: inout Live, at monotonic: UInt64
  ) {
    for (index, worker) in workers.enumerated() {
      let leftOut = worker.calls.take { entry in
        let policy = snapshots[entry.generation]?.snapshot.policy
        live.calls.add(entry, policy)
        live.watch.add(entry, policy)
      }
      guard let leftOut else { continue }
      live.calls.add(leftOut: leftOut)
      live.health.note(workerHasTurned: index, at: monotonic)
    }
  }

  /// Looks at the calls: which close a cycle, and which are far above their usual rate. Once a second, behind ``feed``.
  /// - Parameter policy: the one in service.
  func watchCalls(_ snapshots: [UInt64: ServedSnapshot], _ policy: CompiledPolicy) -> CallWatch.News {
    live.withLock { live in
      let before = (live.watch.cycles, live.watch.stormsBegun)
      let news = live.watch.turn(
        live.calls.rows, generations: snapshots.keys, policy, monotonic: live.now.monotonic,
        wall: live.now.wall / 1_000_000_000)
      callMetrics.count(.cyclesSeen, live.watch.cycles &- before.0)
      callMetrics.count(.retryStorms, live.watch.stormsBegun &- before.1)
      live.shown = nil
      return news
    }
  }

  /// The calls that `acyclic observed` refuses, in the numbers of a policy.
  func closingCalls(_ policy: CompiledPolicy) -> CallSet { live.withLock { $0.watch.closingCalls(policy) } }

  /// Takes note of a refusal.
  func note(_ record: DecisionRecord, _ policy: CompiledPolicy) {
    live.withLock { $0.refusals.add(record, policy) }
  }

  /// Takes note of how a reload ended, and of what is served since.
  /// - Parameter reasons: what is wrong, the gravest first.
  func note(
    _ status: ControlAnswer.Status, _ reasons: [String], _ served: ServedSnapshot, at wall: UInt64
  ) {
    live.withLock { live in
      live.configuration.note(status, reasons, generation: served.generation, at: wall)
      if live.served !== served { live.contexts = nil }
      if live.served.timesEvery != served.timesEvery { live.window.forgetTimes() }
      live.served = served
      live.shown = nil
    }
  }

  /// Takes note of what is leased; with the next feeding it is shown.
  func note(leases list: LeaseList) {
    live.withLock { $0.leases = list.runs.isEmpty && list.overrides.isEmpty ? nil : list }
  }

  /// Shows what the forwarder does from now on.
  func show(_ upstreams: UpstreamBoard) { live.withLock { $0.upstreams = upstreams } }

  /// Takes note of zones that did not load at the start.
  func note(brokenZones: [String]) {
    live.withLock { live in
      live.configuration.brokenZones = brokenZones
      live.shown = nil
    }
  }

  /// Takes note that the server ends.
  func noteStopping() { hasStopped.store(true, ordering: .releasing) }

  // MARK: - For any thread

  /// True once the server was told to end.
  var isStopping: Bool { hasStopped.load(ordering: .acquiring) }

  /// Whether all threads that answer take their turns, at this moment of the clock that never goes back.
  func workerCheck(at now: UInt64) -> LiveState.Check { live.withLock { $0.health.workerCheck(now) } }

  /// Calls that close a cycle, and calls far above their usual rate, now.
  var watchedCalls: (closing: Int, storms: Int) {
    live.withLock { ($0.watch.graph.closing.count, $0.watch.rates.stormCount) }
  }

  /// What became of the loads.
  var configuration: ConfigState { live.withLock { $0.configuration } }

  /// Everything, as of the last second.
  func state() -> LiveState {
    live.withLock { live in
      if let shown = live.shown { return shown }
      let state = live.state()
      live.shown = state
      return state
    }
  }

  /// The same as JSON, at most ``longestJSON`` octets. What is too much for that is left out, and counted.
  func json() -> String {
    let state = state()
    return encoded.withLock { last in
      if let last, last.state == state { return last.text }
      var shortened = state
      let text = shortened.encoded(atMost: Self.longestJSON)
      last = (state, text)
      return text
    }
  }
}

/// A moment as LiveState writes it: UTC, ISO 8601 with milliseconds.
/// - Parameter nanoseconds: since 1970.
func timeOfDay(_ nanoseconds: UInt64) -> String {
  // Whole milliseconds: a Date has not the precision of nanoseconds, and would round now up, now down.
  let date = Date(timeIntervalSince1970: (Double(nanoseconds / 1_000_000) + 0.5) / 1000)
  return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
