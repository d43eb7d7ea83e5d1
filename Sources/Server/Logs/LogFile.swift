internal import FlatMemory
internal import LinuxIO
internal import Policy

/// A log's file: whole records only, moved aside when it has come to its size. What goes wrong is said once, and once more
/// when it is over.
///
/// Nothing here waits. A record that the system took half of is taken back; where that cannot be, as of a pipe, its rest
/// goes before anything else.
struct LogFile: ~Copyable, Sendable {
  /// What the log is called, and what it means that it takes nothing.
  struct Words: Sendable {
    /// `query log`.
    let name: String
    /// Behind the reason: `queries are answered, but not logged until there is room`.
    let loss: String
    /// Behind the reason why it could not be opened again: `queries are logged where they were`.
    let stays: String
  }

  /// Moved-aside files that stay of a log that is not rotated: those that a crash left.
  private static let mostAside = 9

  private var file: AppendFile
  /// Where the file is, links followed: the file is moved aside, and not a link to it.
  private var place: String
  private let form: LogForm
  private var rotation: LogRotation?
  private let words: Words
  private let log: ServerLog
  /// Octets in the file, of which so many before the first record.
  private var size: UInt64 = 0
  private var isRegular = false
  private var isFresh = true
  /// At which size it is moved aside; more than the rotation's where that failed.
  private var rotateAt = UInt64.max
  /// What has to be written before anything else: the opening, or the rest of a record.
  private var rest: [UInt8] = []
  private var isFailing = false
  private var isStuck = false
  private var lostCount = 0

  /// Opens a file, or makes it.
  /// - Throws: where it cannot be opened for appending.
  static func open(
    _ path: String, _ form: LogForm, _ rotation: LogRotation?, _ words: Words, log: ServerLog
  ) throws(SystemError) -> LogFile {
    var file = LogFile(try AppendFile(path), form, rotation, words, log)
    try file.takeOver()
    return file
  }

  private init(
    _ file: consuming AppendFile, _ form: LogForm, _ rotation: LogRotation?, _ words: Words, _ log: ServerLog
  ) {
    place = file.path
    self.file = file
    self.form = form
    self.rotation = rotation
    self.words = words
    self.log = log
  }

  /// Where it is, as the operator wrote it.
  var path: String { file.path }

  // MARK: - Writing

  /// Appends whole records, as many as the system takes.
  /// - Parameter total: how many there are.
  /// - Returns: how many from the front are in the file.
  mutating func append(_ buffer: borrowing OctetBuffer, count total: Int) -> Int {
    let records = buffer.octets
    guard isThere(), writeRest() else { return failed(total) }
    var (start, done) = (0, 0)
    while start < records.count {
      let end = endOfPart(records, start)
      if !writeRest() { return done + failed(total - done) }
      let (written, error) = file.appendSome(records.extracting(start..<end))
      size += UInt64(written)
      if written > 0 { isFresh = false }
      if let error {
        let whole = form.records(in: records, from: start, to: start + written)
        done += whole.count
        if whole.end < start + written { done += keepRest(of: records, from: whole.end, written: start + written) }
        say(error)
        return done + failed(total - done)
      }
      if end < records.count { done += form.records(in: records, from: start, to: end).count }
      start = end
    }
    recovered()
    return total
  }

  /// Is moved aside at another size from now on.
  mutating func rotate(_ next: LogRotation?) {
    if next == rotation { return }
    rotation = next
    rotateAt = next?.size ?? .max
  }

  /// Writes what a complete file ends with.
  mutating func end() {
    if writeRest(), !form.closing.isEmpty { _ = file.appendSome(form.closing.span) }
    rest = []
  }

  /// Opens the file by its name again: after someone moved it away to rotate it.
  mutating func reopen() {
    do throws(SystemError) {
      let next = try AppendFile(file.path)
      end()
      file = next
      try takeOver()
    } catch {
      log.write("\(error); \(words.stays)")
    }
  }

  /// Where the next part ends that goes into the file before it is moved aside; behind one record at least.
  private mutating func endOfPart(_ records: Span<UInt8>, _ start: Int) -> Int {
    guard rotation != nil, isRegular else { return records.count }
    for _ in 0..<2 {
      let used = size + UInt64(rest.count + form.closing.count)
      let room = rotateAt > used ? rotateAt - used : 0
      if room >= UInt64(records.count - start) { return records.count }
      let end = form.records(in: records, from: start, to: start + Int(room)).end
      if end > start { return end }
      if isFresh { break }
      rotate()
    }
    let end = form.records(in: records, from: start, to: records.count, most: 1).end
    return end > start ? end : records.count
  }

