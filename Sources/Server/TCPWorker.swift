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
  static let bufferSize = 2 * StreamFraming.longestFrame
  /// Octets that a server's connections may hold together: unfinished requests and responses not taken.
  static let heldOctetsLimit = 32 << 20

  let worker: Worker
  let doors: [TCPDoor]
  /// Doors that come and go; nil where those above are all.
  let leased: LeasedListeners?
  let census: TCPCensus
  let heldLimit: Int

  /// - Parameters:
  ///   - census: all workers'.
  ///   - heldLimit: octets that this worker's connections may hold.
  ///   - leased: doors that come and go.
  init(
    _ worker: Worker, doors: [TCPDoor], census: TCPCensus, heldLimit: Int, leased: LeasedListeners? = nil
  ) {
    self.leased = leased
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
  struct Bench: ~Copyable {
    let poller: Poller
    var doors: [TCPDoor]
    /// What was seen of those that come and go.
    var seenNews: UInt64 = 0
    var events = PollEvents()
    var workspace = Workspace()
    var asker = AskerEvidence()
    var input = OctetBuffer(capacity: TCPWorker.bufferSize)
    var output = OctetBuffer(capacity: TCPWorker.bufferSize)
    var outcomes: [Outcome] = []
    var sampler = QuerySampler(seed: .random(in: .min ... .max))
    var served: ServedSnapshot
    /// What comes from elsewhere, and its memory between.
    var responses: [StreamInbox.Response] = []
    var table = TCPTable()
    /// Connections there have been.
    var serial: UInt64 = 0
    /// True where queries were handed to the forwarder that it was not woken for.
    var hasHandedOver = false
    var lastSweep: UInt64 = 0
    /// Nanoseconds that a connection may be quiet, as of the last sweep.
    var idleTime: UInt64
    var areDoorsOpen = true

    init(_ poller: consuming Poller, _ served: ServedSnapshot, _ doors: [TCPDoor]) {
      self.poller = poller
      self.doors = doors
      self.served = served
      idleTime = UInt64(served.tcpLimits.idle) * 1_000_000_000
    }
  }

  /// Runs until the worker is stopped.
  func run() throws(SystemError) {
    var bench = try makeBench()
    while !worker.shouldStop { try turn(&bench, timeoutMilliseconds: Worker.longestSleepMilliseconds) }
    // What the forwarder said last.
    deliver(Clock.monotonicNanoseconds(), &bench)
  }

  /// What the loop needs, with the bell and the doors watched.
  func makeBench() throws(SystemError) -> Bench {
    let bench = Bench(try Poller(), worker.holder.served, doors)
    try bench.poller.add(worker.bell.raw, token: Worker.bellToken)
    for (position, door) in doors.enumerated() {
      try bench.poller.add(door.listener.raw, token: UInt64(position) | Self.doorBit)
    }
    return bench
  }

  /// Waits once and serves all that is ready; the loop, and tests, which are their own clock.
  func turn(_ bench: inout Bench, timeoutMilliseconds: Int32) throws(SystemError) {
    if let news = leased?.news(since: &bench.seenNews) { try change(to: news.doors, &bench) }
    try bench.poller.wait(timeoutMilliseconds: timeoutMilliseconds, into: &bench.events)
    worker.holder.refresh(&bench.served)
    worker.calls.turn()
    let now = Clock.monotonicNanoseconds()
    for index in 0..<bench.events.count {
      let event = bench.events[index]
      if event.token == Worker.bellToken {
        worker.bell.drain()
        deliver(now, &bench)
      } else if event.token & Self.doorBit != 0 {
        accept(at: bench.doors[Int(event.token & ~Self.doorBit)], now, &bench)
      } else if let connection = bench.table[Int(truncatingIfNeeded: event.token)] {
        serve(connection, event, now, &bench)
      }
    }
    if bench.hasHandedOver {
      bench.hasHandedOver = false
      bench.served.forwarding?.bell.wake()
    }
    closeIdle(now, &bench)
  }

  static let doorBit: UInt64 = 1 << 40
}
