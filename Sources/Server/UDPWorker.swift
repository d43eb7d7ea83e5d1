internal import Addresses
internal import Answering
internal import FlatMemory
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
  /// Listeners that come and go; nil where those above are all.
  private let leased: LeasedListeners?
  /// Batches taken from one socket before the others have their turn.
  private static let batchesInTurn = 16

  /// - Parameters:
  ///   - limiter: all workers'.
  ///   - leased: listeners that come and go.
  init(_ worker: Worker, listeners: [UDPListener], limiter: RateLimiter, leased: LeasedListeners? = nil) {
    self.leased = leased
    self.worker = worker
    self.limiter = limiter
    self.listeners = listeners
  }

  /// What the loop works with: made once, used for every batch.
  private struct Bench: ~Copyable {
    /// The worker's bell, then its listeners.
    var ready: ReadableWait
    var batch = DatagramBatch()
    var workspace = Workspace()
    var slips = SlipWriter()
    var asker = AskerEvidence()
    /// How the query in hand came, where dnstap wants to know.
    var exchange = Exchange()
    /// Where its response goes, where it may be asked for elsewhere.
    var way = ResponseWay()
    /// By slot of the batch.
    var asked: FlatScratch<Asked>
    /// The batch's queries, until its residence time is known; where not all are timed, `timed` has those that are.
    var tally: PopulationTally
    var timed: PopulationTally
    var sampler = QuerySampler(seed: .random(in: .min ... .max))
    var watch: ClockWatch
    /// Nanoseconds within which both clocks are to be read: 250, or more where reading them takes long.
    let longestReading: UInt64
    /// True where queries of the batch were handed to the forwarder.
    var hasHandedOver = false
    /// Whether the kernel stamps datagrams, as it does when the sockets are bound.
    var isStamping = true

    init(_ metrics: WorkerMetrics, waitingFor descriptors: [Int32]) {
      ready = ReadableWait(descriptors)
      asked = FlatScratch(repeating: Asked(Evidence(source: IPAddress(v4: 0))), count: batch.capacity)
      tally = PopulationTally(for: metrics)
      timed = PopulationTally(for: metrics)
      let clocks = Clock.calibrate()
      longestReading = max(250, UInt64(4 * (clocks.monotonic.readCost + clocks.realtime.readCost)))
      watch = ClockWatch(monotonic: Clock.monotonicNanoseconds(), wall: Clock.realtimeNanoseconds())
    }
  }

  /// Who asks, by all that is known before the message is read.
  private struct Asked: BitwiseCopyable {
    var evidence: Evidence
    /// Where in the datagram the message starts: behind a PROXY header, if there is one.
    var start = 0
    /// The hash of the name asked for, from looking ahead.
    var hash: UInt64 = 0
    /// False for a datagram that gets silence, and was counted.
    var isHeard = true

    init(_ evidence: Evidence) { self.evidence = evidence }
  }

  /// Where a response goes, and from where.
  private struct ResponseWay: BitwiseCopyable {
    var listener = 0
    var peer = SocketAddress(IPAddress(v4: 0), port: 0)
    var scope: UInt32 = 0
    var server = SocketAddress(IPAddress(v4: 0), port: 0)
  }

  /// When a batch was handed to us, by both clocks, in nanoseconds.
  private struct Moment: BitwiseCopyable {
    let monotonic: UInt64
    let wall: UInt64

    var seconds: UInt32 { UInt32(truncatingIfNeeded: wall / 1_000_000_000) }

    /// This moment. Both clocks are read again, up to 3 times, where the thread lost its processor between the two: that time
    /// would be in queue and in residence, both.
    @inline(never)
    static func now(within longest: UInt64) -> Moment {
      for _ in 0..<3 {
        let before = Clock.monotonicNanoseconds()
        let wall = Clock.realtimeNanoseconds()
        let monotonic = Clock.monotonicNanoseconds()
        if monotonic &- before <= longest { return Moment(monotonic: monotonic, wall: wall) }
      }
      let wall = Clock.realtimeNanoseconds()
      return Moment(monotonic: Clock.monotonicNanoseconds(), wall: wall)
    }
  }

  /// Runs until the worker is stopped.
  /// - Throws: where the kernel refuses what no server can do without.
  func run() throws(SystemError) {
    var bench = Bench(worker.metrics, waitingFor: [worker.bell.raw] + listeners.map { $0.socket.raw })
    var served = worker.holder.served
    var listeners = listeners
    var seen: UInt64 = 0
    while !worker.shouldStop {
      if let news = leased?.news(since: &seen) {
        listeners = news.datagrams
        bench.ready = ReadableWait([worker.bell.raw] + listeners.map { $0.socket.raw })
        bench.isStamping = true  // as sockets are bound
      }
      try bench.ready.wait(timeoutMilliseconds: Worker.longestSleepMilliseconds)
      worker.holder.refresh(&served)
      worker.calls.turn()
      if (served.timesEvery != 0) != bench.isStamping { changeStamping(of: listeners, &bench) }
      if bench.ready.isReadable(0) { worker.bell.drain() }
      for (index, listener) in listeners.enumerated() where bench.ready.isReadable(index + 1) {
        try serve(listener, &served, &bench)
      }
    }
  }

  /// Answers what waits at one socket, as long as batches come full, up to its turn's end.
  ///
  /// The snapshot is lent to a batch, not kept by it: workers that counted its references would pass that count's cache
  /// line to and fro.
  private func serve(
    _ listener: UDPListener, _ served: inout ServedSnapshot, _ bench: inout Bench
  ) throws(SystemError) {
    var batches = 0
    while batches < Self.batchesInTurn {
      let count = try bench.batch.receive(from: listener.socket)
      if count == 0 { return }
      // Behind the receiving: whoever asks after a reload is answered from what was loaded.
      worker.holder.refresh(&served)
      worker.calls.turn()
      answer(count, of: listener, served, &bench)
      if count < bench.batch.capacity { return }
      batches += 1
    }
  }

  /// One batch, in stages: who asks, what answers will read, answers, sending, the time it took. Times are taken for all
  /// of it together, which the metrics' uncertainty says.
  private func answer(_ count: Int, of listener: UDPListener, _ served: ServedSnapshot, _ bench: inout Bench) {
    let moment = Moment.now(within: bench.longestReading)
    if !bench.watch.isSteady(monotonic: moment.monotonic, wall: moment.wall) { judgeClock(&bench.watch) }
    let context = served.context(ofListener: listener.index)
    for index in 0..<count { findOut(index, listener, context, served, &bench) }
    for index in 0..<count { bench.workspace.lookAhead(to: bench.asked[index].hash, served.snapshot) }
    let sample = worker.calls.sample(of: count)
    for index in 0..<count { answer(index, listener, served, moment, sample.weight(of: index), &bench) }
    let sent = send(to: listener, served, since: moment, &bench)
    if bench.hasHandedOver {
      bench.hasHandedOver = false
      served.forwarding?.bell.wake()
    }
    worker.metrics.count(.datagramsReceived, UInt64(count))
    worker.metrics.count(.responsesSent, UInt64(sent.sent))
    if sent.failed > 0 { worker.metrics.count(.sendFailures, UInt64(sent.failed)) }
    worker.metrics.count(.batches)
  }

  /// Sends the responses of a batch, and counts its queries and their residence time.
  @inline(__always)
  private func send(
    to listener: UDPListener, _ served: ServedSnapshot, since moment: Moment, _ bench: inout Bench
  ) -> DatagramBatch.SendResult {
    if served.timesEvery == 0 {
      worker.metrics.count(&bench.tally)
      return bench.batch.send(to: listener.socket)
    }
    // Each response leaves at a moment of its own, between this one and the end.
    let begin = Clock.monotonicNanoseconds()
    let sent = bench.batch.send(to: listener.socket)
    let end = Clock.monotonicNanoseconds()
    let residence = end &- moment.monotonic
    let timed: UInt64
    if served.timesEvery == 1 {
      timed = worker.metrics.record(residence: residence, of: &bench.tally)
    } else {
      worker.metrics.count(&bench.tally)
      timed = worker.metrics.record(onlyResidence: residence, of: &bench.timed)
    }
    worker.metrics.count(.sendSpan, (end &- begin) &* timed)
    worker.metrics.count(.timedDatagrams, timed)
    return sent
  }

  /// Looks again at clocks that look as if one had been set: this thread may just have lost its processor between them.
  @inline(never)
  private func judgeClock(_ watch: inout ClockWatch) {
    var best = (before: UInt64.zero, wall: UInt64.zero, after: UInt64.max)
    for _ in 0..<4 {
      let before = Clock.monotonicNanoseconds(), wall = Clock.realtimeNanoseconds()
      let after = Clock.monotonicNanoseconds()
      if after &- before < best.after &- best.before { best = (before, wall, after) }
    }
    if watch.judge(before: best.before, wall: best.wall, after: best.after) { worker.metrics.count(.clockSteps) }
  }

  /// Has the kernel stamp datagrams or not, as the policy says since the last reload.
  @inline(never)
  private func changeStamping(of listeners: [UDPListener], _ bench: inout Bench) {
    bench.isStamping.toggle()
    for listener in listeners { listener.socket.stampDatagrams(bench.isStamping) }
    if bench.isStamping {
      bench.watch.distrust(from: Clock.monotonicNanoseconds(), wall: Clock.realtimeNanoseconds())
    }
  }

  /// Who asks: the packet's source, and what else there is where that does not say it all.
  @inline(__always)
  private func findOut(
    _ index: Int, _ listener: UDPListener, _ context: UInt16?, _ served: ServedSnapshot, _ bench: inout Bench
  ) {
    let source = bench.batch.source(index)
    var asked = Asked(Evidence(source: source.address, listenerContext: context))
    if source.port == 0 {  // nothing can be sent there
      worker.metrics.recordSilence(slot: 0, transport: .udp, cause: .badSource)
      asked.isHeard = false
    } else if served.needsMoreThanSource {
      askFurther(index, source, listener, served, &asked, bench.batch, &bench.asker)
    }
    if bench.batch.isTruncated(index) { worker.metrics.count(.datagramsCut) }
    asked.hash = bench.workspace.lookAhead(
      at: bench.batch.request(index).extracting(droppingFirst: asked.start), served.snapshot)
    bench.asked[index] = asked
  }

  /// Who asks where there are proxies, which say it, or `uid` lines, for which the host's sockets do.
  @inline(never)
  private func askFurther(
    _ index: Int, _ source: SocketAddress, _ listener: UDPListener, _ served: ServedSnapshot, _ asked: inout Asked,
    _ batch: borrowing DatagramBatch, _ asker: inout AskerEvidence
  ) {
    if served.isProxy(source.address) {
      let datagram = batch.request(index)
      guard case .header(let header) = ProxyHeader.read(datagram) else {
        worker.recordFault(.noProxyHeader, of: source.address, .udp)
        asked.isHeard = false
        return
      }
      header.write(into: &asked.evidence, datagram, served.snapshot.policy.callers)
      asked.start = header.length
    } else if served.snapshot.policy.callers.hasUsers {
      var server = listener.socket.localAddress
      if let destination = batch.destination(index) { server = SocketAddress(destination, port: server.port) }
      asked.evidence.user = asker.user(of: source, asking: server, isStream: false, served, worker.metrics)
    }
  }

  /// One query: `respond`, the logs, the rate limit, and what is counted of it but its residence time.
  /// - Parameter weight: for how many queries its call is counted, see ``WorkerCalls``.
  @inline(__always)
  private func answer(
    _ index: Int, _ listener: UDPListener, _ served: ServedSnapshot, _ moment: Moment, _ weight: UInt64,
    _ bench: inout Bench
  ) {
    let asked = bench.asked[index]
    guard asked.isHeard else { return }
    let arrival = Arrival(asked.evidence, transport: .udp, time: moment.seconds)
    let peer = bench.batch.source(index).address
    if served.forwarding != nil { bench.way = way(index, listener, bench.batch) }
    // Here, for the batch is lent below; and kept with the bench, for it costs nothing there where it is not wanted.
    if served.isTapped { bench.exchange = exchange(index, listener, asked, moment, bench.batch) }
    let population = bench.batch.withSlot(index) { datagram, response in
      let request = datagram.extracting(droppingFirst: asked.start)
      let outcome = respond(
        to: request, arrival, served.snapshot, hash: asked.hash, using: &bench.workspace, into: &response)
      if outcome.decision == .forwarded {
        return answerForwarded(
          outcome, request, arrival, asked, bench.way, served, moment, weight, bench.exchange, &bench.workspace,
          &bench.slips, &bench.hasHandedOver, into: &response)
      }
      return settle(
        outcome, request, arrival, asked, listener.index, peer, served, moment, weight, bench.exchange, &bench.slips,
        &response)
    }
    guard let population else { return }
    bench.tally.add(population)
    if served.timesEvery != 1 {
      guard worker.isTimed(served, &bench.sampler) else { return }
      bench.timed.add(population)
    }
    worker.metrics.record(
      queue: bench.watch.queueTime(stamp: bench.batch.kernelTime(index), wall: moment.wall), of: population)
  }

  /// What is done with an answer before it is sent: the logs, the rate limit, and what is counted of it.
  /// - Returns: the query's population; nil where nothing is sent.
  @inline(__always)
  private func settle(
    _ outcome: Outcome, _ request: Span<UInt8>, _ arrival: Arrival, _ asked: Asked, _ listener: Int, _ peer: IPAddress,
    _ served: ServedSnapshot, _ moment: Moment, _ weight: UInt64, _ exchange: Exchange, _ slips: inout SlipWriter,
    _ response: inout OctetBuffer
  ) -> Population? {
    worker.log(outcome, served, arrival, request: request, time: moment.wall)
    let isSent = mayBeSent(&response, to: request, arrival.source, outcome, served, moment, &slips)
    if served.isTapped {
      worker.tap(outcome, served, arrival, request: request, response: response.octets, exchange)
    }
    guard isSent else { return nil }
    if served.isGuarded {
      worker.note(
        outcome, asked.evidence, QueryWay(listener: listener, peer: peer, hasHeader: asked.start > 0),
        request: request, time: moment.seconds, served)
    }
    worker.calls.count(outcome, generation: served.generation, weight: weight)
    return worker.count(outcome, served, .udp)
  }

  /// Answers a query for a name of others from what is known of it, or hands it to the forwarder. Out of line, and its
  /// outcome its own: the way of all other queries costs what it would without.
  /// - Returns: the query's population; nil where nothing is sent, or the forwarder answers and accounts for it.
  @inline(never)
  private func answerForwarded(
    _ first: Outcome, _ request: Span<UInt8>, _ arrival: Arrival, _ asked: Asked, _ way: ResponseWay,
    _ served: ServedSnapshot, _ moment: Moment, _ weight: UInt64, _ exchange: Exchange, _ workspace: inout Workspace,
    _ slips: inout SlipWriter, _ hasHandedOver: inout Bool, into response: inout OctetBuffer
  ) -> Population? {
    var outcome = first
    let found = worker.findForwarded(
      request, arrival, served, at: moment.monotonic, &outcome, using: &workspace, into: &response)
    if found != .answered {
      let isTaken = worker.handOver(
        handed(asked, way, served, moment, isPrefetch: found == .answeredAndPrefetch), request)
      if isTaken { hasHandedOver = true }
      if found == .handOver {
        if isTaken { return nil }
        outcome = worker.turnAway(request, arrival, served, using: &workspace, into: &response)
      }
    }
    return settle(
      outcome, request, arrival, asked, way.listener, way.peer.address, served, moment, weight, exchange, &slips,
      &response)
  }

  /// A query for the forwarder, and the way back.
  private func handed(
    _ asked: Asked, _ way: ResponseWay, _ served: ServedSnapshot, _ moment: Moment, isPrefetch: Bool
  ) -> HandedQuery {
    var query = HandedQuery()
    query.evidence = asked.evidence
    query.isPrefetch = isPrefetch
    query.generation = served.generation
    query.monotonic = moment.monotonic
    query.wall = moment.wall
    query.listener = way.listener
    query.peer = way.peer
    query.scope = way.scope
    query.hasHeader = asked.start > 0
    query.server = way.server
    return query
  }

  /// Where the response goes and from where.
  private func way(_ index: Int, _ listener: UDPListener, _ batch: borrowing DatagramBatch) -> ResponseWay {
    var server = listener.socket.localAddress
    if listener.socket.isWildcard, let destination = batch.destination(index) {
      server = SocketAddress(destination, port: server.port)
    }
    return ResponseWay(
      listener: listener.index, peer: batch.source(index), scope: batch.scope(index), server: server)
  }

  /// How a query came, for dnstap. The port of a proxy's client is not kept: it is none of the address's.
  @inline(never)
  private func exchange(
    _ index: Int, _ listener: UDPListener, _ asked: Asked, _ moment: Moment, _ batch: borrowing DatagramBatch
  ) -> Exchange {
    let stamp = batch.kernelTime(index)
    var server = listener.socket.localAddress
    if let destination = batch.destination(index) { server = SocketAddress(destination, port: server.port) }
    return Exchange(
      peerPort: asked.start > 0 ? 0 : batch.source(index).port, server: server,
      received: stamp == 0 ? moment.wall : stamp)
  }

  /// Asks the rate limit, and does to the response what it says.
  /// - Returns: false where it keeps it, which has been counted.
  @inline(__always)
  private func mayBeSent(
    _ response: inout OctetBuffer, to request: Span<UInt8>, _ source: IPAddress, _ outcome: Outcome,
    _ served: ServedSnapshot, _ moment: Moment, _ slips: inout SlipWriter
  ) -> Bool {
    switch served.limiting.judge(response, to: request, of: source, outcome, by: limiter, at: moment.monotonic) {
    case .send: return true
    case .slip:
      slips.write(insteadOf: &response, to: request, outcome)
      worker.metrics.count(.responsesSlipped)
      limiter.note(source)
      return true
    case .drop:
      response.reset()
      worker.metrics.recordSilence(slot: served.slot(of: outcome.caller), transport: .udp, cause: .limited)
      limiter.note(source)
      return false
    }
  }
}
