// Server: everything that holds a socket or a clock. Workers answer; the control thread (`ServerControl`) loads, reloads,
// logs and stops. A datagram's way: `UDPWorker.serve` → `Answering.respond` → `DatagramBatch.send` → `Worker.account`.
//
// Everything that a peer can make grow has a bound, and each bound has one place:
//
//   a request over UDP          4096 octets, more is cut           DatagramBatch.slotSize
//   a response over UDP         1232 octets, or what is asked for  Arrival.sizeLimit, OPTWriter.udpSize
//   datagrams in one batch      32, 16 batches a turn              DatagramBatch.init, UDPWorker.batchesInTurn
//   waiting for room to send    10 ms a batch                      DatagramBatch.send
//   responses of a kind         1000/s for a prefix, over UDP      policy rate-limit, RateLimiter (65,536 accounts, 512 KiB)
//   a PROXY header              4096 octets; over UDP 4096 with   ProxyHeader.longest, DatagramBatch.slotSize
//                               the request
//   a name in a certificate     256 octets, no other is believed  ProxyHeader.longestCommonName
//   a message over TCP          65,535 octets, each way            StreamFraming.longestFrame
//   TCP connections             1024, a client 256, or descriptors policy tcp-limits, TCPCensus; behind a trusted proxy a
//                                                                 client is who the proxy says
//   time without progress       10 s, less as they fill up         policy tcp-limits, TCPCensus.idleTime
//   one reading from one        16 KiB, 4 KiB where many ask       StreamFraming.reading(ofReady:)
//   what connections hold       32 MiB together, 192 KiB a worker  TCPWorker.heldLimit
//   connections not accepted    4096 a listener                    TCPListener.bind
//   refusals not logged         16 Ki words a worker, ~1300; of a  DecisionRing, RefusalThinning
//                               kind 256 in a quarter of a second
//   queries not logged          256 Ki words a worker, ~23,000     QueryLogDesk.ringCapacity
//   messages not handed to dnstap  512 Ki words a worker, ~13,000    DnstapDesk.ringCapacity, 1 MiB in all behind it
//   questions remembered        4096 a worker, 256 a second whole  RecentQueries (1.4 MiB a worker), where reload guard is
//   names asked for elsewhere   4096 questions, 16,384 who wait,   Forwarder.mostQuestions, WaitingRoom, or descriptors
//                               8 MiB, of one client a quarter,
//                               4.8 s; a query of 4096 octets     HandedQuery.longestRequest
//   timers, attempts replaced   8 for each that goes on, and 1024  Forwarder.sweep
//   queries on the way to it    512 KiB a worker                  HandOverRing.capacity
//   responses on the way back   8 MiB a worker, over TCP          StreamInbox.mostOctets
//   a reply to it               1232 octets, 65,535 over TCP,     UpstreamStream, PendingQuestion.mostAttempts
//                               3 queries a server and question
//   replies kept                32 MiB, all of it at the start    policy forward-cache
//   failures remembered         4096, 5 s (30 s where a stale     FailureMemory
//                               answer stands in)
//   services whose lookups are timed  256, a thousand times each  LookupWatch.capacity, 2 MiB
//   calls counted               4096 a worker and second or two,   WorkerCalls.capacity (512 KiB a worker), LiveCalls
//                               4096 together
//   what is shown               1 MiB of JSON                      LiveBoard.longestJSON
//   who asks for a reload       16 at once, 5 s to ask, 10 to read ControlDoor
//   a request for a reload      4096 octets, its answer 1 MiB       ControlRequest.longest, ControlAnswer.longest
//   other users, asking for leases  8 of those 16              ControlDoor.strangersLimit
//   leases, and overrides        64 each, 16 of a user but root   LeaseDesk.capacity, LeaseDesk.capacityOfUser
//   HTTP connections            128, the slowest gives way         HTTPLoop.connectionLimit
//   an HTTP request             8 KiB, 10 s, no content            HTTPRequest.longestHead, HTTPConnection.Phase
//   HTTP responses not taken    32 MiB together, 30 s each         HTTPLoop.heldLimit
//   zones read to explain       8 MiB each, 4 an explanation       WrittenZones.limit, ExplainPage
//   populations measured        512 contexts, more count as one    WorkerMetrics.defaultSlots
//   descriptors                 the hard limit                     ServerMemory.connectionRoom
//   memory at the start         tried before it is taken           ServerMemory.reserve

