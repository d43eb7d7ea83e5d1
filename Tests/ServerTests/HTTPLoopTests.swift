import Addresses
import HTTP
import LinuxIO
import Policy
import Testing

@testable import Server

/// The HTTP server's loop without a thread: a test takes its turns, and says what time it is.
private final class HTTPTestServer {
  let loop: HTTPLoop
  let server: HTTPServer

  init(names: [String] = []) throws {
    var options = ServerOptions()
    options.http = [SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0)]
    let listeners = try HTTPListeners(options, Policy.read([("p", [])]).policy.orFail())
    let large = [UInt8](repeating: UInt8(ascii: "x"), count: 12 << 20)
    server = try HTTPServer(
      listeners, names: { names },
      [
        "/": { _ in HTTPResponse(text: "page") }, "/large": { _ in HTTPResponse(type: "text/plain", large) },
        "/query": { HTTPResponse(text: $0.query) },
        "/some": { HTTPResponse(text: $0.query + " " + String(repeating: "s", count: 40_000)) },
      ])
    loop = try HTTPLoop(server)
  }

  func client() throws -> TCPTestClient { TCPTestClient(try TCPSocket.connect(to: server.listeners.addresses[0])) }

  /// Takes turns until nothing more happens.
  func turn(_ clients: TCPTestClient...) throws {
    for _ in 0..<200 {
      for client in clients { client.flush() }
      try loop.turn(timeoutMilliseconds: 1)
      for client in clients { client.readAll() }
    }
  }

  /// Takes turns until a client has an end of text, or its connection ended.
  func turn(_ client: TCPTestClient, until end: String) throws {
    for _ in 0..<20_000 {
      client.flush()
      try loop.turn(timeoutMilliseconds: 1)
      client.readAll()
      if client.isClosed || client.text.hasSuffix(end) { return }
    }
    Issue.record("\(client.received.count) octets came, without \(end.debugDescription)")
  }

  func get(_ request: String, until end: String) throws -> String {
    let client = try client()
    client.send(Array(request.utf8))
    try turn(client, until: end)
    return client.text
  }
}

extension TCPTestClient {
  fileprivate var text: String { String(decoding: received, as: UTF8.self) }
}

extension Optional {
  fileprivate func orFail() throws -> Wrapped { try #require(self) }
}

@Suite("RFC 9112: the HTTP server's loop")
struct HTTPLoopTests {
  private let host = "Host: localhost\r\n"

  @Test func `requests sent at once are answered in their order, and the last ends the connection`() throws {
    let server = try HTTPTestServer()
    let text = try server.get(
      "GET /query?1 HTTP/1.1\r\n\(host)\r\nHEAD /query?22 HTTP/1.1\r\n\(host)\r\nGET /nix HTTP/1.1\r\n\(host)\r\n"
        + "GET /query?4 HTTP/1.1\r\n\(host)Connection: close\r\n\r\nGET /query?5 HTTP/1.1\r\n\(host)\r\n", until: "4\n")
    let parts = text.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
    #expect(parts == ["200", "200", "404", "200"])
    #expect(text.contains("\r\n\r\n1\nHTTP") && text.contains("Content-Length: 3\r\n") && !text.contains("22\n"))
    #expect(text.components(separatedBy: "Connection: close").count == 2)
  }

  @Test(arguments: [true, false])
  func `hundreds of requests sent at once, and read slowly, get their responses whole`(isLastSaid: Bool) throws {
    let server = try HTTPTestServer()
    let client = try server.client()
    let count = 400
    for number in 0..<count {
      let close = isLastSaid && number == count - 1 ? "Connection: close\r\n" : ""
      client.send(Array("GET /some?\(number) HTTP/1.1\r\n\(host)\(close)\r\n".utf8))
    }
    // Nothing is read until the kernel takes no more, then now and then.
    for _ in 0..<200 { try server.loop.turn(timeoutMilliseconds: 0) }
    let content = { (number: Int) in "\(number) " + String(repeating: "s", count: 40_000) + "\n" }
    for _ in 0..<100_000 {
      client.flush()
      for _ in 0..<3 { try server.loop.turn(timeoutMilliseconds: 0) }
      client.readAll()
      if client.isClosed || !isLastSaid && client.received.count > count * 40_300 { break }
      if client.received.count > (count - 1) * 40_300, client.text.hasSuffix(content(count - 1)) { break }
    }
    var rest = client.received[...]
    for number in 0..<count {
      let end = try #require(rest.firstRange(of: Array("\r\n\r\n".utf8)), "response \(number)")
      let head = String(decoding: rest[..<end.lowerBound], as: UTF8.self)
      let expected = content(number)
      #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("\r\nContent-Length: \(expected.utf8.count)\r\n"))
      #expect(head.contains("Connection: close") == (isLastSaid && number == count - 1))
      rest = rest[end.upperBound...]
      try #require(rest.prefix(expected.utf8.count).elementsEqual(expected.utf8), "response \(number)")
      rest = rest.dropFirst(expected.utf8.count)
    }
    #expect(rest.isEmpty)
  }

