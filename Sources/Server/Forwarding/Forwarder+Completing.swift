internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Forwarding
internal import LinuxIO
internal import Metrics
internal import Policy

/// Responses to those who wait.
extension Forwarder {
  /// What a query is answered with.
  enum Completion {
    /// The reply in `bench.heard`.
    case reply
    /// What is past its end (RFC 8767).
    case stale
    /// SERVFAIL or REFUSED, and why; of this question, where others may be asked something else since.
    case failure(ForwardFailure, of: ForwardedQuestion?)
  }

  /// The reply has come: everybody who waits gets it.
  func succeed(_ pending: PendingQuestion, _ bench: inout Bench) {
    let moment = Clock.monotonicNanoseconds()
    let now = ForwardDesk.seconds(moment)
    let clients = remove(pending, &bench)
    // Of a name that does not exist, a mistyped one perhaps, it would say nothing of the service.
    if bench.image.rcode != RCode.nxDomain.rawValue { note(moment &- pending.began, pending, at: moment, &bench) }
    bench.failures.remove(pending.question)
    bench.kept?.writer.insert(bench.image, for: pending.question, now: now)
    bench.heard.take(bench.image, to: pending.question)
    var others: [HandedQuery] = []
    for query in clients {
      bench.waiting.leave(query)
      if !complete(query, .reply, &bench) { others.append(query) }
    }
    if others.isEmpty { return }
    // It leads on to another question, or since a reload they go another way. What must not be kept is theirs until then.
    let reply = HeardReply()
    reply.take(bench.image, to: pending.question)
    for var query in others {
      query.heard.append(reply)
      if query.heard.count <= Self.longestChain {
        take(query, isAgain: true, &bench)
      } else {
        fail(query, ForwardFailure(.other, "its chain of aliases leads through too many servers"), &bench)
      }
    }
  }

  /// There is no answer: everybody who waits gets a stale one, or is told why.
  func fail(_ pending: PendingQuestion, _ bench: inout Bench) {
    let failure = pending.failure
    let clients = remove(pending, &bench)
    note(nil, pending, at: Clock.monotonicNanoseconds(), &bench)
    // What came by way of others failed for the way, perhaps: that is nothing against the name.
    if pending.path.isEmpty { bench.failures.note(pending.question, failure, at: Clock.monotonicNanoseconds()) }
    var others: [HandedQuery] = []
    for query in clients {
      bench.waiting.leave(query)
      if complete(query, .stale, &bench) { continue }
      if !complete(query, .failure(failure, of: pending.question), &bench) { others.append(query) }
    }
    for query in others { take(query, isAgain: true, &bench) }
  }

  /// Takes note of how long a question took that is over, where it is for a name of a service that is elsewhere, and was
  /// asked of a line that there still is. What came by way of others may have failed for the way; and to ask how long it
  /// takes is no lookup of the service.
  private func note(_ time: UInt64?, _ pending: PendingQuestion, at now: UInt64, _ bench: inout Bench) {
    let policy = bench.served.snapshot.policy
    guard !policy.policy.services.isEmpty, pending.wasSent, pending.path.isEmpty, bench.lines[pending.route] != nil
    else { return }
    bench.name.load(pending.question.domainName)
    let number = policy.servicesElsewhere.service(of: bench.name)
    guard number != 0, !bench.name.startsWithTimeout else { return }
    bench.lookups.record(time, of: policy.policy.services[Int(number) - 1].name, route: pending.route, at: now)
  }

  /// Those whose own time is over, which began before the question's, are told that there is no answer.
  func failOverdue(_ pending: PendingQuestion, _ now: UInt64, _ bench: inout Bench) {
    let isOverdue = { (query: HandedQuery) in now >= query.monotonic + Self.deadline }
    let overdue = pending.clients.filter(isOverdue)
    pending.clients.removeAll(where: isOverdue)
    let failure = pending.failure
    for query in overdue {
      bench.waiting.leave(query)
      if !complete(query, .stale, &bench) { fail(query, failure, &bench) }
    }
  }

  /// No answer is waited for any more: the server stops.
  func end(_ pending: PendingQuestion, _ bench: inout Bench) {
    for query in remove(pending, &bench) {
      bench.waiting.leave(query)
      if !complete(query, .stale, &bench) { fail(query, ForwardFailure(.networkError, Self.ending), &bench) }
    }
  }

  /// Tells one query that there is no answer.
  func fail(_ query: HandedQuery, _ failure: ForwardFailure, _ bench: inout Bench) {
    _ = complete(query, .failure(failure, of: nil), &bench)
  }

  /// Gives stale answers to those who have waited long enough; the question goes on, for the cache.
  func giveStale(_ pending: PendingQuestion, _ bench: inout Bench) {
    var left: [HandedQuery] = []
    for query in pending.clients {
      if complete(query, .stale, &bench) { bench.waiting.leave(query) } else { left.append(query) }
    }
    pending.clients = left
  }

  /// Questions asked elsewhere for one query at the most: as many as aliases are followed among our own names.
  private static let longestChain = 11

  /// A question is over.
  /// - Returns: those who wait. It keeps none of them: attempts whose replies are still welcome keep it for seconds, and who
  ///   has left the waiting room must take no memory.
  private func remove(_ pending: PendingQuestion, _ bench: inout Bench) -> [HandedQuery] {
    defer { pending.clients = [] }
    for attempt in pending.attempts {
      if attempt.isStream || attempt.noReply == nil {
        close(attempt.token, &bench)
      } else {
        linger(attempt, &bench)
      }
    }
    pending.attempts = []
    bench.questions[AskedQuestion(pending.question, pending.path)] = nil
    bench.numbered[pending.number] = nil
    let left = (bench.askedOfLine[pending.route] ?? 1) - 1
    bench.askedOfLine[pending.route] = left == 0 ? nil : left
    return pending.clients
  }

