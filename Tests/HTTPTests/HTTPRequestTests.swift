import Addresses
import TestSupport
import Testing

@testable import HTTP

@Suite("RFC 9112: what octets are a request")
struct HTTPRequestTests {
  private func read(_ text: String) -> HTTPRequest.Reading { HTTPRequest.read(Array(text.utf8).span) }

  @Test func `a request line and a Host are enough`() {
    let text = "GET /metrics HTTP/1.1\r\nHost: localhost:8053\r\n\r\n"
    #expect(
      read(text) == .request(HTTPRequest("/metrics", host: HTTPHost("localhost")), length: text.utf8.count))
  }

  @Test func `what follows is the next request's`() {
    let first = "GET /a?x=1&y HTTP/1.1\r\nHost: [::1]\r\n\r\n"
    let request = HTTPRequest("/a", query: "x=1&y", host: HTTPHost("[::1]"))
    #expect(read(first + "GET") == .request(request, length: first.utf8.count))
    #expect(read("\r\n\r\n" + first) == .request(request, length: first.utf8.count + 4))
  }

  @Test(arguments: ["close", "Close", "keep-alive, close", "x ,\tCLOSE"])
  func `who closes is told nothing more`(option: String) {
    let text = "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: \(option)\r\n\r\n"
    #expect(
      read(text) == .request(HTTPRequest("/", host: HTTPHost("a"), isHead: true, isLast: true), length: text.utf8.count)
    )
  }

  @Test func `HTTP 1,0 needs no Host and keeps no connection`() {
    let text = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    #expect(read(text) == .request(HTTPRequest("/", isLast: true), length: text.utf8.count))
  }

  @Test func `a target in absolute form says for whom it is, whatever Host says (§3,2,2)`() {
    let text = "GET http://evil.test:80?q HTTP/1.1\r\nHost: localhost\r\n\r\n"
    #expect(
      read(text) == .request(HTTPRequest("/", query: "q", host: HTTPHost("evil.test")), length: text.utf8.count))
  }

  @Test(
    arguments: [
      ("GET / HTTP/1.1\r\n\r\n", HTTPStatus.badRequest),
      ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost:\r\n\r\n", .badRequest),
      ("GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\nHost: a\n\n", .badRequest),
      ("GET / HTTP/1.1\rHost: a\r\n\r\n", .badRequest),
      ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
      ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
      ("GET\r\nHost: a\r\n\r\n", .badRequest),
      ("GET / http/1.1\r\nHost: a\r\n\r\n", .badRequest),
      ("GET / HTTP/11\r\nHost: a\r\n\r\n", .badRequest),
      ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
      ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
      ("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
      ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
      ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionNotSupported),
      ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionNotSupported),
      ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", .methodNotAllowed),
      ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", .methodNotAllowed),
      ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", .notImplemented),
      ("get / HTTP/1.1\r\nHost: a\r\n\r\n", .notImplemented),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", .contentTooLarge),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", .contentTooLarge),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .contentTooLarge),
      ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .notImplemented),
      ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", .badRequest),
      ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
      ("\u{16}\u{3}\u{1}", .badRequest),
      (" GET / HTTP/1.1\r\n", .badRequest),
    ])
  func `what is not served is refused by its kind`(text: String, status: HTTPStatus) {
    #expect(read(text) == .refused(status), "\(text.debugDescription)")
  }

  @Test(
    arguments: [
      ("", false), ("Sec-Fetch-Site: same-origin\r\n", false), ("Sec-Fetch-Site: none\r\n", false),
      ("sec-fetch-site: cross-site\r\n", true), ("Sec-Fetch-Site: same-site\r\n", true),
      ("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: none\r\n", true),
    ])
  func `a browser says whose page asks`(field: String, isOfOtherSite: Bool) {
    let text = "GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n"
    let request = HTTPRequest("/", host: HTTPHost("a"), isOfOtherSite: isOfOtherSite)
    #expect(read(text) == .request(request, length: text.utf8.count))
  }

  @Test func `a length of nothing is no content`() {
    let text = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\nContent-Length: 0\r\n\r\n"
    #expect(read(text) == .request(HTTPRequest("/", host: HTTPHost("a")), length: text.utf8.count))
  }

  @Test func `a head has 8 KiB, a target 4`() {
    let long = String(repeating: "a", count: HTTPRequest.longestTarget)
    #expect(read("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n") == .refused(.targetTooLong))
    #expect(read("GET /\(long.dropLast()) HTTP/1.1\r\nHost: a\r\n\r\n") != .refused(.targetTooLong))
    #expect(read("GET /\(long)\(long)") == .refused(.targetTooLong))
    #expect(read(long + long) == .refused(.badRequest))
    let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
    let fit = start + String(repeating: "x", count: HTTPRequest.longestHead - start.utf8.count - 4) + "\r\n\r\n"
    #expect(read(fit) == .request(HTTPRequest("/", host: HTTPHost("a")), length: HTTPRequest.longestHead))
    #expect(read(fit.replacing("X: ", with: "XY: ")) == .refused(.headTooLarge))
    #expect(read(start + long + long) == .refused(.headTooLarge))
    #expect(read(String(repeating: "\r\n", count: HTTPRequest.longestHead / 2)) == .refused(.badRequest))
  }

  @Test func `any octets are a request, the beginning of one, or none, and more octets change neither of the last`() {
    var random = SeededGenerator(seed: 9112)
    let words = [
      "GET", "HEAD", "POST", " ", "/", "HTTP/1.1", "HTTP/1.0", "\r\n", "\r\n\r\n", "Host: a", "Host:", ":", "http://",
      "Content-Length: ", "0", "Transfer-Encoding: chunked", "Connection: close", "\r", "\n", "\t", "[::1]", "%", "?",
    ]
    for _ in 0..<rounds(20_000) {
      var octets: [UInt8] = []
      for _ in 0..<random.number(0...20) {
        if random.chance(85) {
          octets += words[random.number(0...(words.count - 1))].utf8
        } else {
          octets += random.octets(random.number(0...3))
        }
      }
      if random.chance(50) { octets = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8) + octets }
      let reading = HTTPRequest.read(octets.span)
      switch reading {
      case .request(let request, let length):
        #expect(length <= octets.count && length <= HTTPRequest.longestHead)
        #expect(request.path.hasPrefix("/"))
        #expect(HTTPRequest.read((octets + random.octets(9)).span) == reading, "\(octets)")
        for end in 0..<length {
          #expect(HTTPRequest.read(Array(octets[..<end]).span) == .incomplete, "\(octets) \(end)")
        }
      case .refused:
        // What is refused by its size is refused as longer still, perhaps by another name.
        #expect(HTTPRequest.read((octets + random.octets(9)).span) == reading, "\(octets)")
      case .incomplete: #expect(octets.count < HTTPRequest.longestHead)
      }
    }
  }
}

