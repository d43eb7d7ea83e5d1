import Metrics
import TestSupport
import Testing

@Suite("What is counted once a batch is counted as one by one")
struct PopulationTallyTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `a tally gives the counters that one record a query gives`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let slots = Int.random(in: 2...9, using: &random)
    let plain = WorkerMetrics(slots: slots)
    let tallied = WorkerMetrics(slots: slots)
    var tally = PopulationTally(for: tallied)
    for _ in 0..<Int.random(in: 1...40, using: &random) {
      let residence = UInt64.random(in: 0...1 << UInt64.random(in: 0...40, using: &random), using: &random)
      for _ in 0..<Int.random(in: 0...64, using: &random) {
        let population = Population(
          slot: UInt16.random(in: 0...UInt16(slots + 2), using: &random),
          decision: MetricDecision.allCases.randomElement(using: &random)!,
          transport: MetricTransport.allCases.randomElement(using: &random)!)
        let queue =
          [.unstamped, .negative, .distrusted, .time(UInt64.random(in: 0...1 << 36, using: &random))]
          .randomElement(using: &random)! as QueueTime
        plain.record(population, residence: residence, queue: queue)
        tally.add(population)
        tallied.record(queue: queue, of: population)
      }
      tallied.record(residence: residence, of: &tally)
      #expect(tallied.read() == plain.read(), "seed \(seed)")
    }
  }
}
