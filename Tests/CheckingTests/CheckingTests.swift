import TestSupport
import Testing

@testable import Checking

@Suite("An endpoint changes only after as many checks in a row as the policy says")
struct HysteresisTests {
  @Test(arguments: [
    // Checks as they end (+ or -), and after each whether it is up.
    (up: 2, down: 3, checks: "", states: ""),
    (2, 3, "---", "++-"),
    (2, 3, "--+---", "+++++-"),
    (2, 3, "---+-++", "++----+"),
    (1, 1, "-+-+", "-+-+"),
    (3, 1, "+-++-+++", "+------+"),
    (2, 2, "+-+-+-+-", "++++++++"),
  ])
  func `table`(up: Int, down: Int, checks: String, states: String) {
    var health = Hysteresis(up: up, down: down)
    let found = checks.map { check in
      _ = health.take(success: check == "+")
      return health.isUp ? "+" : "-"
    }
    #expect(found.joined() == states)
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `it changes exactly where a run of the other kind is long enough`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let (up, down) = (Int.random(in: 1...4, using: &random), Int.random(in: 1...4, using: &random))
    var health = Hysteresis(up: up, down: down)
    var results: [Bool] = []
    var isUp = true
    for _ in 0..<200 {
      let success = Int.random(in: 0..<3, using: &random) > 0
      results.append(success)
      let needed = success ? up : down
      let isRun = results.count >= needed && results.suffix(needed).allSatisfy { $0 == success }
      let changes = success != isUp && isRun
      let hasChanged = health.take(success: success)
      #expect(hasChanged == changes, "seed \(seed)")
      if changes { isUp = success }
      #expect(health.isUp == isUp && health.isKnown, "seed \(seed)")
      #expect(health.isUnsettled == (success != isUp), "seed \(seed)")
    }
  }

  @Test func `counts of less than one are one`() {
    var health = Hysteresis(up: 0, down: -5)
    let changes = [health.take(success: false), health.take(success: true)]
    #expect(changes == [true, true])
  }
}

@Suite("A service is broken where every check of every endpoint fails")
struct CircuitBreakerTests {
  private let second: UInt64 = 1_000_000_000

  @Test func `it opens after twice as many failures as an endpoint takes, and a success closes it`() {
    var breaker = CircuitBreaker()
    func fail(_ failures: Int) -> Bool {
      breaker.take(success: false, leastFailures: failures, down: 3, endpoints: 2, interval: second)
    }
    func succeed() -> Bool {
      breaker.take(success: true, leastFailures: 0, down: 3, endpoints: 2, interval: second)
    }
    for failures in 1...5 {
      let hasOpened = fail(failures)
      #expect(!hasOpened && !breaker.isOpen && breaker.factor == 1)
    }
    let hasOpened = fail(6)
    #expect(hasOpened && breaker.isOpen && breaker.factor == 2)
    let hasClosed = succeed()
    #expect(hasClosed && breaker == CircuitBreaker())
    let hasClosedAgain = succeed()
    #expect(!hasClosedAgain)
  }

  @Test func `probes come half as often each round, and once a minute at the least`() {
    var breaker = CircuitBreaker()
    _ = breaker.take(success: false, leastFailures: 6, down: 3, endpoints: 2, interval: second)
    var factors: [UInt64] = []
    for _ in 0..<16 {
      _ = breaker.take(success: false, leastFailures: 9, down: 3, endpoints: 2, interval: second)
      factors.append(breaker.factor)
    }
    #expect(factors == [2, 4, 4, 8, 8, 16, 16, 32, 32, 60, 60, 60, 60, 60, 60, 60])
  }

  @Test(arguments: [60, 90, 3600] as [UInt64])
  func `what is checked once a minute or less often is so as before`(seconds: UInt64) {
    var breaker = CircuitBreaker()
    for _ in 0..<100 {
      _ = breaker.take(success: false, leastFailures: 9, down: 1, endpoints: 1, interval: seconds * second)
      #expect(breaker.factor == 1)
    }
    #expect(breaker.isOpen)
  }

