internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Forwarding
internal import LinuxIO
internal import Metrics
internal import Policy
internal import Synchronization

/// Asks other servers for names of others, on a thread of its own: workers hand queries over and go on.
///
/// A question is asked once, however many wait for it. Its reply goes into the cache; then each query that waits is
/// answered anew, by the snapshot in service then, and accounted for as any worker does. Nothing waits for ever: who
/// waits is answered within ``deadline``, with a reason where there is no answer.
///
///   take       a query comes: answered after all, joined to a question that is being asked, or asked   Forwarder+Taking
///   ask        a server is chosen and sent a query                                                     Forwarder+Asking
///   hear       what comes of it: a reply, a fault, nothing in time                                     Forwarder+Hearing
///   complete   those who wait get a response                                                           Forwarder+Completing
final class Forwarder: Sendable {
  /// Nanoseconds within which whoever waits is answered: clients wait 5 s (glibc, musl, c-ares), so a moment less.
  static let deadline: UInt64 = 4_800_000_000
  /// Nanoseconds after which a stale answer is given where there is one (RFC 8767 §5).
  static let staleAfter: UInt64 = 1_800_000_000
  /// Nanoseconds for a question where all servers of its line are taken for dead and none is due for another try: if one
  /// is back it answers soon.
  static let deadlineOfDead: UInt64 = 1_000_000_000
  /// Questions that are asked at a time; fewer where there are fewer descriptors.
  static let mostQuestions = 4096
  /// Queries taken from the workers before the replies have their turn.
  static let takenInTurn = 256

  /// For its metrics, its rings and its bell, as any other.
  let worker: Worker
  /// Those whose queries it takes, datagrams' first.
  let askers: [Worker]
  /// One for each address that the server listens on, in order: responses leave from there.
  let listeners: [UDPListener]
  /// Those behind them that come and go; nil where there can be none.
  let leased: LeasedListeners?
  let limiter: RateLimiter
  let log: ServerLog
  /// Questions for which there are descriptors.
  let room: Int
  /// What is known of servers, for whoever shows it.
  let board = UpstreamBoard()
  /// Takes how long lookups of services elsewhere take; nil where nobody wants to know.
  let findings: Findings?
  /// What its numbers in the queries it sends are made with, see ``LoopToken``.
  let secret = UInt64.random(in: .min ... .max)

  init(
    _ worker: Worker, askers: [Worker], listeners: [UDPListener], leased: LeasedListeners?, limiter: RateLimiter,
    log: ServerLog, room: Int, findings: Findings? = nil
  ) {
    self.findings = findings
    self.worker = worker
    self.askers = askers
    self.listeners = listeners
    self.leased = leased
    self.limiter = limiter
    self.log = log
    self.room = max(1, min(room, Self.mostQuestions))
  }

  /// What the loop works with.
  struct Bench: ~Copyable {
    let poller: Poller
    var events = PollEvents()
    var workspace = Workspace()
    var slips = SlipWriter()
    var reader = ReplyReader()
    var image = ReplyImage()
    /// The reply that is being given out.
    let heard = HeardReply()
    /// A reply, or a query that is sent.
    var message = OctetBuffer(capacity: 65535 + 2)
    var response = OctetBuffer(capacity: 65535 + 2)
    var random = SystemRandomNumberGenerator()
    var sampler = QuerySampler(seed: .random(in: .min ... .max))
    var served: ServedSnapshot
    /// What the policy says of private addresses, and how long replies are believed.
    var rebinding = RebindingGuard()
    var allowance: PrivateAllowance?
    var limits = ReplyLimits()
    /// The cache's writer, once something is forwarded.
    var kept: KeptReplies?
    /// What is being asked, and by which number timers know it.
    var questions: [AskedQuestion: PendingQuestion] = [:]
    var numbered: [UInt64: PendingQuestion] = [:]
    /// How many are being asked of each line's servers.
    var askedOfLine: [UInt64: Int] = [:]
    /// Attempts by the token of their events.
    var attempts: [UInt64: UpstreamAttempt] = [:]
    /// Those that others took the place of, oldest first; some are over already.
    var superseded: ArraySlice<UInt64> = []
    var lastNumber: UInt64 = 0
    var timers = TimerHeap()
    var failures = FailureMemory()
    /// What is known of the servers of a line, by its fingerprint.
    var lines: [UInt64: UpstreamLine] = [:]
    /// What became of the queries to the servers that are shown (``MetricDefinition/upstream``).
    var tallies: [SocketAddress: UpstreamTally] = [:]
    /// How long lookups take of services that are elsewhere, and that as it is shown.
    var lookups = LookupWatch()
    var shownLookups: [UpstreamBoard.Lookups] = []
    var name = NameKey()
    /// Queries that wait, of all and by client.
    var waiting = WaitingRoom()
    var lastShown: UInt64 = 0

    init(_ poller: consuming Poller, _ served: ServedSnapshot) {
      self.poller = poller
      self.served = served
    }
  }

  /// The cache's writer in a box.
  final class KeptReplies {
    var writer: ReplyCacheWriter
    init(_ cache: ReplyCache) { writer = ReplyCacheWriter(cache) }
  }

  /// Runs until the worker is stopped.
  func run() throws(SystemError) {
    var bench = try makeBench()
    while !worker.shouldStop { try turn(&bench, timeoutMilliseconds: Worker.longestSleepMilliseconds) }
    end(&bench)
  }

