internal import Addresses
internal import Answering
internal import Diagnostics
internal import FoundationEssentials
internal import Inspection
internal import LinuxIO
internal import Metrics
internal import Policy
internal import Synchronization

/// Starts the workers, then does everything that is not answering: signals, reloads, logs, metrics, the end.
package final class ServerControl {
  /// How long a refusal waits at most before it is logged.
  static let logIntervalMilliseconds: Int32 = 200

  let options: ServerOptions
  /// Who the policy said to become at the start.
  let firstUser: String?
  let log = ServerLog()
  let notifier = ServiceNotifier()
  let signals: SignalReader
  let slots = MetricSlots()
  let sockets: Sockets
  let holder: SnapshotHolder
  let workers: [Worker]
  let census: TCPCensus
  /// TCP connections that there are descriptors for.
  let connectionRoom: Int
  let limiter: RateLimiter
  var threads: [WorkerThread] = []
  var collector: MetricsCollector
  var refusals: RefusalLog
  let logs: ServerLogs
  var snapshots: RecentSnapshots
  let load: BackgroundLoad
  let door: ControlDoor
  let http: HTTPServer
  var httpThread: WorkerThread?
  var reloads = Reloads()
  let leases: LeaseDesk
  let findings: Findings
  let checker: HealthChecker
  var checkThread: WorkerThread?
  let forwarder: Forwarder
  var forwardThread: WorkerThread?
  /// What workers and the forwarder share; nil until something is forwarded.
  var forwarding: ForwardDesk?
  /// What the load of the snapshot in service left to the next, and what it had of leases.
  var kept: KeptZones?
  var leasedInService = LeasedConfiguration()
  var said = SaidInLog()
  /// What is to be seen of the server, by any thread.
  let board: LiveBoard

  /// Serves until told to stop. Everything that goes wrong is said on standard error.
  package static func run(_ options: ServerOptions) -> ServerExit {
    do throws(SystemError) {
      guard let control = try start(options) else { return .badInput }
      giveBackFreeMemory()
      try control.loop()
      control.finish()
      return .done
    } catch {
      writeStandardError("ambit: \(error)\n")
      return .system
    }
  }

  /// Loads, and starts answering: in a function of its own, or what the first load made would live as long as the server.
  /// - Returns: nil where the configuration does not load, which was said.
  @inline(never)
  private static func start(_ options: ServerOptions) throws(SystemError) -> ServerControl? {
    let signals = try SignalReader()  // before any thread: they inherit what is blocked
    let server = ServerFacts(hostName: hostName(), isServing: true, userNumber: userNumber)
    let first = try ConfigurationLoad(options.folder, server)
    report(first.diagnostics)
    guard let snapshot = first.snapshot, options.isStrict ? first.isClean : first.isServable else {
      writeStandardError("ambit: \(options.folder) does not load; nothing is served\n")
      return nil
    }
    let control = try ServerControl(options, snapshot, server, signals, first)
    control.kept = first.kept
    let inService = try control.takeUpLeases(server)
    try control.startWorkers()
    control.board.note(brokenZones: first.brokenZones)
    try control.startHTTP()
    control.findings.use(inService)
    if let problem = control.startChecking(inService) { control.log.write(problem) }
    control.announce(snapshot, broken: first.brokenZones)
    return control
  }

  static func report(_ diagnostics: [Diagnostic]) {
    for diagnostic in diagnostics { writeStandardError("\(diagnostic)\n") }
  }

  private init(
    _ options: ServerOptions, _ snapshot: Snapshot, _ server: ServerFacts, _ signals: consuming SignalReader,
    _ first: ConfigurationLoad
  ) throws(SystemError) {
    self.options = options
    self.signals = signals
    let policy = snapshot.policy.policy
    firstUser = policy.user?.text
    let cores = max(1, options.workers ?? availableCPUs().count)
    let user = try ServerPrivileges.find(options.user ?? policy.user)
    try ServerMemory.reserve(cores: cores)
    sockets = try Sockets(
      options.listens.isEmpty ? policy.listens.map(\.address) : options.listens, workers: cores)
    let listeners = try HTTPListeners(options, policy)
    door = try ControlDoor(folder: options.folder)
    // Of several servers the one keeps what is leased that has the file: names at the door are anybody's to take.
    let leaseFile =
      policy.hasLeases
      ? LeaseFile(ofFolder: options.folder, owner: user?.number ?? currentUser)
      : LeaseFile(none: "the policy that the server started with leases nothing")
    try ServerPrivileges.drop(
      to: user, options.folder, openedFiles: first.openedFiles, sockets.addresses, keepsBinding: policy.hasLeases)
    leases = try LeaseDesk(isOpen: policy.hasLeases, firstIndex: sockets.addresses.count, leaseFile)
    connectionRoom = ServerMemory.connectionRoom(
      cores, sockets.addresses.count, http: listeners.addresses.count,
      checks: policy.services.contains { $0.steering.health != nil })
    if let warning = ServerMemory.warning(room: connectionRoom, policy.tcpLimits) {
      writeStandardError("ambit: \(warning)\n")
    }
    census = TCPCensus(descriptors: connectionRoom, workers: cores)
    limiter = RateLimiter(seeds: (.random(in: .min ... .max), .random(in: .min ... .max)))
    let choices = LogChoices(queries: options.queryLog(policy)?.choice, dnstap: options.dnstap(policy)?.choice)
    let forwardBell = try WakeUp()
    forwarding = snapshot.policy.forwards.isEmpty ? nil : ForwardDesk(policy.forwardCache, bell: forwardBell)
    let served = ServedSnapshot(
      snapshot, generation: 1, listeners: sockets.addresses, slots: slots, logs: choices, written: first.written,
      forwarding: forwarding, leased: leases.claims)
    snapshots = RecentSnapshots(served)
    let holder = SnapshotHolder(served)
    self.holder = holder
    let findings = try Findings()
    self.findings = findings
    let log = log
    checker = try HealthChecker(findings, atOnce: ServerMemory.checksAtOnce()) { log.write($0) }
    // Those for datagrams first, then those for TCP.
    var workers: [Worker] = []
    // Behind both, one of each kind for listeners that are leased, and the forwarder's.
    for _ in 0..<(2 * cores + (policy.hasLeases ? 2 : 0)) { workers.append(try Worker(holder)) }
    let answering = workers
    let forwardWorker = try Worker(holder, bell: forwardBell)
    workers.append(forwardWorker)
    self.workers = workers
    board = LiveBoard(
      LiveBoard.Facts(options, sockets, hasLeases: policy.hasLeases), served, slots: slots, checking: checker.board,
      at: Clock.monotonicNanoseconds(), wall: Clock.realtimeNanoseconds())
    forwarder = Forwarder(
      forwardWorker, askers: answering, listeners: sockets.datagrams[0], leased: leases.listeners, limiter: limiter,
      log: log, room: ServerMemory.forwardRoom, findings: findings)
    refusals = RefusalLog { log.write($0, at: $1) }
    logs = try ServerLogs(options, policy, workers, snapshots.all, log: log)
    collector = MetricsCollector(workers, logs.counters + [board.callMetrics], slots: slots, policy.measuring.sampling)
    load = try BackgroundLoad(server)
    let pages = ServerPages(
      version: options.version, holder, workers, upstreams: forwarder.board, logs: logs.counters + [board.callMetrics],
      slots, board, checker.board,
      start: Clock.realtimeNanoseconds())
    let counts = HTTPCounts()
    http = try HTTPServer(
      listeners, names: { holder.served.snapshot.policy.policy.httpHosts }, pages.pages(counts), counts)
  }
}
