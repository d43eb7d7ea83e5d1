internal import Answering
internal import LinuxIO
internal import Policy

/// Leases come and go: by who asks at the door, by who ends, and with time.
extension ServerControl {
  /// Does what somebody asks about leases, or begins to.
  func lease(_ asker: ControlDoor.Asker, at now: UInt64) {
    let request: LeaseRequest
    do throws(OverrideWords.Problem) {
      guard let read = try LeaseRequest(asker.request) else { return }
      request = read
    } catch {
      return door.answer(asker, ControlAnswer(.failed, error.text + "\n"), at: now)
    }
    let served = holder.served
    switch leases.take(request, by: asker, served.snapshot) {
    case .answer(let answer): door.answer(asker, answer, at: now)
    case .load:
      // A name that has its own addresses again is a lease's end: should the folder not load now, it is tried again.
      if asker.request.kind == .restore { reloads.nextEndsLeases = true }
      reloadForLeases(asker)
    case .end(let connection, let answer):
      finish(leases.abandon(connection))
      door.drop(connection)
      door.answer(asker, answer, at: now)
    case .put:
      put(served.snapshot, served.written)
      hold(asker, at: now)
    }
  }

  /// Answers one who asked for what had to be loaded.
  func settle(_ asker: ControlDoor.Asker, _ result: ReloadResult, at now: UInt64) {
    if let answer = leases.settle(asker, result) {
      keepLeases()
      if answer.status == .leased {
        log.write(
          answer.text.split(separator: "\n").first.map { "\($0), asked by \(LeaseDesk.user(asker).name)" } ?? "")
      }
      door.answer(asker, answer, at: now)
    } else {
      hold(asker, at: now)
    }
  }

  /// Lets a program have its lease for as long as it stays.
  private func hold(_ asker: ControlDoor.Asker, at now: UInt64) {
    guard let grant = leases.grant(of: asker, holder.served.snapshot.policy.policy) else {
      return door.answer(asker, ControlAnswer(.refused, "the lease is gone\n"), at: now)
    }
    keepLeases()
    if door.hold(asker, grant, at: now) {
      if let line = leases.line(of: asker) { log.write(line) }
    } else {
      finish(leases.abandon(asker.connection))
    }
  }

  /// What has ended must not stay for a mistake in the folder: the load is tried again.
  func noteEndOfLeases(_ result: ReloadResult) {
    keepLeases()
    guard reloads.endsLeases, result.status != .reloaded else { return }
    reloads.nextEndsLeases = true
    reloads.retryTime = Clock.monotonicNanoseconds() + Reloads.retryInterval
    log.write("what a lease changed is still answered though it has ended, until the folder loads; tried every 30 s")
  }

  /// Takes out of service what has ended.
  func finish(_ ended: LeaseDesk.Ended?) {
    guard let ended else { return }
    for line in ended.lines { log.write(line) }
    keepLeases()
    let served = holder.served
    put(served.snapshot, served.written)
    if ended.needsLoad {
      reloads.nextEndsLeases = true
      reloadForLeases()
    }
  }

  // MARK: - Over a restart

  /// Has what is leased now outlive the server.
  func keepLeases() {
    if let line = leases.keep() { log.write(line) }
  }

  /// Leases again what a server before this one had leased, and puts it into service: before the first query is answered.
  /// - Returns: the snapshot that is in service now.
  func takeUpLeases(_ server: ServerFacts) throws(SystemError) -> Snapshot {
    let served = holder.served
    for line in leases.takeUp(served.snapshot, at: .now) { log.write(line) }
    if !leases.configuration.isEmpty {
      let load = try ConfigurationLoad(options.folder, server, takingOver: kept, leased: leases.configuration)
      // It was read a moment ago, without leases: where it does not load now, the next reload says so.
      let snapshot = load.snapshot ?? served.snapshot
      let ended = leases.use(snapshot.policy.policy, load.leased, load.misfits)
      for line in ended.lines { log.write(line) }
      if load.snapshot != nil { (kept, leasedInService) = (load.kept, load.leased) }
      put(snapshot, load.snapshot == nil ? served.written : load.written)
    } else if !leases.leases.isEmpty {
      put(served.snapshot, served.written)
    }
    keepLeases()
    return holder.served.snapshot
  }
}
