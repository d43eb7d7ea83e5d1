internal import Addresses
internal import Answering
internal import FlatMemory
internal import LinuxIO
internal import Metrics
internal import Policy

/// Requests in, responses out: what is done with a connection that something came on.
extension TCPWorker {
  func serve(_ connection: TCPConnection, _ event: PollEvent, _ now: UInt64, _ bench: inout Bench) {
    finish(connection, advance(connection, event, now, &bench), &bench)
  }

  /// Ends a connection's turn.
  func finish(_ connection: TCPConnection, _ goesOn: Bool, _ bench: inout Bench) {
    if goesOn { noteHeld(connection, &bench) } else { close(connection, &bench) }
  }

  /// Sends and reads what can be.
  /// - Returns: false where the connection has ended.
  func advance(_ connection: TCPConnection, _ event: PollEvent, _ now: UInt64, _ bench: inout Bench) -> Bool {
    if connection.isWaiting {
      guard connection.sendUnsent() else { return false }
      if connection.isWaiting { return true }
      bench.table.noteProgress(connection, now: now)
      // What was read before the peer stopped reading waits to be answered.
      bench.input.reset()
      connection.withFraming { $0.release(into: &bench.input) }
      guard answer(connection, now, &bench) else { return false }
      if !connection.isWaiting { watch(connection, &bench) }
    }
    if connection.hasEnded { return connection.awaited > 0 && !event.isBroken }
    guard event.isReadable || event.isBroken, !connection.isWaiting else { return true }
    return read(connection, now, &bench)
  }

  /// Reads once and answers; the others have their turn before the next reading.
  func read(_ connection: TCPConnection, _ now: UInt64, _ bench: inout Bench) -> Bool {
    let reading = StreamFraming.reading(ofReady: bench.events.count)
    let isContinued = connection.holdsRequest
    if isContinued {
      let isInPlace = connection.opening == .header
      connection.withFraming { $0.prepare(&bench.input, reading: reading, isInPlace: isInPlace) }
    } else {
      bench.input.reset(limit: reading)
    }
    let progress = connection.socket.read(into: &bench.input)
    guard case .octets = progress else {
      if isContinued, bench.input.count > 0 { connection.withFraming { $0.keep(bench.input, from: 0) } }
      // Nothing is read while something waits to be answered or taken: at the peer's end all that came whole is answered.
      if progress == .closed, connection.awaited > 0 {
        connection.hasEnded = true
        watch(connection, &bench)
        return true
      }
      return progress == .wouldBlock
    }
    if isContinued, !connection.withFraming({ $0.take(&bench.input) }) { return true }
    var start = 0
    if connection.opening != .over {
      switch open(connection, &bench) {
      case .at(let offset): start = offset
      case .notYet(let offset):
        connection.withFraming { $0.keep(bench.input, from: offset) }
        return true
      case .never: return false
      }
    }
    guard answer(connection, from: start, now, &bench) else { return false }
    if connection.isWaiting { watch(connection, &bench) }
    return true
  }

  /// Watches for room to write while responses wait, for requests otherwise, and for neither where there will be no more.
  func watch(_ connection: TCPConnection, _ bench: inout Bench) {
    let waits = connection.isWaiting
    try? bench.poller.modify(
      connection.socket.raw, token: UInt64(connection.slot), readable: !waits && !connection.hasEnded,
      writable: waits)
  }

  /// Answers the whole requests in the input, in order, and keeps the rest (RFC 7766 §6.2.1.1).
  /// - Returns: false where the connection has ended.
  func answer(_ connection: TCPConnection, from start: Int = 0, _ now: UInt64, _ bench: inout Bench) -> Bool {
    // Who was trusted when it connected need not be now, or the other way round: it may connect again.
    if bench.served.isProxy(connection.socket.peer.address) != connection.isProxied { return false }
    var offset = start
    var next = StreamFraming.next(in: bench.input.octets, at: start)
    if next.isRequest {
      let received = Clock.monotonicNanoseconds()
      let arrival = Arrival(
        evidence(of: connection, &bench), transport: .tcp,
        time: Clock.realtimeSeconds(), idleTime: UInt16(clamping: bench.idleTime / 100_000_000))
      // While responses wait, what is behind them waits too.
      while next.isRequest, !connection.isWaiting {
        (offset, next) = fillOutput(arrival, connection, from: offset, &bench)
        let isIntact = connection.send(bench.output)
        account(received, &bench)
        if !isIntact { return false }
        if bench.output.count > 0 { bench.table.noteProgress(connection, now: now) }
      }
    }
    if next == .broken, !connection.isWaiting {
      worker.metrics.recordSilence(slot: 0, transport: .tcp, cause: .short)
      return false
    }
    if offset < bench.input.count { connection.withFraming { $0.keep(bench.input, from: offset) } }
    return true
  }

