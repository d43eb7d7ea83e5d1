import TestSupport
import Testing

@testable import Metrics

@Suite("The last seconds of what is counted")
struct MetricWindowTests {
  private let answered = Population(slot: 1, decision: .answered, transport: .udp)
  private let refused = Population(slot: 1, decision: .refused, transport: .udp)
  private let exact = (resolution: 0.0, readCost: 0.0)
  private let second: UInt64 = 1_000_000_000

  @Test func `rates are of the time that went by, and what is older than ten readings goes`() {
    let worker = WorkerMetrics(slots: 4)
    var window = MetricWindow(from: 0)
    for _ in 0..<30 { worker.record(answered, residence: 1000, queue: .time(1)) }
    worker.recordSilence(slot: 2, transport: .tcp, cause: .dropped)
    window.take([worker], at: 3 * second, stamp: 7)
    #expect(window.seconds == 3)
    #expect(window.rates.map(\.perSecond) == [10, 1.0 / 3])
    #expect(window.rates.map(\.population.decision) == [.answered, .silent])
    #expect(window.history.map(\.time) == [7])
    #expect(window.history[0].answered == 10 && window.history[0].p50 != nil)
    for turn in UInt64(4)...12 { window.take([worker], at: turn * second, stamp: 7 + turn) }
    #expect(window.seconds == 12 && window.rates.count == 2)
    window.take([worker], at: 13 * second, stamp: 20)
    #expect(window.seconds == 10 && window.rates.isEmpty)
    #expect(window.latencies(monotonic: exact, realtime: exact).isEmpty)
    #expect(window.history.count == 11 && window.history[10].p50 == nil)
  }

  @Test func `a time that has not moved, or went back, is passed over`() {
    let worker = WorkerMetrics(slots: 4)
    var window = MetricWindow(from: 5 * second)
    worker.record(answered, residence: 1000, queue: .unstamped)
    window.take([worker], at: 5 * second, stamp: 0)
    window.take([worker], at: 4 * second, stamp: 0)
    #expect(window.rates.isEmpty && window.history.isEmpty && window.seconds == 0)
    window.take([worker], at: 6 * second, stamp: 0)
    #expect(window.rates.map(\.perSecond) == [1])
    window.take([], at: 7 * second, stamp: 0)
    #expect(window.history.count == 1)
  }

  @Test func `times that are forgotten do not come back, and rates stay`() {
    let worker = WorkerMetrics(slots: 4)
    var window = MetricWindow(from: 0)
    func record(_ population: Population, _ time: UInt64) {
      for _ in 0..<10 { worker.record(population, residence: time, queue: .time(time)) }
    }
    record(answered, 1000)
    record(refused, 1000)
    window.take([worker], at: second, stamp: 1)
    record(answered, 1000)  // timed before, and not yet looked at
    record(refused, 1000)
    window.forgetTimes()
    #expect(window.latencies(monotonic: exact, realtime: exact).isEmpty && window.rates.map(\.total) == [10, 10])
    window.take([worker], at: 2 * second, stamp: 2)
    #expect(window.latencies(monotonic: exact, realtime: exact).isEmpty)
    #expect(window.rates.map(\.perSecond) == [10, 10] && window.history.last?.p50 == nil)
    record(answered, 64_000)
    window.take([worker], at: 3 * second, stamp: 3)
    let latencies = window.latencies(monotonic: exact, realtime: exact)
    #expect(latencies.map(\.summary.count) == [10, 10] && latencies.allSatisfy { $0.summary.p50 > 60e-6 })
  }

  @Test func `two minutes are remembered`() {
    let worker = WorkerMetrics(slots: 4)
    var window = MetricWindow(from: 0)
    for turn in UInt64(1)...300 { window.take([worker], at: turn * second, stamp: turn) }
    #expect(window.history.map(\.time) == Array(181...300))
  }

