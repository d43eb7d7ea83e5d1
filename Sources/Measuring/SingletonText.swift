package import Addresses

/// How singletons are written, one a line. The first four columns are those of RFC 8912 §6.4.2.
package enum SingletonFormat: String, CaseIterable, Sendable {
  /// A JSON object a line.
  case json
  /// Comma-separated, with a heading; a column without a value is empty (RFC 4180).
  case csv

  /// The first line; nil where there is none.
  package var heading: String? {
    self == .csv ? SingletonFormat.columns.joined(separator: ",") : nil
  }

  static let columns = [
    "T", "dT", "RCODE", "Logical", "server", "number", "id", "port", "due", "lag", "answers", "truncated", "note",
    "calibration",
  ]

  /// One singleton, without the line's end.
  package func line(_ singleton: Singleton, of server: SocketAddress, isCalibration: Bool = false) -> String {
    let response = singleton.response
    let texts: [String?] = [
      quoted(DateAndTime(nanoseconds: singleton.sentAt).description), singleton.delay.map(exactSeconds),
      response.map { String($0.rcode) }, singleton.isLost ? "1" : "0", quoted(server.description),
      String(singleton.number),
      String(singleton.id), String(singleton.port), exactSeconds(singleton.due), exactSeconds(singleton.lag),
      response.map { String($0.answerCount) }, response.map { $0.isTruncated ? "true" : "false" },
      singleton.note.map(quoted),
      isCalibration ? "true" : "false",
    ]
    switch self {
    case .csv: return texts.map { $0 ?? "" }.joined(separator: ",")
    case .json:
      let members = zip(SingletonFormat.columns, texts).map { "\"\($0)\":\($1 ?? "null")" }
      return "{" + members.joined(separator: ",") + "}"
    }
  }

  /// None of our texts has a quote, a comma, or anything else that is to be escaped.
  private func quoted(_ text: String) -> String { self == .json ? "\"\(text)\"" : text }
}

/// Nanoseconds as seconds with nine decimals, exactly: the registry's decimal64 with nine fraction digits.
package func exactSeconds(_ nanoseconds: UInt64) -> String {
  let fraction = String(nanoseconds % 1_000_000_000)
  return "\(nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 9 - fraction.count) + fraction
}
