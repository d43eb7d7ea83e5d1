internal import Addresses
internal import Answering
internal import FlatMemory
internal import LinuxIO
internal import Metrics

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

/// Answers over TCP (RFC 7766): any number of requests on a connection, pipelined, the responses of one reading in one
/// writing. A peer that does not read is not read from; one that is quiet for ten seconds is closed; where there are too
/// many, the quietest goes.
final class TCPWorker: Sendable {
  /// Nanoseconds without progress after which a connection is closed. RFC 7766 §6.2.3 wants "a few seconds".
  private static let idleLimit: UInt64 = 10_000_000_000
  /// Room for one reading, and for its responses: each at least one message of the greatest size with its length.
  private static let bufferSize = 2 * (2 + 65535)
  /// Readings from one connection before the others have their turn.
  private static let readingsInTurn = 4

  private let worker: Worker
  private let doors: [TCPDoor]
  private let connectionLimit: Int

  /// - Parameter connectionLimit: connections that this worker has at the most.
  init(_ worker: Worker, doors: [TCPDoor], connectionLimit: Int) {
    self.worker = worker
    self.doors = doors
    self.connectionLimit = connectionLimit
  }

  /// What the loop works with.
  private struct Bench: ~Copyable {
    let poller: Poller
    var workspace = Workspace()
    var input = OctetBuffer(capacity: TCPWorker.bufferSize)
    var response = OctetBuffer(capacity: 65535)
    var output = OctetBuffer(capacity: TCPWorker.bufferSize)
    var outcomes: [Outcome] = []
    var served: ServedSnapshot
    /// By descriptor.
    var connections: [Int32: TCPConnection] = [:]
    var lastSweep: UInt64 = 0
    var areDoorsOpen = true

