import Addresses
import DNSFormat
import Forwarding
import Policy
import Testing

@testable import Answering
@testable import Server

@Suite("The forwarder's parts")
struct ForwardingPartsTests {
  private func query(_ index: Int) -> HandedQuery {
    var query = HandedQuery()
    query.evidence = Evidence(
      source: IPAddress(high: 0x2001_0db8_0000_0000, low: UInt64(index)), addressSource: .proxy,
      listenerContext: index % 2 == 0 ? nil : 7, certificateService: index % 3 == 0 ? nil : 9,
      user: index % 5 == 0 ? nil : 1000)
    query.evidence.certificateBasis = 3
    query.transport = index % 2 == 0 ? .udp : .tcp
    query.idleTime = 100
    query.isPrefetch = index % 7 == 0
    query.generation = UInt64(index + 1)
    (query.monotonic, query.wall) = (1 << 40, 1 << 60)
    query.listener = index % 4
    query.peer = SocketAddress(IPAddress(v4: 0x7f00_0001), port: UInt16(1024 + index % 60_000))
    query.scope = UInt32(index)
    query.hasHeader = index % 11 == 0
    query.server = SocketAddress(IPAddress(high: 0, low: 1), port: 53)
    (query.slot, query.serial) = (index, 1 << 50 | UInt64(index))
    query.request = (0..<(12 + index * 37 % 500)).map { UInt8(truncatingIfNeeded: $0 &* index) }
    return query
  }

  @Test func `what is handed over comes out as it went in, in order, however often the ring goes round`() throws {
    let ring = HandOverRing()
    for round in 0..<4000 {
      for index in 0..<3 {
        let one = query(round * 3 + index)
        let isTaken = ring.push(one, request: one.request.span)
        #expect(isTaken)
      }
      for index in 0..<3 {
        let expected = query(round * 3 + index)
        let found = try #require(ring.pop())
        #expect(found.evidence == expected.evidence)
        #expect(found.transport == expected.transport)
        #expect(found.isPrefetch == expected.isPrefetch)
        #expect(found.generation == expected.generation)
        #expect(found.peer == expected.peer)
        #expect(found.server == expected.server)
        #expect(found.scope == expected.scope)
        #expect(found.hasHeader == expected.hasHeader)
        #expect(found.listener == expected.listener)
        #expect(found.slot == expected.slot)
        #expect(found.serial == expected.serial)
        #expect(found.request == expected.request)
      }
    }
    #expect(ring.pop() == nil)
  }

  @Test func `a full ring turns away and loses nothing that it took`() {
    let ring = HandOverRing()
    let one = query(1)
    var taken = 0
    while ring.push(one, request: one.request.span) { taken += 1 }
    #expect(taken > 500)
    var found = 0
    while ring.pop() != nil { found += 1 }
    #expect(found == taken)
    let isTaken = ring.push(one, request: one.request.span)
    #expect(isTaken)
  }

  @Test func `timers come in order and none before its time`() {
    var random = SystemRandomNumberGenerator()
    var heap = TimerHeap()
    let times = (0..<2000).map { _ in UInt64.random(in: 0..<500, using: &random) }
    for (number, time) in times.enumerated() { heap.add(.attempt, UInt64(number), at: time) }
    var last: UInt64 = 0
    var count = 0
    for now in stride(from: UInt64(0), through: 500, by: 10) {
      while let entry = heap.take(at: now) {
        #expect(entry.time <= now)
        #expect(entry.time >= last)
        last = entry.time
        count += 1
      }
      #expect(heap.next.map { $0 > now } ?? true)
    }
    #expect(count == times.count)
  }

  private func question(_ name: String) throws -> ForwardedQuestion {
    var key = NameKey()
    key.load(try DomainName(name))
    return ForwardedQuestion(
      key, QuestionKind(.a, isDNSSECOK: false, isCheckingDisabled: false, route: 1))
  }

