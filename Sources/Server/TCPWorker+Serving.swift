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
  func read(_ connection: TCPConnection, _ now: UInt64, _ bench: inout Bench) -> Bool {
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

  /// Watches for room to write while responses wait, for requests otherwise.
  func watch(_ connection: TCPConnection, _ bench: inout Bench) {
    let waits = !connection.unsent.isEmpty
    try? bench.poller.modify(
      connection.socket.raw, token: UInt64(connection.slot), readable: !waits, writable: waits)
  }

  /// Answers the whole requests in the input, in order, and keeps the rest (RFC 7766 §6.2.1.1).
  /// - Returns: false where the connection has ended.
  func answer(
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
        worker.account(outcome, bench.served, .tcp, residence: residence, queue: nil)
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
  func fillOutput(
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
  func answer(
    _ arrival: Arrival, request range: Range<Int>, of input: borrowing OctetBuffer, _ served: ServedSnapshot,
    _ workspace: inout Workspace, into response: inout OctetBuffer
  ) -> Outcome {
    let request = input.octets.extracting(range)
    let outcome = respond(to: request, arrival, served.snapshot, using: &workspace, into: &response)
    worker.log(outcome, served, arrival, request: request, time: Clock.realtimeNanoseconds())
    return outcome
  }

  /// Appends a response to those of this reading, its length in front (RFC 1035 §4.2.2).
  func append(_ response: borrowing OctetBuffer, to output: inout OctetBuffer) {
    if response.count == 0 { return }
    output.append(UInt16(response.count))
    output.append(response.octets)
  }
}
