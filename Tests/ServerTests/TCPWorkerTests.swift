import Addresses
import DNSFormat
import FlatMemory
import Metrics
import TestSupport
import Testing

@testable import Server

@Suite("RFC 7766 §6.2.1.1 and §8: requests pipelined on connections, over real sockets")
struct TCPWorkerTests {
  @Test(arguments: 0..<24 as Range<UInt64>)
  func `any split of a stream into reads gives the octets of each request answered by itself`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var server = try TCPTestServer()
    let requests = random.requests(random.number(1...120), longest: [13, 600, 2000, 65535][Int(seed % 4)])
    let expected = server.expected(requests)
    let client = try server.connect()
    let largest = [1, 2, 7, 60, 1000, 30_000, 1_000_000].randomElement(using: &random)!
    // Single octets of long requests are as many turns.
    let stream = Array(requests.flatMap(framed).prefix(largest < 7 ? 12_000 : .max))
    for piece in random.pieces(stream, atMost: largest) {
      client.send(piece)
      try server.turn()
      if random.chance(20) { client.readAll() }
    }
    let isWhole = stream.count == requests.reduce(0) { $0 + $1.count + 2 }
    if isWhole {
      try server.serve(client, until: expected.count)
      #expect(client.received == expected, "seed \(seed)")
    } else {
      for _ in 0..<10 {
        client.readAll()
        try server.turn()
      }
      #expect(!client.received.isEmpty && expected.starts(with: client.received), "seed \(seed)")
    }
    #expect(!client.isClosed && client.waiting == 0)
    if isWhole { #expect(server.bench.table.heldOctets == 0) }
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func `connections do not mix, in whatever order their pieces come`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var server = try TCPTestServer()
    let count = random.number(2...12)
    var clients: [TCPTestClient] = []
    var expected: [[UInt8]] = []
    var pieces: [[[UInt8]]] = []
    for _ in 0..<count {
      let requests = random.requests(random.number(1...40))
      expected.append(server.expected(requests))
      pieces.append(random.pieces(requests.flatMap(framed), atMost: random.number(1...3) == 1 ? 40 : 3000).reversed())
      clients.append(try server.connect())
    }
    while let index = pieces.indices.filter({ !pieces[$0].isEmpty }).randomElement(using: &random) {
      clients[index].send(pieces[index].removeLast())
      if random.chance(50) { try server.turn() }
      if random.chance(10) { clients[random.number(0...(count - 1))].readAll() }
    }
    for index in 0..<count {
      try server.serve(clients[index], until: expected[index].count)
      #expect(clients[index].received == expected[index], "seed \(seed), connection \(index)")
    }
    #expect(server.bench.table.count == count && server.bench.table.heldOctets == 0)
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `who does not take responses is not read from, and gets all of them once it does`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var server = try TCPTestServer()
    let requests = (0..<1200).map { question("large.x.test", 16, id: UInt16($0)) } + random.requests(50)
    let client = try server.connect()
    for piece in random.pieces(requests.flatMap(framed), atMost: 5000) { client.send(piece) }
    var before = UInt64.max
    while server.answered != before {
      before = server.answered
      for _ in 0..<50 { try server.turn() }
    }
    #expect(before < 1200, "the kernel's buffers are full long before all is answered")
    #expect(server.bench.table.heldOctets > 0)
    #expect(server.bench.table.heldOctets <= 3 * StreamFraming.longestFrame)
    for _ in 0..<50 { try server.turn() }
    #expect(server.answered == before, "nothing more is answered while responses wait")
    let expected = server.expected(requests)
    try server.serve(client, until: expected.count)
    #expect(client.received == expected, "seed \(seed)")
    #expect(server.bench.table.heldOctets == 0)
  }

  @Test func `who never takes a response is closed after the idle time, and gives back what it held`() throws {
    var server = try TCPTestServer()
    let client = try server.connect()
    for id in 0..<1200 { client.send(framed(question("large.x.test", 16, id: UInt16(id)))) }
    for _ in 0..<300 { try server.turn() }
    let connection = try #require(server.bench.table.quietest)
    #expect(server.bench.table.heldOctets > 0)
    server.tcp.closeIdle(connection.lastProgress + 599_000_000_000, &server.bench)
    #expect(server.bench.table.count == 1)
    server.tcp.closeIdle(connection.lastProgress + 600_100_000_000, &server.bench)
    #expect(server.bench.table.count == 0 && server.bench.table.heldOctets == 0)
  }

  @Test func `single octets are no progress: a request that does not end is cut after the idle time`() throws {
    var server = try TCPTestServer()
    let client = try server.connect()
    try server.turn()
    let start = try #require(server.bench.table.quietest).lastProgress
    for octet in framed([UInt8](repeating: 0, count: 3000)).dropLast() {
      client.send([octet])
      try server.turn()
    }
    #expect(server.bench.table.quietest?.lastProgress == start && server.bench.table.heldOctets == 3001)
    server.tcp.closeIdle(start + 600_100_000_000, &server.bench)
    client.readAll()
    #expect(server.bench.table.count == 0 && client.isClosed && client.received.isEmpty)
    #expect(server.worker.metrics.read()[.requestsCut] == 1)
  }

