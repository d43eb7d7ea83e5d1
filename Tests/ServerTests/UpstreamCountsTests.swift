import Addresses
import Forwarding
import LinuxIO
import Metrics
import Testing

@testable import Server

@Suite("Counts of servers that are asked")
struct UpstreamCountsTests {
  /// Asks for a name and has it answered.
  private func answer(_ name: String, _ server: inout ForwardTestServer) throws {
    try server.ask(name)
    for one in try server.asked() {
      #expect(try server.upstream.send(ForwardTestServer.reply(to: one.octets), to: one.from))
    }
    server.hear()
  }

  @Test func `counts of a server go on over reloads, whatever lines it is in`() throws {
    let other = SocketAddress(IPAddress(v4: 0x7f00_0002), port: 9)
    var server = try ForwardTestServer()
    let own = server.upstream.localAddress
    for index in 0..<5 { try answer("a\(index).example.", &server) }
    // Another server in the line, two lines that share it, one of them gone, and its name another.
    for policy in [
      "forward example \([own, other].words)", "forward example \(own)\nforward example2 \(own)",
      "forward example2 \(own)", "forward example \(own)",
    ] {
      try server.reload(policy)
      #expect(try server.shown.counts == server.counts)
      #expect(try server.counts.asked == 5)
    }
    try answer("b.example.", &server)
    #expect(try server.counts.asked == 6)
    #expect(try server.counts.times.map(\.times.count) == [6])
  }
}
