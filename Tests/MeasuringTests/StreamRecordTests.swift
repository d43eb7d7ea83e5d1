import Addresses
import TestSupport
import Testing

@testable import Measuring

@Suite("RFC 8912 §6.3.1: which query a datagram answers")
struct StreamRecordTests {
  private let start: UInt64 = 1_000_000_000_000

  @Test func `responses are told apart by ID, in any order`() {
    var record = record(3)
    record.take(response(102, rcode: 5, answers: 0), at: start + 2_000_004_000)
    record.take(response(100), at: start + 3_000)
    #expect(record.singletons.map(\.delay) == [3_000, nil, 4_000])
    #expect(record.singletons[2].response?.rcode == 5 && record.waiting == 1)
    #expect(record.populations.map(\.rcode) == [0, 5])
  }

  @Test func `a response at Tmax counts, one after it is late and its query lost`() {
    var record = record(2)
    record.take(response(100), at: start + 5_000_000_000)
    record.take(response(101), at: start + 6_000_000_001)
    #expect(record.singletons.map(\.isLost) == [false, true] && record.strays.late == 1)
  }

  @Test func `time runs out for each query by itself`() {
    var record = record(3)
    record.expire(now: start + 5_999_999_999)
    #expect(record.singletons.map(\.isLost) == [true, false, false] && record.waiting == 2)
    record.take(response(100), at: start + 6_000_000_000)
    #expect(record.strays.late == 1 && record.singletons[0].isLost)
    record.expire(now: start + 7_000_000_000)
    #expect(record.waiting == 0 && record.loss?.value == 1)
  }

  @Test func `what is no response to a waiting query is counted and not taken`() {
    var record = record(2)
    record.take(response(100), at: start + 1)
    record.take(response(100, rcode: 2), at: start + 2)
    record.take(response(101), from: otherServer, at: start + 3)
    record.take(response(101), from: SocketAddress(askedServer.address, port: 1), at: start + 3)
    record.take(response(77), at: start + 3)
    record.take([1, 2, 3], at: start + 3)
    record.take(query.message(id: 101), at: start + 3)
    var other = response(101)
    other[13] ^= 1
    record.take(other, at: start + 3)
    #expect(record.singletons[0].delay == 1 && record.singletons[1].outcome == .waiting)
    var expected = StreamRecord.Strays()
    (expected.duplicate, expected.otherSource, expected.otherID) = (1, 2, 1)
    (expected.noResponse, expected.otherQuestion) = (2, 1)
    #expect(record.strays == expected)
  }

  @Test(arguments: [Int64(-3_600_000_000_000), 3_600_000_000_000, .min, .max])
  func `a clock that is set meanwhile gives no delay and no loss`(step: Int64) {
    var record = record(1)
    record.take(response(100), at: start + 5_000, clockOffset: step)
    #expect(record.singletons[0].delay == nil && !record.singletons[0].isLost)
    #expect(record.singletons[0].note == "the clock was set")
  }

  @Test(arguments: [Int64(-1_000_000), 1_000_000, 110_000])
  func `a step of the clock is none of the delay, small as it is`(step: Int64) {
    var record = record(1)
    record.take(response(100), at: start + 2_000_000, clockOffset: step)
    #expect(record.singletons[0].delay == nil && record.singletons[0].note == "the clock was set")
  }

  @Test func `a clock that is slewed for as long as a long delay lasts has not been set`() {
    var record = record(1)
    record.take(response(100), at: start + 4_000_000_000, clockOffset: 2_000_000)
    #expect(record.singletons[0].delay == 4_000_000_000)
  }

  @Test func `a response from before its query gives no delay`() {
    var record = record(1)
    record.take(response(100), at: start - 1)
    #expect(record.singletons[0].delay == nil && !record.singletons[0].isLost)
  }

  @Test func `what the network says counts for the query it is about, while it waits`() {
    var record = record(2)
    record.take(response(100), at: start + 1)
    record.unreachable(id: 100, "connection refused")
    record.unreachable(id: 101, "connection refused")
    record.unreachable(id: 9, "connection refused")
    #expect(record.singletons.map(\.isLost) == [false, true] && record.singletons[1].note == "connection refused")
  }

  @Test func `a response within Tmax counts, whatever the network has said before`() {
    var record = record(3)
    for id: UInt16 in 100...102 { record.unreachable(id: id, "no route to host") }
    #expect(record.lostSoFar == 3 && record.waiting == 0)
    record.take(response(100), at: start + 5_000)
    record.take(response(101), at: start + 6_000_000_001)
    #expect(
      record.singletons.map(\.delay) == [5_000, nil, nil] && record.singletons.map(\.isLost) == [false, true, true])
    #expect(record.lostSoFar == 2 && record.waiting == 0 && record.strays.late == 1)
    #expect(
      record.singletons.map(\.note) == ["no route to host before the response", "no route to host", "no route to host"])
    record.take(response(100), at: start + 6_000)
    #expect(record.strays.duplicate == 1)
  }

  @Test func `ended early, what still waits is neither answered nor lost`() {
    var record = record(3)
    record.take(response(101), at: start + 1_000_000_500)
    record.endEarly()
    #expect(record.singletons.map(\.number) == [1] && record.undecided == 2 && record.loss?.value == 0)
  }

  @Test func `an ID that comes again is the newest query's`() {
    var record = record(1)
    record.take(response(100), at: start + 1)
    record.sent(
      Singleton(number: 1, id: 100, port: 1, due: 0, sentAt: start + 10, lag: 0), at: start + 10, clockOffset: 0)
    record.take(response(100), at: start + 15)
    #expect(record.singletons.map(\.delay) == [1, 5])
  }

  @Test func `whatever comes, every datagram is one delay or one stray`() {
    for seed in 0..<rounds(50) {
      var random = SeededGenerator(seed: UInt64(seed))
      var record = record(30)
      var datagrams = 0
      for _ in 0..<200 {
        let time = start + UInt64(random.number(0...40_000_000)) * 1000
        switch random.number(0...9) {
        case 0: record.expire(now: time)
        case 1: record.unreachable(id: UInt16(random.number(95...135)), "no route")
        case 2:
          datagrams += 1
          record.take(random.octets(random.number(0...40)), at: time)
        default:
          datagrams += 1
          let source = random.chance(10) ? otherServer : askedServer
          record.take(
            response(UInt16(random.number(95...135)), rcode: UInt8(random.number(0...5))), from: source, at: time,
            clockOffset: random.chance(5) ? 3_600_000_000_000 : 0)
        }
      }
      #expect(datagrams == record.singletons.count { $0.response != nil } + record.strays.total)
      let waiting = record.singletons.count { $0.outcome == .waiting }
      #expect(waiting == record.waiting && record.lostSoFar == record.singletons.count { $0.isLost })
      #expect(record.singletons.allSatisfy { ($0.delay ?? 0) <= 5_000_000_000 })
    }
  }
}