@Suite("RFC 9110 §7.2: for whom a request is")
struct HTTPHostTests {
  @Test(
    arguments: [
      ("localhost", true), ("LOCALHOST.:8053", true), ("page.localhost", true), ("127.0.0.1:8053", true),
      ("127.9.9.9", true), ("[::1]:1", true), ("[::1]", true), ("localhost.evil.test", false), ("evil.test", false),
      ("192.0.2.1", false), ("[2001:db8::1]", false), ("127.0.0.1.evil.test", false), ("notlocalhost", false),
    ])
  func `loopback is what leads nowhere else`(text: String, isLoopback: Bool) throws {
    #expect(try #require(HTTPHost(text)).isLoopback == isLoopback)
  }

  @Test(arguments: [
    "", ":80", "a:b", "a:123456", "[::1", "::1", "[::1]x", "[127.0.0.1]", "a/b", "user@a", "a\u{e9}", ".",
  ])
  func `what is no host is none`(text: String) { #expect(HTTPHost(text) == nil) }
}

@Suite("RFC 9110: what goes back")
struct HTTPResponseTests {
  @Test(
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
      (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (UInt64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] as [(UInt64, String)])
  func `dates are as §5,6,7 has them`(seconds: UInt64, text: String) { #expect(httpDate(seconds) == text) }

  @Test func `a refusal says what would be allowed, and lets a browser do nothing`() {
    let head = String(decoding: HTTPResponse(.methodNotAllowed).head(at: 0, isLast: true), as: UTF8.self)
    #expect(head.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\nDate: "))
    #expect(head.contains("\r\nAllow: GET, HEAD\r\n") && head.contains("\r\nConnection: close\r\n"))
    #expect(head.contains("\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"))
    #expect(head.contains("\r\nContent-Length: 23\r\n") && head.hasSuffix("\r\n\r\n"))
    for line in head.split(separator: "\r\n") { #expect(!line.contains("\n") && !line.contains("\r")) }
  }

  @Test func `a query is names and values`() throws {
    let query = try HTTPQuery("name=a%2Eb+c&type=&from=%C3%A9", known: ["name", "type", "from"])
    #expect(query["name"] == "a.b c" && query["type"] == nil && query["from"] == "é" && query["x"] == nil)
    for wrong in ["name=%", "name=%4", "name=%zz", "name=%ff", "name=a&name=b", "nam=a"] {
      #expect(throws: HTTPQuery.Problem.self) { try HTTPQuery(wrong, known: ["name"]) }
    }
  }
}
