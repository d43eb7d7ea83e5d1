import Addresses
import FlatMemory
import LinuxIO
import Testing

@Suite("A batch of datagrams")
struct DatagramBatchTests {
  @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
  func `every datagram is answered to who sent it`(local: String) throws {
    if local.hasPrefix("["), !hasIPv6 { return }
    let server = try UDPSocket.bind(to: address(local), sharesPort: true)
    let one = try client(local)
    let two = try client(local)
    var batch = DatagramBatch(capacity: 8)
    // Twice: the second round runs on headers that the first one used.
    for round in UInt8(0)..<2 {
      #expect(try one.send([round, 1], to: server.localAddress) == true)
      #expect(try two.send([round, 2, 2], to: server.localAddress) == true)
      try receive(2, into: &batch, from: server)
      #expect(batch.source(0) == one.localAddress)
      #expect(batch.source(1) == two.localAddress)
      #expect(batch.length(1) == 3)
      for index in 0..<batch.count {
        #expect(batch.isTruncated(index) == false)
        #expect(batch.kernelTime(index) > 1_600_000_000_000_000_000)
        let size = batch.withSlot(index) { request, response in
          #expect(response.count == 0)
          response.append(request)
          response.append(UInt8(0xff))
          return request.count
        }
        #expect(size == batch.length(index))
      }
      #expect(batch.send(to: server) == DatagramBatch.SendResult(sent: 2, failed: 0))
      let first = try nextDatagram(for: one)
      let second = try nextDatagram(for: two)
      #expect(first.source == server.localAddress)
      #expect(first.octets == [round, 1, 0xff])
      #expect(second.octets == [round, 2, 2, 0xff])
    }
  }

  @Test func `a receive takes no more than there are slots, and nothing is lost`() throws {
    let server = try UDPSocket.bind(to: address("127.0.0.1:0"), sharesPort: true)
    let asker = try client()
    for number in UInt8(0)..<5 { #expect(try asker.send([number], to: server.localAddress)) }
    var batch = DatagramBatch(capacity: 2)
    var seen: [UInt8] = []
    while seen.count < 5 {
      _ = try waitUntilReady(server.raw)
      for index in 0..<(try batch.receive(from: server)) { seen.append(batch.request(index)[0]) }
    }
    #expect(seen == [0, 1, 2, 3, 4])
    #expect(try batch.receive(from: server) == 0)
    #expect(batch.send(to: server) == DatagramBatch.SendResult())
  }

  @Test func `an empty response is not sent, and its neighbours are`() throws {
    let server = try UDPSocket.bind(to: address("127.0.0.1:0"), sharesPort: true)
    let asker = try client()
    for number in UInt8(0)..<3 { #expect(try asker.send([number], to: server.localAddress)) }
    var batch = DatagramBatch(capacity: 8)
    try receive(3, into: &batch, from: server)
    for index in 0..<3 where index != 1 {
      batch.withSlot(index) { request, response in response.append(request) }
    }
    #expect(batch.send(to: server) == DatagramBatch.SendResult(sent: 2, failed: 0))
    #expect(try nextDatagram(for: asker).octets == [0])
    #expect(try nextDatagram(for: asker).octets == [2])
  }

  @Test func `a datagram of no octets is received as such`() throws {
    let server = try UDPSocket.bind(to: address("127.0.0.1:0"), sharesPort: true)
    let asker = try client()
    #expect(try asker.send([], to: server.localAddress) == true)
    var batch = DatagramBatch(capacity: 2)
    try receive(1, into: &batch, from: server)
    #expect(batch.length(0) == 0)
    #expect(batch.source(0) == asker.localAddress)
    batch.withSlot(0) { request, response in
      #expect(request.count == 0)
      response.append(UInt8(1))
    }
    #expect(batch.send(to: server).sent == 1)
    #expect(try nextDatagram(for: asker).octets == [1])
  }

  @Test func `a datagram longer than a slot is cut and says so, the next one does not`() throws {
    let server = try UDPSocket.bind(to: address("127.0.0.1:0"), sharesPort: true)
    let asker = try client()
    #expect(try asker.send(Array(repeating: 1, count: 4097), to: server.localAddress) == true)
    #expect(try asker.send(Array(repeating: 2, count: 4096), to: server.localAddress) == true)
    var batch = DatagramBatch(capacity: 2)
    try receive(2, into: &batch, from: server)
    #expect(batch.isTruncated(0) == true)
    #expect(batch.length(0) == 4096)
    #expect(batch.isTruncated(1) == false)
    #expect(batch.length(1) == 4096)
    // The slot that was cut must not say so again of a short one.
    #expect(try asker.send([3], to: server.localAddress) == true)
    try receive(1, into: &batch, from: server)
    #expect(batch.isTruncated(0) == false)
  }

  @Test(arguments: [("0.0.0.0:0", "127.0.0.5", "127.0.0.1:0"), ("[::]:0", "::1", "[::1]:0")])
  func `on a wildcard socket the reply comes from the address that was asked`(
    wildcard: String, asked: String, from: String
  ) throws {
    if wildcard.hasPrefix("["), !hasIPv6 { return }
    let server = try UDPSocket.bind(to: address(wildcard), sharesPort: true)
    #expect(server.isWildcard == true)
    let asker = try client(from)
    let target = SocketAddress(try address(asked).address, port: server.localAddress.port)
    var batch = DatagramBatch(capacity: 4)
    for _ in 0..<2 {
      #expect(try asker.send([9], to: target) == true)
      try receive(1, into: &batch, from: server)
      #expect(batch.kernelTime(0) > 0)
      batch.withSlot(0) { request, response in response.append(request) }
      #expect(batch.send(to: server).sent == 1)
      let reply = try nextDatagram(for: asker)
      #expect(reply.source == target)
    }
  }

  @Test func `the largest response arrives whole`() throws {
    let server = try UDPSocket.bind(to: address("127.0.0.1:0"), sharesPort: true)
    let asker = try client()
    #expect(try asker.send([1], to: server.localAddress) == true)
    var batch = DatagramBatch(capacity: 1)
    try receive(1, into: &batch, from: server)
    batch.withSlot(0) { _, response in
      for _ in 0..<DatagramBatch.responseSize { response.append(UInt8(7)) }
    }
    #expect(batch.send(to: server).sent == 1)
    #expect(try nextDatagram(for: asker).octets.count == 1232)
  }
}