  @Test func `a failure is remembered for 5 seconds, for stale answers 30, and never more than so many`() throws {
    var memory = FailureMemory()
    let one = try question("one.test.")
    let why = ForwardFailure(rcode: .refused, .noReachableAuthority, "why")
    memory.note(one, why, at: 1000)
    #expect(memory.failure(of: one, at: 2000)?.reason == why)
    #expect(try #require(memory.failure(of: one, at: 2000)).until == 5_000_001_000)
    #expect(memory.failure(of: one, at: 30_000_001_000) == nil)
    for index in 0..<20_000 {
      memory.note(try question("n\(index).test."), ForwardFailure(.networkError, ""), at: 2000 + UInt64(index))
    }
    #expect(memory.count <= FailureMemory.capacity)
    #expect(memory.failure(of: one, at: 3000) == nil)
    #expect(memory.failure(of: try question("n19999.test."), at: 30_000) != nil)
  }

  @Test func `where all servers have spoken the reason is theirs`() throws {
    let servers = [1, 2].map { SocketAddress(IPAddress(v4: 0xc000_0200 + $0), port: 53) }
    let pending = PendingQuestion(try question("a.test."), servers: servers, route: 1, number: 1, path: [], at: 0)
    (pending.faults[0], pending.refusals[0]) = ("answered REFUSED", .init(rcode: 5, code: nil))
    pending.faults[1] = "did not answer"
    pending.timedOut = [0]
    #expect(pending.failure.rcode == .servFail && pending.failure.code == .noReachableAuthority)
    (pending.faults[1], pending.refusals[1]) = ("answered REFUSED", .init(rcode: 5, code: .filtered))
    #expect(pending.failure.rcode == .refused && pending.failure.code == .filtered)
    pending.refusals[0] = .init(rcode: 2, code: .dnssecBogus)
    #expect(pending.failure.rcode == .servFail && pending.failure.code == .dnssecBogus)
    #expect(pending.failure.text == "192.0.2.1:53 answered REFUSED; 192.0.2.2:53 answered REFUSED")
  }

  @Test func `the path of a query is read as it was written, and nothing in it makes the reader trap`() throws {
    let question = try question("a.test.")
    let path: [UInt64] = [1, .max, 0x0123_4567_89ab_cdef]
    let query = UpstreamQuery(question, id: 1, caseBits: nil, options: LoopToken.option(path))
    let plain = UpstreamQuery(question, id: 1, caseBits: nil)
    let found = LoopToken.path(in: query.octets.span)
    let none = LoopToken.path(in: plain.octets.span)
    #expect(found == path)
    #expect(none == [])
    let number = LoopToken.number(question, secret: 1)
    #expect(number == LoopToken.number(try self.question("a.test."), secret: 1))
    #expect(number != LoopToken.number(try self.question("b.test."), secret: 1))
    #expect(number != LoopToken.number(question, secret: 2))
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var octets = query.octets
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        octets[Int.random(in: 0..<octets.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
      }
      octets.removeLast(Int.random(in: 0..<octets.count, using: &random))
      let count = LoopToken.path(in: octets.span).count
      #expect(count <= LoopToken.longestPath + 1)
    }
  }

  @Test func `an inbox takes no more than its bound, gives all of it, and says what is lost`() {
    let inbox = StreamInbox()
    let frame = [UInt8](repeating: 1, count: 1 << 20)
    var count = 0
    while inbox.put(StreamInbox.Response(slot: count, serial: 1, frame: frame)) { count += 1 }
    #expect(count == StreamInbox.mostOctets >> 20)
    var taken: [StreamInbox.Response] = []
    inbox.take(into: &taken)
    // That for which there was no room is known to be lost, so that nobody awaits it.
    #expect(taken.map(\.slot) == Array(0...count))
    #expect(taken.map(\.isLost) == Array(repeating: false, count: count) + [true])
    inbox.take(into: &taken)
    #expect(taken.isEmpty)
    #expect(inbox.put(StreamInbox.Response(slot: 0, serial: 1, frame: frame)))
  }
}
