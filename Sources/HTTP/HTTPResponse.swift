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
  let seconds = min(seconds, 253_402_300_799)
  let (days, time) = (Int(seconds / 86400), Int(seconds % 86400))
  // A year that begins in March has its leap day at its end; 146,097 days are 400 years.
  let shifted = days + 719_468
  let era = shifted / 146_097, dayOfEra = shifted % 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  return "\(names[days % 7]), \(two(day)) \(months[month - 1]) \(year) "
    + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) GMT"
}
