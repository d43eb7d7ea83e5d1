// HTTP: as much of HTTP/1.1 (RFC 9110, RFC 9112) as a read-only page, a scraper and a probe take. Octets in, a request
// out; a response in, octets out. No socket and no clock; any octets are a request, the beginning of one, or a refusal.
//
// Only GET and HEAD are served, and a request never has content, so there is no framing that two parties could read in two
// ways: what a request says of content is refused, and a refusal ends the connection.

internal import Addresses

/// A request to read something.
package struct HTTPRequest: Equatable, Sendable {
  /// HEAD: the response goes without its content.
  package let isHead: Bool
  /// As written, percent-encoding and all; begins with a slash.
  package let path: String
  /// What follows the path's question mark, as written; empty without one.
  package let query: String
  /// For whom it is meant; nil in HTTP/1.0 without a Host field.
  package let host: HTTPHost?
  /// The connection ends with the response.
  package let isLast: Bool
  /// A browser asks on behalf of another site's page, as far as it says (Sec-Fetch-Site of Fetch Metadata).
  package let isOfOtherSite: Bool

  /// A request, for tests and callers that have none from outside.
  package init(
    _ path: String, query: String = "", host: HTTPHost? = nil, isHead: Bool = false, isLast: Bool = false,
    isOfOtherSite: Bool = false
  ) {
    (self.path, self.query, self.host, self.isHead, self.isLast) = (path, query, host, isHead, isLast)
    self.isOfOtherSite = isOfOtherSite
  }

  /// What octets are.
  package enum Reading: Equatable, Sendable {
    /// A request and its length, the empty lines before it included.
    case request(HTTPRequest, length: Int)
    /// The beginning of one: more octets are needed.
    case incomplete
    /// None that is served; the connection ends with a response of this status.
    case refused(HTTPStatus)
  }

  /// The longest head of a request, empty lines before it included.
  package static let longestHead = 8192
  /// The longest request target.
  package static let longestTarget = 4096
}

/// What a response says of a request (RFC 9110 §15).
package enum HTTPStatus: Int, CaseIterable, Sendable {
  case ok = 200
  case badRequest = 400
  case forbidden = 403
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case contentTooLarge = 413
  case targetTooLong = 414
  case misdirectedRequest = 421
  case headTooLarge = 431
  case internalError = 500
  case notImplemented = 501
  case unavailable = 503
  case versionNotSupported = 505

  /// The reason phrase.
  package var phrase: String {
    switch self {
    case .ok: "OK"
    case .badRequest: "Bad Request"
    case .forbidden: "Forbidden"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .requestTimeout: "Request Timeout"
    case .contentTooLarge: "Content Too Large"
    case .targetTooLong: "URI Too Long"
    case .misdirectedRequest: "Misdirected Request"
    case .headTooLarge: "Request Header Fields Too Large"
    case .internalError: "Internal Server Error"
    case .notImplemented: "Not Implemented"
    case .unavailable: "Service Unavailable"
    case .versionNotSupported: "HTTP Version Not Supported"
    }
  }
}

extension HTTPRequest {
  /// Reads the first request of what has come.
  ///
  /// Where RFC 9112 leaves a choice, the strict one is taken: lines end in CR LF and in nothing else (§2.2), parts of the
  /// request line are parted by one space (§3), folded fields are refused (§5.2).
  package static func read(_ octets: Span<UInt8>) -> Reading {
    var start = 0
    // Empty lines before a request are passed over (§2.2).
    while start + 1 < octets.count, octets[start] == cr, octets[start + 1] == lf { start += 2 }
    var lines = HeadLines(octets, from: start)
    switch lines.next(octets) {
    case .none: return beginning(octets, from: start)
    case .malformed: return .refused(.badRequest)
    case .line(let range):
      guard range.upperBound <= longestHead else { return .refused(tooLong(octets, from: start)) }
      var head: RequestHead
      switch RequestHead.read(octets, range) {
      case .refused(let status): return .refused(status)
      case .head(let read): head = read
      }
      while true {
        switch lines.next(octets) {
        case .none:
          return lines.start > longestHead || octets.count >= longestHead ? .refused(.headTooLarge) : .incomplete
        case .malformed: return .refused(.badRequest)
        case .line(let range):
          guard lines.start <= longestHead else { return .refused(.headTooLarge) }
          if range.isEmpty { return finish(head, length: lines.start) }
          guard head.readField(octets, range) else { return .refused(.badRequest) }
        }
      }
    }
  }

  /// True of octets that ask for HEAD, served or not: what answers them has no content (RFC 9110 §9.3.2).
  package static func isHead(_ octets: Span<UInt8>) -> Bool {
    var start = 0
    while start + 1 < octets.count, octets[start] == cr, octets[start + 1] == lf { start += 2 }
    let method = "HEAD ".utf8
    guard octets.count - start >= method.count else { return false }
    return zip(start..., method).allSatisfy { octets[$0] == $1 }
  }

  /// What the beginning of a request line is: what no method can begin with is refused at once.
  private static func beginning(_ octets: Span<UInt8>, from start: Int) -> Reading {
    if octets.count >= longestHead { return .refused(tooLong(octets, from: start)) }
    if start < octets.count, octets[start] != cr, !isTokenOctet(octets[start]) { return .refused(.badRequest) }
    return .incomplete
  }

  /// Whether a request line without an end has a target that is too long, or no target at all.
  private static func tooLong(_ octets: Span<UInt8>, from start: Int) -> HTTPStatus {
    for index in start..<min(octets.count, start + 32) where octets[index] == space { return .targetTooLong }
    return .badRequest
  }

  private static func finish(_ head: RequestHead, length: Int) -> Reading {
    if let refusal = head.refusal { return .refused(refusal) }
    var host: HTTPHost?
    // A target's authority counts, but a Host that is none is refused with it too (RFC 9112 §3.2).
    for text in [head.host, head.authority] {
      guard let text else { continue }
      guard let read = HTTPHost(text) else { return .refused(.badRequest) }
      host = read
    }
    return .request(
      HTTPRequest(
        head.path, query: head.query, host: host, isHead: head.isHead, isLast: head.isLast,
        isOfOtherSite: head.isOfOtherSite), length: length)
  }
}

let cr = UInt8(ascii: "\r"), lf = UInt8(ascii: "\n"), space = UInt8(ascii: " "), tab = UInt8(ascii: "\t")

/// Takes a head apart into lines that end in CR LF.
struct HeadLines {
  /// Where the next line begins.
  private(set) var start: Int

  init(_ octets: Span<UInt8>, from start: Int) { self.start = start }

  enum Line {
    /// Without its end.
    case line(Range<Int>)
    /// CR without LF, LF without CR, or a control character.
    case malformed
    /// It has no end yet.
    case none
  }

  mutating func next(_ octets: Span<UInt8>) -> Line {
    var index = start
    while index < octets.count {
      let octet = octets[index]
      if octet == cr {
        guard index + 1 < octets.count else { return .none }
        guard octets[index + 1] == lf else { return .malformed }
        let line = start..<index
        start = index + 2
        return .line(line)
      }
      if octet < 0x20 && octet != tab || octet == 0x7f { return .malformed }
      index += 1
    }
    return .none
  }
}

/// The octets of a token (RFC 9110 §5.6.2), which methods and names of fields are.
func isTokenOctet(_ octet: UInt8) -> Bool {
  switch octet {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
    UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
    UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
    true
  default: false
  }
}