  @Test func `a service without endpoints is not broken`() {
    var breaker = CircuitBreaker()
    let hasOpened = breaker.take(success: false, leastFailures: 9, down: 1, endpoints: 0, interval: second)
    #expect(!hasOpened)
  }
}

@Suite("When endpoints are checked")
struct CheckScheduleTests {
  @Test(arguments: 0..<100 as Range<UInt64>)
  func `the next check is an interval later, give or take a fifth`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let interval = UInt64.random(in: 100_000_000...3_600_000_000_000, using: &random)
    let began = UInt64.random(in: 0...(.max / 2), using: &random)
    let factor = UInt64.random(in: 1...60, using: &random)
    let next = CheckSchedule.next(began: began, interval: interval, factor: factor, random: random.next())
    let wait = next - began
    #expect(wait >= interval * factor / 5 * 4 && wait <= interval * factor / 5 * 6 + 10 * factor, "seed \(seed)")
    let first = CheckSchedule.first(at: began, interval: interval, random: random.next())
    #expect(first >= began && first - began < min(interval, 1_000_000_000), "seed \(seed)")
  }

  @Test func `no number makes it trap`() {
    for number in [0, 1, .max / 2, .max - 1, .max] as [UInt64] {
      _ = CheckSchedule.next(began: number, interval: number, factor: number, random: number)
      _ = CheckSchedule.first(at: number, interval: number, random: number)
    }
  }

  @Test func `many first checks are spread over the interval`() {
    var random = SeededGenerator(seed: 1)
    var tenths = [Int](repeating: 0, count: 10)
    for _ in 0..<1000 {
      tenths[Int(CheckSchedule.first(at: 0, interval: 500_000_000, random: random.next()) / 50_000_000)] += 1
    }
    #expect(tenths.allSatisfy { $0 > 60 && $0 < 150 })
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func `the queue gives the earliest first`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var queue = DueQueue()
    var model: [UInt64] = []
    for number in 0..<300 {
      if Int.random(in: 0..<3, using: &random) > 0 || model.isEmpty {
        let time = UInt64.random(in: 0..<100, using: &random)
        queue.add(.init(time: time, number: number))
        model.append(time)
      } else {
        #expect(queue.first?.time == model.min(), "seed \(seed)")
        let taken = queue.removeFirst()?.time
        #expect(taken == model.min(), "seed \(seed)")
        if let index = model.firstIndex(where: { $0 == taken }) { model.remove(at: index) }
      }
    }
    while let taken = queue.removeFirst()?.time {
      #expect(taken == model.min())
      if let index = model.firstIndex(where: { $0 == taken }) { model.remove(at: index) }
    }
    #expect(model.isEmpty && queue.isEmpty)
  }
}

@Suite("How long clients may wait is learnt from checks that succeeded")
struct LearntTimesTests {
  private func times(_ list: [UInt64]) -> LearntTimes {
    var times = LearntTimes()
    for time in list { times.record(time) }
    return times
  }

  @Test func `nothing is told of fewer than ten`() {
    #expect(times(Array(repeating: 1, count: 9)).summary == nil)
    #expect(times(Array(repeating: 1, count: 10)).summary?.count == 10)
  }

  @Test func `of a thousand all is known`() throws {
    let summary = try #require(times((1...1000).reversed().map { $0 * 1_000_000 }).summary)
    #expect(summary.p50.value == 500_000_000 && summary.p99.value == 990_000_000)
    #expect(summary.p50.low == 469_000_000 && summary.p50.high == 532_000_000)
    let high = try #require(summary.p99.high)
    #expect(high > 990_000_000 && high <= 1_000_000_000)
    #expect(summary.suggestion >= 3 * high && summary.suggestion < 4 * high)
  }

