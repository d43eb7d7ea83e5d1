internal import Addresses
internal import Answering
internal import FlatMemory
internal import LinuxIO
internal import Metrics
internal import Policy

/// A listening socket that a worker has for itself.
final class TCPDoor: Sendable {
  let listener: TCPListener
  /// The address's place among all that the server listens on.
  let index: Int

  init(_ listener: consuming TCPListener, index: Int) {
    self.listener = listener
    self.index = index
  }
}

/// Answers over TCP (RFC 7766): any number of requests on a connection, pipelined, answered in order, the responses of one
/// reading in one writing.
///
/// Nobody can keep others from being served: a peer that does not read is not read from; one without progress for the
/// idle time is closed, and that time shrinks as connections fill up; one that asks much is read from a little at a time;
/// where there are too many, one that has asked nothing goes, else the quietest, of the client's own where it is the
/// client that has too many (rather than refusing the new one: what is quietest is most
/// likely forgotten, or hostile, and neighbours behind one address keep what they use); and what connections hold of
/// memory is bounded in all.
final class TCPWorker: Sendable {
  /// Room for one reading and what was kept before it, and for responses: each at least two messages of the greatest size.
  private static let bufferSize = 2 * StreamFraming.longestFrame
  /// Connections looked at for one of a client that has too many: a bound on the time an accept takes.
  private static let quietestLookedAt = 256
  /// Octets that a server's connections may hold together: unfinished requests and responses not taken.
  private static let heldOctetsLimit = 32 << 20

  private let worker: Worker
  private let doors: [TCPDoor]
  private let census: TCPCensus
  private let heldLimit: Int

  /// - Parameters:
  ///   - census: all workers'.
  ///   - heldLimit: octets that this worker's connections may hold.
  init(_ worker: Worker, doors: [TCPDoor], census: TCPCensus, heldLimit: Int) {
    self.worker = worker
    self.doors = doors
    self.census = census
    self.heldLimit = heldLimit
  }

  /// Octets that the connections of one of so many workers may hold: its share, but no less than what one connection can
  /// come to, a buffer of responses and an unfinished request, so that a peer within its rights is not closed for it.
  static func heldLimit(workers: Int) -> Int {
    max(bufferSize + StreamFraming.longestFrame, heldOctetsLimit / max(1, workers))
  }

  /// What the loop works with.
  private struct Bench: ~Copyable {
    let poller: Poller
    var workspace = Workspace()
    var asker = AskerEvidence()
    var input = OctetBuffer(capacity: TCPWorker.bufferSize)
    var response = OctetBuffer(capacity: 65535)
    var output = OctetBuffer(capacity: TCPWorker.bufferSize)
    var outcomes: [Outcome] = []
    var served: ServedSnapshot
    var table = TCPTable()
    var lastSweep: UInt64 = 0
    /// Nanoseconds that a connection may be quiet, as of the last sweep.
    var idleTime: UInt64
    var areDoorsOpen = true

    init(_ poller: consuming Poller, _ served: ServedSnapshot) {
      self.poller = poller
      self.served = served
      idleTime = UInt64(served.tcpLimits.idle) * 1_000_000_000
    }
  }

  /// Runs until the worker is stopped.
  func run() throws(SystemError) {
    var bench = Bench(try Poller(), worker.holder.served)
    var events = PollEvents()
    try bench.poller.add(worker.bell.raw, token: Worker.bellToken)
    for (position, door) in doors.enumerated() {
      try bench.poller.add(door.listener.raw, token: UInt64(position) | Self.doorBit)
    }
    while !worker.shouldStop {
      try bench.poller.wait(timeoutMilliseconds: Worker.longestSleepMilliseconds, into: &events)
      worker.holder.refresh(&bench.served)
      let now = Clock.monotonicNanoseconds()
      for index in 0..<events.count {
        let event = events[index]
        if event.token == Worker.bellToken {
          worker.bell.drain()
        } else if event.token & Self.doorBit != 0 {
          accept(at: doors[Int(event.token & ~Self.doorBit)], now, &bench)
        } else if let connection = bench.table[Int(truncatingIfNeeded: event.token)] {
          serve(connection, event, now, &bench)
        }
      }
      closeIdle(now, &bench)
    }
  }

  private static let doorBit: UInt64 = 1 << 40

  // MARK: - Opening and closing

