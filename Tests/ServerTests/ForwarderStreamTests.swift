import FlatMemory
import LinuxIO
import Metrics
import Testing

@testable import Server

@Suite("The forwarder over TCP")
struct ForwarderStreamTests {
  /// Takes the connection that the forwarder has begun, and its query.
  private func accept(_ listener: borrowing TCPListener, _ server: inout ForwardTestServer) throws -> Connection {
    var accepted: Connection?
    for _ in 0..<100_000 where accepted == nil {
      if let socket = try listener.accept() { accepted = Connection(socket) }
    }
    let connection = try #require(accepted)
    server.hear()  // it is connected: the query is sent
    var buffer = OctetBuffer(capacity: 65_537)
    for _ in 0..<100_000 where buffer.count < 2 { _ = connection.socket.read(into: &buffer) }
    connection.query = buffer.octets.octets(2..<buffer.count)
    return connection
  }

  /// A server's end of a connection.
  private final class Connection {
    let socket: TCPSocket
    var query: [UInt8] = []
    init(_ socket: consuming TCPSocket) { self.socket = socket }

    func write(_ octets: ArraySlice<UInt8>) { #expect(socket.write(octets) == .octets(octets.count)) }
  }

  /// Asks for a name whose reply over UDP is cut short.
  private func askOverStream(
    _ name: String, _ listener: borrowing TCPListener, _ server: inout ForwardTestServer
  ) throws -> Connection {
    try server.ask(name)
    let asked = try #require(try server.asked().first)
    var reply = Array(ForwardTestServer.reply(to: asked.octets).dropLast(16))
    reply[2] |= 2
    reply[7] = 0
    #expect(try server.upstream.send(reply, to: asked.from))
    server.hear()
    return try accept(listener, &server)
  }

  private func frame(_ reply: [UInt8]) -> [UInt8] { [0, UInt8(reply.count)] + reply }

  @Test func `a datagram is read whole while a reply over TCP is waited for`() throws {
    var server = try ForwardTestServer()
    let listener = try TCPListener.bind(to: server.upstream.localAddress)
    let connection = try askOverStream("cut.example.", listener, &server)
    try server.ask("whole.example.")
    let asked = try #require(try server.asked().first)
    #expect(try server.upstream.send(ForwardTestServer.reply(to: asked.octets), to: asked.from))
    server.hear()
    #expect(server.rcodes() == [0])
    // The same with a part of the reply there, and its rest to come.
    let reply = frame(ForwardTestServer.reply(to: connection.query))
    connection.write(reply.prefix(reply.count - 1))
    try server.ask("more.example.")
    let more = try #require(try server.asked().first)
    server.hear()
    #expect(try server.upstream.send(ForwardTestServer.reply(to: more.octets), to: more.from))
    server.hear()
    #expect(server.rcodes() == [0])
    connection.write(reply.suffix(1))
    server.hear()
    #expect(server.rcodes() == [0])
    #expect(server.counted(.rejectedMalformed) == 0)
    #expect(server.bench.attempts.isEmpty)
  }

  @Test(arguments: [1, 2, 3, 64, 600])
  func `a reply is whole in whatever pieces it comes, and what is behind it is not read`(size: Int) throws {
    var server = try ForwardTestServer()
    let listener = try TCPListener.bind(to: server.upstream.localAddress)
    let connection = try askOverStream("cut.example.", listener, &server)
    let reply = frame(ForwardTestServer.reply(to: connection.query))
    var rest = (reply + reply)[...]
    while !server.bench.attempts.isEmpty, !rest.isEmpty {
      connection.write(rest.prefix(size))
      rest = rest.dropFirst(size)
      server.hear()
    }
    #expect(server.rcodes() == [0])
    #expect(server.counted(.rejectedMalformed) == 0)
  }

  @Test func `a connection closed amid a reply says so, and the server is asked no more than before`() throws {
    var server = try ForwardTestServer()
    let listener = try TCPListener.bind(to: server.upstream.localAddress)
    do {
      let connection = try askOverStream("cut.example.", listener, &server)
      connection.write(frame(ForwardTestServer.reply(to: connection.query)).prefix(9))
      connection.socket.finishWriting()
      server.hear()
    }
    #expect(server.rcodes() == [2])
    #expect(try #require(server.bench.lines.values.first).upstreams.servers[0].failures == 0)
  }

  /// Asks for a name that the server is silent about three times, while it answers others.
  private func askInVain(_ name: String, _ server: inout ForwardTestServer) throws {
    try server.ask(name)
    for round in 0..<3 {
      _ = try server.asked()
      try server.ask("other\(round).example.")
      let other = try #require(try server.asked().last)
      #expect(try server.upstream.send(ForwardTestServer.reply(to: other.octets), to: other.from))
      server.hear()
      #expect(server.rcodes() == [0])
      server.timeOut()
    }
  }

  @Test func `what is silent to one question among others is asked over TCP, and is well`() throws {
    var server = try ForwardTestServer()
    let listener = try TCPListener.bind(to: server.upstream.localAddress)
    try askInVain("lost.example.", &server)
    let connection = try accept(listener, &server)
    #expect(try #require(server.bench.lines.values.first).upstreams.servers[0].failures == 0)
    connection.write(frame(ForwardTestServer.reply(to: connection.query))[...])
    server.hear()
    #expect(server.rcodes() == [0])
    #expect(server.counted(.upstreamStreams) == 1)
  }

  @Test
  func `where it takes no connection it is asked no more than three times, heard late, and is well`()
    throws
  {
    var server = try ForwardTestServer()
    try askInVain("lost.example.", &server)
    _ = try server.asked()
    for _ in 0..<1000 where server.bench.attempts.values.contains(where: \.isStream) { server.hear() }
    let asked = try server.asked()
    #expect(asked.isEmpty)
    #expect(try #require(server.bench.lines.values.first).upstreams.servers[0].failures == 0)
    #expect(server.rcodes().isEmpty && server.bench.questions.count == 1)
  }
}
