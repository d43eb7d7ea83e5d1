internal import LinuxIO
internal import Metrics
internal import Synchronization

/// Writes a log, on a thread of its own: takes what the workers' rings hold to the log's desk, and carries out what the
/// control thread wants.
///
/// It never holds up a query: where it is too slow, or what it writes to takes nothing, records are dropped and counted.
final class LogWriter<Desk: LogDesk & ~Copyable>: Sendable {
  private enum Order: Sendable {
    /// Write there from now on, or nowhere.
    case write(Desk.Target?)
    case reopen
  }

  /// What the control thread wants of the writer.
  private struct Orders: Sendable {
    var snapshots: [UInt64: ServedSnapshot]
    /// What is to be carried out, in order.
    var waiting: [Order] = []
    var shouldStop = false
  }

  private let rings: [DecisionRing]
  private let orders: Mutex<Orders>
  private let bell: WakeUp
  private let log: ServerLog
  private let isDone = Atomic<Bool>(false)
  /// Counts what is lost behind the rings, for the metrics; the thread's own.
  let metrics = WorkerMetrics(slots: 2)
  private let losses: MetricCounter

  /// - Parameter losses: as what the records count that are lost behind the rings.
  init(
    _ rings: [DecisionRing], _ snapshots: [UInt64: ServedSnapshot], losses: MetricCounter, log: ServerLog
  ) throws(SystemError) {
    self.rings = rings
    self.losses = losses
    self.log = log
    bell = try WakeUp()
    orders = Mutex(Orders(snapshots: snapshots))
  }

  // MARK: - For the control thread

  /// Writes there from now on, or nowhere.
  func write(to target: Desk.Target?) {
    orders.withLock { $0.waiting.append(.write(target)) }
    bell.wake()
  }

  /// The snapshots that records may be of.
  func use(_ snapshots: [UInt64: ServedSnapshot]) { orders.withLock { $0.snapshots = snapshots } }

  /// Opens the file again, after rotating it.
  func reopen() {
    orders.withLock { $0.waiting.append(.reopen) }
    bell.wake()
  }

  /// Asks for the end; what the rings hold is written before, as far as it is taken within a while.
  func stop() {
    orders.withLock { $0.shouldStop = true }
    bell.wake()
  }

  /// True once all was written after ``stop()``.
  var hasEnded: Bool { isDone.load(ordering: .acquiring) }

  // MARK: - The thread

  /// What the thread works with.
  private struct Bench: ~Copyable {
    var desk: Desk
    var record = DecisionRecord()
    var snapshots: [UInt64: ServedSnapshot] = [:]
    var ringDrops: UInt64 = 0
    var lost: UInt64 = 0
    /// The ring whose turn is first: another each time, for a log that takes only some.
    var first = 0
  }

  /// Runs until it is stopped.
  func run() throws(SystemError) {
    let poller = try Poller()
    var events = PollEvents()
    try poller.add(bell.raw, token: 0)
    var bench = Bench(desk: Desk(log))
    var wait = LogTimes.waits.lowerBound
    while true {
      let shouldStop = take(&bench)
      let (count, isMore) = drain(&bench)
      if shouldStop { break }
      if isMore, bench.desk.hasRoom { continue }
      wait = count > 0 ? LogTimes.waits.lowerBound : min(LogTimes.waits.upperBound, wait * 2)
      // Watched for this wait only: which socket it is, and whether it is waited for, may be another the next time.
      let awaited = bench.desk.awaited
      if let awaited { try poller.add(awaited.raw, token: 1, writable: awaited.writable) }
      try poller.wait(timeoutMilliseconds: Int32(bench.desk.isOpen ? wait : 1000), into: &events)
      if let awaited { poller.remove(awaited.raw) }
      if events.count > 0 { bell.drain() }
    }
    end(&bench)
    isDone.store(true, ordering: .releasing)
  }

  /// Writes what is left, as far as it is taken within a while; what is not is counted.
  private func end(_ bench: inout Bench) {
    let deadline = Clock.monotonicNanoseconds() &+ LogTimes.end
    while true {
      _ = drain(&bench)
      let isLast = Clock.monotonicNanoseconds() > deadline
      if isLast || rings.allSatisfy(\.isEmpty), bench.desk.end(isLast: isLast) { break }
      if isLast { break }
      pause(milliseconds: 5)
    }
    var left: UInt64 = 0
    for ring in rings { while ring.pop(into: &bench.record) { left += 1 } }
    metrics.count(losses, left)
    count(&bench)
  }

  /// Carries out what the control thread wants.
  /// - Returns: true where that is to end.
  private func take(_ bench: inout Bench) -> Bool {
    let wants = orders.withLock { orders in
      defer { orders.waiting = [] }
      return orders
    }
    if !wants.waiting.isEmpty { _ = drain(&bench) }  // what was asked before goes where it went
    if wants.snapshots.count != bench.snapshots.count || wants.snapshots.keys != bench.snapshots.keys {
      bench.desk.keep(Set(wants.snapshots.keys))
    }
    bench.snapshots = wants.snapshots
    for order in wants.waiting {
      switch order {
      case .write(let target): bench.desk.use(target)
      case .reopen: bench.desk.reopen()
      }
    }
    return wants.shouldStop
  }

  /// Takes what waits in the rings and writes it.
  /// - Returns: how many records there were, and whether the rings have more for which there was no turn or no room.
  private func drain(_ bench: inout Bench) -> (count: Int, isMore: Bool) {
    let drops = rings.reduce(0) { $0 + $1.droppedCount }
    if drops > bench.ringDrops { bench.desk.noteDropped(drops - bench.ringDrops) }
    bench.ringDrops = drops
    var (count, isMore) = (0, false)
    for index in rings.indices {
      let ring = rings[(index + bench.first) % rings.count]
      var turn = 0
      while turn < LogTimes.turn, bench.desk.hasRoom, ring.pop(into: &bench.record) {
        turn += 1
        bench.desk.append(bench.record, snapshot(of: bench.record.generation, &bench))
      }
      count += turn
      isMore = isMore || turn == LogTimes.turn || !bench.desk.hasRoom
    }
    bench.first = (bench.first + 1) % max(1, rings.count)
    bench.desk.flush(at: Clock.monotonicNanoseconds())
    self.count(&bench)
    return (count, isMore)
  }

  /// The snapshot that a record was made under: one that came into service since the last look, too.
  private func snapshot(of generation: UInt64, _ bench: inout Bench) -> ServedSnapshot? {
    if let known = bench.snapshots[generation] { return known }
    bench.snapshots.merge(orders.withLock { $0.snapshots }) { mine, _ in mine }
    return bench.snapshots[generation]
  }

  private func count(_ bench: inout Bench) {
    metrics.count(losses, bench.desk.lostCount - bench.lost)
    bench.lost = bench.desk.lostCount
  }
}

/// How log threads spend their time.
enum LogTimes {
  /// Milliseconds between two looks at the rings: the first while queries come, the last after a while without any. A
  /// ring holds what one worker is asked in the longest of them.
  static let waits = 5...80
  /// Records of one ring before the next has its turn.
  static let turn = 4096
  /// Nanoseconds that a log has at its end to write what is left.
  static let end: UInt64 = 1_500_000_000
}