  /// Answers requests from `offset` on until the input has no whole one left or the output no room for another response.
  /// - Returns: the offset behind the last request answered, and what comes there.
  private func fillOutput(
    _ arrival: Arrival, _ connection: TCPConnection, from start: Int, _ bench: inout Bench
  ) -> (offset: Int, next: StreamFraming.Next) {
    bench.output.reset()
    bench.outcomes.removeAll(keepingCapacity: true)
    let served = bench.served
    let way = connection.way
    let exchange = served.isTapped ? exchange(connection, bench.doors) : Exchange()
    var offset = start
    while true {
      let next = StreamFraming.next(in: bench.input.octets, at: offset)
      guard case .request(let range) = next, bench.output.capacity - bench.output.count >= StreamFraming.longestFrame
      else { return (offset, next) }
      let begin = bench.output.count
      var outcome = answer(arrival, request: range, of: bench.input, served, &bench.workspace, into: &bench.output)
      if outcome.decision == .forwarded {
        guard let found = answerForwarded(outcome, arrival, request: range, connection, served, &bench) else {
          offset = range.upperBound
          continue
        }
        outcome = found
      }
      if served.isTapped {
        let end = bench.output.count
        worker.tap(
          outcome, served, arrival, request: bench.input.octets.extracting(range),
          response: bench.output.octets.extracting(min(begin + 2, end)..<end), exchange)
      }
      bench.outcomes.append(outcome)
      worker.note(
        outcome, arrival.evidence, way, request: bench.input.octets.extracting(range), time: arrival.time, served)
      offset = range.upperBound
    }
  }

  /// How a connection's queries come, for dnstap: read now, and from where they were sent to.
  private func exchange(_ connection: TCPConnection, _ doors: [TCPDoor]) -> Exchange {
    var server = SocketAddress(connection.socket.peer.address, port: 0)
    for door in doors where door.index == connection.listener { server = door.listener.localAddress }
    if server.address.isWildcard, let local = connection.socket.localAddress { server = local }
    return Exchange(
      peerPort: connection.proxied?.source == nil ? connection.socket.peer.port : 0, server: server,
      received: Clock.realtimeNanoseconds())
  }

  /// Answers one request of the input behind the responses before it; nothing is added where there is to be silence, and
  /// for a name of others.
  private func answer(
    _ arrival: Arrival, request range: Range<Int>, of input: borrowing OctetBuffer, _ served: ServedSnapshot,
    _ workspace: inout Workspace, into output: inout OctetBuffer
  ) -> Outcome {
    let request = input.octets.extracting(range)
    let outcome = output.appendFrame { response in
      respond(to: request, arrival, served.snapshot, using: &workspace, into: &response)
    }
    if outcome.decision != .forwarded {
      worker.log(outcome, served, arrival, request: request, time: Clock.realtimeNanoseconds())
    }
    return outcome
  }