    init(_ poller: consuming Poller, _ served: ServedSnapshot) {
      self.poller = poller
      self.served = served
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
        } else if let connection = bench.connections[Int32(truncatingIfNeeded: event.token)] {
          serve(connection, event, now, &bench)
        }
      }
      closeIdle(now, &bench)
    }
  }

  private static let doorBit: UInt64 = 1 << 40

  // MARK: - Opening and closing

  private func accept(at door: TCPDoor, _ now: UInt64, _ bench: inout Bench) {
    var accepted = 0
    while accepted < 64 {
      do throws(SystemError) {
        guard let socket = try door.listener.accept() else { return }
        worker.metrics.count(.connectionsAccepted)
        if bench.connections.count >= connectionLimit { closeQuietest(&bench) }
        let raw = socket.raw
        try bench.poller.add(raw, token: UInt64(raw))
        bench.connections[raw] = TCPConnection(socket, listener: door.index, now: now)
      } catch {
        // No descriptor left, most likely: the quietest connection makes room, and the next wait brings this one again.
        // Where this worker has none, the doors stay shut until the next sweep: a listener with someone waiting is
        // always ready.
        worker.metrics.count(.connectionsRefused)
        if bench.connections.isEmpty { return watchDoors(false, &bench) }
        return closeQuietest(&bench)
      }
      accepted += 1
    }
  }

  private func watchDoors(_ areOpen: Bool, _ bench: inout Bench) {
    bench.areDoorsOpen = areOpen
    for (position, door) in doors.enumerated() {
      try? bench.poller.modify(
        door.listener.raw, token: UInt64(position) | Self.doorBit, readable: areOpen, writable: false)
    }
  }

  private func close(_ connection: TCPConnection, _ bench: inout Bench) {
    if !connection.unread.isEmpty { worker.metrics.count(.requestsCut) }
    bench.poller.remove(connection.socket.raw)
    bench.connections[connection.socket.raw] = nil
    worker.metrics.count(.connectionsClosed)
  }

  private func closeQuietest(_ bench: inout Bench) {
    let quietest = bench.connections.values.min { $0.lastProgress < $1.lastProgress }
    if let quietest { close(quietest, &bench) }
  }

  private func closeIdle(_ now: UInt64, _ bench: inout Bench) {
    guard now &- bench.lastSweep > 1_000_000_000 else { return }
    bench.lastSweep = now
    if !bench.areDoorsOpen { watchDoors(true, &bench) }
    for connection in Array(bench.connections.values) where now &- connection.lastProgress > Self.idleLimit {
      close(connection, &bench)
    }
  }

  // MARK: - Serving

  private func serve(_ connection: TCPConnection, _ event: PollEvent, _ now: UInt64, _ bench: inout Bench) {
    if !connection.unsent.isEmpty {
      guard connection.sendUnsent(now: now) else { return close(connection, &bench) }
      if !connection.unsent.isEmpty { return }
      // What was read before the peer stopped reading waits to be answered.
      guard answerUnread(connection, now, &bench) else { return close(connection, &bench) }
      if connection.hasEnded, connection.unsent.isEmpty { return close(connection, &bench) }
      watch(connection, &bench)
    }
    if event.isReadable || event.isBroken, connection.unsent.isEmpty { read(connection, now, &bench) }
  }

  private func answerUnread(_ connection: TCPConnection, _ now: UInt64, _ bench: inout Bench) -> Bool {
    bench.input.reset()
    bench.input.append(connection.unread.span)
    return answer(connection, now, &bench)
  }

  private func read(_ connection: TCPConnection, _ now: UInt64, _ bench: inout Bench) {
    for _ in 0..<Self.readingsInTurn {
      bench.input.reset()
      bench.input.append(connection.unread.span)
      switch connection.socket.read(into: &bench.input) {
      case .octets: break
      case .wouldBlock: return
      case .closed: connection.hasEnded = true
      case .failed: return close(connection, &bench)
      }
      guard answer(connection, now, &bench) else { return close(connection, &bench) }
      if !connection.unsent.isEmpty { return watch(connection, &bench) }
      if connection.hasEnded { return close(connection, &bench) }
    }
  }

  /// Watches for room to write while responses wait, for requests otherwise.
  private func watch(_ connection: TCPConnection, _ bench: inout Bench) {
    let waits = !connection.unsent.isEmpty
    try? bench.poller.modify(
      connection.socket.raw, token: UInt64(connection.socket.raw), readable: !waits, writable: waits)
  }

  /// Answers the whole requests in the input, in order, and keeps the rest (RFC 7766 §6.2.1.1).
  /// - Returns: false where the connection is broken.
  private func answer(_ connection: TCPConnection, _ now: UInt64, _ bench: inout Bench) -> Bool {
    var offset = 0
    var isIntact = true
    while isIntact, connection.unsent.isEmpty {
      let received = Clock.monotonicNanoseconds()
      offset = fillOutput(connection, from: offset, &bench)
      if bench.outcomes.isEmpty { break }
      if bench.output.count > 0 {
        connection.lastProgress = now
        isIntact = connection.send(bench.output)
      }
      let residence = Clock.monotonicNanoseconds() &- received
      for outcome in bench.outcomes {
        worker.account(outcome, bench.served, .tcp, residence: residence, queue: nil)
      }
    }
    connection.unread = offset == bench.input.count ? [] : bench.input.octets.octets(offset..<bench.input.count)
    return isIntact
  }

  /// Answers requests from `offset` on until the input has no whole one left or the output no room for another response.
  /// - Returns: the offset behind the last request answered.
  private func fillOutput(_ connection: TCPConnection, from start: Int, _ bench: inout Bench) -> Int {
    bench.output.reset()
    bench.outcomes.removeAll(keepingCapacity: true)
    let context = bench.served.context(ofListener: connection.listener)
    let arrival = Arrival(
      source: connection.socket.peer.address, listenerContext: context, transport: .tcp,
      time: UInt32(truncatingIfNeeded: Clock.realtimeNanoseconds() / 1_000_000_000),
      idleTime: UInt16(Self.idleLimit / 100_000_000))
    var offset = start
    while offset + 2 <= bench.input.count, bench.output.capacity - bench.output.count >= 2 + 65535 {
      let size = Int(bench.input[offset]) << 8 | Int(bench.input[offset + 1])
      guard offset + 2 + size <= bench.input.count else { break }
      let outcome = answer(
        arrival, request: (offset + 2)..<(offset + 2 + size), of: bench.input, bench.served, &bench.workspace,
        into: &bench.response)
      bench.outcomes.append(outcome)
      append(bench.response, to: &bench.output)
      offset += 2 + size
    }
    return offset
  }

  /// Answers one request of the input; the response stays empty where there is to be silence.
  private func answer(
    _ arrival: Arrival, request range: Range<Int>, of input: borrowing OctetBuffer, _ served: ServedSnapshot,
    _ workspace: inout Workspace, into response: inout OctetBuffer
  ) -> Outcome {
    let request = input.octets.extracting(range)
    let outcome = respond(to: request, arrival, served.snapshot, using: &workspace, into: &response)
    if outcome.refusal != nil {
      worker.log(outcome, served, source: arrival.source, request: request, time: Clock.realtimeNanoseconds())
    }
    return outcome
  }

  /// Appends a response to those of this reading, its length in front (RFC 1035 §4.2.2).
  private func append(_ response: borrowing OctetBuffer, to output: inout OctetBuffer) {
    if response.count == 0 { return }
    output.append(UInt16(response.count))
    output.append(response.octets)
  }
}
