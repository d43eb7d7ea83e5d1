import Metrics
import Testing

@Suite("DESIGN §6: what a worker counts")
struct WorkerMetricsTests {
  private let answered = Population(slot: 1, decision: .answered, transport: .udp)
  private let refused = Population(slot: 1, decision: .refused, transport: .udp)

  @Test func `populations are kept apart`() {
    let metrics = WorkerMetrics(slots: 4)
    var number: UInt64 = 0
    for slot in UInt16(0)..<4 {
      for decision in MetricDecision.allCases {
        for transport in MetricTransport.allCases {
          number += 1
          metrics.record(
            Population(slot: slot, decision: decision, transport: transport), residence: number,
            queue: .time(number * 2))
        }
      }
    }
    let counts = metrics.read()
    #expect(counts.populations.count == 40)
    for (order, entry) in counts.populations.sorted(by: { $0.key < $1.key }).enumerated() {
      #expect(entry.value.count == 1)
      #expect(entry.value.residence.sum == UInt64(order + 1))
      #expect(entry.value.residence.max == UInt64(order + 1))
      #expect(entry.value.queue.sum == UInt64(order + 1) * 2)
    }
  }

  @Test func `a slot beyond the last is counted as the last`() {
    let metrics = WorkerMetrics(slots: 4)
    metrics.record(Population(slot: 999, decision: .failed, transport: .tcp), residence: 1, queue: .unstamped)
    #expect(metrics.read().populations.keys.first == Population(slot: 3, decision: .failed, transport: .tcp))
  }

  @Test func `a negative difference, or one that is not believed, is counted and discarded`() {
    let metrics = WorkerMetrics(slots: 2)
    metrics.record(answered, residence: 10, queue: .negative)
    metrics.record(answered, residence: 10, queue: .distrusted)
    metrics.record(answered, residence: 10, queue: .unstamped)
    metrics.record(answered, residence: 10, queue: .time(0))
    let counts = metrics.read()
    #expect(counts[.negativeDifferences] == 1)
    #expect(counts[.queueTimesDistrusted] == 1)
    #expect(counts[.unstamped] == 1)
    #expect(counts.populations[answered]?.queue.count == 1)
    #expect(counts.populations[answered]?.residence.count == 4)
  }

  @Test func `the no-response ratio is of queries, by context and transport`() {
    let metrics = WorkerMetrics(slots: 2)
    for _ in 0..<3 { metrics.record(answered, residence: 10, queue: .time(1)) }
    metrics.recordSilence(slot: 1, transport: .udp, cause: .dropped)
    metrics.recordSilence(slot: 0, transport: .tcp, cause: .short)
    let counts = metrics.read()
    #expect(counts[.dropped] == 1 && counts[.short] == 1 && counts[.isResponse] == 0)
    #expect(counts.responsiveness.map(\.slot) == [0, 1])
    #expect(counts.responsiveness.map(\.counts.ratio) == [1, 0.25])
    #expect(counts.totalResponsiveness == MetricCounts.Responsiveness(queries: 5, unanswered: 2))
  }

  @Test func `events, response codes and rules have a counter each`() {
    let metrics = WorkerMetrics(slots: 2)
    for (index, counter) in MetricCounter.allCases.enumerated() { metrics.count(counter, UInt64(index + 1)) }
    for rcode in [0, 3, 5, 5, 16, 4095] as [UInt16] { metrics.count(rcode: rcode) }
    for rule in [0, 2, 2, 400] { metrics.count(refusalBy: rule) }
    let counts = metrics.read()
    for (index, counter) in MetricCounter.allCases.enumerated() { #expect(counts[counter] == UInt64(index + 1)) }
    #expect([0, 3, 5, 16, 31].map { counts.rcodes[$0] } == [1, 1, 2, 1, 1])
    #expect(counts.rcodes.reduce(0, +) == 6)
    #expect(counts.refusals[0] == 1 && counts.refusals[2] == 2 && counts.refusals[15] == 1)
    #expect(counts.populations.isEmpty)
  }

  @Test func `workers add up, and an interval is what came since`() {
    let one = WorkerMetrics(slots: 2), two = WorkerMetrics(slots: 2)
    one.record(answered, residence: 100, queue: .time(1))
    two.record(answered, residence: 200, queue: .time(2))
    two.record(refused, residence: 300, queue: .time(3))
    var before = one.read()
    before.merge(two.read())
    #expect(before.populations[answered]?.residence.sum == 300)
    one.record(answered, residence: 400, queue: .time(4))
    one.count(.truncated)
    var interval = one.read()
    interval.merge(two.read())
    interval.subtract(before)
    #expect(interval.populations.count == 1)
    #expect(interval.populations[answered]?.count == 1)
    #expect(interval.populations[answered]?.residence.sum == 400)
    #expect(interval[.truncated] == 1)
  }
}

@Suite("Slots: a context keeps its counters over reloads")
struct MetricSlotsTests {
  @Test func `a name has one slot for the life of the process`() {
    let slots = MetricSlots(capacity: 8)
    #expect(slots.slot(for: "laptop") == 1)
    #expect(slots.slot(for: "prod") == 2)
    #expect(slots.slot(for: "laptop") == 1)
    #expect(slots.name(of: 0) == "(none)")
    #expect(slots.name(of: 2) == "prod")
  }

  @Test func `names beyond the last slot share it`() {
    let slots = MetricSlots(capacity: 3)
    #expect(slots.slot(for: "a") == 1)
    #expect(slots.slot(for: "b") == 2)
    #expect(slots.slot(for: "c") == 2)
    #expect(slots.slot(for: "a") == 1)
    #expect(slots.name(of: 2) == "(other)")
  }
}
