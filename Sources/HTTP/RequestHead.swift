/// The head of a request as it is read, line by line.
struct RequestHead {
  let isHead: Bool
  let path: String
  let query: String
  /// Of a target in absolute form; it counts, whatever Host says (RFC 9112 §3.2.2).
  let authority: String?
  let isOld: Bool
  private(set) var host: String?
  /// The page that asks is of another site than the one that is asked, another port of the same host included.
  private(set) var isOfOtherSite = false
  private var hostCount = 0
  private var mustClose = false
  private var contentLength: UInt64?
  private var hasCoding = false
  private var isChunked = false
  private var isContradictory = false

  enum Reading {
    case head(RequestHead)
    case refused(HTTPStatus)
  }

  /// Methods that are known and not served; others are not implemented (RFC 9110 §15.6.2).
  private static let otherMethods: Set<String> = ["POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]

  /// Reads a request line.
  static func read(_ octets: Span<UInt8>, _ line: Range<Int>) -> Reading {
    var parts: [Range<Int>] = []
    var start = line.lowerBound
    for index in line where octets[index] == space {
      parts.append(start..<index)
      start = index + 1
      if parts.count > 2 { return .refused(.badRequest) }
    }
    parts.append(start..<line.upperBound)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy({ isTokenOctet(octets[$0]) }) else {
      return .refused(.badRequest)
    }
    if parts[1].count > HTTPRequest.longestTarget { return .refused(.targetTooLong) }
    let version = text(octets, parts[2])
    guard version.utf8.count == 8, version.hasPrefix("HTTP/"), isDigit(version.utf8, at: 5),
      isDigit(version.utf8, at: 7),
      version.dropFirst(6).first == "."
    else { return .refused(.badRequest) }
    guard version.hasPrefix("HTTP/1.") else { return .refused(.versionNotSupported) }
    let method = text(octets, parts[0])
    guard method == "GET" || method == "HEAD" else {
      return .refused(otherMethods.contains(method) ? .methodNotAllowed : .notImplemented)
    }
    guard let target = Target(octets, parts[1]) else { return .refused(.badRequest) }
    return .head(
      RequestHead(
        isHead: method == "HEAD", path: target.path, query: target.query, authority: target.authority,
        isOld: version == "HTTP/1.0"))
  }

  private static func isDigit(_ text: String.UTF8View, at offset: Int) -> Bool {
    let octet = text[text.index(text.startIndex, offsetBy: offset)]
    return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet)
  }

  private init(isHead: Bool, path: String, query: String, authority: String?, isOld: Bool) {
    (self.isHead, self.path, self.query, self.authority, self.isOld) = (isHead, path, query, authority, isOld)
  }

  /// Reads one field.
  /// - Returns: false where it is malformed: no name, blanks before the colon (RFC 9112 §5.1), or a fold (§5.2).
  mutating func readField(_ octets: Span<UInt8>, _ line: Range<Int>) -> Bool {
    guard let colon = line.first(where: { octets[$0] == UInt8(ascii: ":") }), colon > line.lowerBound else {
      return false
    }
    let name = line.lowerBound..<colon
    guard name.allSatisfy({ isTokenOctet(octets[$0]) }) else { return false }
    var value = (colon + 1)..<line.upperBound
    while let first = value.first, octets[first] == space || octets[first] == tab { value = value.dropFirst() }
    while let last = value.last, octets[last] == space || octets[last] == tab { value = value.dropLast() }
    switch text(octets, name).lowercased() {
    case "host":
      hostCount += 1
      host = text(octets, value)
    case "sec-fetch-site":
      if !["same-origin", "none"].contains(text(octets, value)) { isOfOtherSite = true }
    case "connection":
      let options = text(octets, value).lowercased().split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
      if options.contains("close") { mustClose = true }
    case "content-length": readLength(text(octets, value))
    case "transfer-encoding":
      isChunked = !hasCoding && text(octets, value).lowercased() == "chunked"
      hasCoding = true
    default: break
    }
    return true
  }

  /// A list of the same length is one length (RFC 9112 §6.3); anything else contradicts itself.
  private mutating func readLength(_ value: String) {
    let parts = value.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.filter { $0 != " " && $0 != "\t" }
    }
    for part in parts {
      let isNumber = !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      // A number that no 64 bits hold is too large, whatever it is.
      let length = isNumber ? UInt64(part) ?? .max : nil
      guard let length, contentLength == nil || contentLength == length else {
        isContradictory = true
        return
      }
      contentLength = length
    }
  }

  /// What makes it a request that is not served; nil where it is.
  var refusal: HTTPStatus? {
    if isContradictory || hasCoding && (contentLength != nil || isOld) { return .badRequest }
    if hasCoding { return isChunked ? .contentTooLarge : .notImplemented }
    if let contentLength, contentLength > 0 { return .contentTooLarge }
    // RFC 9112 §3.2: exactly one Host, but in HTTP/1.0.
    if hostCount > 1 || hostCount == 0 && !isOld { return .badRequest }
    return nil
  }

  /// HTTP/1.0 keeps no connection: what asks for that speaks 1.1.
  var isLast: Bool { mustClose || isOld }
}

/// A request target in origin form or in absolute form (RFC 9112 §3.2).
private struct Target {
  let path: String
  let query: String
  let authority: String?

  init?(_ octets: Span<UInt8>, _ range: Range<Int>) {
    // Visible ASCII; a fragment is never sent.
    for index in range where octets[index] <= space || octets[index] > 0x7e || octets[index] == UInt8(ascii: "#") {
      return nil
    }
    var rest = text(octets, range)[...]
    if rest.lowercased().hasPrefix("http://") {
      rest = rest.dropFirst(7)
      let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
      authority = String(rest[..<end])
      rest = rest[end...]
      if !rest.hasPrefix("/") { rest = "/" + rest }
    } else {
      authority = nil
    }
    guard rest.hasPrefix("/") else { return nil }
    let mark = rest.firstIndex(of: "?") ?? rest.endIndex
    path = String(rest[..<mark])
    query = mark == rest.endIndex ? "" : String(rest[rest.index(after: mark)...])
  }
}

/// Octets as text; those that are no ASCII each become another character.
private func text(_ octets: Span<UInt8>, _ range: Range<Int>) -> String {
  String(decoding: range.map { octets[$0] < 0x80 ? octets[$0] : UInt8(ascii: "?") }, as: UTF8.self)
}
