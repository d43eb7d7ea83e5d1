internal import FoundationEssentials

/// What a request gets.
package struct HTTPResponse: Sendable {
  package var status: HTTPStatus
  /// The media type of the content.
  package var type: String
  package var content: [UInt8]
  /// Further fields, names and values as they stand on the wire.
  package var fields: [(name: String, value: String)]

  /// Content of some type.
  package init(
    _ status: HTTPStatus = .ok, type: String, _ content: [UInt8], fields: [(name: String, value: String)] = []
  ) {
    (self.status, self.type, self.content, self.fields) = (status, type, content, fields)
  }

  /// Text for a person; ends in a newline.
  package init(_ status: HTTPStatus = .ok, text: String, fields: [(name: String, value: String)] = []) {
    self.init(status, type: "text/plain; charset=utf-8", Array((text + "\n").utf8), fields: fields)
  }

  /// What a request that is not served gets: its status in words.
  package init(_ status: HTTPStatus) {
    self.init(
      status, text: "\(status.rawValue) \(status.phrase)",
      fields: status == .methodNotAllowed ? [("Allow", "GET, HEAD")] : [])
  }

  /// Fields of every response. Nothing here is to be kept, framed, guessed at or read by another site.
  private static let always = """
    Cache-Control: no-store\r
    X-Content-Type-Options: nosniff\r
    Referrer-Policy: no-referrer\r
    Cross-Origin-Resource-Policy: same-origin\r
    X-Frame-Options: DENY\r

    """
  /// What a response that is no page allows a browser.
  private static let nothing = "default-src 'none'; frame-ancestors 'none'"

  /// The head on the wire, with its empty line.
  /// - Parameters:
  ///   - seconds: the time of day, in seconds since 1970.
  ///   - isLast: the connection ends with it.
  package func head(at seconds: UInt64, isLast: Bool) -> [UInt8] {
    var head = "HTTP/1.1 \(status.rawValue) \(status.phrase)\r\n"
    head += "Date: \(httpDate(seconds))\r\nContent-Type: \(type)\r\nContent-Length: \(content.count)\r\n"
    if isLast { head += "Connection: close\r\n" }
    head += Self.always
    if !fields.contains(where: { $0.name == "Content-Security-Policy" }) {
      head += "Content-Security-Policy: \(Self.nothing)\r\n"
    }
    for (name, value) in fields { head += "\(name): \(value)\r\n" }
    return Array((head + "\r\n").utf8)
  }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
package func httpDate(_ seconds: UInt64) -> String {
  // Up to the year 9999, which is the last of four digits.
  let date = Date(timeIntervalSince1970: Double(min(seconds, 253_402_300_799)))
  let parts = utc.dateComponents([.weekday, .month], from: date)
  let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  // 1994-11-06T08:49:37Z
  let text = date.formatted(.iso8601)
  return "\(weekdays[(parts.weekday ?? 1) - 1]), \(text.dropFirst(8).prefix(2)) \(months[(parts.month ?? 1) - 1]) "
    + "\(text.prefix(4)) \(text.dropFirst(11).prefix(8)) GMT"
}

private let utc: Calendar = {
  var calendar = Calendar(identifier: .gregorian)
  calendar.timeZone = .gmt
  return calendar
}()