  /// Tells all who wait that there will be no answer, and takes nothing any more. Those over TCP have their responses once
  /// their worker looks, which has to end after this.
  func end(_ bench: inout Bench) {
    for (number, asker) in askers.enumerated() {
      asker.handOvers.close()
      while var query = asker.handOvers.pop() {
        query.worker = number
        if !query.isPrefetch { fail(query, ForwardFailure(.networkError, Self.ending), &bench) }
      }
    }
    for pending in Array(bench.numbered.values) { end(pending, &bench) }
  }

  /// What is said while the server stops.
  static let ending = "this server is stopping; ask another"

  /// What the loop needs, with the bell watched.
  func makeBench() throws(SystemError) -> Bench {
    var bench = Bench(try Poller(), worker.holder.served)
    try bench.poller.add(worker.bell.raw, token: Worker.bellToken)
    use(&bench)
    return bench
  }

  /// Waits once, and does all that there is to do; the loop, and tests.
  func turn(_ bench: inout Bench, timeoutMilliseconds: Int32) throws(SystemError) {
    let hasMore = askers.contains { !$0.handOvers.isEmpty }
    try bench.poller.wait(timeoutMilliseconds: hasMore ? 0 : sleep(timeoutMilliseconds, bench), into: &bench.events)
    let generation = bench.served.generation
    worker.holder.refresh(&bench.served)
    worker.calls.turn()
    if bench.served.generation != generation { use(&bench) }
    for index in 0..<bench.events.count {
      let event = bench.events[index]
      if event.token == Worker.bellToken {
        worker.bell.drain()
      } else if let attempt = bench.attempts[event.token] {
        hear(attempt, &bench)
      }
    }
    takeHandedOver(&bench)
    let now = Clock.monotonicNanoseconds()
    while let due = bench.timers.take(at: now) { expire(due, now, &bench) }
    sweep(&bench)
    show(now, &bench)
  }

  /// Forgets timers, and attempts that others took the place of, that mean nothing any more, where they have come to be
  /// the more: at 20,000 names a second those that are answered at once would leave 150,000 behind.
  func sweep(_ bench: inout Bench) {
    let most = 1024 + 8 * (bench.attempts.count + bench.numbered.count)
    if bench.timers.count > most {
      let attempts = bench.attempts
      let numbered = bench.numbered
      bench.timers.keep {
        $0.kind == .attempt || $0.kind == .late ? attempts[$0.number] != nil : numbered[$0.number] != nil
      }
    }
    if bench.superseded.count > most {
      let attempts = bench.attempts
      bench.superseded = bench.superseded.filter { attempts[$0] != nil }[...]
    }
  }

  /// Milliseconds until the next timer is due, rounded up.
  private func sleep(_ longest: Int32, _ bench: borrowing Bench) -> Int32 {
    guard let next = bench.timers.next else { return longest }
    let now = Clock.monotonicNanoseconds()
    return next <= now ? 0 : min(longest, Int32(clamping: (next - now) / 1_000_000 + 1))
  }

  /// Takes up what a snapshot says, where it is another than before.
  private func use(_ bench: inout Bench) {
    let policy = bench.served.snapshot.policy.policy
    bench.rebinding = RebindingGuard(
      zones: policy.privateAllowance.zones, prefixes: policy.privateAllowance.prefixes.map(\.prefix))
    bench.limits = ReplyLimits(
      longestTTL: policy.forwardCache.longestTTL, longestNegativeTTL: policy.forwardCache.longestNegativeTTL)
    if bench.kept == nil, let desk = bench.served.forwarding { bench.kept = KeptReplies(desk.cache) }
    if let kept = bench.kept {
      kept.writer.staleTime = policy.forwardCache.staleTime
      // What was let pass before may not be any more.
      if let before = bench.allowance, before != policy.privateAllowance { kept.writer.removeAll() }
    }
    bench.allowance = policy.privateAllowance
    // A line that goes on as it is keeps what its servers are chosen by, a server that goes on in any line its counts.
    let table = bench.served.snapshot.policy.forwards
    let known = bench.lines
    bench.lines = [:]
    for (index, line) in policy.forwards.enumerated() where !line.isOff {
      let route = table.fingerprint(of: UInt16(index + 1))
      bench.lines[route] = known[route] ?? UpstreamLine(line.servers)
    }
    let services = bench.served.snapshot.policy
    let routes = Set(bench.lines.keys)
    bench.lookups.keep { services.hasService($0) && routes.contains($1) }
    tellLookups(&bench)
    let tallies = bench.tallies
    bench.tallies = [:]
    for server in UpstreamBoard.shown(of: bench.lines.values.flatMap(\.servers)) {
      bench.tallies[server] = tallies[server] ?? UpstreamTally()
    }
    bench.lastShown = 0
  }

  /// Shows, once a second, what is known.
  private func show(_ now: UInt64, _ bench: inout Bench) {
    guard now &- bench.lastShown >= 1_000_000_000 else { return }
    bench.lastShown = now
    if bench.lookups.look(at: now) { tellLookups(&bench) }
    board.show(
      bench.lines.values.flatMap(\.states), bench.tallies.mapValues(\.counts), lookups: bench.shownLookups,
      entries: bench.kept?.writer.count ?? 0, octets: bench.kept?.writer.octetsInUse ?? 0,
      outstanding: bench.questions.count, waiting: bench.waiting.count)
  }

  /// Tells how long lookups take, to whom it may concern.
  private func tellLookups(_ bench: inout Bench) {
    findings?.report(lookups: bench.lookups.told)
    let lines = bench.lines
    bench.shownLookups = bench.lookups.told.map { one in
      UpstreamBoard.Lookups(
        service: "\(one.service)",
        servers: lines[one.route]?.servers.map { "\($0)" }.joined(separator: ", ") ?? "", times: one.text)
    }
  }
}