  @Test func `where too few are known to say how far p99 may be off, that is said`() throws {
    let summary = try #require(times((1...20).map { $0 * 1_000_000 }).summary)
    #expect(summary.p99.high == nil)
    #expect(
      summary.text(source: "health-checks")
        == "p50=10ms p99=20ms suggest=60ms p50-range=6ms..15ms p99-range=19ms..unknown confidence=95% samples=20 "
        + "lost=0 source=health-checks")
  }

  @Test func `what got no answer took for ever`() throws {
    var some = times((1...980).map { $0 * 1_000_000 })
    for _ in 0..<20 { some.recordLoss() }
    let summary = try #require(some.summary)
    #expect(summary.count == 1000 && summary.lost == 20)
    #expect(summary.p50.value == 500_000_000 && summary.p99.value == nil && summary.p99.high == nil)
    #expect(summary.text(source: "x").contains(" p99=unknown suggest=3000ms "))
    #expect(summary.text(source: "x").hasSuffix(" samples=1000 lost=20 source=x"))
    // Half a percent leaves p99 where the times with rank 990 is, and its upper end unknown.
    var few = times((1...995).map { $0 * 1_000_000 })
    for _ in 0..<5 { few.recordLoss() }
    #expect(few.summary?.p99.value == 990_000_000 && few.summary?.p99.high == nil)
  }

  @Test func `nothing is told where fewer than ten got an answer`() {
    var few = times(Array(repeating: 1, count: 9))
    for _ in 0..<500 { few.recordLoss() }
    #expect(few.summary == nil)
  }

  @Test func `no less than ten milliseconds are suggested`() throws {
    #expect(try #require(times(Array(repeating: 41_234, count: 400)).summary).suggestion == 10_000_000)
  }

  @Test func `the oldest are forgotten`() throws {
    let summary = try #require(
      times(Array(repeating: 5_000_000, count: 1500) + Array(repeating: 7_000_000, count: 1000)).summary)
    #expect(summary.count == 1000 && summary.p50.value == 7_000_000 && summary.p50.low == 7_000_000)
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func `whatever the times, quantiles are in order, within their ranges, and the text fits one string`(
    seed: UInt64
  ) throws {
    var random = SeededGenerator(seed: seed)
    let most = UInt64(1) << UInt64.random(in: 0...63, using: &random)
    let count = Int.random(in: 10...1200, using: &random)
    let list = (0..<count).map { _ in UInt64.random(in: 0...most, using: &random) }
    let summary = try #require(times(list).summary)
    for quantile in [summary.p50, summary.p99] {
      let value = try #require(quantile.value)
      #expect(quantile.low ?? 0 <= value && value <= quantile.high ?? .max, "seed \(seed)")
    }
    #expect(summary.p50.value ?? .max <= summary.p99.value ?? .max, "seed \(seed)")
    #expect(summary.text(source: "health-checks").utf8.count <= 255, "seed \(seed)")
  }

  @Test func `a text is written anew where it differs by more than a twentieth, and ten seconds have gone by`() {
    var told = TimesTold()
    let second: UInt64 = 1_000_000_000
    func look(_ milliseconds: UInt64, count: Int = 20, at time: UInt64) -> Bool {
      told.look(at: times(Array(repeating: milliseconds * 1_000_000, count: count)), now: time * second)
    }
    let changes = [
      look(1, count: 1, at: 0), look(100, at: 1), look(200, at: 2), look(104, at: 12), look(106, at: 21),
      look(106, at: 23),
    ]
    #expect(changes == [false, true, false, false, false, true])
    #expect(told.text.hasPrefix("p50=106ms "))
  }
}

@Suite("RFC 9112 §4: the status line, read strictly")
struct HTTPStatusLineTests {
  private func read(_ text: String) -> HTTPStatusLine.Reading { HTTPStatusLine.read(Array(text.utf8).span) }

