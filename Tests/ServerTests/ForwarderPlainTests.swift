import Forwarding
import LinuxIO
import Metrics
import Testing

@testable import Server

@Suite("The forwarder with servers from before EDNS")
struct ForwarderPlainTests {
  private func hasEDNS(_ query: [UInt8]) -> Bool { query[11] == 1 }

  @Test func `a server that drops queries with EDNS is asked without, and by all others from then on`() throws {
    var server = try ForwardTestServer()
    try server.ask("a.example.")
    var tries = 0
    while server.rcodes().isEmpty, tries < 6 {
      tries += 1
      for asked in try server.asked() where !hasEDNS(asked.octets) {
        #expect(try server.upstream.send(ForwardTestServer.reply(to: asked.octets), to: asked.from))
      }
      server.hear()
      if !server.bench.questions.isEmpty { server.timeOut() }
    }
    #expect(tries == 3)
    #expect(server.counted(.upstreamQueries) == 3 && server.counted(.upstreamStreams) == 0)
    try server.ask("b.example.")
    let next = try #require(try server.asked().last)
    #expect(!hasEDNS(next.octets))
  }

  @Test func `FORMERR without a question is an answer to EDNS, over UDP as well`() throws {
    var server = try ForwardTestServer()
    try server.ask("a.example.")
    let first = try #require(try server.asked().first)
    #expect(hasEDNS(first.octets))
    let head = Array(first.octets.prefix(2)) + [0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(try server.upstream.send(head, to: first.from))
    server.hear()
    #expect(server.counted(.upstreamStreams) == 0)
    let plain = try #require(try server.asked().first)
    #expect(!hasEDNS(plain.octets))
    #expect(try server.upstream.send(ForwardTestServer.reply(to: plain.octets), to: plain.from))
    server.hear()
    #expect(server.rcodes() == [0])
    try server.ask("b.example.")
    #expect(!hasEDNS(try #require(try server.asked().first).octets))
  }

  @Test func `where somebody guessed that FORMERR the server's own reply is taken`() throws {
    var server = try ForwardTestServer()
    try server.ask("a.example.")
    let first = try #require(try server.asked().first)
    let head = Array(first.octets.prefix(2)) + [0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(try server.upstream.send(head, to: first.from))
    #expect(try server.upstream.send(ForwardTestServer.reply(to: first.octets), to: first.from))
    server.hear()
    server.hear()
    #expect(server.rcodes() == [0])
    try server.ask("b.example.")
    #expect(hasEDNS(try #require(try server.asked().last).octets))
  }
}
