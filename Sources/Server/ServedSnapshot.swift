internal import Addresses
internal import Answering
internal import FlatMemory
internal import Metrics
internal import Policy
internal import Synchronization

/// Which queries the logs have; nil for none.
struct LogChoices: Equatable, Sendable {
  var queries: LogChoice?
  var dnstap: LogChoice?
}

/// A snapshot in service: with it, which listener belongs to which context, and where each context's queries are counted.
final class ServedSnapshot: Sendable {
  let snapshot: Snapshot
  /// Where names of others are known from; nil until something is forwarded.
  let forwarding: ForwardDesk?
  /// Which files its zones are written in.
  let written: WrittenZones
  /// Counts loads, from 1: log records say by which they were made, and people are told it.
  let generation: UInt64
  /// Counts what was put into service, from 1: loads, and what the server found out since (``Situation``).
  let serial: UInt64
  /// What the policy says of response rates.
  let limiting: ResponseLimiting
  /// What it says of connections.
  let tcpLimits: TCPLimits
  /// Which queries are timed: 1 for all, one in so many, 0 for none.
  let timesEvery: UInt32
  /// What is logged.
  let logs: LogChoices
  /// Whether all queries are, or a sample of all: compared once here, not by every query.
  let logsAllQueries: Bool
  /// Whether dnstap has any.
  let isTapped: Bool
  /// Who has to send a PROXY header, which is believed.
  private let proxies: PrefixTable
  private let hasProxies: Bool
  /// Whether a packet's source alone may not say who asks.
  let needsMoreThanSource: Bool
  /// Whether workers take note of what is asked: the next reload is tried on it.
  let isGuarded: Bool
  private static let noContext = UInt32.max
  /// By listener: the context that claims it, or `noContext`.
  private let listenerContexts: FlatArray<UInt32>
  /// By context number: its metric slot.
  private let slots: FlatArray<UInt16>

  /// - Parameter leased: by the place of a listener behind the policy's: the context that leases it, nil for none.
  init(
    _ snapshot: Snapshot, generation: UInt64, listeners: [SocketAddress], slots: MetricSlots,
    logs: LogChoices = LogChoices(), written: WrittenZones = WrittenZones(), forwarding: ForwardDesk? = nil,
    serial: UInt64? = nil, leased: [String?] = []
  ) {
    self.serial = serial ?? generation
    self.written = written
    self.forwarding = forwarding
    self.logs = logs
    logsAllQueries = logs.queries?.scope == .all
    isTapped = logs.dnstap != nil
    self.snapshot = snapshot
    self.generation = generation
    limiting = ResponseLimiting(snapshot.policy.policy.rateLimit)
    tcpLimits = snapshot.policy.policy.tcpLimits
    timesEvery = snapshot.policy.policy.measuring.timesEvery
    let proxies = snapshot.policy.policy.trustedProxies
    self.proxies = PrefixTable(proxies.map { (prefix: $0.prefix, value: 1) })
    hasProxies = !proxies.isEmpty
    needsMoreThanSource = hasProxies || snapshot.policy.callers.hasUsers
    isGuarded = snapshot.policy.policy.reloadGuard != nil
    listenerContexts = FlatArray(
      snapshot.policy.policy.contexts(ofListeners: listeners).map { $0.map(UInt32.init) ?? Self.noContext }
        + leased.map { name in name.flatMap(snapshot.contexts.number).map(UInt32.init) ?? Self.noContext })
    self.slots = FlatArray(
      snapshot.contexts.nodes.enumerated().map { number, node in
        slots.slot(for: number == 0 ? "(everyone)" : node.name)
      })
  }

  /// The context that claims a listener; nil where none does.
  func context(ofListener index: Int) -> UInt16? { UInt16(exactly: listenerContexts[index]) }

  /// True for a peer that has to send a PROXY header, which is believed.
  func isProxy(_ peer: IPAddress) -> Bool { hasProxies && proxies.value(for: peer) != 0 }

  /// Where a caller's queries are counted.
  func slot(of caller: Caller) -> UInt16 { caller.isPlaced ? slots[Int(caller.context)] : 0 }
}

extension QueryTiming {
  /// As workers read it: 1 for all, one in so many, 0 for none.
  var timesEvery: UInt32 {
    switch share {
    case .all: 1
    case .every(let number): UInt32(clamping: number)
    case .none: 0
    }
  }

  /// As reports tell it.
  var sampling: QuerySampling {
    switch timesEvery {
    case 0: .off
    case 1: .all
    case let number: .every(number)
    }
  }
}

/// The snapshots that a log record may have been made under: the one in service, and for a while each that was before.
struct RecentSnapshots {
  /// By generation.
  private(set) var all: [UInt64: ServedSnapshot]
  private var current: UInt64
  /// When each of the others went out of service, oldest first.
  private var past: [(generation: UInt64, time: UInt64)] = []
  /// Nanoseconds after which no worker can still have a snapshot that was replaced: twice the longest sleep.
  private static let grace: UInt64 = 2_000_000_000

  init(_ first: ServedSnapshot) { (all, current) = ([first.generation: first], first.generation) }

  /// Another comes into service.
  /// - Parameter now: nanoseconds of CLOCK_MONOTONIC.
  mutating func add(_ next: ServedSnapshot, at now: UInt64) {
    past.append((current, now))
    all[next.generation] = next
    current = next.generation
  }

  /// The one in service is seen in another situation: its records mean the same, so the one before need not be kept.
  mutating func replace(_ next: ServedSnapshot) { all[next.generation] = next }

  /// Forgets those that no worker can have any more.
  /// - Returns: true where there were some.
  mutating func forget(at now: UInt64) -> Bool {
    let gone = past.prefix { now &- $0.time > Self.grace }
    for (generation, _) in gone { all[generation] = nil }
    past.removeFirst(gone.count)
    return !gone.isEmpty
  }
}

/// The snapshot that is current: workers look at a number, and take the lock only when it has moved.
final class SnapshotHolder: Sendable {
  private let current: Mutex<ServedSnapshot>
  private let serial: Atomic<UInt64>

  init(_ first: ServedSnapshot) {
    current = Mutex(first)
    serial = Atomic(first.serial)
  }

  /// The snapshot in service now.
  var served: ServedSnapshot { current.withLock { $0 } }

  /// Replaces `mine` where there is a newer one. One read of an atomic where there is none.
  @inline(__always)
  func refresh(_ mine: inout ServedSnapshot) {
    if serial.load(ordering: .acquiring) != mine.serial { mine = served }
  }

  /// Puts a snapshot into service.
  func swap(_ next: ServedSnapshot) {
    current.withLock { $0 = next }
    serial.store(next.serial, ordering: .releasing)
  }
}