  private func accept(at door: TCPDoor, _ now: UInt64, _ bench: inout Bench) {
    for _ in 0..<64 {
      do throws(SystemError) {
        guard let socket = try door.listener.accept() else { return }
        worker.metrics.count(.connectionsAccepted)
        let isProxy = bench.served.isProxy(socket.peer.address)
        guard makeRoom(for: isProxy ? nil : socket.peer.address, &bench) else {
          worker.metrics.count(.connectionsRefused)
          worker.metrics.count(.connectionsClosed)
          continue
        }
        let raw = socket.raw
        // A closure cannot consume what it captures, but it can take it out of an optional.
        var accepted: TCPSocket? = consume socket
        let connection = bench.table.add { slot in
          guard let socket = accepted.take() else { preconditionFailure("a table makes one connection of a socket") }
          return TCPConnection(socket, isProxy: isProxy, listener: door.index, slot: slot, now: now)
        }
        do throws(SystemError) {
          try bench.poller.add(raw, token: UInt64(connection.slot))
        } catch {
          bench.table.remove(connection)
          worker.metrics.count(.connectionsClosed)
          census.leave(connection.client)
          throw error
        }
        // Most who mean it have asked by now, and the next wait may be many others away.
        finish(connection, read(connection, now, &bench), &bench)
      } catch {
        // No descriptor left, most likely: the quietest connection makes room, and the next wait brings this one again.
        // Where this worker has none, the doors stay shut until the next sweep: a listener with someone waiting is
        // always ready.
        worker.metrics.count(.connectionsRefused)
        guard let other = bench.table.mostDispensable else { return watchDoors(false, &bench) }
        return close(other, &bench)
      }
    }
  }

  /// Counts a connection, closing another where there are too many.
  /// - Parameter source: nil for a trusted proxy's.
  /// - Returns: false where its client has too many, none of them among this worker's quietest.
  private func makeRoom(for source: IPAddress?, _ bench: inout Bench) -> Bool {
    let limits = bench.served.tcpLimits
    let share = census.share(limits)
    while bench.table.count >= share, let other = bench.table.mostDispensable { close(other, &bench) }
    if census.admit(source, limits) { return true }
    return source.map { takePlace(of: $0, limits, &bench) } ?? false
  }

  /// Counts a connection of a client that has too many, in the place of its quietest, which is closed.
  private func takePlace(of client: IPAddress, _ limits: TCPLimits, _ bench: inout Bench) -> Bool {
    guard let own = bench.table.quietest(of: client.client, among: Self.quietestLookedAt) else { return false }
    end(own, &bench)
    return census.admit(client, replacing: own.client, limits)
  }

  /// Counts a proxy's connection as its client's, once that is known.
  /// - Returns: false where the client has too many, none of them among this worker's quietest.
  private func count(_ connection: TCPConnection, as client: IPAddress, _ bench: inout Bench) -> Bool {
    let limits = bench.served.tcpLimits
    guard census.admit(client, limits) || takePlace(of: client, limits, &bench) else {
      worker.metrics.count(.connectionsRefused)
      return false
    }
    census.leave(connection.client)
    connection.client = client
    return true
  }

  private func watchDoors(_ areOpen: Bool, _ bench: inout Bench) {
    bench.areDoorsOpen = areOpen
    for (position, door) in doors.enumerated() {
      try? bench.poller.modify(
        door.listener.raw, token: UInt64(position) | Self.doorBit, readable: areOpen, writable: false)
    }
  }

  private func close(_ connection: TCPConnection, _ bench: inout Bench) {
    end(connection, &bench)
    census.leave(connection.client)
  }

  /// Closes a connection, but leaves it in the census.
  private func end(_ connection: TCPConnection, _ bench: inout Bench) {
    if !connection.framing.kept.isEmpty { worker.metrics.count(.requestsCut) }
    bench.poller.remove(connection.socket.raw)
    bench.table.remove(connection)
    worker.metrics.count(.connectionsClosed)
  }

  private func closeIdle(_ now: UInt64, _ bench: inout Bench) {
    guard now &- bench.lastSweep > 1_000_000_000 else { return }
    bench.lastSweep = now
    if !bench.areDoorsOpen { watchDoors(true, &bench) }
    bench.idleTime = census.idleTime(bench.served.tcpLimits)
    while let quietest = bench.table.quietest, now &- quietest.lastProgress > bench.idleTime { close(quietest, &bench) }
  }

