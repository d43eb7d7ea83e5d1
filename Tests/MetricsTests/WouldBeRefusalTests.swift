import Testing

@testable import Metrics

@Suite("DESIGN §2: what rules in shadow would refuse is counted by rule, beside what is refused")
struct WouldBeRefusalTests {
  @Test func `both are counted apart, merged, subtracted and named`() {
    let metrics = WorkerMetrics(slots: 2)
    metrics.count(refusalBy: 2)
    let before = metrics.read()
    for rule in [6, 6, 99] { metrics.count(wouldBeRefusalBy: rule) }
    var counts = metrics.read()
    counts.merge(metrics.read())
    counts.subtract(before)
    let events = counts.namedEvents(rcode: { "\($0)" }, rule: { "\($0)" }).map { "\($0.0) \($0.1)" }
    #expect(events == ["refusedBy_2 1", "wouldRefuseBy_6 4", "wouldRefuseBy_15 2"])
    #expect(counts.populations.isEmpty)
  }
}
