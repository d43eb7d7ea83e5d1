internal import FlatMemory
internal import LinuxIO
internal import Policy

/// Makes the query log's lines of records, and writes many at once. A line says how many records are missing where some are.
struct QueryLogDesk: LogDesk, ~Copyable {
  /// Words of a worker's ring: a quarter of a million.
  static let ringCapacity = 1 << 18
  private static let bufferSize = 1 << 18

  /// The log's file and what it has.
  struct Target: Sendable {
    /// Nil for the one that is open.
    let file: Handover<LogFile>?
    let choice: LogChoice
    let rotation: LogRotation?

    /// The file that is open, with what else is wanted of it.
    init(changing wanted: QueryLog) { (file, choice, rotation) = (nil, wanted.choice, wanted.rotation) }

    /// - Throws: where the file cannot be opened.
    init(_ wanted: QueryLog, log: ServerLog) throws(SystemError) {
      (choice, rotation) = (wanted.choice, wanted.rotation)
      let words = LogFile.Words(
        name: "query log", loss: "queries are answered, but not logged until there is room",
        stays: "queries are logged where they were")
      file = Handover(try LogFile.open(wanted.path, .lines, wanted.rotation, words, log: log))
    }
  }

  private var file: LogFile?
  private var choice = LogChoice()
  private var formatter = QueryLogFormatter()
  private var lines = OctetBuffer(capacity: QueryLogDesk.bufferSize)
  private var lineCount = 0
  /// Lines in the buffer before the first record's: what is missing, the scope.
  private var noteCount = 0
  /// Records lost since the last line that says so.
  private var missing: UInt64 = 0
  private var missingInBuffer: UInt64 = 0
  private(set) var lostCount: UInt64 = 0

  init(_ log: ServerLog) {}

  var isOpen: Bool { file != nil }
  var hasRoom: Bool { true }

  mutating func use(_ target: Target?) {
    flush(at: 0)
    guard let target else {
      file?.end()
      file = nil
      return
    }
    if let next = target.file {
      file?.end()
      file = next.take()
    }
    file?.rotate(target.rotation)
    choice = target.choice
    noteScope()
  }

  mutating func reopen() {
    guard file != nil else { return }
    flush(at: 0)
    file?.reopen()
    noteScope()
  }

  mutating func keep(_ generations: Set<UInt64>) { formatter.keep(generations) }

  mutating func noteDropped(_ count: UInt64) { missing += count }

  mutating func append(_ record: DecisionRecord, _ served: ServedSnapshot?) {
    guard file != nil else { return }
    guard let policy = served?.snapshot.policy else {
      missing += 1
      lostCount += 1
      return
    }
    for _ in 0..<2 {
      let start = lines.count
      formatter.append(record, policy, to: &lines)
      if !lines.overflowed {
        lineCount += 1
        return
      }
      lines.truncate(to: start)
      flush(at: 0)
    }
    missing += 1  // longer than the whole buffer: no policy has such names
    lostCount += 1
  }

  mutating func flush(at now: UInt64) {
    guard file != nil else {
      missing = 0
      return
    }
    if missing > 0 {
      let start = lines.count
      formatter.append(dropped: missing, at: Clock.realtimeNanoseconds(), to: &lines)
      if lines.overflowed {
        lines.truncate(to: start)
      } else {
        lineCount += 1
        missingInBuffer = missing
        missing = 0
      }
    }
    if lines.count == 0 { return }
    let written = file?.append(lines, count: lineCount) ?? 0
    if written < lineCount {
      // The last line, where it says what was missing, is lost with the others: it is told with them.
      let notes = (missingInBuffer > 0 ? 1 : 0) + max(0, noteCount - written)
      let lost = UInt64(max(0, lineCount - written - notes))
      missing += lost + missingInBuffer
      lostCount += lost
    }
    (lineCount, noteCount, missingInBuffer) = (0, 0, 0)
    lines.reset()
  }

  mutating func end(isLast: Bool) -> Bool {
    flush(at: 0)
    file?.end()
    file = nil
    return true
  }

  private mutating func noteScope() {
    formatter.append(choice, at: Clock.realtimeNanoseconds(), to: &lines)
    noteCount += 1
    lineCount += 1
  }
}
