import Addresses
import Forwarding
import LinuxIO
import Metrics
import Testing

@testable import Server

@Suite("The forwarder")
struct ForwarderTests {
  private let servFail: UInt8 = 2

  /// Somebody else: one client has a share only.
  private func client(_ index: Int) -> IPAddress { IPAddress(v4: 0x7f00_0100 + UInt32(index)) }

  @Test func `a question is asked, and its reply answers who waits and who comes later`() throws {
    var server = try ForwardTestServer()
    try server.ask("a.example.")
    let asked = try #require(try server.asked().first)
    #expect(try server.upstream.send(ForwardTestServer.reply(to: asked.octets), to: asked.from))
    server.hear()
    #expect(server.rcodes() == [0])
    try server.ask("a.example.")
    #expect(server.rcodes() == [0])
    #expect(server.bench.waiting.count == 0)
    #expect(server.bench.attempts.isEmpty)
  }

  @Test func `a server that sends what is no reply until time is up has failed, and is asked again`() throws {
    var server = try ForwardTestServer()
    try server.ask("lie.example.")
    let asked = try #require(try server.asked().first)
    #expect(try server.upstream.send(ForwardTestServer.reply(to: asked.octets, ident: 1), to: asked.from))
    server.hear()
    #expect(server.counted(.rejectedID) == 1)
    server.timeOut()
    #expect(try #require(server.bench.lines.values.first).upstreams.servers[0].failures == 1)
    #expect(try server.asked().count == 1)
    #expect(try #require(server.bench.numbered.values.first).report.contains("wrong ID"))
  }

  @Test func `prefetches have half of the places, and none for what nobody answered a moment ago`() throws {
    var server = try ForwardTestServer(room: 4)
    for index in 0..<4 { try server.ask("p\(index).example.") { $0.isPrefetch = true } }
    #expect(server.bench.questions.count == 2)
    #expect(server.counted(.forwardedPrefetches) == 2)
    var other = try ForwardTestServer()
    try other.ask("failed.example.")
    try other.expire(.deadline, "failed.example.", at: Clock.monotonicNanoseconds())
    #expect(other.rcodes() == [servFail])
    try other.ask("failed.example.") { $0.isPrefetch = true }
    #expect(other.bench.questions.isEmpty)
  }

  @Test func `a certificate's number of an old snapshot is not looked at`() throws {
    var server = try ForwardTestServer(generation: 2)
    try server.ask("a.example.") {
      $0.generation = 1
      $0.evidence.certificateService = 4_000_000
    }
    #expect(server.rcodes() == [servFail])
    #expect(server.bench.questions.isEmpty)
  }

  @Test func `who joins once a stale answer was due is given it at once`() throws {
    var server = try ForwardTestServer()
    try server.keepStale("old.example.")
    try server.ask("old.example.")
    #expect(server.rcodes().isEmpty)
    try server.expire(.stale, "old.example.", at: Clock.monotonicNanoseconds())
    #expect(server.rcodes() == [0])
    try server.ask("old.example.")
    #expect(server.rcodes() == [0])
    #expect(server.counted(.forwardedStale) == 2)
  }

  @Test func `who joins a question asked in advance is given a stale answer when it is due`() throws {
    var server = try ForwardTestServer()
    try server.keepStale("old.example.")
    try server.ask("old.example.") { $0.isPrefetch = true }
    let before = server.bench.timers.count
    try server.ask("old.example.")
    #expect(server.bench.timers.count > before)
    #expect(try #require(server.bench.numbered.values.first).hasStaleTimer)
  }