internal import Addresses
internal import Answering
internal import LinuxIO
internal import Metrics
internal import Policy
internal import Synchronization

/// What every worker has for itself, and its way of accounting for queries.
final class Worker: Sendable {
  let holder: SnapshotHolder
  let metrics: WorkerMetrics
  /// Refusals for the server's log.
  let ring: DecisionRing
  /// Which of them it gets in a flood.
  private let thinning = RefusalThinning()
  /// What the query log is to have.
  let queries: DecisionRing
  /// What dnstap is to have.
  let taps: DecisionRing
  /// Which queries they get of a sample.
  private let querySampler = Sampler(seed: .random(in: .min ... .max))
  private let tapSampler = Sampler(seed: .random(in: .min ... .max))
  /// What it was asked lately; empty where no `reload guard` is in force.
  let recent = RecentQueries()
  /// What the forwarder is to ask elsewhere, and over TCP what it answered.
  let handOvers = HandOverRing()
  let inbox = StreamInbox()
  /// Who called whom.
  let calls = WorkerCalls()
  /// Rung when there is a new snapshot or the worker is to stop.
  let bell: WakeUp
  /// For the log.
  let proxyFaults = ProxyFaults()
  private let isStopping = Atomic<Bool>(false)

  /// How long a worker sleeps at most without looking whether there is a newer snapshot.
  static let longestSleepMilliseconds: Int32 = 1000
  /// The token of the bell among a poller's events.
  static let bellToken = UInt64.max

  /// - Parameter bell: nil for one of its own.
  init(_ holder: SnapshotHolder, bell: WakeUp? = nil) throws(SystemError) {
    self.holder = holder
    metrics = WorkerMetrics()
    ring = DecisionRing()
    queries = DecisionRing(capacity: QueryLogDesk.ringCapacity)
    taps = DecisionRing(capacity: DnstapDesk.ringCapacity)
    if let bell { self.bell = bell } else { self.bell = try WakeUp() }
  }

  /// True once `stop` was called.
  var shouldStop: Bool { isStopping.load(ordering: .acquiring) }

