import Addresses
import Answering
import DNSFormat
import FlatMemory
import Foundation
import LinuxIO
import Policy
import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite("dnstap.proto: what its readers get of a query")
struct DnstapFormatterTests {
  private func hexadecimal(_ octets: [UInt8]) -> String {
    octets.map { $0 < 16 ? "0\(String($0, radix: 16))" : String($0, radix: 16) }.joined()
  }

  private func frames(_ record: DecisionRecord, _ snapshot: Snapshot?, host: String = "host") -> [UInt8] {
    var formatter = DnstapFormatter(hostName: host)
    var buffer = OctetBuffer(capacity: DnstapFormatter.longest)
    let count = formatter.append(record, snapshot, to: &buffer)
    #expect(count == (record.responseSize > 0 ? 2 : 1))
    return buffer.octets.octets(0..<buffer.count)
  }

  private func snapshot(_ policy: String = "") throws -> Snapshot {
    let files = ConfigurationFiles(policies: [(path: "p.policy", text: Array(policy.utf8))], zones: []) { _ in
      .success([])
    }
    let loaded = SnapshotBuilder.build(files, seed: 1, server: ServerFacts())
    return try #require(loaded.snapshot)
  }

  private func record(
    _ request: [UInt8], _ response: [UInt8], from source: IPAddress, to server: SocketAddress,
    _ transport: Arrival.Transport = .udp
  ) throws -> DecisionRecord {
    let ring = DecisionRing(capacity: 1 << 15)
    let exchange = Exchange(
      peerPort: 5353, server: server, received: 1_795_255_464_123_456_789, answered: 1_795_255_465_000_000_001)
    let outcome = Outcome(
      caller: Caller(context: 0), refusal: Refusal(.none, reason: 0), service: 0, brokenRules: [], endpointContext: 0,
      isOnlyObserved: true, wouldLeaveOut: false)
    let isTaken = ring.push(
      outcome, Evidence(source: source), transport, request: request.span, response: response.span, exchange,
      generation: 1)
    #expect(isTaken)
    var record = try #require(ring.pop())
    record.refusal = nil
    return record
  }

  @Test func `one query and its response, octet by octet`() throws {
    let record = try record(
      [0xab, 0xcd], [0xef], from: try #require(IPAddress("127.0.0.1")),
      to: SocketAddress(try #require(IPAddress("127.0.0.2")), port: 53))
    #expect(
      hexadecimal(frames(record, nil))
        == "0000002a" + "7226" + "0801" + "1001" + "1801" + "22047f000001" + "2a047f000002" + "30e929" + "3835"
        + "40a8d985d806" + "4d15cd5b07" + "5202abcd" + "7801" + "00000034" + "7230" + "0802" + "1001" + "1801"
        + "22047f000001" + "2a047f000002" + "30e929" + "3835" + "40a8d985d806" + "4d15cd5b07" + "60a9d985d806"
        + "6d01000000" + "7201ef" + "7801")
  }

  @Test(arguments: 1...60) func `any messages, any addresses come out as they went in`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    func size() -> Int { random.chance(10) ? random.number(0...65535) : random.number(0...300) }
    let request = random.octets(size())
    let response = random.octets(size())
    let isIPv4 = random.chance(50)
    func address() -> IPAddress {
      isIPv4
        ? IPAddress(v4: UInt32.random(in: 0 ... .max, using: &random))
        : IPAddress(high: random.next() | 1 << 63, low: random.next())
    }
    let (source, server) = (address(), SocketAddress(address(), port: UInt16(random.number(1...65535))))
    let transport: Arrival.Transport = random.chance(50) ? .udp : .tcp
    let record = try record(request, response, from: source, to: server, transport)
    let snapshot = try snapshot()
    let parts = try #require(Dissection.parts(frames(record, snapshot)))
    #expect(parts.count == (response.isEmpty ? 1 : 2))
    func octets(_ address: IPAddress) -> [UInt8] {
      let all = [address.high, address.low].flatMap { word in
        (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
      }
      return isIPv4 ? Array(all.suffix(4)) : all
    }
    for (index, part) in parts.enumerated() {
      guard case .data(let frame) = part else {
        Issue.record("a control frame among the messages")
        continue
      }
      let outer = try #require(Dissection.Message(frame))
      #expect(outer.numbers == [15: 1] && outer.octets[1] == Array("host".utf8))
      #expect(outer.octets[2] == Array("ambit \(ambitVersion)".utf8) && outer.octets[3] == nil)
      let message = try #require(outer.octets[14].flatMap { Dissection.Message($0) })
      #expect(message.numbers[1] == UInt64(index + 1) && message.numbers[2] == (isIPv4 ? 1 : 2))
      #expect(message.numbers[3] == (transport == .udp ? 1 : 2))
      #expect(message.octets[4] == octets(source) && message.octets[5] == octets(server.address))
      #expect(message.numbers[6] == 5353 && message.numbers[7] == UInt64(server.port))
      #expect(message.numbers[8] == 1_795_255_464 && message.numbers[9] == 123_456_789)
      #expect(message.octets[index == 0 ? 10 : 14] == (index == 0 ? request : response))
      #expect(message.octets[index == 0 ? 14 : 10] == nil)
      #expect(
        message.numbers[12] == (index == 0 ? nil : 1_795_255_465) && message.numbers[13] == (index == 0 ? nil : 1))
    }
  }