  @Test func `there are no more sockets than room, however many servers are silent`() throws {
    let silent = try UDPSocket.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0), sharesPort: false)
    var server = try ForwardTestServer(room: 4, others: [silent.localAddress])
    for index in 0..<4 { try server.ask("s\(index).example.") { $0.evidence.source = client(index) } }
    for _ in 0..<3 {
      server.timeOut()
      #expect(server.bench.attempts.count <= 4)
      #expect(server.bench.attempts.values.filter(\.isCurrent).count == 4)
    }
  }

  @Test func `want of descriptors and ports says nothing of the server`() {
    #expect(SystemError("open", "a socket", errno: 24).isWantOfHost)
    #expect(SystemError("connect to", "192.0.2.1:53", errno: 11).isWantOfHost)
    #expect(!SystemError("connect to", "192.0.2.1:53", errno: 111).isWantOfHost)
  }

  @Test func `at the end all who wait are told, and nothing is taken any more`() throws {
    var server = try ForwardTestServer()
    for index in 0..<3 { try server.ask("e\(index).example.") }
    try server.keepStale("old.example.")
    try server.ask("old.example.")
    server.forwarder.end(&server.bench)
    #expect(server.rcodes().sorted() == [0, servFail, servFail, servFail])
    #expect(server.bench.waiting.count == 0)
    let octets = [UInt8](repeating: 0, count: 12)
    let isTaken = server.asker.handOver(HandedQuery(), octets.span)
    #expect(!isTaken)
  }

  @Test func `who waited before has no longer time than all others`() throws {
    var server = try ForwardTestServer()
    let now = Clock.monotonicNanoseconds()
    try server.ask("late.example.") { $0.isPrefetch = true }
    try server.ask("late.example.") { $0.monotonic = now - 4_000_000_000 }
    try server.ask("late.example.")
    try server.expire(.overdue, "late.example.", at: now + 900_000_000)
    #expect(server.rcodes() == [servFail])
    #expect(server.bench.waiting.count == 1)
  }

  @Test func `a query that came through another Ambit waits for none that did not`() throws {
    var server = try ForwardTestServer()
    try server.ask("both.example.")
    try server.ask("both.example.", path: [7])
    try server.ask("both.example.", path: [7])
    try server.ask("both.example.")
    let asked = try server.asked()
    #expect(asked.count == 2)
    #expect(server.counted(.forwardedMerged) == 2)
    for one in asked {
      #expect(try server.upstream.send(ForwardTestServer.reply(to: one.octets), to: one.from))
    }
    server.hear()
    #expect(server.rcodes() == [0, 0, 0, 0])
    #expect(server.bench.questions.isEmpty)
  }

  @Test func `one line of several has half of the places`() throws {
    var server = try ForwardTestServer(room: 8, policy: "forward other 127.0.0.9:9")
    for index in 0..<8 { try server.ask("h\(index).example.") { $0.evidence.source = client(index) } }
    #expect(server.bench.questions.count == 4)
    #expect(server.rcodes() == [servFail, servFail, servFail, servFail])
    try server.expire(.deadline, "h0.example.", at: Clock.monotonicNanoseconds())
    try server.ask("h8.example.") { $0.evidence.source = client(8) }
    #expect(server.bench.questions.count == 4)
  }

  @Test func `where all servers are taken for dead a question ends within a second`() throws {
    var server = try ForwardTestServer()
    for index in 0..<3 { try server.ask("d\(index).example.") }
    // Of what is on the way together one counts.
    for _ in 0..<3 { server.timeOut() }
    #expect(try #require(server.bench.lines.values.first).upstreams.servers[0].isDown)
    let before = server.bench.numbered.keys.max() ?? 0
    let now = Clock.monotonicNanoseconds()
    try server.ask("d3.example.")
    while server.bench.questions.count == 4, let due = server.bench.timers.take(at: now + 1_500_000_000) {
      server.forwarder.expire(due, due.time, &server.bench)
    }
    #expect(server.bench.numbered.keys.allSatisfy { $0 <= before })
    #expect(server.rcodes() == [servFail])
  }

  @Test func `a server that is slow is heard after another has answered, and is well`() throws {
    var server = try ForwardTestServer()
    var found: (octets: [UInt8], from: SocketAddress)?
    // Now and then a question goes to another than the first, to learn how quick it is: that is not what this is about.
    for _ in 0..<9 where found == nil {
      server = try ForwardTestServer(others: [SocketAddress(IPAddress(v4: 0x7f00_0001), port: 9)])
      try server.ask("slow.example.")
      found = try server.asked().first
    }
    let asked = try #require(found)
    server.timeOut()
    func state() throws -> Upstreams.Server {
      try #require(server.bench.lines.values.first).upstreams.servers[0]
    }
    #expect(try state().failures == 1)
    // The question is over: whoever waits has its answer.
    let now = Clock.monotonicNanoseconds()
    try server.expire(.deadline, "slow.example.", at: now)
    #expect(server.bench.questions.isEmpty && server.rcodes() == [servFail])
    #expect(server.bench.attempts.values.map(\.isLate) == [true, true])
    #expect(try server.upstream.send(ForwardTestServer.reply(to: asked.octets), to: asked.from))
    server.hear()
    #expect(try state().failures == 0 && server.rcodes().isEmpty)
    #expect(server.bench.attempts.isEmpty)
    #expect(try server.counts.times.map(\.times.count) == [1])
  }

  @Test func `a late attempt keeps none of those who waited`() throws {
    for ends in [TimerHeap.Kind.deadline, nil] {
      var server = try ForwardTestServer()
      for _ in 0..<5 { try server.ask("slow.example.") }
      server.timeOut()
      if let ends {
        try server.expire(ends, "slow.example.", at: Clock.monotonicNanoseconds())
      } else {
        server.forwarder.end(&server.bench)
      }
      #expect(server.rcodes() == Array(repeating: servFail, count: 5))
      #expect(!server.bench.attempts.isEmpty && server.bench.waiting.count == 0)
      #expect(server.bench.attempts.values.allSatisfy { $0.question.clients.isEmpty })
    }
  }

  @Test func `a server that goes on being silent is not waited for`() throws {
    var server = try ForwardTestServer()
    try server.ask("silent.example.")
    server.timeOut()
    try server.expire(.deadline, "silent.example.", at: Clock.monotonicNanoseconds())
    #expect(server.bench.attempts.values.map(\.isLate) == [true, true])
    let later = Clock.monotonicNanoseconds() + 4_000_000_000
    while let due = server.bench.timers.take(at: later) { server.forwarder.expire(due, later, &server.bench) }
    #expect(server.bench.attempts.isEmpty)
  }

  @Test func `lookups of services elsewhere are timed, others are not`() throws {
    var server = try ForwardTestServer(policy: "service shop.example.")
    func answer(_ name: String, rcode: UInt8 = 0, path: [UInt64] = []) throws -> Int {
      try server.ask(name, path: path)
      let asked = try #require(try server.asked().first)
      var reply = ForwardTestServer.reply(to: asked.octets)
      if rcode != 0 {
        reply[3] |= rcode
        reply[7] = 0
        reply.removeLast(16)
      }
      #expect(try server.upstream.send(reply, to: asked.from))
      server.hear()
      #expect(server.bench.questions.isEmpty)
      return server.bench.lookups.count
    }
    #expect(try answer("other.example.") == 0)
    // How long it takes is asked, a name is mistyped, or it came by way of another Ambit.
    #expect(try answer("_timeout.shop.example.") == 0)
    #expect(try answer("wwww.shop.example.", rcode: 3) == 0)
    #expect(try answer("far.shop.example.", path: [7]) == 0)
    #expect(try answer("www.shop.example.") == 1)
  }

  @Test func `what no server was asked is no lost lookup, nor what was asked of a line that is gone`() throws {
    let now = Clock.monotonicNanoseconds()
    var server = try ForwardTestServer(policy: "service shop.example.")
    try server.ask("a.shop.example.")
    let lines = server.bench.lines
    server.bench.lines = [:]
    try server.expire(.deadline, "a.shop.example.", at: now)
    #expect(server.bench.lookups.count == 0)
    server.bench.lines = lines
    try server.ask("b.shop.example.")
    try #require(server.bench.numbered.values.first).wasSent = false
    try server.expire(.deadline, "b.shop.example.", at: now)
    #expect(server.bench.lookups.count == 0)
    try server.ask("c.shop.example.")
    try server.expire(.deadline, "c.shop.example.", at: now)
    #expect(server.bench.lookups.count == 1)
  }

  @Test func `a query that waits for where an alias leads is known as one`() throws {
    var server = try ForwardTestServer(policy: "forward other 127.0.0.9:9")
    try server.ask("a.example.")
    #expect(server.bench.numbered.values.map { $0.clients.map(\.isBehindAlias) } == [[false]])
    let asked = try #require(try server.asked().first)
    // CNAME b.other.
    let reply = ForwardTestServer.reply(to: asked.octets).dropLast(14)
    let alias: [UInt8] = [0, 5, 0, 1, 0, 0, 0, 60, 0, 9, 1, 98, 5] + Array("other".utf8) + [0]
    #expect(try server.upstream.send(reply + alias, to: asked.from))
    server.hear()
    #expect(server.bench.numbered.values.map { $0.clients.map(\.isBehindAlias) } == [[true]])
  }

  @Test func `dead timers are swept out`() throws {
    var server = try ForwardTestServer()
    try server.ask("a.example.")
    let alive = server.bench.timers.count
    for number in 0..<50_000 { server.bench.timers.add(.deadline, 1 << 40 | UInt64(number), at: .max) }
    server.forwarder.sweep(&server.bench)
    #expect(server.bench.timers.count == alive)
  }
}
