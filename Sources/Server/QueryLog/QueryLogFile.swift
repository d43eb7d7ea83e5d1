internal import FlatMemory
internal import LinuxIO

/// The query log's file: whole lines only, and a line that says how many are missing where some are.
struct QueryLogFile: ~Copyable {
  private var file: AppendFile
  private let log: ServerLog
  /// True where the file ends within a line that could not be taken back, as in a pipe.
  private var endsInHalf = false
  private var isFailing = false

  init(_ path: String, log: ServerLog) throws(SystemError) {
    file = try AppendFile(path)
    self.log = log
  }

  /// Where it is, as the operator wrote it.
  var path: String { file.path }

  /// Opens the file by its name again: after someone moved it away to rotate it.
  mutating func reopen() {
    do throws(SystemError) {
      try file.reopen()
      endsInHalf = false
    } catch {
      log.write("\(error); queries are logged where they were")
    }
  }

  /// Appends whole lines, as many as the system takes. That it takes none is said once, and once more when it does again.
  /// - Returns: how many lines from the front are in the file.
  mutating func append(_ lines: borrowing OctetBuffer) -> Int {
    if endsInHalf {
      var end = OctetBuffer(capacity: 1)
      end.append(UInt8(ascii: "\n"))
      if file.appendSome(end.octets).error != nil { return 0 }
      endsInHalf = false
    }
    let octets = lines.octets
    let (count, error) = file.appendSome(octets)
    guard let error else {
      if isFailing { log.write("the query log \(file.path) takes lines again") }
      isFailing = false
      return lineCount(octets, count)
    }
    var half = 0
    while half < count, octets[count - half - 1] != UInt8(ascii: "\n") { half += 1 }
    if half > 0 { endsInHalf = !file.takeBack(half) }
    if !isFailing { log.write("\(error); queries are answered, but not logged until there is room") }
    isFailing = true
    return lineCount(octets, count)
  }

  private func lineCount(_ octets: Span<UInt8>, _ end: Int) -> Int {
    var count = 0
    for index in 0..<end where octets[index] == UInt8(ascii: "\n") { count &+= 1 }
    return count
  }
}