  /// Counts what a connection holds; where all hold too much, those go that have held for longest.
  private func noteHeld(_ connection: TCPConnection, _ bench: inout Bench) {
    bench.table.noteHeld(connection)
    while bench.table.heldOctets > heldLimit, let holder = bench.table.oldestHolder { close(holder, &bench) }
  }

  // MARK: - Serving

  private func serve(_ connection: TCPConnection, _ event: PollEvent, _ now: UInt64, _ bench: inout Bench) {
    finish(connection, advance(connection, event, now, &bench), &bench)
  }

  /// Ends a connection's turn.
  private func finish(_ connection: TCPConnection, _ goesOn: Bool, _ bench: inout Bench) {
    if goesOn { noteHeld(connection, &bench) } else { close(connection, &bench) }
  }

  /// Sends and reads what can be.
  /// - Returns: false where the connection has ended.
  private func advance(_ connection: TCPConnection, _ event: PollEvent, _ now: UInt64, _ bench: inout Bench) -> Bool {
    if !connection.unsent.isEmpty {
      guard connection.sendUnsent() else { return false }
      if !connection.unsent.isEmpty { return true }
      bench.table.noteProgress(connection, now: now)
      // What was read before the peer stopped reading waits to be answered.
      bench.input.reset()
      connection.framing.release(into: &bench.input)
      guard answer(connection, now, &bench) else { return false }
      if connection.unsent.isEmpty { watch(connection, &bench) }
    }
    guard event.isReadable || event.isBroken, connection.unsent.isEmpty else { return true }
    return read(connection, now, &bench)
  }

  /// Reads once and answers; the others have their turn before the next reading.
  private func read(_ connection: TCPConnection, _ now: UInt64, _ bench: inout Bench) -> Bool {
    bench.input.reset(limit: min(connection.readingLimit, Self.bufferSize))
    switch connection.socket.read(into: &bench.input) {
    case .octets: break
    case .wouldBlock: return true
    // Nothing is read while something waits to be answered or taken: at the peer's end all that came whole is answered.
    case .closed, .failed: return false
    }
    if !connection.framing.kept.isEmpty {
      let isWhole = connection.framing.add(bench.input.octets)
      guard isWhole || connection.opening != .over else { return true }
      bench.input.reset()
      connection.framing.release(into: &bench.input)
    }
    var start = 0
    if connection.opening != .over {
      switch open(connection, &bench) {
      case .at(let offset): start = offset
      case .notYet(let offset):
        connection.framing.keep(bench.input, from: offset)
        return true
      case .never: return false
      }
    }
    guard answer(connection, from: start, now, &bench) else { return false }
    if !connection.unsent.isEmpty { watch(connection, &bench) }
    return true
  }

  /// Where the first message of a connection starts.
  private enum Start {
    case at(Int)
    /// Cannot be told yet; what is not needed any more ends here.
    case notYet(Int)
    /// The connection has to be closed.
    case never
  }

  /// Looks at how a connection begins: with a PROXY header where its peer is a trusted proxy, and only there. Behind it
  /// there is no other: proxies in a row have to agree on one.
  private func open(_ connection: TCPConnection, _ bench: inout Bench) -> Start {
    var start = 0
    if connection.opening == .header {
      switch ProxyHeader.read(bench.input.octets) {
      case .incomplete: return .notYet(0)
      case .malformed:
        worker.recordFault(.noProxyHeader, of: connection.socket.peer.address, .tcp)
        return .never
      case .header(let header):
        connection.opening = .message
        let commonName = header.commonName.map { bench.input.octets.octets($0) }
        connection.proxied = TCPConnection.Proxied(source: header.source, commonName: commonName)
        if case .address(let client) = header.client, !count(connection, as: client.address, &bench) { return .never }
        start = header.length
      }
    }
    switch ProxyHeader.isBegun(by: bench.input.octets.extracting(droppingFirst: start)) {
    case nil: return .notYet(start)
    case .some(true):
      let cause = connection.isProxied ? SilenceCause.noProxyHeader : .untrustedProxy
      worker.recordFault(cause, of: connection.socket.peer.address, .tcp)
      return .never
    case .some(false):
      connection.opening = .over
      return .at(start)
    }
  }