  /// Takes back the first part of a record, or keeps the rest of it.
  /// - Returns: how many records are in the file by that.
  private mutating func keepRest(of records: Span<UInt8>, from start: Int, written: Int) -> Int {
    if isRegular, file.takeBack(written - start) {
      size -= UInt64(written - start)
      return 0
    }
    let end = form.records(in: records, from: start, to: records.count, most: 1).end
    if end > written { rest = records.octets(written..<end) }
    return 1
  }

  private mutating func writeRest() -> Bool {
    if rest.isEmpty { return true }
    let (written, error) = file.appendSome(rest.span)
    size += UInt64(written)
    rest.removeFirst(written)
    if let error { say(error) }
    return rest.isEmpty
  }

  // MARK: - The file

  /// Looks at a file just opened: one that is complete goes on, one that is not makes room for another.
  private mutating func takeOver() throws(SystemError) {
    rest = []
    place = resolvedPath(file.path) ?? file.path
    var state = file.state
    if state.isRegular, state.size > 0, !form.opening.isEmpty {
      if isComplete(state.size), file.truncate(to: state.size - UInt64(form.closing.count)) {
        state.size -= UInt64(form.closing.count)
      } else {
        let number = try LogFile.moveAside(place, keep: rotation?.keep)
        file = try AppendFile(file.path)
        state = file.state
        log.write("\(file.path) did not end as \(words.name) does, after a crash perhaps: it is \(place).\(number) now")
      }
    }
    (size, isRegular) = (state.size, state.isRegular)
    isFresh = size <= UInt64(form.opening.count)
    if size == 0 { rest = form.opening }
    rotateAt = rotation?.size ?? .max
  }

  /// True where a file begins and ends as one that was ended does.
  private func isComplete(_ size: UInt64) -> Bool {
    let (head, tail) = (form.opening.count, form.closing.count)
    guard size >= UInt64(head + tail) else { return false }
    return (try? readPart(of: file.path, from: 0, count: head)) == form.opening
      && (try? readPart(of: file.path, from: size - UInt64(tail), count: tail)) == form.closing
  }

  /// Makes the file again where someone has removed it.
  private mutating func isThere() -> Bool {
    guard isRegular, file.state.isRemoved else { return true }
    do throws(SystemError) {
      file = try AppendFile(file.path)
      try takeOver()
      log.write("the \(words.name) \(file.path) was removed, and is made again")
      return true
    } catch {
      say(error)
      return false
    }
  }

  /// Moves the file aside and begins another. Where that cannot be, the file goes on, and it is tried again when it has
  /// grown by a sixteenth.
  private mutating func rotate() {
    guard let rotation else { return }
    do throws(SystemError) {
      do throws(SystemError) {
        try LogFile.moveAside(place, keep: rotation.keep)
      } catch  where error.isMissing {
        // Someone has moved it away.
      }
      let next = try AppendFile(file.path)
      end()
      file = next
      try takeOver()
      if isStuck { log.write("the \(words.name) \(file.path) is rotated again") }
      isStuck = false
    } catch {
      if !isStuck { log.write("\(error); the \(words.name) goes on as it is, and grows") }
      isStuck = true
      rotateAt = size + max(rotation.size / 16, 4096)
    }
  }

  /// Gives a file the name `path.1`, and those that have such names the next, up to `keep`, whose place is taken. Up to
  /// the first number that is free: what failed half way is not pushed on again and again. Files with the numbers above
  /// `keep` are removed, up to the first that is free or no file: more were kept before.
  /// - Parameter keep: nil for the first number that is free, or the last, whose place is taken; others stay as they are.
  /// - Returns: the file's number.
  @discardableResult
  private static func moveAside(_ path: String, keep: Int?) throws(SystemError) -> Int {
    var free = 1
    while free < keep ?? mostAside, fileStatus("\(path).\(free)") != nil { free += 1 }
    guard let keep else {
      try renameFile(path, to: "\(path).\(free)")
      return free
    }
    for number in stride(from: free - 1, to: 0, by: -1) {
      try renameFile("\(path).\(number)", to: "\(path).\(number + 1)")
    }
    try renameFile(path, to: "\(path).1")
    var above = keep + 1
    while removeRegularFile("\(path).\(above)") { above += 1 }
    return 1
  }

  // MARK: - What is said

  private mutating func failed(_ count: Int) -> Int {
    lostCount += count
    return 0
  }

  private mutating func say(_ error: SystemError) {
    if !isFailing { log.write("\(error); \(words.loss)") }
    isFailing = true
  }

  private mutating func recovered() {
    guard isFailing else { return }
    log.write("the \(words.name) \(file.path) takes \(form.unit) again; \(lostCount) are missing")
    (isFailing, lostCount) = (false, 0)
  }
}