  @Test func `what the policy refused, and by which line, is beside the messages`() throws {
    let snapshot = try snapshot(
      """
      origin mesh.test
      context prod { from 10.0.0.0/8 }
      service web { runs-at 10.1.0.0/16 }
      service orders { refuse web }
      """)
    let policy = snapshot.policy
    var record = try record(
      [1], [2], from: try #require(IPAddress("10.1.2.3")),
      to: SocketAddress(try #require(IPAddress("10.0.0.1")), port: 53))
    record.caller = policy.callers.caller(record.evidence)
    record.service = policy.serviceNumber(for: try DomainName("orders.mesh.test."))
    record.refusal = policy.judge(record.caller, target: record.service, at: 0).refusal
    record.brokenRules = [RuleSet(.refuse)]
    (record.decision, record.rcode, record.isOnlyObserved) = (.refused, .refused, false)
    let parts = try #require(Dissection.parts(frames(record, snapshot)))
    for part in parts {
      guard case .data(let frame) = part else { continue }
      let extra = try #require(Dissection.Message(frame)?.octets[3])
      #expect(
        String(decoding: extra, as: UTF8.self)
          == #"{"context":"prod","service":"web","known":"address address","target":"orders","decision":"refused","#
          + #""rcode":"REFUSED","rules":[{"rule":"refuse","place":"p.policy:4"}],"observed":false}"#)
    }
  }
}

@Suite("Frame Streams: a collector's end of the line, whatever it does")
struct DnstapSocketTests {
  private static let ready = FrameStream.ready
  private static let accept = FrameStream.control(.accept, hasContentType: true)
  private static let finish = FrameStream.control(.finish, hasContentType: false)

  /// A collector that the test is: takes what was sent, says what the test wants.
  private final class Collector: @unchecked Sendable {
    private var listener: LocalListener?
    private var connection: LocalSocket?
    let name = "ambit-test-\(UInt64.random(in: .min ... .max))"
    private(set) var received: [UInt8] = []
    /// How often it was tried to connect.
    let tries = Mutex(0)

    init() throws { listener = try LocalListener(name) }
    func leave() { listener = nil }

    var socket: DnstapSocket {
      DnstapSocket("collector", log: ServerLog()) { [name, self] path throws(SystemError) in
        tries.withLock { $0 += 1 }
        guard let socket = try LocalSocket.connect(to: name) else {
          throw SystemError("connect to", path, errno: ECONNREFUSED)
        }
        return socket
      }
    }

    func accept() { connection = listener?.accept() }
    func hangUp() { connection = nil }
    func say(_ octets: [UInt8]) { _ = connection?.write(octets[...]) }
    func read() {
      while case .octets(let octets)? = connection?.read(atMost: 1 << 16) { received += octets }
    }
    func forget() { received = [] }
    var isThere: Bool { connection != nil }
  }

  private func frame(_ number: Int, _ size: Int = 10) -> [UInt8] {
    let octets = Array("\(number) ".utf8) + [UInt8](repeating: 120, count: size)
    return [0, 0, UInt8(octets.count >> 8), UInt8(octets.count & 255)] + octets
  }

  @Test func `READY, ACCEPT, START, frames, STOP, FINISH`() throws {
    let collector = try Collector()
    var socket = collector.socket
    var frames = OctetBuffer(capacity: 1000)
    var sent = 0
    frames.append(frame(1).span)
    socket.turn(&frames, sent: &sent, at: 0)
    collector.accept()
    collector.read()
    #expect(collector.received == Self.ready)
    // Nothing before it is accepted, and octet by octet.
    for octet in Self.accept {
      socket.turn(&frames, sent: &sent, at: 1)
      collector.read()
      #expect(collector.received == Self.ready)
      collector.say([octet])
    }
    socket.turn(&frames, sent: &sent, at: 2)
    collector.read()
    #expect(collector.received == Self.ready + FrameStream.start + frame(1) && frames.count == 0)
    frames.append(frame(2).span)
    socket.stop()
    socket.turn(&frames, sent: &sent, at: 3)
    collector.read()
    #expect(collector.received == Self.ready + FrameStream.start + frame(1) + frame(2) + FrameStream.stop)
    #expect(socket.isFinished == false)
    collector.say(Self.finish)
    collector.hangUp()
    for _ in 0..<3 { socket.turn(&frames, sent: &sent, at: 4) }
    #expect(socket.isFinished == true)
  }

  @Test func `control frames have the octets that the protocol says`() {
    let type = Array("protobuf:dnstap.Dnstap".utf8)
    #expect(type.count == 22)
    #expect(FrameStream.start == [0, 0, 0, 0, 0, 0, 0, 34, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 22] + type)
    #expect(FrameStream.ready == [0, 0, 0, 0, 0, 0, 0, 34, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 22] + type)
    #expect(FrameStream.stop == [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 3])
  }

  @Test func `where nobody listens it is tried again, less and less often`() throws {
    let collector = try Collector()
    var socket = collector.socket
    collector.leave()
    var frames = OctetBuffer(capacity: 1000)
    var sent = 0
    frames.append(frame(1).span)
    var times: [UInt64] = []
    for now in stride(from: UInt64(0), to: 60_000_000_000, by: 50_000_000) {
      let before = collector.tries.withLock { $0 }
      socket.turn(&frames, sent: &sent, at: now)
      #expect(socket.isConnected == false)
      if collector.tries.withLock({ $0 }) > before { times.append(now) }
    }
    let gaps = zip(times.dropFirst(), times).map { ($0 - $1) / 50_000_000 }
    #expect(gaps.prefix(6) == [2, 4, 8, 16, 32, 64] && gaps.dropFirst(6).allSatisfy { $0 == 100 })
    #expect(gaps.count > 12 && frames.octets.octets(0..<frames.count) == frame(1))
  }

  @Test func `one that comes and goes is tried less and less often, until it stays a while`() throws {
    let collector = try Collector()
    var socket = collector.socket
    var frames = OctetBuffer(capacity: 1000)
    var sent = 0
    var now: UInt64 = 0
    func come() {
      while !socket.isConnected {
        now += 50_000_000
        socket.turn(&frames, sent: &sent, at: now)
      }
      collector.accept()
      collector.say(Self.accept)
      socket.turn(&frames, sent: &sent, at: now)
    }
    func go() {
      collector.hangUp()
      socket.turn(&frames, sent: &sent, at: now)
      #expect(socket.isConnected == false)
    }
    while now < 60_000_000_000 {
      come()
      go()
    }
    #expect(collector.tries.withLock { $0 } < 20)
    come()
    now += 3_000_000_000
    socket.turn(&frames, sent: &sent, at: now)
    go()
    let gone = now
    come()
    #expect(now - gone == 100_000_000)
  }

  @Test func `a slow collector gets whole frames, and the one it broke in again over the next connection`() throws {
    let collector = try Collector()
    var socket = collector.socket
    var frames = OctetBuffer(capacity: 1 << 20)
    var sent = 0
    var number = 0
    while frames.capacity - frames.count > 70000 {
      number += 1
      frames.append(frame(number, 60000).span)
    }
    var now: UInt64 = 0
    func greet(_ socket: inout DnstapSocket) {
      now += 10_000_000_000
      socket.turn(&frames, sent: &sent, at: now)
      collector.accept()
      collector.read()
      #expect(collector.received == Self.ready)
      collector.forget()
      collector.say(Self.accept)
      socket.turn(&frames, sent: &sent, at: now)
    }
    greet(&socket)
    // It does not read: the kernel takes some, and the rest waits.
    for _ in 0..<100 { socket.turn(&frames, sent: &sent, at: now) }
    #expect(frames.count > 0 && sent > 0 && sent < frames.count)
    collector.read()
    let first = collector.received
    collector.forget()
    collector.hangUp()
    socket.turn(&frames, sent: &sent, at: now)
    #expect(socket.isConnected == false)
    greet(&socket)
    while frames.count > 0 {
      collector.read()
      socket.turn(&frames, sent: &sent, at: now)
    }
    collector.read()
    // What the first connection had whole, and the second from there on, are all of them once.
    func numbers(_ octets: [UInt8]) throws -> [Int] {
      var whole = octets[...]
      var found: [Int] = []
      #expect(Array(whole.prefix(FrameStream.start.count)) == FrameStream.start)
      whole = whole.dropFirst(FrameStream.start.count)
      while whole.count >= 4 {
        let size = whole.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard whole.count >= 4 + size else { break }
        found.append(
          try #require(Int(String(decoding: whole.dropFirst(4).prefix(size).prefix { $0 != 32 }, as: UTF8.self))))
        whole = whole.dropFirst(4 + size)
      }
      return found
    }
    #expect(try numbers(first) + numbers(collector.received) == Array(1...number))
  }

  @Test(
    arguments: [
      [0, 0, 0, 1, 7], [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0, 0, 0, 0, 0],
      FrameStream.start, FrameStream.stop, FrameStream.ready, FrameStream.control(.finish, hasContentType: false),
      [0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 120],
      [0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1],
    ] as [[UInt8]]) func `what is no collector of dnstap is left, and tried again later`(said: [UInt8]) throws
  {
    let collector = try Collector()
    var socket = collector.socket
    var frames = OctetBuffer(capacity: 1000)
    var sent = 0
    socket.turn(&frames, sent: &sent, at: 0)
    collector.accept()
    collector.say(said)
    socket.turn(&frames, sent: &sent, at: 1)
    #expect(socket.isConnected == false)
    socket.turn(&frames, sent: &sent, at: 50_000_000)
    #expect(socket.isConnected == false)
    socket.turn(&frames, sent: &sent, at: 200_000_001)
    #expect(socket.isConnected == true)
  }

  @Test func `control frames that are not known are passed over, and ACCEPT without a type is taken`() {
    var replies = FrameStreamReplies()
    #expect(replies.take([0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 99]) == nil)
    #expect(replies.take(FrameStream.control(.accept, hasContentType: false)) == .accepted)
  }

  @Test(arguments: 1...200) func `any octets of a collector`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var replies = FrameStreamReplies()
    for _ in 0..<20 {
      var octets = random.chance(50) ? random.octets(random.number(0...30)) : Self.accept
      if random.chance(50), !octets.isEmpty {
        octets[random.number(0...octets.count - 1)] = UInt8(random.number(0...255))
      }
      _ = replies.take(octets)
    }
  }

  @Test func `a collector that never answers is left in time`() throws {
    let collector = try Collector()
    var socket = collector.socket
    var frames = OctetBuffer(capacity: 1000)
    var sent = 0
    socket.turn(&frames, sent: &sent, at: 0)
    socket.turn(&frames, sent: &sent, at: 4_000_000_000)
    #expect(socket.isConnected == true)
    socket.turn(&frames, sent: &sent, at: 6_000_000_000)
    #expect(socket.isConnected == false)
  }
}

@Suite("dnstap's desk: records that were lost, counted")
struct DnstapDeskTests {
  private func record(response size: Int) throws -> DecisionRecord {
    let ring = DecisionRing(capacity: 1 << 15)
    let outcome = Outcome(
      caller: Caller(context: 0), refusal: Refusal(.none, reason: 0), service: 0, brokenRules: [], endpointContext: 0,
      isOnlyObserved: true, wouldLeaveOut: false)
    let (request, response) = ([UInt8](repeating: 1, count: 20), [UInt8](repeating: 2, count: size))
    _ = ring.push(
      outcome, Evidence(source: IPAddress(v4: 1)), .udp, request: request.span, response: response.span,
      Exchange(received: 1, answered: 2), generation: 1)
    return try #require(ring.pop())
  }

  /// Silent queries have one frame, others two.
  @Test(arguments: [[0], [0, 0, 0], [9, 0, 0, 0, 0], [0, 9], [9, 9, 0]]) func `each query is one, of one frame or two`(
    responses: [Int]
  ) throws {
    let records = try responses.map { try record(response: $0) }
    var desk = DnstapDesk(ServerLog())
    desk.use(try DnstapDesk.Target(Dnstap(.file("/dev/full")), log: ServerLog()))
    for record in records { desk.append(record, nil) }
    desk.flush(at: 0)
    #expect(desk.lostCount == UInt64(responses.count))
    // A collector that never comes.
    desk.use(DnstapDesk.Target(DnstapSocket("/nowhere/at/all", log: ServerLog())))
    for record in records { desk.append(record, nil) }
    desk.use(nil)
    #expect(desk.lostCount == 2 * UInt64(responses.count))
  }
}

@Suite("Messages on their way to dnstap: whole, or dropped and counted")
struct ExchangeRingTests {
  @Test(arguments: 1...30) func `in order, round and round, whatever their sizes`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let ring = DecisionRing(capacity: 1 << 15)
    let outcome = Outcome(
      caller: Caller(context: 0), refusal: Refusal(.none, reason: 0), service: 0, brokenRules: [], endpointContext: 0,
      isOnlyObserved: true, wouldLeaveOut: false)
    var waiting: [(request: [UInt8], response: [UInt8])] = []
    var (next, dropped) = (0, 0)
    for number in 0..<400 {
      let request = random.octets(random.number(0...(random.chance(3) ? 65535 : 200)))
      let response = random.octets(random.number(0...(random.chance(3) ? 65535 : 500)))
      let exchange = Exchange(received: UInt64(number), answered: UInt64(number) + 1)
      if ring.push(
        outcome, Evidence(source: IPAddress(v4: 1)), .udp, request: request.span, response: response.span, exchange,
        generation: 1)
      {
        waiting.append((request, response))
      } else {
        dropped += 1
      }
      while random.chance(random.chance(50) ? 60 : 10), let record = ring.pop() {
        #expect(record.request.octets(0..<record.requestSize) == waiting[next].request)
        #expect(record.response.octets(0..<record.responseSize) == waiting[next].response)
        #expect(record.exchange.answered == record.time + 1)
        next += 1
      }
    }
    while let record = ring.pop() {
      #expect(record.response.octets(0..<record.responseSize) == waiting[next].response)
      next += 1
    }
    #expect(next == waiting.count && ring.isEmpty && ring.droppedCount == UInt64(dropped))
  }
}
