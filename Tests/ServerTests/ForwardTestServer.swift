import Addresses
import Answering
import DNSFormat
import FlatMemory
import Forwarding
import LinuxIO
import Metrics
import Policy
import Testing
import ZoneFile

@testable import Server

/// A forwarder without a thread, one worker that hands queries over, and the server that is asked: a test takes the turns
/// and says which timers are due.
struct ForwardTestServer: ~Copyable {
  let upstream: UDPSocket
  let asker: Worker
  let forwarder: Forwarder
  var bench: Forwarder.Bench
  private var lastSerial: UInt64 = 0

  /// - Parameters:
  ///   - room: questions at a time.
  ///   - generation: of the snapshot in service.
  ///   - others: further servers of the line, where nobody answers.
  ///   - policy: further lines.
  init(
    room: Int = 64, generation: UInt64 = 1, others: [SocketAddress] = [], policy: String = ""
  ) throws {
    let upstream = try UDPSocket.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0), sharesPort: false)
    let bell = try WakeUp()
    let served = try Self.served(
      generation, "forward example \(([upstream.localAddress] + others).words)\n\(policy)",
      ForwardDesk(ForwardCache(), bell: bell), at: upstream.localAddress)
    let holder = SnapshotHolder(served)
    let asker = try Worker(holder)
    let forwarder = Forwarder(
      try Worker(holder, bell: bell), askers: [asker], listeners: [], leased: nil, limiter: RateLimiter(seeds: (1, 2)),
      log: ServerLog(), room: room)
    let bench = try forwarder.makeBench()
    self.upstream = upstream
    self.asker = asker
    self.forwarder = forwarder
    self.bench = bench
  }

  private static func served(
    _ generation: UInt64, _ policy: String, _ desk: ForwardDesk, at listener: SocketAddress
  ) throws -> ServedSnapshot {
    let files = ConfigurationFiles(
      policies: [
        (
          "p.policy",
          Array("origin x.test\ncontext a { from 127.0.0.0/8 }\n\(policy)\n".utf8)
        )
      ],
      zones: [.init(path: "x.test.zone", origin: "x.test", context: nil)],
      open: { _ in .success(Array("$TTL 60\n@ SOA ns1 root 1 3600 600 86400 5\n@ NS ns1\nns1 A 192.0.2.53\n".utf8)) })
    let loaded = SnapshotBuilder.build(files, seed: 7)
    let snapshot = try #require(loaded.snapshot, "\(loaded.diagnostics)")
    return ServedSnapshot(
      snapshot, generation: generation, listeners: [listener], slots: MetricSlots(), forwarding: desk)
  }

  /// A policy with these lines is put into service and taken up.
  mutating func reload(_ policy: String) throws {
    let desk = try #require(bench.served.forwarding)
    forwarder.worker.holder.swap(
      try Self.served(bench.served.generation + 1, policy, desk, at: upstream.localAddress))
    try forwarder.turn(&bench, timeoutMilliseconds: 0)
  }

  /// What is counted of the first server.
  var counts: UpstreamCounts {
    get throws { try #require(bench.tallies[upstream.localAddress]).counts }
  }

  /// What is shown of it.
  var shown: UpstreamState {
    get throws { try #require(forwarder.board.state.upstreams.first { $0.server == upstream.localAddress }) }
  }

  /// A question as the forwarder has it.
  func question(_ name: String) throws -> ForwardedQuestion {
    var key = NameKey()
    key.load(try DomainName(name))
    let policy = bench.served.snapshot.policy
    return ForwardedQuestion(
      key,
      QuestionKind(.a, isDNSSECOK: false, isCheckingDisabled: false, route: policy.forwards.fingerprint(of: 1)))
  }

  /// A query over TCP comes and is taken, after `change`.
  mutating func ask(
    _ name: String, path: [UInt64] = [], _ change: (inout HandedQuery) -> Void = { _ in }
  ) throws {
    lastSerial += 1
    var query = HandedQuery()
    query.evidence.source = IPAddress(v4: 0x7f00_0001)
    query.transport = .tcp
    query.generation = bench.served.generation
    query.monotonic = Clock.monotonicNanoseconds()
    query.serial = lastSerial
    change(&query)
    let options = path.isEmpty ? [] : LoopToken.option(path)
    let octets = UpstreamQuery(try question(name), id: 7, caseBits: nil, options: options).octets
    let isTaken = asker.handOver(query, octets.span)
    #expect(isTaken)
    forwarder.takeHandedOver(&bench)
  }

  /// Queries that the server has got since this was last asked.
  func asked() throws -> [(octets: [UInt8], from: SocketAddress)] { try Self.received(upstream) }

  /// Queries that a server's socket has got since this was last asked.
  static func received(_ upstream: borrowing UDPSocket) throws -> [(octets: [UInt8], from: SocketAddress)] {
    var buffer = OctetBuffer(capacity: 65_535)
    var found: [(octets: [UInt8], from: SocketAddress)] = []
    while let peer = try upstream.receive(into: &buffer) {
      found.append((buffer.octets.octets(0..<buffer.count), peer))
    }
    return found
  }

  /// 192.0.2.1, in answer to a query; `ident` is added to its ID.
  static func reply(to query: [UInt8], ttl: UInt8 = 60, ident: UInt8 = 0) -> [UInt8] {
    var end = 12
    while query[end] != 0 { end += Int(query[end]) + 1 }
    let head = [query[0], query[1] &+ ident, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
    return head + query[12..<(end + 5)] + [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, ttl, 0, 4, 192, 0, 2, 1]
  }

  /// What is there is read, as it is when the poller says so.
  mutating func hear() {
    for attempt in bench.attempts.values.sorted(by: { $0.token < $1.token }) { forwarder.hear(attempt, &bench) }
  }

  /// The timers of all attempts are due.
  mutating func timeOut() {
    let now = Clock.monotonicNanoseconds()
    for token in bench.attempts.keys.sorted() {
      forwarder.expire(TimerHeap.Entry(time: now, kind: .attempt, number: token), now, &bench)
    }
  }

  /// A timer of a question is due, at a time.
  mutating func expire(_ kind: TimerHeap.Kind, _ name: String, at now: UInt64) throws {
    let question = try question(name)
    let pending = try #require(bench.questions[AskedQuestion(question, [])])
    forwarder.expire(TimerHeap.Entry(time: now, kind: kind, number: pending.number), now, &bench)
  }

  /// Keeps an answer that ended a while ago.
  mutating func keepStale(_ name: String) throws {
    let query = UpstreamQuery(try question(name), id: 1, caseBits: nil)
    let reply = Self.reply(to: query.octets, ttl: 1)
    let result = bench.reader.read(reply.span, to: query, bench.limits, bench.rebinding, into: &bench.image)
    #expect(result == .usable)
    bench.kept?.writer.insert(
      bench.image, for: query.question, now: ForwardDesk.seconds(Clock.monotonicNanoseconds()) - 10)
  }

  /// RCODEs of the responses since this was last asked.
  func rcodes() -> [UInt8] {
    var responses: [StreamInbox.Response] = []
    asker.inbox.take(into: &responses)
    return responses.map { $0.frame.count > 5 ? $0.frame[5] & 15 : 255 }
  }

  func counted(_ counter: MetricCounter) -> UInt64 { forwarder.worker.metrics.read()[counter] }
}

extension [SocketAddress] {
  /// As a policy has them.
  var words: String { map { "\($0)" }.joined(separator: " ") }
}
