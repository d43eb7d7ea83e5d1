internal import Answering
internal import LinuxIO
internal import Metrics
internal import Policy

/// What is in service: what was loaded, and what was found out since.
extension ServerControl {
  /// - Returns: what of the new policy has no effect yet, and the like.
  func takeIntoService(_ snapshot: Snapshot, _ written: WrittenZones) -> [String] {
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
  func see() {
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
}
