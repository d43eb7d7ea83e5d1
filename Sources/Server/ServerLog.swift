internal import FoundationEssentials
internal import LinuxIO

/// The server's log: lines on standard error, each with the time in UTC.
///
/// Refusals are written by the control thread, so a reader of the log that is slow never holds up a query.
struct ServerLog: Sendable {
  /// One line.
  func write(_ text: String, at date: Date = Date()) {
    writeStandardError("\(date.formatted(ServerLog.style)) \(text)\n")
  }

  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
