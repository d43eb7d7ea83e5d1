import Addresses
import Policy
import TestSupport
import Testing

@testable import Server

@Suite("RFC 7766 §6.2.2 and §6.2.3: how many connections, and for how long")
struct TCPLimitTests {
  private func limits(_ connections: Int, perClient: Int, idle: UInt32 = 10) -> TCPLimits {
    var limits = TCPLimits()
    (limits.connections, limits.perClient, limits.idle) = (connections, perClient, idle)
    return limits
  }

  @Test func `a client is an IPv4 address or the first 64 bits of an IPv6 one, and each has its number`() {
    let census = TCPCensus(descriptors: 100, workers: 3)
    let limits = limits(50, perClient: 2)
    let one = IPAddress(v4: 1)
    #expect((0..<3).map { _ in census.admit(one, limits) } == [true, true, false])
    #expect(census.admit(IPAddress(v4: 2), limits))
    #expect((1..<4).map { census.admit(IPAddress(high: 7, low: $0), limits) } == [true, true, false])
    #expect(census.admit(IPAddress(high: 0, low: 1), limits))  // ::1 is not 0.0.0.1
    census.leave(one)
    #expect(census.admit(one, limits) && !census.admit(one, limits))
    #expect(census.admit(one, replacing: one, limits) && !census.admit(one, limits))
    #expect(!census.admit(one, replacing: IPAddress(v4: 2), limits))
    #expect((0..<3).map { _ in census.admit(IPAddress(v4: 2), limits) } == [true, true, false])
  }

  @Test func `a trusted proxy has any number, and they count among all`() {
    let census = TCPCensus(descriptors: 100, workers: 1)
    let limits = limits(10, perClient: 1)
    #expect((0..<10).allSatisfy { _ in census.admit(nil, limits) })
    #expect(census.idleTime(limits) < 2_000_000_000)
    for _ in 0..<10 { census.leave(nil) }
    #expect(census.idleTime(limits) == 10_000_000_000)
  }

  @Test func `workers share what the policy and the descriptors allow`() {
    #expect(TCPCensus(descriptors: 5000, workers: 2).share(limits(1024, perClient: 1)) == 512)
    #expect(TCPCensus(descriptors: 100, workers: 2).share(limits(1024, perClient: 1)) == 50)
    #expect(TCPCensus(descriptors: 5000, workers: 8).share(limits(9, perClient: 1)) == 2)
    #expect(TCPCensus(descriptors: 1, workers: 8).share(limits(9, perClient: 1)) == 1)
  }

  @Test func `what connections hold is 32 MiB together, but never less for a worker than one may come to`() {
    for workers in [1, 2, 32, 64, 128] { #expect(TCPWorker.heldLimit(workers: workers) * workers <= 32 << 20) }
    #expect(TCPWorker.heldLimit(workers: 1024) == 3 * StreamFraming.longestFrame)
  }

  @Test func `more connections than there are descriptors for is said, at a start and at a reload`() {
    #expect(ServerMemory.warning(room: 100, limits(100, perClient: 1)) == nil)
    #expect(
      ServerMemory.warning(room: 100, limits(101, perClient: 1))
        == "no more than 100 TCP connections at a time, not 101; raise the limit on open files (ulimit -n, LimitNOFILE=)"
    )
  }

  @Test func `the idle time shrinks from half on, to a tenth, and no further than a second`() {
    let census = TCPCensus(descriptors: 1000, workers: 2)
    let ten = limits(100, perClient: 100)
    var times: [UInt64] = [census.idleTime(ten)]
    for _ in 0..<100 {
      #expect(census.admit(IPAddress(v4: 1), ten))
      times.append(census.idleTime(ten))
    }
    #expect(times[0...50].allSatisfy { $0 == 10_000_000_000 })
    #expect(zip(times[50...], times[51...]).allSatisfy { $0 > $1 })
    #expect(times[75] == 5_500_000_000 && abs(Int(times[100]) - 1_000_000_000) < 10)
    #expect(census.idleTime(limits(100, perClient: 100, idle: 1)) == 1_000_000_000)
    #expect(census.idleTime(limits(100, perClient: 100, idle: 3)) == 1_000_000_000)
    #expect(abs(Int(census.idleTime(limits(100, perClient: 100, idle: 600))) - 60_000_000_000) < 1000)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `the order of quietness is that of a plain list`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var order = QuietOrder()
    var plain: [Int] = []
    for _ in 0..<2000 {
      let slot = Int.random(in: 0..<40, using: &random)
      plain.removeAll { $0 == slot }
      if Bool.random(using: &random) {
        order.touch(slot)
        plain.append(slot)
      } else {
        order.remove(slot)
      }
      #expect(order.first == plain.first && order.count == plain.count && order.contains(slot) == plain.contains(slot))
    }
    var walked: [Int] = []
    var slot = order.first
    while let current = slot {
      walked.append(current)
      slot = order.slot(after: current)
    }
    #expect(walked == plain, "seed \(seed)")
  }
}
