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
  private static let logIntervalMilliseconds: Int32 = 200

  let options: ServerOptions
  /// Who the policy said to become at the start.
  private let firstUser: String?
  let log = ServerLog()
  private let notifier = ServiceNotifier()
  private let signals: SignalReader
  private let slots = MetricSlots()
  private let sockets: Sockets
  let holder: SnapshotHolder
  private let workers: [Worker]
  private let census: TCPCensus
  /// TCP connections that there are descriptors for.
  private let connectionRoom: Int
  private let limiter: RateLimiter
  private var threads: [WorkerThread] = []
  private var collector: MetricsCollector
  private var refusals: RefusalLog
  private let logs: ServerLogs
  private var snapshots: RecentSnapshots
  private let load: BackgroundLoad
  let door: ControlDoor
  private let http: HTTPServer
  private var httpThread: WorkerThread?
  var reloads = Reloads()
  let leases: LeaseDesk
  private let findings: Findings
  private let checker: HealthChecker
  private var checkThread: WorkerThread?
  private let forwarder: Forwarder
  private var forwardThread: WorkerThread?
  /// What workers and the forwarder share; nil until something is forwarded.
  private var forwarding: ForwardDesk?
  /// What the load of the snapshot in service left to the next, and what it had of leases.
  var kept: KeptZones?
  var leasedInService = LeasedConfiguration()
  private var said = SaidInLog()
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

  private static func report(_ diagnostics: [Diagnostic]) {
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
    // Who is not reached by the folder's name has nothing leased, and leaves to the other server what is kept.
    let leaseFile =
      policy.hasLeases && door.problem == nil
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

  // MARK: - Starting

  private func startWorkers() throws(SystemError) {
    let cores = sockets.datagrams.count
    let log = log
    try startForwarder()
    try logs.start { ServerControl.guarding(log, $0) }
    for core in 0..<cores {
      let datagrams = UDPWorker(workers[core], listeners: sockets.datagrams[core], limiter: limiter)
      let stream = TCPWorker(
        workers[cores + core], doors: sockets.doors[core], census: census,
        heldLimit: TCPWorker.heldLimit(workers: cores))
      threads.append(
        try WorkerThread.start(name: "ambit-udp-\(core)") {
          ServerControl.guarding(log) { () throws(SystemError) in try datagrams.run() }
        })
      threads.append(
        try WorkerThread.start(name: "ambit-tcp-\(core)") {
          ServerControl.guarding(log) { () throws(SystemError) in try stream.run() }
        })
    }
    try startLeaseWorkers()
  }

  /// Answers at listeners that are leased, where there can be any: on threads of their own, so that those that all others
  /// ask keep to what they listen at.
  private func startLeaseWorkers() throws(SystemError) {
    guard let listeners = leases.listeners else { return }
    let first = 2 * sockets.datagrams.count
    let log = log
    let datagrams = UDPWorker(workers[first], listeners: [], limiter: limiter, leased: listeners)
    let stream = TCPWorker(
      workers[first + 1], doors: [], census: census, heldLimit: TCPWorker.heldLimit(workers: sockets.datagrams.count),
      leased: listeners)
    threads.append(
      try WorkerThread.start(name: "ambit-udp-lease") {
        ServerControl.guarding(log) { () throws(SystemError) in try datagrams.run() }
      })
    threads.append(
      try WorkerThread.start(name: "ambit-tcp-lease") {
        ServerControl.guarding(log) { () throws(SystemError) in try stream.run() }
      })
  }

  /// Starts the forwarder, which has nothing to do until a policy forwards something.
  private func startForwarder() throws(SystemError) {
    let (forwarder, log) = (forwarder, log)
    board.show(forwarder.board)
    forwardThread = try WorkerThread.start(name: "ambit-forward") {
      ServerControl.guarding(log) { () throws(SystemError) in try forwarder.run() }
    }
  }

  /// Serves the page and the metrics, where there is a place for them.
  private func startHTTP() throws(SystemError) {
    if http.listeners.addresses.isEmpty { return }
    let (http, log) = (http, log)
    httpThread = try WorkerThread.start(name: "ambit-http") {
      do throws(SystemError) {
        try http.run()
      } catch {
        log.write("the page and /metrics end here, queries are not affected: \(error)")
      }
    }
  }

  /// Has the endpoints checked of services that say `health`; the thread that does it starts with the first of them.
  /// - Returns: why it cannot be done; nil where it is.
  private func startChecking(_ snapshot: Snapshot) -> String? {
    checker.use(snapshot)
    guard checkThread == nil, snapshot.policy.policy.services.contains(where: { $0.steering.health != nil }) else {
      return nil
    }
    let (checker, log) = (checker, log)
    do throws(SystemError) {
      checkThread = try WorkerThread.start(name: "ambit-health") {
        do throws(SystemError) {
          try checker.run()
        } catch {
          log.write("no endpoint is checked any more, all are taken for what they were last: \(error)")
        }
      }
      return nil
    } catch {
      return "endpoints cannot be checked, all are taken for well: \(error)"
    }
  }

  /// A worker that the kernel fails says so and ends the process: half a server looks like a whole one from outside.
  private static func guarding(_ log: ServerLog, _ body: () throws(SystemError) -> Void) {
    do throws(SystemError) {
      try body()
    } catch {
      log.write("a worker cannot go on: \(error)")
      endProcess(ServerExit.system.rawValue)
    }
  }

  private func announce(_ snapshot: Snapshot, broken: [String]) {
    if let problem = door.problem { log.write(problem) }
    if let problem = http.listeners.problem { log.write(problem) }
    for address in sockets.left { log.write("\(address) is not listened on: this host has IPv6 switched off") }
    if !broken.isEmpty {
      log.write(
        "\(amount(broken.count, "zone")) did not load and \(broken.count == 1 ? "answers" : "answer") SERVFAIL: \(broken.joined(separator: ", "))"
      )
    }
    let places = sockets.addresses.map(\.description).joined(separator: ", ")
    let examples = exampleQueries(snapshot, at: sockets.addresses).map { "  \($0)\n" }.joined()
    try? writeStandardOutput(
      """
      ambit \(options.version) serves \(options.folder): \(describe(snapshot))
      listening on \(places) over UDP and TCP, \(amount(sockets.datagrams.count, "worker")); Ctrl-C ends, SIGHUP reloads
      \(logsLine)\(pagesLine)try:
      \(examples)
      """)
    notifier.notify("READY=1\nSTATUS=serving \(describe(snapshot))")
  }

  /// Where its logs are; empty where it has none.
  private var logsLine: String { logs.places.map { "writing \($0)\n" } ?? "" }

  /// Where to look at it; empty where it is not served.
  private var pagesLine: String {
    guard let first = http.listeners.addresses.first else { return "" }
    return "see http://\(first)/, for Prometheus http://\(first)/metrics\n"
  }

  // MARK: - Running

  private enum Token: UInt64 {
    case signal, timer, second, load, door, findings, leases
  }

  private func loop() throws(SystemError) {
    let poller = try Poller()
    var events = PollEvents()
    var interval = logs.interval
    var timer = try IntervalTimer(every: .seconds(Int(interval)), from: .onMultiple)
    let second = try IntervalTimer(every: .seconds(1), from: .onMultiple)
    try poller.add(second.raw, token: Token.second.rawValue)
    try poller.add(signals.raw, token: Token.signal.rawValue)
    try poller.add(timer.raw, token: Token.timer.rawValue)
    try poller.add(load.bell.raw, token: Token.load.rawValue)
    try poller.add(door.raw, token: Token.door.rawValue)
    try poller.add(findings.bell.raw, token: Token.findings.rawValue)
    try poller.add(leases.raw, token: Token.leases.rawValue)
    while true {
      try poller.wait(timeoutMilliseconds: Self.logIntervalMilliseconds, into: &events)
      for index in 0..<events.count {
        switch Token(rawValue: events[index].token) {
        case .signal:
          while let signal = signals.next() {
            switch signal {
            case .terminate, .interrupt: return
            case .hangUp: reload()
            case .user1:
              logs.reopen()
            }
          }
        case .timer:
          _ = timer.drain()
          let lines = collector.interval().jsonLines()
          logs.appendMetrics(lines)
          sayWhatWasDropped()
        case .second:
          _ = second.drain()
          writeRefusals()
          finish(leases.expire(at: Clock.realtimeSeconds()))
          board.note(leases: leases.list)
          if reloads.retryTime.map({ Clock.monotonicNanoseconds() >= $0 }) == true { reloadForLeases() }
          board.feed(
            workers, logs: logs.counters, snapshots.all, datagrams: sockets.datagrams, at: Clock.monotonicNanoseconds(),
            wall: Clock.realtimeNanoseconds())
          watchCalls()
        case .load:
          finishReload()
          if logs.interval != interval {
            interval = logs.interval
            timer = try IntervalTimer(every: .seconds(Int(interval)), from: .onMultiple)
            try poller.add(timer.raw, token: Token.timer.rawValue)
          }
        case .door:
          let now = Clock.monotonicNanoseconds()
          for asker in door.turn(at: now) {
            switch asker.request.kind {
            case .reload: reload(for: asker)
            case .state: door.answer(asker, ControlAnswer(.state, board.json()), at: now)
            case .run, .override, .restore, .end, .leases: lease(asker, at: now)
            }
          }
          finish(leases.noteEnded(connections: door.takeEnded()))
        case .findings: findings.bell.drain()
        case .leases: finish(leases.noteProcesses())
        case nil: break
        }
      }
      if reloads.leasesWait { reloadForLeases() }
      see()
      writeRefusals()
      door.expire(at: Clock.monotonicNanoseconds())
      if snapshots.forget(at: Clock.monotonicNanoseconds()) {
        logs.use(snapshots.all)
        giveBackFreeMemory()
      }
    }
  }

  /// Tells what was found of the calls, and has `acyclic observed` refuse those that close a cycle.
  private func watchCalls() {
    let policy = holder.served.snapshot.policy
    let news = board.watchCalls(snapshots.all, policy)
    for line in news.lines { log.write(line) }
    if news.hasOtherClosing { findings.set(closingCalls: board.closingCalls(policy)) }
  }

  private func writeRefusals() {
    for worker in workers { refusals.writeRefusals(of: worker.ring, snapshots.all, show: board.note) }
    refusals.tell(before: Clock.realtimeNanoseconds())
  }

  private func sayWhatWasDropped() {
    let now = collector.saidInLog()
    if now.droppedRecords > said.droppedRecords {
      log.write(
        "\(now.droppedRecords - said.droppedRecords) more refusals are not listed: they came faster than they can be "
          + "logged")
    }
    for line in now.logLosses(since: said) { log.write(line) }
    let (dropped, slipped) = (now.dropped - said.dropped, now.slipped - said.slipped)
    if dropped + slipped > 0 {
      let prefix = limiter.lastPrefix(holder.served.snapshot.policy.policy.rateLimit)
      log.write(
        "rate-limit held back \(amount(Int(dropped + slipped), "response")), \(slipped) of them sent empty with TC, the "
          + "last to \(prefix), whose hosts share one rate for a kind of response; where they are honest clients, raise "
          + "the rate or write except \(prefix)")
    }
    let faults = ProxyFaults.lines(workers.map(\.proxyFaults)) { cause in
      cause == .untrustedProxy ? now.untrustedProxy - said.untrustedProxy : now.noProxyHeader - said.noProxyHeader
    }
    for line in faults { log.write(line) }
    said = now
  }

  // MARK: - Reloading

  /// Begins a load, or asks for one more where one goes on: it may have read files before they were edited.
  /// - Parameter asker: who is to be told; nil for a signal.
  private func reload(for asker: ControlDoor.Asker? = nil) {
    if let asker { reloads.nextAskers.append(asker) }
    reloads.nextIsOperators = true
    if reloads.isLoading {
      reloads.shouldLoadAgain = true
    } else {
      startLoad()
    }
  }

  /// Begins a load that leases need, or has it wait: however many come and go, they have one a second.
  /// - Parameter asker: who is to be told; nil where one has ended.
  func reloadForLeases(_ asker: ControlDoor.Asker? = nil) {
    if let asker { reloads.nextAskers.append(asker) }
    let (next, overflow) = reloads.lastStart.addingReportingOverflow(Reloads.leaseInterval)
    reloads.leasesWait = reloads.isLoading || overflow || Clock.monotonicNanoseconds() < next
    if !reloads.leasesWait { startLoad() }
  }

  private func startLoad() {
    reloads.askers = reloads.nextAskers
    reloads.nextAskers = []
    reloads.endsLeases = reloads.nextEndsLeases
    reloads.isOperators = reloads.nextIsOperators
    (reloads.nextEndsLeases, reloads.nextIsOperators, reloads.leasesWait) = (false, false, false)
    (reloads.retryTime, reloads.lastStart) = (nil, Clock.monotonicNanoseconds())
    let isGuarded = holder.served.snapshot.policy.policy.reloadGuard != nil
    notifier.notify("RELOADING=1")
    do throws(SystemError) {
      try load.start(
        options.folder, takingOver: kept, leased: leases.configuration,
        leasedBefore: isGuarded ? leasedInService : nil, trial: trial())
      reloads.isLoading = true
    } catch {
      var result = ReloadResult(.failed, options.folder)
      result.problem = "cannot reload: \(error)"
      tell(result)
    }
  }

  /// What finds out how much a snapshot would change, on the load's thread. The guard in force counts, not the new one.
  private func trial() -> @Sendable (Snapshot) -> ReloadImpact? {
    let (served, workers, listeners) = (holder.served, workers, sockets.addresses)
    reloads.note(served)
    let services = reloads.services
    return { next in
      guard let bound = served.snapshot.policy.policy.reloadGuard else { return nil }
      let time = Clock.realtimeSeconds()
      var queries: [RecentQuery: UInt64] = [:]
      for worker in workers { worker.recent.read(at: time, into: &queries) }
      return ReloadImpact(
        of: queries,
        from: ReloadSide(served.snapshot, generation: served.generation, listeners: listeners, past: services),
        to: ReloadSide(next, generation: 0, listeners: listeners), bound: bound, at: time)
    }
  }

  /// Takes what was loaded into service where nothing is wrong with it; else says why not.
  private func finishReload() {
    guard let loaded = load.take() else { return }
    reloads.isLoading = false
    tell(result(of: loaded))
    if reloads.shouldLoadAgain {
      reloads.shouldLoadAgain = false
      startLoad()
    }
  }

  private func result(of loaded: Result<BackgroundLoad.Loaded, SystemError>) -> ReloadResult {
    // What leases change is not judged; what was edited is, whoever caused the load.
    let isForced = reloads.askers.contains { $0.request.isForced }
    switch loaded {
    case .failure(let error):
      var result = ReloadResult(.failed, options.folder)
      result.problem = "\(error)"
      return result
    case .success(let loaded):
      let isHeld = loaded.impact?.isTooMuch == true && !isForced
      let snapshot = loaded.load.isClean ? loaded.load.snapshot : nil
      var result = ReloadResult(snapshot == nil ? .failed : isHeld ? .held : .reloaded, options.folder)
      result.diagnostics = loaded.load.diagnostics
      result.impact = loaded.impact
      result.isForced = isForced
      if let snapshot, !isHeld {
        let before = holder.served.snapshot
        let ended = leases.use(snapshot.policy.policy, loaded.load.leased, loaded.load.misfits)
        for line in ended.lines { log.write(line) }
        for connection in ended.connections { door.drop(connection) }
        leasedInService = loaded.load.leased
        result.remarks = takeIntoService(snapshot, loaded.load.written)
        kept = loaded.load.kept
        result.content = describe(snapshot)
        result.gone = goneBetween(before, snapshot)
      }
      return result
    }
  }

  /// Says what a reload came to: in both logs, to the service manager, and to those who asked for it.
  private func tell(_ result: ReloadResult) {
    var result = result
    result.generation = holder.served.generation
    // What leases cause is told in a line: who has them could fill logs otherwise.
    if reloads.isOperators {
      Self.report(result.diagnostics)
      for line in result.lines { log.write(line) }
      let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      logs.appendMetrics(result.record(at: time).line)
    } else if let line = result.lines.first {
      log.write(line)
    }
    if reloads.isOperators || result.status == .reloaded {
      board.note(result.status, result.reasons, holder.served, at: Clock.realtimeNanoseconds())
    }
    noteEndOfLeases(result)
    notifier.notify("READY=1")
    let now = Clock.monotonicNanoseconds()
    for asker in reloads.askers {
      if asker.request.kind.isForEveryone {
        settle(asker, result, at: now)
      } else {
        door.answer(asker, result.answer(asJSON: asker.request.wantsJSON), at: now)
      }
    }
    reloads.askers = []
  }

  /// - Returns: what of the new policy has no effect yet, and the like.
  private func takeIntoService(_ snapshot: Snapshot, _ written: WrittenZones) -> [String] {
    var remarks = logs.change(to: snapshot.policy.policy)
    changeSample(to: snapshot.policy.policy.measuring.sampling)
    findings.use(snapshot)
    findings.set(closingCalls: board.closingCalls(snapshot.policy))
    if let desk = forwarding {
      if desk.size != snapshot.policy.policy.forwardCache.size {
        remarks.append("a changed forward-cache size takes a restart; until then the cache is as large as it was")
      }
    } else if !snapshot.policy.forwards.isEmpty {
      forwarding = ForwardDesk(snapshot.policy.policy.forwardCache, bell: forwarder.worker.bell)
    }
    put(snapshot.seeing(findings.situation), written)
    if let problem = startChecking(snapshot) { remarks.append(problem) }
    let policy = snapshot.policy.policy
    if options.listens.isEmpty, Set(policy.listens.map(\.address)) != Set(sockets.addresses + sockets.left) {
      remarks.append("changed listen addresses take a restart; until then the server listens where it did")
    }
    if options.http == nil, http.listeners.areElsewhere(than: policy) {
      remarks.append("changed http addresses take a restart; until then the page and /metrics are where they were")
    }
    if options.user == nil, policy.user?.text != firstUser {
      remarks.append("a changed user takes a restart; until then the server is who it was")
    }
    if let warning = ServerMemory.warning(room: connectionRoom, policy.tcpLimits) { remarks.append(warning) }
    return remarks
  }

  /// Takes what was found out since into service, where it makes a difference to answers; a few times a second at most.
  ///
  /// It is the same load: zones and policy are shared, counters and logs go on, and nobody is told of a reload.
  private func see() {
    let served = holder.served
    guard let situation = findings.news(for: served.snapshot, at: Clock.monotonicNanoseconds()) else { return }
    let next = ServedSnapshot(
      served.snapshot.seeing(situation), generation: served.generation, listeners: sockets.addresses, slots: slots,
      logs: served.logs, written: served.written, forwarding: served.forwarding, serial: served.serial + 1,
      leased: leases.claims)
    snapshots.replace(next)
    logs.use(snapshots.all)
    holder.swap(next)
    for worker in workers { worker.bell.wake() }
  }

  /// Puts what was loaded into service.
  func put(_ snapshot: Snapshot, _ written: WrittenZones) {
    let served = holder.served
    let next = ServedSnapshot(
      snapshot, generation: served.generation + 1, listeners: sockets.addresses, slots: slots, logs: logs.choices,
      written: written, forwarding: forwarding, serial: served.serial + 1, leased: leases.claims)
    let now = Clock.monotonicNanoseconds()
    snapshots.add(next, at: now)
    logs.use(snapshots.all)
    holder.swap(next)
    board.collectCalls(workers, snapshots.all, at: now)
    leases.publish()
    for worker in workers { worker.bell.wake() }
  }

  /// Ends an interval of the metrics log where other queries are timed from now on: an interval has one sample.
  private func changeSample(to sampling: QuerySampling) {
    guard sampling != collector.sampling else { return }
    let lines = collector.interval().jsonLines()
    logs.appendMetrics(lines)
    collector.use(sampling)
  }

  // MARK: - Ending

  /// Lets every worker finish its batch, then says what was measured.
  private func finish() {
    notifier.notify("STOPPING=1")
    board.noteStopping()
    // Before the workers, who have the responses of those over TCP sent.
    forwarder.worker.stop()
    forwardThread?.join()
    for worker in workers { worker.stop() }
    for thread in threads { thread.join() }
    http.stop()
    httpThread?.join()
    checker.stop()
    checkThread?.join()
    writeRefusals()
    refusals.tellAll()
    logs.finish()
    sayWhatWasDropped()
    let lines = collector.interval().jsonLines()
    logs.appendMetrics(lines)
    try? writeStandardOutput("\n\(collector.all().table())")
  }
}