  /// Answers a query for a name of others from what is known of it, or hands it to the forwarder.
  /// - Returns: nil where it was handed over: its answer comes later, and behind others (RFC 7766 §6.2.1.1).
  @inline(never)
  private func answerForwarded(
    _ first: Outcome, _ arrival: Arrival, request range: Range<Int>, _ connection: TCPConnection,
    _ served: ServedSnapshot,
    _ bench: inout Bench
  ) -> Outcome? {
    var outcome = first
    let found = find(
      range, of: bench.input, arrival, served, &outcome, &bench.workspace, into: &bench.output)
    if found != .answered {
      let query = handed(
        connection, arrival, served, bench.doors, isPrefetch: found == .answeredAndPrefetch)
      let hasRoom = query.isPrefetch || connection.awaited < TCPConnection.mostAwaited
      let isTaken = hasRoom && worker.handOver(query, bench.input.octets.extracting(range))
      if isTaken { bench.hasHandedOver = true }
      if found == .handOver {
        if isTaken {
          connection.noteHandOver(query.monotonic)
          return nil
        }
        turnAway(range, of: bench.input, arrival, served, &outcome, &bench.workspace, into: &bench.output)
      }
    }
    worker.log(
      outcome, served, arrival, request: bench.input.octets.extracting(range), time: Clock.realtimeNanoseconds())
    return outcome
  }

  /// Answers from what is known of others' names.
  private func find(
    _ range: Range<Int>, of input: borrowing OctetBuffer, _ arrival: Arrival, _ served: ServedSnapshot,
    _ outcome: inout Outcome, _ workspace: inout Workspace, into output: inout OctetBuffer
  ) -> ForwardFinding {
    let request = input.octets.extracting(range)
    return output.appendFrame { response in
      worker.findForwarded(
        request, arrival, served, at: Clock.monotonicNanoseconds(), &outcome, using: &workspace, into: &response)
    }
  }

  /// SERVFAIL for a query that the forwarder has no room for.
  private func turnAway(
    _ range: Range<Int>, of input: borrowing OctetBuffer, _ arrival: Arrival, _ served: ServedSnapshot,
    _ outcome: inout Outcome, _ workspace: inout Workspace, into output: inout OctetBuffer
  ) {
    let request = input.octets.extracting(range)
    outcome = output.appendFrame { response in
      worker.turnAway(request, arrival, served, using: &workspace, into: &response)
    }
  }

  /// A query for the forwarder, and the way back.
  private func handed(
    _ connection: TCPConnection, _ arrival: Arrival, _ served: ServedSnapshot, _ doors: [TCPDoor], isPrefetch: Bool
  ) -> HandedQuery {
    var query = HandedQuery()
    query.evidence = arrival.evidence
    query.transport = .tcp
    query.idleTime = arrival.idleTime
    query.isPrefetch = isPrefetch
    query.generation = served.generation
    query.monotonic = Clock.monotonicNanoseconds()
    query.wall = Clock.realtimeNanoseconds()
    query.listener = connection.listener
    query.peer = connection.socket.peer
    query.hasHeader = connection.isProxied
    if served.isTapped { query.server = exchange(connection, doors).server }
    query.slot = connection.slot
    query.serial = connection.serial
    return query
  }

  /// Sends what came from elsewhere to the connections that await it, and are still there.
  func deliver(_ now: UInt64, _ bench: inout Bench) {
    var responses = bench.responses
    bench.responses = []
    worker.inbox.take(into: &responses)
    defer { bench.responses = responses }
    for response in responses {
      guard let connection = bench.table[response.slot], connection.serial == response.serial else { continue }
      connection.noteAnswer()
      let wasWaiting = connection.isWaiting
      var goesOn = !response.isLost && (response.frame.isEmpty || connection.send(response.frame))
      if goesOn, !response.frame.isEmpty { bench.table.noteProgress(connection, now: now) }
      if connection.hasEnded, connection.awaited == 0, !connection.isWaiting { goesOn = false }
      if goesOn, !wasWaiting, connection.isWaiting { watch(connection, &bench) }
      finish(connection, goesOn, &bench)
    }
  }

  /// Counts the requests whose responses were just handed to the kernel.
  /// - Parameter received: when they had been read.
  private func account(_ received: UInt64, _ bench: inout Bench) {
    let residence = Clock.monotonicNanoseconds() &- received
    let sample = worker.calls.sample(of: bench.outcomes.count)
    for (index, outcome) in bench.outcomes.enumerated() {
      worker.account(
        outcome, bench.served, .tcp, residence: residence, weight: sample.weight(of: index), &bench.sampler)
    }
  }
}