  @Test(arguments: ["HEAD / HTTP/1.1\r\n\r\n", "\r\nHEAD /#a HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/2.0\r\n\r\n"])
  func `a HEAD that is refused has no content either`(request: String) throws {
    let text = try HTTPTestServer().get(request, until: "\r\n\r\n")
    #expect(text.hasPrefix("HTTP/1.1 ") && text.contains("Content-Length: ") && text.hasSuffix("\r\n\r\n"), "\(text)")
  }

  @Test func `a name that is not ours is turned away`() throws {
    let server = try HTTPTestServer(names: ["ambit.internal.test", "192.0.2.10"])
    for (name, status) in [
      ("localhost:80", "200"), ("127.0.0.1", "200"), ("[::1]:9", "200"), ("AMBIT.internal.test.", "200"),
      ("evil.test", "421"), ("192.0.2.1", "421"), ("192.0.2.10:8053", "200"),
      ("192.0.2.100", "421"), ("x.ambit.internal.test", "421"), ("a b", "400"),
    ] {
      let text = try server.get("GET / HTTP/1.1\r\nHost: \(name)\r\nConnection: close\r\n\r\n", until: "\n\n")
      #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(name)")
    }
    #expect(try server.get("GET / HTTP/1.0\r\n\r\n", until: "page\n").hasPrefix("HTTP/1.1 200 "))
  }

  @Test func `what is no HTTP is answered once, and whatever follows is thrown away`() throws {
    let server = try HTTPTestServer()
    let client = try server.client()
    client.send([0x16, 3, 1] + [UInt8](repeating: 0, count: 9000))
    try server.turn(client)
    #expect(client.text.hasPrefix("HTTP/1.1 400 ") && client.text.components(separatedBy: "HTTP/1.1 ").count == 2)
    #expect(client.isClosed)
  }

  @Test func `who begins a request and stops is told so; who says nothing is not`() throws {
    let server = try HTTPTestServer()
    let (slow, silent, kept) = (try server.client(), try server.client(), try server.client())
    slow.send(Array("GET / HTTP/1.1\r\n".utf8))
    kept.send(Array("GET / HTTP/1.1\r\n\(host)\r\n".utf8))
    try server.turn(slow, silent, kept)
    #expect(server.loop.connections.count == 3 && !slow.isClosed)
    server.loop.expire(at: Clock.monotonicNanoseconds() + 11_000_000_000)
    try server.turn(slow, silent, kept)
    #expect(slow.text.hasPrefix("HTTP/1.1 408 ") && slow.isClosed)
    #expect(silent.isClosed && silent.received.isEmpty)
    #expect(kept.text.hasSuffix("page\n") && !kept.isClosed, "an idle connection has more time")
    server.loop.expire(at: Clock.monotonicNanoseconds() + 76_000_000_000)
    try server.turn(kept)
    #expect(kept.isClosed)
    #expect(server.server.counts.givenUp == 2)
  }

  @Test func `a thousand slow clients leave room for one more`() throws {
    let server = try HTTPTestServer()
    var slow: [TCPTestClient] = []
    for _ in 0..<1000 {
      slow.append(try server.client())
      slow.last?.send(Array("GET / HT".utf8))
      if slow.count % 50 == 0 { try server.loop.turn(timeoutMilliseconds: 0) }
    }
    #expect(try server.get("GET / HTTP/1.1\r\n\(host)\r\n", until: "page\n").hasPrefix("HTTP/1.1 200 "))
    #expect(server.loop.connections.count <= HTTPLoop.connectionLimit)
    #expect(server.server.counts.givenUp >= 1001 - UInt64(HTTPLoop.connectionLimit))
  }

  @Test func `what is held for clients who do not read is bounded`() throws {
    let server = try HTTPTestServer()
    var readers: [TCPTestClient] = []
    for _ in 0..<20 {
      readers.append(try server.client())
      readers.last?.send(Array("GET /large HTTP/1.1\r\n\(host)\r\n".utf8))
      for _ in 0..<5 { try server.loop.turn(timeoutMilliseconds: 1) }
      #expect(server.loop.connections.values.reduce(0) { $0 + $1.outputCount } <= 32 << 20)
    }
    let last = try #require(readers.last)
    for _ in 0..<20_000 where last.received.count < 12 << 20 && !last.isClosed {
      try server.loop.turn(timeoutMilliseconds: 1)
      last.readAll()
    }
    #expect(last.received.count > 12 << 20, "the newest gets the whole")
  }
}