  /// Asks the worker to end; it does before its next sleep.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    bell.wake()
  }

  /// Counts what became of one query, and the time it took where it is timed.
  /// - Parameters:
  ///   - residence: nanoseconds from the query handed to us to the response handed to the kernel.
  ///   - weight: for how many queries its call is counted, see ``WorkerCalls``.
  func account(
    _ outcome: Outcome, _ served: ServedSnapshot, _ transport: MetricTransport, residence: UInt64, weight: UInt64,
    _ sampler: inout QuerySampler
  ) {
    calls.count(outcome, generation: served.generation, weight: weight)
    guard let population = count(outcome, served, transport) else { return }
    if isTimed(served, &sampler) {
      metrics.record(population, residence: residence, queue: .unstamped)
    } else {
      metrics.count(population)
    }
  }

  /// Whether the next query is timed.
  @inline(__always)
  func isTimed(_ served: ServedSnapshot, _ sampler: inout QuerySampler) -> Bool {
    served.timesEvery == 1 || served.timesEvery > 1 && sampler.takes(every: served.timesEvery)
  }

  /// Counts what became of one query, all but its times and that it is one of its population's.
  /// - Returns: the population; nil for silence, which is counted whole.
  @inline(__always)
  func count(_ outcome: Outcome, _ served: ServedSnapshot, _ transport: MetricTransport) -> Population? {
    let slot = served.slot(of: outcome.caller)
    if let refusal = outcome.refusal {
      let rule = Int(refusal.rule.rawValue)
      if outcome.isOnlyObserved { metrics.count(wouldBeRefusalBy: rule) } else { metrics.count(refusalBy: rule) }
    }
    guard outcome.decision != .silent else {
      metrics.recordSilence(slot: slot, transport: transport, cause: SilenceCause(outcome))
      return nil
    }
    metrics.count(rcode: outcome.rcode.rawValue)
    if outcome.isTruncated { metrics.count(.truncated) }
    return Population(slot: slot, decision: MetricDecision(outcome), transport: transport)
  }

  /// Counts a query or a connection that gets silence for what its peer did about the PROXY protocol.
  func recordFault(_ cause: SilenceCause, of peer: IPAddress, _ transport: MetricTransport) {
    metrics.recordSilence(slot: 0, transport: transport, cause: cause)
    proxyFaults.note(cause, of: peer)
  }

  /// Hands what became of a query to the logs that want it.
  @inline(__always)
  func log(
    _ outcome: Outcome, _ served: ServedSnapshot, _ arrival: Arrival, request: Span<UInt8>,
    time: @autoclosure () -> UInt64
  ) {
    guard outcome.refusal != nil || served.logsAllQueries else { return }
    write(outcome, served, arrival, request, time())
  }

  /// Writes a record for each log that wants it.
  @inline(never)
  private func write(
    _ outcome: Outcome, _ served: ServedSnapshot, _ arrival: Arrival, _ request: Span<UInt8>, _ time: UInt64
  ) {
    if let refusal = outcome.refusal {
      let isTaken =
        thinning.isWanted(refusal, outcome, generation: served.generation, time: time)
        && ring.push(
          outcome, outcome.evidence(arrival.evidence), arrival.transport, request: request, time: time,
          generation: served.generation)
      if !isTaken { metrics.count(.logRecordsDropped) }
    }
    if let choice = served.logs.queries, querySampler.draws(oneIn: choice.sample) {
      let isTaken = queries.push(
        outcome, outcome.evidence(arrival.evidence), arrival.transport, request: request, time: time,
        generation: served.generation)
      if !isTaken { metrics.count(.queryRecordsDropped) }
    }
  }

  /// Hands a query and its response to dnstap where that is to have it. To be called where there is dnstap, once the
  /// response is as it is sent.
  /// - Parameters:
  ///   - response: empty for silence.
  ///   - exchange: how it came; when it was answered is read here.
  @inline(never)
  func tap(
    _ outcome: Outcome, _ served: ServedSnapshot, _ arrival: Arrival, request: Span<UInt8>, response: Span<UInt8>,
    _ exchange: Exchange
  ) {
    guard let choice = served.logs.dnstap, choice.scope == .all || outcome.refusal != nil,
      tapSampler.draws(oneIn: choice.sample)
    else { return }
    var exchange = exchange
    exchange.answered = Clock.realtimeNanoseconds()
    // The source is who sent it, or whose proxy did; not a client subnet's word, whose octets would not be its own.
    let isTaken = taps.push(
      outcome, arrival.evidence, arrival.transport, request: request, response: response, exchange,
      generation: served.generation)
    if !isTaken { metrics.count(.dnstapRecordsDropped) }
  }

  /// Takes note of an answered query, where `reload guard` is in force.
  /// - Parameters:
  ///   - evidence: what is known of who asks, without the query's octets.
  ///   - way: how the query came.
  @inline(__always)
  func note(
    _ outcome: Outcome, _ evidence: Evidence, _ way: QueryWay, request: Span<UInt8>, time: UInt32,
    _ served: ServedSnapshot
  ) {
    guard served.isGuarded, outcome.wireError == nil else { return }
    recent.note(evidence, way, request: request, time: time, generation: served.generation)
  }
}

extension MetricDecision {
  fileprivate init(_ outcome: Outcome) {
    switch outcome.decision {
    case .answered: self = .answered
    // An answer that nobody had is none.
    case .forwarded: self = outcome.rcode == .noError || outcome.rcode == .nxDomain ? .forwarded : .failed
    case .refused: self = .refused
    case .failed: self = .failed
    case .silent: self = .silent
    }
  }
}

extension SilenceCause {
  fileprivate init(_ outcome: Outcome) {
    switch outcome.wireError {
    case .short: self = .short
    case .isResponse: self = .isResponse
    default: self = outcome.refusal != nil ? .dropped : .other
    }
  }
}