  /// Answers a query by the snapshot in service.
  /// - Returns: false where it cannot be answered so: there is nothing stale, or it asks something else since a reload.
  func complete(_ query: HandedQuery, _ completion: Completion, _ bench: inout Bench) -> Bool {
    let served = bench.served
    let arrival = arrival(of: query, served)
    var outcome = respond(
      to: query.request.span, arrival, served.snapshot, using: &bench.workspace, into: &bench.response)
    if isOutdated(query, served) {
      endOutdated(query, arrival, &outcome, &bench)
      return true
    }
    if outcome.decision == .forwarded {
      switch completion {
      case .reply, .stale:
        guard let desk = served.forwarding else { return false }
        let isReply = if case .reply = completion { true } else { false }
        let heard = isReply ? query.heard + [bench.heard] : query.heard
        let finding = bench.workspace.answerForwarded(
          to: query.request.span, arrival, served.snapshot, from: desk.cache, heard: heard,
          now: ForwardDesk.seconds(Clock.monotonicNanoseconds()), acceptsStale: !isReply, &outcome,
          into: &bench.response)
        if finding == .miss || finding == .stale && isReply { return false }
        if finding == .stale { worker.metrics.count(.forwardedStale) }
      case .failure(let failure, let question):
        if let question, query.heard.isEmpty,
          bench.workspace.forwardedQuestion(served.snapshot, outcome) != question
        {
          return false
        }
        write(failure, query, arrival, &outcome, &bench)
      }
    }
    deliver(query, arrival, outcome, &bench)
    return true
  }

  /// Tells a query that came by what is in force no more to come again.
  func endOutdated(_ query: HandedQuery, _ arrival: Arrival, _ outcome: inout Outcome, _ bench: inout Bench) {
    if query.isPrefetch { return }
    write(
      ForwardFailure(.other, "the configuration was changed meanwhile; ask again"), query, arrival, &outcome, &bench)
    deliver(query, arrival, outcome, &bench)
  }

  private func write(
    _ failure: ForwardFailure, _ query: HandedQuery, _ arrival: Arrival, _ outcome: inout Outcome,
    _ bench: inout Bench
  ) {
    let octets = Array(failure.text.utf8.prefix(Self.longestText))
    bench.workspace.failForwarded(
      to: query.request.span, arrival, bench.served.snapshot, failure.code, octets.span, rcode: failure.rcode,
      isBehindAlias: query.isBehindAlias, &outcome, into: &bench.response)
  }

  /// Octets of EXTRA-TEXT.
  private static let longestText = 240

  /// Sends the response in `bench.response`, and accounts for the query as a worker does.
  func deliver(_ query: HandedQuery, _ arrival: Arrival, _ outcome: Outcome, _ bench: inout Bench) {
    let served = bench.served
    let request = query.request.span
    worker.log(outcome, served, arrival, request: request, time: query.wall)
    let isSent = query.transport == .tcp || mayBeSent(query, arrival, outcome, &bench)
    if served.isTapped {
      worker.tap(outcome, served, arrival, request: request, response: bench.response.octets, query.exchange)
    }
    if isSent { worker.note(outcome, arrival.evidence, query.way, request: request, time: arrival.time, served) }
    switch query.transport {
    case .udp: if bench.response.count > 0 { send(query, bench.response) }
    case .tcp: hand(query, bench.response)
    }
    guard isSent else { return }
    worker.account(
      outcome, served, arrival.transport == .udp ? .udp : .tcp,
      residence: Clock.monotonicNanoseconds() &- query.monotonic,
      weight: worker.calls.sample(of: 1).weight(of: 0), &bench.sampler)
  }

  /// Asks the rate limit, and does to the response what it says.
  private func mayBeSent(
    _ query: HandedQuery, _ arrival: Arrival, _ outcome: Outcome, _ bench: inout Bench
  ) -> Bool {
    let served = bench.served
    let verdict = served.limiting.judge(
      bench.response, to: query.request.span, of: arrival.source, outcome, by: limiter,
      at: Clock.monotonicNanoseconds())
    switch verdict {
    case .send: return true
    case .slip:
      bench.slips.write(insteadOf: &bench.response, to: query.request.span, outcome)
      worker.metrics.count(.responsesSlipped)
      limiter.note(arrival.source)
      return true
    case .drop:
      bench.response.reset()
      worker.metrics.recordSilence(slot: served.slot(of: outcome.caller), transport: .udp, cause: .limited)
      limiter.note(arrival.source)
      return false
    }
  }

  private func send(_ query: HandedQuery, _ response: borrowing OctetBuffer) {
    guard let listener = listener(of: query) else {
      // Its lease has ended, and with it the address that it asked.
      worker.metrics.count(.sendFailures)
      return
    }
    let isTaken = listener.socket.send(
      response, to: query.peer, from: query.server.address, scope: query.scope)
    worker.metrics.count(isTaken ? .responsesSent : .sendFailures)
  }

  /// Hands the response to the worker that has the connection.
  private func hand(_ query: HandedQuery, _ response: borrowing OctetBuffer) {
    var frame: [UInt8] = []
    if response.count > 0 {
      frame.reserveCapacity(response.count + 2)
      frame.append(UInt8(truncatingIfNeeded: response.count >> 8))
      frame.append(UInt8(truncatingIfNeeded: response.count))
      frame.append(response.octets)
    }
    let asker = askers[query.worker]
    // Where it does not fit, the connection ends: the worker is behind by more than it may hold.
    if !asker.inbox.put(StreamInbox.Response(slot: query.slot, serial: query.serial, frame: frame)) {
      worker.metrics.count(.sendFailures)
    }
    asker.bell.wake()
  }
}
