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
    if door.hold(asker, grant, at: now) {
      if let line = leases.line(of: asker) { log.write(line) }
    } else {
      finish(leases.abandon(asker.connection))
    }
  }

  /// What has ended must not stay for a mistake in the folder: the load is tried again.
  func noteEndOfLeases(_ result: ReloadResult) {
    guard reloads.endsLeases, result.status != .reloaded else { return }
    reloads.nextEndsLeases = true
    reloads.retryTime = Clock.monotonicNanoseconds() + Reloads.retryInterval
    log.write("what a lease changed is still answered though it has ended, until the folder loads; tried every 30 s")
  }

  /// Takes out of service what has ended.
  func finish(_ ended: LeaseDesk.Ended?) {
    guard let ended else { return }
    for line in ended.lines { log.write(line) }
    let served = holder.served
    put(served.snapshot, served.written)
    if ended.needsLoad {
      reloads.nextEndsLeases = true
      reloadForLeases()
    }
  }
}
