internal import Answering
internal import Inspection
internal import LinuxIO
internal import Metrics
internal import Policy

/// The loop of the control thread: signals, timers, who asks at the door, what threads found out; and the end.
extension ServerControl {
  private enum Token: UInt64 {
    case signal, timer, second, load, door, findings, leases
  }

  func loop() throws(SystemError) {
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
        case .signal: if takeSignals() { return }
        case .timer:
          _ = timer.drain()
          let lines = collector.interval().jsonLines()
          logs.appendMetrics(lines)
          sayWhatWasDropped()
        case .second:
          _ = second.drain()
          everySecond()
        case .load:
          finishReload()
          if logs.interval != interval {
            interval = logs.interval
            timer = try IntervalTimer(every: .seconds(Int(interval)), from: .onMultiple)
            try poller.add(timer.raw, token: Token.timer.rawValue)
          }
        case .door: answerDoor()
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

  /// - Returns: true where it is to end.
  private func takeSignals() -> Bool {
    while let signal = signals.next() {
      switch signal {
      case .terminate, .interrupt: return true
      case .hangUp: reload()
      case .user1: logs.reopen()
      }
    }
    return false
  }

  private func everySecond() {
    writeRefusals()
    finish(leases.expire(at: .now))
    board.note(leases: leases.list)
    if reloads.retryTime.map({ Clock.monotonicNanoseconds() >= $0 }) == true { reloadForLeases() }
    board.feed(
      workers, logs: logs.counters, snapshots.all, datagrams: sockets.datagrams, at: Clock.monotonicNanoseconds(),
      wall: Clock.realtimeNanoseconds())
    watchCalls()
  }

  private func answerDoor() {
    let now = Clock.monotonicNanoseconds()
    for asker in door.turn(at: now) {
      switch asker.request.kind {
      case .reload: reload(for: asker)
      case .state: door.answer(asker, ControlAnswer(.state, board.json()), at: now)
      case .run, .override, .restore, .end, .leases: lease(asker, at: now)
      }
    }
    finish(leases.noteEnded(connections: door.takeEnded()))
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

  /// Lets every worker finish its batch, then says what was measured.
  func finish() {
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
