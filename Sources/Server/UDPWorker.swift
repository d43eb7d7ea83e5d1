internal import Addresses
internal import Answering
internal import LinuxIO
internal import Metrics
internal import Policy

/// A socket that a worker has for itself; every worker has one for each address, and the kernel shares the datagrams
/// out between them (SO_REUSEPORT).
final class UDPListener: Sendable {
  let socket: UDPSocket
  /// The address's place among all that the server listens on.
  let index: Int

  init(_ socket: consuming UDPSocket, index: Int) {
    self.socket = socket
    self.index = index
  }
}

/// Answers datagrams, a batch at a time: the whole path of a query, from the kernel to the kernel.
final class UDPWorker: Sendable {
  private let worker: Worker
  private let listeners: [UDPListener]
  private let limiter: RateLimiter
  /// Batches taken from one socket before the others have their turn.
  private static let batchesInTurn = 16

  /// - Parameter limiter: all workers'.
  init(_ worker: Worker, listeners: [UDPListener], limiter: RateLimiter) {
    self.worker = worker
    self.limiter = limiter
    self.listeners = listeners
  }

  /// What the loop works with: made once, used for every batch.
  private struct Bench: ~Copyable {
    var batch = DatagramBatch()
    var workspace = Workspace()
    var slips = SlipWriter()
    var asker = AskerEvidence()
    var outcomes: [Outcome?]
    var served: ServedSnapshot

    init(_ served: ServedSnapshot) {
      self.served = served
      outcomes = Array(repeating: nil, count: batch.capacity)
    }
  }

  /// Runs until the worker is stopped.
  /// - Throws: where the kernel refuses what no server can do without.
  func run() throws(SystemError) {
    let poller = try Poller()
    var events = PollEvents()
    try poller.add(worker.bell.raw, token: Worker.bellToken)
    for (position, listener) in listeners.enumerated() {
      try poller.add(listener.socket.raw, token: UInt64(position))
    }
    var bench = Bench(worker.holder.served)
    while !worker.shouldStop {
      try poller.wait(timeoutMilliseconds: Worker.longestSleepMilliseconds, into: &events)
      worker.holder.refresh(&bench.served)
      for index in 0..<events.count {
        let token = events[index].token
        if token == Worker.bellToken {
          worker.bell.drain()
        } else {
          try serve(listeners[Int(token)], &bench)
        }
      }
    }
  }

  /// Answers what waits at one socket, as long as batches come full, up to its turn's end.
  private func serve(_ listener: UDPListener, _ bench: inout Bench) throws(SystemError) {
    var batches = 0
    while batches < Self.batchesInTurn {
      let count = try bench.batch.receive(from: listener.socket)
      if count == 0 { return }
      worker.holder.refresh(&bench.served)
      answer(count, of: listener, &bench)
      if count < bench.batch.capacity { return }
      batches += 1
    }
  }

  /// One batch: times taken for all of it together, which the metrics' uncertainty says.
  private func answer(_ count: Int, of listener: UDPListener, _ bench: inout Bench) {
    let received = Clock.monotonicNanoseconds()
    let receivedOnWall = Clock.realtimeNanoseconds()
    let served = bench.served
    let time = UInt32(truncatingIfNeeded: receivedOnWall / 1_000_000_000)
    let context = served.context(ofListener: listener.index)
    for index in 0..<count {
      let source = bench.batch.source(index)
      if source.port == 0 {  // nothing can be sent there
        worker.metrics.recordSilence(slot: 0, transport: .udp, cause: .badSource)
        bench.outcomes[index] = nil
        continue
      }
      if bench.batch.isTruncated(index) { worker.metrics.count(.datagramsCut) }
      var evidence = Evidence(source: source.address, listenerContext: context)
      guard let start = findOut(index, listener, served, &evidence, bench.batch, &bench.asker) else {
        worker.recordFault(.noProxyHeader, of: source.address, .udp)
        bench.outcomes[index] = nil
        continue
      }
      let arrival = Arrival(evidence, transport: .udp, time: time)
      bench.outcomes[index] = answer(
        index, from: start, arrival, served, received, receivedOnWall,
        &bench.batch, &bench.workspace, &bench.slips)
      guard let outcome = bench.outcomes[index] else { continue }
      worker.note(
        outcome, evidence, QueryWay(listener: listener.index, peer: source.address, hasHeader: start > 0),
        request: bench.batch.request(index).extracting(droppingFirst: start), time: time, served)
    }
    let sent = bench.batch.send(to: listener.socket)
    let done = Clock.monotonicNanoseconds()
    worker.metrics.count(.datagramsReceived, UInt64(count))
    worker.metrics.count(.responsesSent, UInt64(sent.sent))
    worker.metrics.count(.sendFailures, UInt64(sent.failed))
    worker.metrics.count(.batches)
    worker.metrics.count(.batchSpan, done &- received)
    for index in 0..<count {
      guard let outcome = bench.outcomes[index] else { continue }  // got silence, and was counted
      let stamp = bench.batch.kernelTime(index)
      let queue = stamp == 0 ? nil : Int64(bitPattern: receivedOnWall &- stamp)
      worker.account(outcome, served, .udp, residence: done &- received, queue: queue)
    }
  }

  /// Finds out who asks, where the packet's source does not say it all.
  /// - Returns: where in the datagram the message starts; nil where a proxy did not say whose it is.
  @inline(__always)
  private func findOut(
    _ index: Int, _ listener: UDPListener, _ served: ServedSnapshot, _ evidence: inout Evidence,
    _ batch: borrowing DatagramBatch, _ asker: inout AskerEvidence
  ) -> Int? {
    if served.isProxy(evidence.source) {
      let datagram = batch.request(index)
      guard case .header(let header) = ProxyHeader.read(datagram) else { return nil }
      header.write(into: &evidence, datagram, served.snapshot.policy.callers)
      return header.length
    }
    if served.snapshot.policy.callers.hasUsers {
      var server = listener.socket.localAddress
      if let destination = batch.destination(index) { server = SocketAddress(destination, port: server.port) }
      evidence.user = asker.user(of: batch.source(index), asking: server, isStream: false, served, worker.metrics)
    }
    return 0
  }

  /// One query: `respond`, the log where it was refused, and the rate limit.
  /// - Returns: nil where the rate limit kept the response.
  @inline(__always)
  private func answer(
    _ index: Int, from start: Int, _ arrival: Arrival, _ served: ServedSnapshot, _ now: UInt64, _ time: UInt64,
    _ batch: inout DatagramBatch, _ workspace: inout Workspace, _ slips: inout SlipWriter
  ) -> Outcome? {
    batch.withSlot(index) { datagram, response in
      let request = datagram.extracting(droppingFirst: start)
      let outcome = respond(to: request, arrival, served.snapshot, using: &workspace, into: &response)
      worker.log(outcome, served, arrival, request: request, time: time)
      switch served.limiting.judge(response, to: request, of: arrival.source, outcome, by: limiter, at: now) {
      case .send: return outcome
      case .slip:
        slips.write(insteadOf: &response, to: request, outcome)
        worker.metrics.count(.responsesSlipped)
        limiter.note(arrival.source)
        return outcome
      case .drop:
        response.reset()
        worker.metrics.recordSilence(slot: served.slot(of: outcome.caller), transport: .udp, cause: .limited)
        limiter.note(arrival.source)
        return nil
      }
    }
  }
}