  /// The judge is the difference of all counters then and now.
  @Test(arguments: 1...2)
  func `times are those of the window, whichever worker counted them`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let workers = [WorkerMetrics(slots: 3), WorkerMetrics(slots: 3)]
    func total() -> MetricCounts { workers.reduce(into: MetricCounts()) { $0.merge($1.read()) } }
    var window = MetricWindow(from: 0)
    var past = [total()]
    for turn in UInt64(1)...14 {
      for _ in 0..<random.number(0...40) {
        let population = Population(
          slot: UInt16(random.number(0...2)),
          decision: [MetricDecision.answered, .refused, .failed][random.number(0...2)],
          transport: random.chance(70) ? .udp : .tcp)
        workers[random.number(0...1)].record(
          population, residence: UInt64(random.number(0...5_000_000)),
          queue: random.chance(50) ? .time(UInt64(random.number(0...100_000))) : .unstamped)
      }
      window.take(workers, at: turn * second, stamp: turn)
      past.append(total())
      var expected = total()
      expected.subtract(past[max(0, past.count - 1 - MetricWindow.intervals)])
      let latencies = window.latencies(monotonic: exact, realtime: exact)
      #expect(latencies.count { $0.metric == .residence } == expected.populations.count)
      for latency in latencies {
        let counts = try #require(expected.populations[latency.population])
        let times = latency.metric == .residence ? counts.residence : counts.queue
        let summary = Summary(times, Uncertainty(clockResolution: 0, clockRead: 0, sending: 0))
        #expect(latency.summary.count == summary.count && latency.summary.mean == summary.mean)
        #expect((latency.summary.sampling == .none) == (summary.count == counts.count))
        // Only the longest may be known better from the parts than from the whole, and with it what it bounds.
        #expect(latency.summary.p50 <= latency.summary.p95 && latency.summary.p95 <= latency.summary.p99)
        #expect(abs(latency.summary.p95 - summary.p95) <= summary.p95 / 16)
        #expect(latency.summary.max <= summary.max * 1.04 && latency.summary.max >= summary.max / 1.04)
        #expect(latency.buckets.reduce(0) { $0 + $1.count } == summary.count)
      }
      let rates = Dictionary(uniqueKeysWithValues: window.rates.map { ($0.population, $0) })
      #expect(rates.count == expected.populations.count)
      for (population, counts) in expected.populations {
        let rate = try #require(rates[population])
        #expect(abs(rate.perSecond * window.seconds - Double(counts.count)) < 1e-6)
        #expect(rate.total == total().populations[population]?.count)
      }
    }
  }

  @Test func `of more populations than are timed, the rest have rates`() {
    let worker = WorkerMetrics(slots: 100)
    var window = MetricWindow(from: 0)
    func ask(_ slots: ClosedRange<UInt16>) {
      for slot in slots {
        worker.record(Population(slot: slot, decision: .answered, transport: .udp), residence: 50, queue: .time(5))
      }
    }
    ask(0...99)
    window.take([worker], at: second, stamp: 1)
    #expect(window.rates.count == 100)
    let first = Set(window.latencies(monotonic: exact, realtime: exact).map(\.population))
    #expect(first.count == MetricWindow.mostTimed)
    // Whoever keeps asking keeps the place; who does not makes room once the window has gone by.
    for turn in UInt64(2)...12 {
      ask(99...99)
      window.take([worker], at: turn * second, stamp: turn)
    }
    let now = window.latencies(monotonic: exact, realtime: exact)
    #expect(now.map(\.population.slot) == [99, 99])
    // Of times counted before, none is taken for one of the window.
    #expect(now[0].summary.count == 10 || now[0].summary.count == 1)
  }

  @Test func `where some queries are timed, what all of them would have given is less certain`() throws {
    let worker = WorkerMetrics(slots: 4)
    var tally = PopulationTally(for: worker)
    var window = MetricWindow(from: 0)
    for number in UInt64(1)...1000 {
      let time = number > 970 ? (number - 960) * 100_000 : 1000
      worker.record(answered, residence: time, queue: .time(time / 2))
    }
    window.take([worker], at: second, stamp: 1)
    for latency in window.latencies(monotonic: exact, realtime: exact) { #expect(latency.summary.sampling == .none) }
    for _ in 0..<9000 { tally.add(answered) }
    worker.count(&tally)
    window.take([worker], at: 2 * second, stamp: 2)
    let latencies = window.latencies(monotonic: exact, realtime: exact)
    let counts = try #require(worker.read().populations[answered])
    #expect(
      latencies.map(\.summary.sampling.mean)
        == [counts.residence, counts.queue].map {
          SamplingError(of: $0, from: 10_000).mean
        })
    for latency in latencies { #expect(try #require(latency.summary.sampling.p99) > 0) }
    // Few, of many: nothing is known of the slowest.
    for turn in UInt64(3)...12 { window.take([worker], at: turn * second, stamp: turn) }
    worker.record(answered, residence: 500, queue: .time(5))
    for _ in 0..<99 { tally.add(answered) }
    worker.count(&tally)
    window.take([worker], at: 13 * second, stamp: 13)
    #expect(window.latencies(monotonic: exact, realtime: exact).allSatisfy { !$0.summary.isBounded })
  }

  @Test func `coarse buckets are four an octave, and lose nothing`() {
    var counts = HistogramCounts()
    for exponent in 0..<40 { for part in [4, 5, 6, 7] as [UInt64] { counts.record(part << exponent / 4) } }
    counts.record(.max)
    let buckets = MetricWindow.coarse(counts)
    #expect(buckets.reduce(0) { $0 + $1.count } == counts.count)
    #expect(zip(buckets, buckets.dropFirst()).allSatisfy { $0.to <= $1.from })
    for bucket in buckets where bucket.from >= 64 {
      #expect(bucket.to - bucket.from == 1 << (63 - bucket.from.leadingZeroBitCount) / 4)
    }
  }
}
