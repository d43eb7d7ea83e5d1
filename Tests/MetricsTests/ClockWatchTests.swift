import Metrics
import TestSupport
import Testing

private let second: UInt64 = 1_000_000_000
private let hour = 3600 * second

/// A host whose wall clock can be set: time passes by hand.
private struct Host {
  var monotonic: UInt64 = 5 * second
  var offset: UInt64 = 1_700_000_000 * second
  var wall: UInt64 { monotonic &+ offset }
  var watch: ClockWatch
  var steps = 0

  init() { watch = ClockWatch(monotonic: 5 * second, wall: 5 * second + 1_700_000_000 * second) }

  /// A batch as the worker sees it.
  mutating func look() {
    if watch.isSteady(monotonic: monotonic, wall: wall) { return }
    if watch.judge(before: monotonic, wall: wall, after: monotonic + 40) { steps += 1 }
  }
}

@Suite("RFC 2330 §10: a wall clock that is set does not make queue times")
struct ClockWatchTests {
  @Test func `as long as nobody sets it, the difference is the time waited`() {
    var host = Host()
    for wait: UInt64 in [0, 700, 30_000, 4 * second] {
      let stamp = host.wall
      host.monotonic += wait
      host.look()
      #expect(host.watch.queueTime(stamp: stamp, wall: host.wall) == .time(wait))
    }
    #expect(host.watch.queueTime(stamp: 0, wall: host.wall) == .unstamped)
    #expect(host.steps == 0)
  }

  @Test func `a step of an hour forward fakes no wait, however long the datagrams waited across it`() {
    var host = Host()
    let before = host.wall
    host.monotonic += 2000
    host.offset += hour
    host.look()
    #expect(host.steps == 1)
    #expect(host.watch.queueTime(stamp: before, wall: host.wall) == .distrusted)
    // A deep queue: stamped before, handed over long after.
    host.monotonic += 3 * second
    host.look()
    #expect(host.watch.queueTime(stamp: before, wall: host.wall) == .distrusted)
    let after = host.wall
    host.monotonic += 900
    host.look()
    #expect(host.watch.queueTime(stamp: after, wall: host.wall) == .time(900))
    #expect(host.steps == 1)
  }

  @Test func `a step of an hour back gives differences below zero, and nothing else for a second`() {
    var host = Host()
    let before = host.wall
    host.monotonic += 2000
    host.offset -= hour
    host.look()
    #expect(host.steps == 1)
    #expect(host.watch.queueTime(stamp: before, wall: host.wall) == .negative)
    let during = host.wall
    host.monotonic += 50
    host.look()
    #expect(host.watch.queueTime(stamp: during, wall: host.wall) == .distrusted)
    host.monotonic += second + 1
    host.look()
    let after = host.wall
    host.monotonic += 50
    host.look()
    #expect(host.watch.queueTime(stamp: after, wall: host.wall) == .time(50))
    #expect(host.watch.queueTime(stamp: before, wall: host.wall) == .negative)
  }

  @Test func `a step back by less than a datagram waited is not believed either`() {
    var host = Host()
    let before = host.wall
    host.monotonic += 20_000_000
    host.offset -= 5_000_000
    host.look()
    #expect(host.watch.queueTime(stamp: before, wall: host.wall) == .distrusted)
  }

  @Test func `a thread that loses its processor between two readings has seen no step`() {
    var host = Host()
    host.monotonic += 1000
    // The wall clock is read 30 ms later than the other.
    let isSteady = host.watch.isSteady(monotonic: host.monotonic, wall: host.wall + 30_000_000)
    #expect(!isSteady)
    host.monotonic += 30_000_100
    let isStep = host.watch.judge(before: host.monotonic, wall: host.wall + 20, after: host.monotonic + 40)
    #expect(!isStep)
    host.monotonic += 1000
    host.look()
    #expect(host.steps == 0)
    #expect(host.watch.queueTime(stamp: host.wall - 7, wall: host.wall) == .time(7))
  }

  @Test func `slewing is no step, however rarely one looks`() {
    var host = Host()
    for pause: UInt64 in [1, second, 60 * second, hour] {
      for _ in 0..<20 {
        host.monotonic += pause
        host.offset += pause / 2100  // 476 ppm
        host.look()
      }
    }
    #expect(host.steps == 0)
  }

  @Test func `a step that follows another within its second is one more`() {
    var host = Host()
    host.offset += hour
    host.look()
    host.monotonic += second / 2
    host.look()
    let between = host.wall
    host.offset -= 2 * hour
    host.look()
    #expect(host.steps == 2)
    host.monotonic += second * 2
    host.look()
    #expect(host.watch.queueTime(stamp: between, wall: host.wall) == .negative)
    #expect(host.watch.queueTime(stamp: host.wall - 5, wall: host.wall) == .time(5))
  }