  /// Who asks, by all that is known of a connection and the snapshot in force.
  private func evidence(of connection: TCPConnection, _ bench: inout Bench) -> Evidence {
    let served = bench.served
    let peer = connection.socket.peer
    var evidence = Evidence(source: peer.address, listenerContext: served.context(ofListener: connection.listener))
    if let proxied = connection.proxied {
      guard let source = proxied.source else { return evidence }
      evidence.source = source
      evidence.addressSource = .proxy
      if let name = proxied.commonName { served.snapshot.policy.callers.note(commonName: name.span, in: &evidence) }
    } else if served.snapshot.policy.callers.hasUsers {
      if connection.shouldAskForUser(in: served.generation) {
        let user = connection.socket.localAddress.flatMap {
          bench.asker.user(of: peer, asking: $0, isStream: true, served, worker.metrics)
        }
        connection.user = user.map { .number($0) } ?? .nobody
        connection.userGeneration = served.generation
      }
      if case .number(let number) = connection.user { evidence.user = number }
    }
    return evidence
  }

  /// Watches for room to write while responses wait, for requests otherwise.
  private func watch(_ connection: TCPConnection, _ bench: inout Bench) {
    let waits = !connection.unsent.isEmpty
    try? bench.poller.modify(
      connection.socket.raw, token: UInt64(connection.slot), readable: !waits, writable: waits)
  }

  /// Answers the whole requests in the input, in order, and keeps the rest (RFC 7766 §6.2.1.1).
  /// - Returns: false where the connection has ended.
  private func answer(
    _ connection: TCPConnection, from start: Int = 0, _ now: UInt64, _ bench: inout Bench
  ) -> Bool {
    // Who was trusted when it connected need not be now, or the other way round: it may connect again.
    if bench.served.isProxy(connection.socket.peer.address) != connection.isProxied { return false }
    var offset = start
    var next = StreamFraming.Next.incomplete
    repeat {
      let received = Clock.monotonicNanoseconds()
      (offset, next) = fillOutput(connection, from: offset, &bench)
      var isIntact = true
      if bench.output.count > 0 {
        bench.table.noteProgress(connection, now: now)
        isIntact = connection.send(bench.output)
      }
      let residence = Clock.monotonicNanoseconds() &- received
      for outcome in bench.outcomes {
        worker.account(outcome, bench.served, .tcp, residence: residence)
      }
      if !isIntact { return false }
      // While responses wait, what is behind them waits too.
    } while next.isRequest && connection.unsent.isEmpty
    if next == .broken, connection.unsent.isEmpty {
      worker.metrics.recordSilence(slot: 0, transport: .tcp, cause: .short)
      return false
    }
    connection.framing.keep(bench.input, from: offset)
    return true
  }

  /// Answers requests from `offset` on until the input has no whole one left or the output no room for another response.
  /// - Returns: the offset behind the last request answered, and what comes there.
  private func fillOutput(
    _ connection: TCPConnection, from start: Int, _ bench: inout Bench
  ) -> (offset: Int, next: StreamFraming.Next) {
    bench.output.reset()
    bench.outcomes.removeAll(keepingCapacity: true)
    let arrival = Arrival(
      evidence(of: connection, &bench), transport: .tcp,
      time: Clock.realtimeSeconds(),
      idleTime: UInt16(clamping: bench.idleTime / 100_000_000))
    var offset = start
    while true {
      let next = StreamFraming.next(in: bench.input.octets, at: offset)
      guard case .request(let range) = next, bench.output.capacity - bench.output.count >= StreamFraming.longestFrame
      else { return (offset, next) }
      let outcome = answer(
        arrival, request: range, of: bench.input, bench.served, &bench.workspace, into: &bench.response)
      bench.outcomes.append(outcome)
      worker.note(
        outcome, arrival.evidence, connection.way, request: bench.input.octets.extracting(range), time: arrival.time,
        bench.served)
      append(bench.response, to: &bench.output)
      offset = range.upperBound
    }
  }

  /// Answers one request of the input; the response stays empty where there is to be silence.
  private func answer(
    _ arrival: Arrival, request range: Range<Int>, of input: borrowing OctetBuffer, _ served: ServedSnapshot,
    _ workspace: inout Workspace, into response: inout OctetBuffer
  ) -> Outcome {
    let request = input.octets.extracting(range)
    let outcome = respond(to: request, arrival, served.snapshot, using: &workspace, into: &response)
    worker.log(outcome, served, arrival, request: request, time: Clock.realtimeNanoseconds())
    return outcome
  }

  /// Appends a response to those of this reading, its length in front (RFC 1035 §4.2.2).
  private func append(_ response: borrowing OctetBuffer, to output: inout OctetBuffer) {
    if response.count == 0 { return }
    output.append(UInt16(response.count))
    output.append(response.octets)
  }
}