  @Test func `one that asks very much has turns, and another's query is answered in between`() throws {
    var server = try TCPTestServer()
    let greedy = try server.connect()
    let modest = try server.connect()
    let many = (0..<20_000).map { question("s1.x.test", 1, id: UInt16(truncatingIfNeeded: $0)) }
    greedy.send(many.flatMap(framed))
    let one = question("s2.x.test", 1, id: 7)
    modest.send(framed(one))
    try server.turn()
    try server.turn()
    modest.readAll()
    #expect(modest.received == server.expected([one]))
    #expect(server.answered < 4000, "the greedy one has had two turns at the most")
    let expected = server.expected(many)
    try server.serve(greedy, until: expected.count)
    #expect(greedy.received == expected)
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func `connections that send garbage hold no more than a request, and others are answered`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var server = try TCPTestServer()
    let garbage = try (0..<20).map { _ in try server.connect() }
    for _ in 0..<5 {
      for client in garbage where !client.isClosed { client.send(random.octets(random.number(1...20_000))) }
      for _ in 0..<4 { try server.turn() }
      for client in garbage { client.readAll() }
      #expect(server.bench.table.heldOctets <= 20 * StreamFraming.longestFrame)
      for connection in 0..<20 {
        #expect(server.bench.table[connection]?.heldOctets ?? 0 <= StreamFraming.longestFrame)
      }
    }
    let client = try server.connect()
    let requests = random.requests(30)
    let expected = server.expected(requests)
    client.send(requests.flatMap(framed))
    try server.serve(client, until: expected.count)
    #expect(client.received == expected, "seed \(seed)")
  }

  @Test func `what all hold has one limit: those that have held for longest make room`() throws {
    var server = try TCPTestServer(heldLimit: 200_000)
    let clients = try (0..<8).map { _ in try server.connect() }
    for client in clients {
      client.send(framed([UInt8](repeating: 0, count: 60_000)).dropLast())
      for _ in 0..<40 { try server.turn() }
      #expect(server.bench.table.heldOctets <= 200_000)
    }
    for client in clients { client.readAll() }
    #expect(clients.map(\.isClosed) == [true, true, true, true, true, false, false, false])
  }

  @Test func `two hundred idle connections cost an active one nothing but their place`() throws {
    var server = try TCPTestServer()
    let idle = try (0..<200).map { _ in try server.connect() }
    for _ in 0..<8 { try server.turn() }
    let client = try server.connect()
    let requests = (1...20).map { question("s\($0).x.test", 1, id: UInt16($0)) }
    for request in requests {
      client.send(framed(request))
      try server.turn()
      client.readAll()
    }
    #expect(client.received == server.expected(requests))
    #expect(server.bench.table.count == 201 && server.bench.table.heldOctets == 0)
    #expect(idle.count == 200)
  }

  @Test func `at the peer's end all that came whole is answered, and what did not is counted`() throws {
    var server = try TCPTestServer()
    let client = try server.connect()
    let requests = (1...5).map { question("s\($0).x.test", 1, id: UInt16($0)) }
    client.send(requests.flatMap(framed) + [0, 40, 1, 2, 3])
    client.finish()
    let expected = server.expected(requests)
    try server.serve(client, until: expected.count + 1)
    #expect(client.isClosed && client.received == expected)
    #expect(server.worker.metrics.read()[.requestsCut] == 1)
    #expect(server.census.idleTime(server.bench.served.tcpLimits) == 600_000_000_000)
  }

  @Test func `a message shorter than a header ends the connection after those before it`() throws {
    var server = try TCPTestServer()
    let client = try server.connect()
    let requests = (1...5).map { question("s\($0).x.test", 1, id: UInt16($0)) }
    client.send(requests.flatMap(framed) + [0, 3, 1, 2, 3] + framed(requests[0]))
    let expected = server.expected(requests)
    try server.serve(client, until: expected.count + 1)
    #expect(client.isClosed && client.received == expected)
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func `a trusted proxy's header is read however it is cut, and says who asks`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var server = try TCPTestServer("trust proxy from 127.0.0.1\nmode enforce")
    let header: [UInt8] = [
      0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0x00, 0x0c,
      203, 0, 113, 7, 192, 0, 2, 1, 0xc7, 0x38, 0x00, 0x35,
    ]
    let requests = random.requests(random.number(1...20))
    let expected = server.expected(requests, from: IPAddress(v4: 0xcb00_7107))
    let client = try server.connect()
    for piece in random.pieces(header + requests.flatMap(framed), atMost: [1, 5, 40, 5000][Int(seed % 4)]) {
      client.send(piece)
      try server.turn()
    }
    try server.serve(client, until: expected.count)
    #expect(client.received == expected, "seed \(seed)")
    #expect(server.bench.table.quietest?.client == IPAddress(v4: 0xcb00_7107))
  }
}