  @Test func `what waited when stamping began is not believed`() {
    var host = Host()
    host.watch.distrust(from: host.monotonic, wall: host.wall)
    host.monotonic += 10
    host.look()
    #expect(host.watch.queueTime(stamp: host.wall, wall: host.wall) == .distrusted)
    host.monotonic += second + 1
    host.look()
    #expect(host.watch.queueTime(stamp: host.wall, wall: host.wall) == .time(0))
  }

  @Test(arguments: 1...30 as ClosedRange<UInt64>)
  func `whatever the clock does, a time that is believed is the time waited`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var host = Host()
    // Datagrams in the queue: stamp, and the true moment.
    var queue: [(stamp: UInt64, moment: UInt64)] = []
    var believed = 0
    for _ in 0..<2000 {
      host.monotonic += UInt64.random(in: 0...30_000_000, using: &random)
      if random.chance(70) { queue.append((host.wall, host.monotonic)) }
      if random.number(0...399) == 0 {
        let size = UInt64.random(in: 1_000_000...2 * hour, using: &random)
        if Bool.random(using: &random) { host.offset &+= size } else { host.offset &-= size }
      }
      guard random.chance(60) else { continue }
      host.monotonic += 10
      host.look()
      for datagram in queue {
        let waited = host.monotonic - datagram.moment
        if case .time(let time) = host.watch.queueTime(stamp: datagram.stamp, wall: host.wall) {
          believed += 1
          #expect(time == waited, "seed \(seed)")
        }
      }
      queue = []
    }
    #expect(believed > 100, "seed \(seed)")
  }

  @Test func `any times at all are judged without a trap`() {
    var random = SeededGenerator(seed: 7)
    var watch = ClockWatch(monotonic: .max, wall: 0)
    let times: [UInt64] = [0, 1, .max, 1 << 63, (1 << 63) - 1, hour]
    for _ in 0..<20_000 {
      let pick = { (random: inout SeededGenerator) in times.randomElement(using: &random)! }
      let (a, b, c) = (pick(&random), pick(&random), pick(&random))
      if !watch.isSteady(monotonic: a, wall: b) { _ = watch.judge(before: a, wall: b, after: c) }
      _ = watch.queueTime(stamp: c, wall: b)
    }
  }
}

@Suite("RFC 2330 §11.1: which queries are timed")
struct QuerySamplerTests {
  @Test(arguments: [2, 3, 10, 100] as [UInt32])
  func `one in N, at gaps of 1 to 2N - 1 that are all as likely`(number: UInt32) {
    var sampler = QuerySampler(seed: UInt64(number))
    var gaps: [Int: Int] = [:]
    var last: Int?
    let draws = 20_000
    var query = 0, taken = 0
    while taken < draws {
      query += 1
      guard sampler.takes(every: number) else { continue }
      if let last { gaps[query - last, default: 0] += 1 }
      last = query
      taken += 1
    }
    let kinds = Int(number) * 2 - 1
    #expect(gaps.keys.min() == 1 && gaps.keys.max() == kinds)
    // Chi-square, its mean is kinds - 1 and its deviation √(2 (kinds - 1)); six deviations.
    let expected = Double(draws - 1) / Double(kinds)
    let chi = (1...kinds).reduce(0.0) {
      $0 + (Double(gaps[$1, default: 0]) - expected) * (Double(gaps[$1, default: 0]) - expected) / expected
    }
    #expect(chi < Double(kinds - 1) + 6 * (2 * Double(kinds - 1)).squareRoot())
    #expect(abs(Double(query) / Double(draws) - Double(number)) < 0.05 * Double(number))
  }

  @Test func `the first queries are as likely to be timed as any`() {
    var byPlace = Array(repeating: 0, count: 30)
    for seed in 0..<40_000 as Range<UInt64> {
      var sampler = QuerySampler(seed: seed &* 0x9e37_79b9_7f4a_7c15)
      for place in byPlace.indices where sampler.takes(every: 10) { byPlace[place] += 1 }
    }
    // Binomial: 4000, its deviation is 60.
    for count in byPlace { #expect(abs(count - 4000) < 360) }
  }

  @Test func `a rhythm of the clients' meets the sample no more often`() {
    // Every 10th query is another's; one in 10 is timed.
    var sampler = QuerySampler(seed: 3)
    var byPlace = Array(repeating: 0, count: 10)
    for query in 0..<400_000 where sampler.takes(every: 10) { byPlace[query % 10] += 1 }
    for count in byPlace { #expect(abs(Double(count) - 4000) < 400) }
  }

  @Test func `another rate counts from the next query on`() {
    var sampler = QuerySampler(seed: 1)
    for _ in 0..<1000 { _ = sampler.takes(every: 1_000_000) }
    let taken = (0..<10_000).count { _ in sampler.takes(every: 2) }
    #expect((4500...5500).contains(taken))
  }
}
