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

  /// What must hold of each server at any time.
  private func check(_ server: borrowing ForwardTestServer) {
    for (address, tally) in server.bench.tallies {
      let counts = tally.counts
      let onTheirWay = server.bench.attempts.values.filter { $0.tally === tally }.count
      let ended = counts.times.map(\.times.count).reduce(0, +) + counts.unanswered.values.reduce(0, +)
      #expect(counts.asked == ended + UInt64(onTheirWay), "\(address): \(counts)")
    }
  }

  @Test func `the reply of a server is timed that comes after another's has answered`() throws {
    let second = try UDPSocket.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0), sharesPort: false)
    var server = try ForwardTestServer(others: [second.localAddress])
    try server.ask("slow.example.")
    let isFirst = try #require(server.bench.attempts.values.first).address == server.upstream.localAddress
    server.timeOut()
    let (one, other) = (try server.asked(), try ForwardTestServer.received(second))
    let (first, last) = (try #require(one.first), try #require(other.first))
    func answerFirst() throws {
      #expect(try server.upstream.send(ForwardTestServer.reply(to: first.octets), to: first.from))
    }
    func answerSecond() throws {
      #expect(try second.send(ForwardTestServer.reply(to: last.octets), to: last.from))
    }
    // The one asked first answers late; the one that is being asked answers what is over.
    if isFirst { try answerFirst() } else { try answerSecond() }
    server.hear()
    #expect(server.rcodes() == [0] && server.bench.attempts.values.map(\.isLate) == [true])
    check(server)
    if isFirst { try answerSecond() } else { try answerFirst() }
    server.hear()
    #expect(server.bench.attempts.isEmpty)
    #expect(server.bench.tallies.values.map { $0.counts.times.map(\.times.count) } == [[1], [1]])
    check(server)
  }

  @Test func `a server that cannot be reached is counted so`() throws {
    let gone = try UDPSocket.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0), sharesPort: false)
      .localAddress
    var server = try ForwardTestServer()
    try server.reload("forward example \(gone)")
    try server.ask("gone.example.")
    server.hear()
    let counts = try #require(server.bench.tallies[gone]).counts
    #expect(counts.asked >= 1 && counts.unanswered == [.unreachable: counts.asked])
    #expect(server.counted(.upstreamTimeouts) == 0)
  }

  @Test func `each query has a time, or is unanswered for one reason, or is on its way`() throws {
    let gone = try UDPSocket.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0), sharesPort: false)
      .localAddress
    let silent = try UDPSocket.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0), sharesPort: false)
    var reasons: Set<NoReply> = []
    for _ in 0..<10 {
      var server = try ForwardTestServer(room: 6, others: [silent.localAddress, gone])
      let own = server.upstream.localAddress
      var kept: [(octets: [UInt8], from: SocketAddress)] = []
      for step in 0..<120 {
        switch Int.random(in: 0..<8) {
        case 0...2: try server.ask("n\(step).example.") { $0.isPrefetch = step % 5 == 0 }
        case 3: server.timeOut()
        case 4, 5:
          kept += try server.asked()
          kept.shuffle()
          // One that was given up is answered in vain, and some with what is no reply.
          if let one = kept.popLast() {
            let reply = ForwardTestServer.reply(to: one.octets, ident: step % 4 == 0 ? 1 : 0)
            _ = try? server.upstream.send(reply, to: one.from)
          }
          server.hear()
        case 6:
          let pending = server.bench.numbered.keys.randomElement()
          let kind = [TimerHeap.Kind.deadline, .overdue].randomElement() ?? .deadline
          let now = Clock.monotonicNanoseconds()
          if let pending {
            server.forwarder.expire(TimerHeap.Entry(time: now, kind: kind, number: pending), now, &server.bench)
          }
        default:
          let lines = ["\([own, silent.localAddress, gone].words)", "\([own, silent.localAddress].words)", "\(own)"]
          if step % 4 == 0 { try server.reload("forward example \(lines.randomElement() ?? lines[0])") }
        }
        check(server)
      }
      // All time goes by.
      while let due = server.bench.timers.take(at: .max) { server.forwarder.expire(due, due.time, &server.bench) }
      #expect(server.bench.attempts.isEmpty)
      check(server)
      for tally in server.bench.tallies.values { reasons.formUnion(tally.counts.unanswered.keys) }
    }
    // The third is by chance: the server that is gone is forgotten in most reloads.
    #expect(reasons.isSuperset(of: [.silent, .givenUp]))
  }
}
