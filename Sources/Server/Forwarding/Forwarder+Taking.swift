internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Forwarding
internal import LinuxIO
internal import Metrics
internal import Policy

/// Queries that workers hand over.
extension Forwarder {
  /// Takes what waits in the workers' rings, a few of each at a time: a flood at one is not the others'.
  func takeHandedOver(_ bench: inout Bench) {
    var taken = 0
    var wasSome = true
    while wasSome, taken < Self.takenInTurn {
      wasSome = false
      for (number, asker) in askers.enumerated() {
        for _ in 0..<16 {
          guard var query = asker.handOvers.pop() else { break }
          query.worker = number
          take(query, &bench)
          taken += 1
          wasSome = true
        }
      }
    }
  }

  private static var busy: ForwardFailure {
    ForwardFailure(.networkError, "too many names are being asked for elsewhere; try again")
  }

  /// Answers a query, joins it to those that wait for the same, or asks.
  /// - Parameter isAgain: it waited before, for what is another question since a reload; its time goes on.
  func take(_ query: HandedQuery, isAgain: Bool = false, _ bench: inout Bench) {
    let served = bench.served
    let now = Clock.monotonicNanoseconds()
    let arrival = arrival(of: query, served)
    var outcome = respond(
      to: query.request.span, arrival, served.snapshot, using: &bench.workspace, into: &bench.response)
    if isOutdated(query, served) { return endOutdated(query, arrival, &outcome, &bench) }
    guard outcome.decision == .forwarded, let desk = served.forwarding else {
      // What is in service now has the name itself, or refuses it.
      if !query.isPrefetch { deliver(query, arrival, outcome, &bench) }
      return
    }
    let first = bench.workspace.forwardedQuestion(served.snapshot, outcome)
    let firstRoute = outcome.route
    if query.isPrefetch { return prefetch(first, firstRoute, now, &bench) }
    let finding = bench.workspace.answerForwarded(
      to: query.request.span, arrival, served.snapshot, from: desk.cache, heard: query.heard,
      now: ForwardDesk.seconds(now), &outcome,
      into: &bench.response)
    if finding == .fresh || finding == .freshAndWorthPrefetching {
      worker.metrics.count(.forwardedFromCache)
      deliver(query, arrival, outcome, &bench)
      if finding == .freshAndWorthPrefetching { prefetch(first, firstRoute, now, &bench) }
      return
    }
    // Aliases may have led on from the first question.
    let question = bench.workspace.forwardedQuestion(served.snapshot, outcome)
    var query = query
    query.isBehindAlias = question != first
    if !isAgain { worker.metrics.count(.forwardedMisses) }
    let path = LoopToken.path(in: query.request.span)
    let isOurs = path.contains(LoopToken.number(question, secret: secret))
    if isOurs || path.count >= LoopToken.longestPath {
      worker.metrics.count(.forwardedLoops)
      let place = served.snapshot.policy.policy.forwards[Int(outcome.route) - 1].location
      let text =
        isOurs
        ? "forward loops back to this server (\(place))"
        : "forward leads through more than \(LoopToken.longestPath) servers (\(place))"
      return fail(query, ForwardFailure(.noReachableAuthority, text), &bench)
    }
    if let failure = bench.failures.failure(of: question, at: now) {
      if finding == .stale, complete(query, .stale, &bench) { return }
      if now < failure.until { return fail(query, failure.reason, &bench) }
    }
    guard bench.waiting.hasRoom(for: query, questions: bench.questions.count, of: room) else {
      worker.metrics.count(.forwardedTurnedAway)
      if finding == .stale, complete(query, .stale, &bench) { return }
      return fail(query, Self.busy, &bench)
    }
    if let pending = bench.questions[AskedQuestion(question, path)] {
      worker.metrics.count(.forwardedMerged)
      if pending.isStaleDue, finding == .stale, complete(query, .stale, &bench) { return }
      wait(query, for: pending, now, &bench)
    } else if hasPlace(question.kind.route, bench) {
      begin(question, query, outcome.route, path, now, &bench)
    } else {
      worker.metrics.count(.forwardedTurnedAway)
      if finding == .stale, complete(query, .stale, &bench) { return }
      fail(query, Self.busy, &bench)
    }
  }

