internal import FlatMemory
internal import LinuxIO
internal import Policy
internal import Synchronization

/// Writes the query log, on a thread of its own: takes what the workers' rings hold, makes lines, writes many at once.
///
/// It never holds up a query: where it is too slow, or the disk is full, records are dropped, and a line says how many.
final class QueryLogWriter: Sendable {
  /// Milliseconds between two looks at the rings: the first while queries come, the last after a while without any. A
  /// ring of a quarter of a million words holds what one worker is asked in the longest of them.
  private static let waits = 5...80
  static let ringCapacity = 1 << 18
  private static let bufferSize = 1 << 18
  /// Records of one ring before the next has its turn.
  private static let turn = 4096

  /// What the control thread wants of the writer.
  private struct Orders: ~Copyable {
    var snapshots: [UInt64: ServedSnapshot]
    var scope: QueryLog.Scope?
    /// A file to write to from now on.
    var next: QueryLogFile?
    var shouldClose = false
    var shouldReopen = false
    var shouldStop = false
  }

  private let rings: [DecisionRing]
  private let orders: Mutex<Orders>
  private let bell: WakeUp
  private let log: ServerLog
  private let isDone = Atomic<Bool>(false)

  init(_ rings: [DecisionRing], _ snapshots: [UInt64: ServedSnapshot], log: ServerLog) throws(SystemError) {
    self.rings = rings
    self.log = log
    bell = try WakeUp()
    orders = Mutex(Orders(snapshots: snapshots))
  }

  // MARK: - For the control thread

  /// Writes to this file from now on, or to none.
  /// - Throws: where the file cannot be opened; the one before stays in use.
  func write(to path: String?, _ scope: QueryLog.Scope) throws(SystemError) {
    var file: QueryLogFile?
    if let path { file = try QueryLogFile(path, log: log) }
    orders.withLock { orders in
      orders.shouldClose = file == nil
      orders.next = file.take()
      orders.scope = scope
    }
    bell.wake()
  }

  /// The snapshots that records may be of.
  func use(_ snapshots: [UInt64: ServedSnapshot]) { orders.withLock { $0.snapshots = snapshots } }

  /// Opens the file again, after rotating it.
  func reopen() {
    orders.withLock { $0.shouldReopen = true }
    bell.wake()
  }

  /// Asks for the end; what the rings hold is written before.
  func stop() {
    orders.withLock { $0.shouldStop = true }
    bell.wake()
  }

  /// True once the last line was written after ``stop()``.
  var hasEnded: Bool { isDone.load(ordering: .acquiring) }

  // MARK: - The thread

  /// What the thread works with.
  private struct Desk: ~Copyable {
    var file: QueryLogFile?
    var formatter = QueryLogFormatter()
    var lines = OctetBuffer(capacity: QueryLogWriter.bufferSize)
    var lineCount = 0
    /// Lines in the buffer before the first record's: what is missing, the scope.
    var noteCount = 0
    var record = DecisionRecord()
    var snapshots: [UInt64: ServedSnapshot] = [:]
    var ringDrops: UInt64 = 0
    /// Records lost since the last line that says so.
    var missing: UInt64 = 0
    var missingInBuffer: UInt64 = 0
  }

  /// Runs until it is stopped.
  func run() throws(SystemError) {
    let poller = try Poller()
    var events = PollEvents()
    try poller.add(bell.raw, token: 0)
    var desk = Desk()
    var wait = Self.waits.lowerBound
    while true {
      let shouldStop = take(&desk)
      let count = drain(&desk)
      if shouldStop {
        desk.file = nil
        return isDone.store(true, ordering: .releasing)
      }
      if count >= Self.turn { continue }
      wait = count > 0 ? Self.waits.lowerBound : min(Self.waits.upperBound, wait * 2)
      try poller.wait(timeoutMilliseconds: Int32(desk.file == nil ? 1000 : wait), into: &events)
      if events.count > 0 { bell.drain() }
    }
  }

  /// Carries out what the control thread wants.
  /// - Returns: true where that is to end.
  private func take(_ desk: inout Desk) -> Bool {
    var next: QueryLogFile?
    var scope = QueryLog.Scope.all
    let (shouldClose, shouldReopen, shouldStop) = orders.withLock { orders in
      next = orders.next.take()
      scope = orders.scope ?? .all
      desk.snapshots = orders.snapshots
      let wants = (orders.shouldClose, orders.shouldReopen, orders.shouldStop)
      (orders.shouldClose, orders.shouldReopen) = (false, false)
      return wants
    }
    desk.formatter.keep(desk.snapshots.keys)
    if next == nil, !shouldClose, !shouldReopen { return shouldStop }
    _ = drain(&desk)  // what was asked before goes where it went
    if shouldClose { desk.file = nil }
    if let file = next.take() { desk.file = consume file } else if shouldReopen { desk.file?.reopen() }
    if desk.file != nil {
      desk.formatter.append(scope: scope, at: Clock.realtimeNanoseconds(), to: &desk.lines)
      desk.noteCount += 1
      desk.lineCount += 1
    }
    return shouldStop
  }

  /// Takes what waits in the rings and writes it.
  /// - Returns: how many records there were.
  private func drain(_ desk: inout Desk) -> Int {
    let drops = rings.reduce(0) { $0 + $1.droppedCount }
    desk.missing += drops - desk.ringDrops
    desk.ringDrops = drops
    var count = 0
    for ring in rings {
      var turn = 0
      while turn < Self.turn, ring.pop(into: &desk.record) {
        turn += 1
        guard desk.file != nil else { continue }
        guard let served = desk.snapshots[desk.record.generation] else {
          desk.missing += 1
          continue
        }
        append(served.snapshot.policy, &desk)
      }
      count += turn
    }
    flush(&desk)
    return count
  }

  private func append(_ policy: CompiledPolicy, _ desk: inout Desk) {
    for _ in 0..<2 {
      let start = desk.lines.count
      desk.formatter.append(desk.record, policy, to: &desk.lines)
      if !desk.lines.overflowed {
        desk.lineCount += 1
        return
      }
      desk.lines.truncate(to: start)
      flush(&desk)
    }
    desk.missing += 1  // longer than the whole buffer: no policy has such names
  }

  private func flush(_ desk: inout Desk) {
    guard desk.file != nil else {
      desk.missing = 0
      return
    }
    if desk.missing > 0 {
      let start = desk.lines.count
      desk.formatter.append(dropped: desk.missing, at: Clock.realtimeNanoseconds(), to: &desk.lines)
      if desk.lines.overflowed {
        desk.lines.truncate(to: start)
      } else {
        desk.lineCount += 1
        desk.missingInBuffer = desk.missing
        desk.missing = 0
      }
    }
    if desk.lines.count == 0 { return }
    let written = desk.file?.append(desk.lines) ?? 0
    if written < desk.lineCount {
      // The last line, where it says what was missing, is lost with the others: it is told with them.
      let notes = (desk.missingInBuffer > 0 ? 1 : 0) + max(0, desk.noteCount - written)
      desk.missing += UInt64(max(0, desk.lineCount - written - notes)) + desk.missingInBuffer
    }
    (desk.lineCount, desk.noteCount, desk.missingInBuffer) = (0, 0, 0)
    desk.lines.reset()
  }
}