  @Test(arguments: [
    ("HTTP/1.0 200 OK\r\n", 200), ("HTTP/1.1 503 Service Unavailable\r\nX: y\r\n", 503), ("HTTP/1.1 204\r\n", 204),
    ("HTTP/1.1 204 \r\n", 204), ("HTTP/1.1 599 \u{e9}\t\r\n", 599),
  ])
  func `a status`(text: String, status: Int) {
    #expect(read(text) == .status(status))
    // Whatever is missing of it, it is not yet known, and never wrong.
    let line = Array(text.utf8).prefix { $0 != 0x0a }
    for count in 0...line.count { #expect(HTTPStatusLine.read(Array(line.prefix(count)).span) == .incomplete) }
  }

  @Test(arguments: [
    "HTTP/2 200 OK\r\n", "http/1.1 200 OK\r\n", "HTTP/1.1  200 OK\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n",
    "HTTP/1.1 200 OK\n", "HTTP/1.1 200 O\u{0}K\r\n", "HTTP/1.1 200 OK\rX", "HTTP/1.1 099 X\r\n", "HTTP/1.1 600 X\r\n",
    "SSH-2.0-OpenSSH\r\n", "\r\n", "HTTP/1.1 200 " + String(repeating: "x", count: 2000),
  ])
  func `what is none is wrong`(text: String) { #expect(read(text) == .wrong) }
}

@Suite("Services take turns where more checks are due than may go on")
struct CheckTurnsTests {
  @Test func `endpoints that hang of one service keep no other from its checks`() {
    var turns = CheckTurns(slots: 256, services: 2)
    for endpoint in 0..<4000 { turns.add(endpoint, of: 0) }
    var hanging = 0
    while turns.next() != nil { hanging += 1 }
    #expect(hanging == 192 && turns.running(of: 0) == 192)
    // All of theirs hang for ever, and those of the other begin at once.
    for endpoint in 4000..<4064 { turns.add(endpoint, of: 1) }
    var begun: [Int] = []
    while let endpoint = turns.next() { begun.append(endpoint) }
    #expect(begun == Array(4000..<4064) && turns.running == 256)
    turns.end(1)
    turns.add(4064, of: 1)
    let next = turns.next()
    #expect(next == 4064)
  }

  @Test func `one alone takes every slot, in the order in which its endpoints were due`() {
    var turns = CheckTurns(slots: 5, services: 1)
    for endpoint in 0..<7 { turns.add(endpoint, of: 0) }
    var begun: [Int] = []
    while let endpoint = turns.next() { begun.append(endpoint) }
    #expect(begun == [0, 1, 2, 3, 4])
    turns.end(0)
    let next = turns.next()
    #expect(next == 5)
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `each endpoint has its turn once, no slot is given twice, and what is kept is there`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let (slots, services) = (Int.random(in: 1...40, using: &random), Int.random(in: 1...30, using: &random))
    var turns = CheckTurns(slots: slots, services: services)
    var waiting = Array(repeating: [Int](), count: services)
    var running = Array(repeating: 0, count: services)
    var owner: [Int] = []
    for _ in 0..<500 {
      let service = Int.random(in: 0..<services, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        waiting[service].append(owner.count)
        turns.add(owner.count, of: service)
        owner.append(service)
      case 1 where running[service] > 0:
        turns.end(service)
        running[service] -= 1
      default:
        if let endpoint = turns.next() {
          #expect(waiting[owner[endpoint]].first == endpoint)
          waiting[owner[endpoint]].removeFirst()
          running[owner[endpoint]] += 1
        } else {
          // Nobody waits who has not what is kept for it.
          for other in 0..<services {
            #expect(waiting[other].isEmpty || running[other] >= turns.kept || turns.running == slots)
          }
        }
      }
      let total = running.reduce(0) { $0 + $1 }
      #expect(turns.running == total && turns.running <= slots)
    }
    // Nobody waits for ever.
    for _ in 0..<5000 {
      if let endpoint = turns.next() {
        waiting[owner[endpoint]].removeFirst()
        running[owner[endpoint]] += 1
      } else if let busy = running.firstIndex(where: { $0 > 0 }) {
        turns.end(busy)
        running[busy] -= 1
      }
    }
    let left = waiting.count { !$0.isEmpty }
    #expect(left == 0)
  }

  @Test(arguments: [(4000, 2000, 1000, 4000), (4000, 500, 1000, 2000), (3, 100, 5000, 1), (0, 1, 1, 0)])
  func `slots that are needed where all hang`(endpoints: Int, timeout: Int, every: Int, slots: Int) {
    #expect(CheckTurns.needed(endpoints: endpoints, timeout: UInt32(timeout), interval: UInt32(every)) == slots)
  }
}