  /// Asks a question in advance, where nobody waits in vain for its place: half of them are for those who wait, and what
  /// nobody answered a moment ago is not asked unasked.
  private func prefetch(_ question: ForwardedQuestion, _ route: UInt16, _ now: UInt64, _ bench: inout Bench) {
    guard bench.questions[AskedQuestion(question, [])] == nil, bench.questions.count * 2 < room,
      bench.failures.failure(of: question, at: now) == nil
    else { return }
    begin(question, nil, route, [], now, &bench)
  }

  /// Begins to ask a question.
  /// - Parameter query: whose answer it is; nil where it is asked in advance.
  private func begin(
    _ question: ForwardedQuestion, _ query: HandedQuery?, _ route: UInt16, _ path: [UInt64], _ now: UInt64,
    _ bench: inout Bench
  ) {
    let policy = bench.served.snapshot.policy
    let line = policy.policy.forwards[Int(route) - 1]
    bench.lastNumber += 1
    let pending = PendingQuestion(
      question, servers: line.servers, route: policy.forwards.fingerprint(of: route), number: bench.lastNumber,
      path: path, at: query.map { min($0.monotonic, now) } ?? now)
    bench.questions[AskedQuestion(question, path)] = pending
    bench.numbered[pending.number] = pending
    bench.askedOfLine[pending.route, default: 0] += 1
    let span = isDead(pending.route, now, bench) ? Self.deadlineOfDead : Self.deadline
    bench.timers.add(.deadline, pending.number, at: pending.began + span)
    if let query {
      wait(query, for: pending, now, &bench)
    } else {
      worker.metrics.count(.forwardedPrefetches)
    }
    ask(pending, &bench)
  }

  /// Whether one more question may be asked of a line's servers. Where there are several lines one has half of the places
  /// at the most: one whose servers are silent leaves the others room.
  private func hasPlace(_ route: UInt64, _ bench: borrowing Bench) -> Bool {
    bench.questions.count < room
      && (bench.lines.count < 2 || (bench.askedOfLine[route] ?? 0) * 2 < room)
  }

  /// True where all servers of a line are taken for dead, and none is due for another try.
  private func isDead(_ route: UInt64, _ now: UInt64, _ bench: borrowing Bench) -> Bool {
    bench.lines[route]?.upstreams.servers.allSatisfy { $0.isDown && $0.restsUntil > Int64(now / 1_000_000) } ?? false
  }

  private func wait(
    _ query: HandedQuery, for pending: PendingQuestion, _ now: UInt64, _ bench: inout Bench
  ) {
    if query.monotonic < pending.began {
      bench.timers.add(.overdue, pending.number, at: query.monotonic + Self.deadline)
    }
    if !pending.hasStaleTimer {
      pending.hasStaleTimer = true
      bench.timers.add(.stale, pending.number, at: now + Self.staleAfter)
    }
    pending.clients.append(query)
    bench.waiting.enter(query)
  }

  /// True where nothing may be concluded any more from how a query came: whose certificate it was is a number of a
  /// snapshot before, or its lease has ended.
  func isOutdated(_ query: HandedQuery, _ served: ServedSnapshot) -> Bool {
    guard query.generation != served.generation else { return false }
    return query.evidence.certificateService != nil
      || query.transport == .udp && !listeners.isEmpty && listener(of: query) == nil
  }

  /// Where a datagram came in; nil where that was leased, and the lease has ended.
  func listener(of query: HandedQuery) -> UDPListener? {
    if listeners.indices.contains(query.listener) { return listeners[query.listener] }
    guard let found = leased?.datagrams(query.listener), found.socket.localAddress == query.server else { return nil }
    return found
  }

  /// How a query came, as the snapshot in service has it.
  func arrival(of query: HandedQuery, _ served: ServedSnapshot) -> Arrival {
    var evidence = query.evidence
    if query.generation != served.generation {
      evidence.listenerContext = served.context(ofListener: query.listener)
      // A number of the old snapshot, which is another service's now or none's.
      evidence.certificateService = nil
    }
    return Arrival(
      evidence, transport: query.transport, time: Clock.realtimeSeconds(), idleTime: query.idleTime)
  }
}
