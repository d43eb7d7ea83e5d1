internal import Answering
internal import Diagnostics
internal import FoundationEssentials
internal import Inspection
internal import LinuxIO
internal import Policy

/// A reload: from who wants it to what it came to.
extension ServerControl {
  /// Begins a load, or asks for one more where one goes on: it may have read files before they were edited.
  /// - Parameter asker: who is to be told; nil for a signal.
  func reload(for asker: ControlDoor.Asker? = nil) {
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
  func finishReload() {
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
}
