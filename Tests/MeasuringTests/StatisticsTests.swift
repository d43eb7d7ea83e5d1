import Randomness
import Testing

@testable import Measuring

@Suite("RFC 2330 §11: statistics, and how sure they are")
struct StatisticsTests {
  @Test func `a sample of known values`() throws {
    let summary = try #require(DelaySummary((1...100).reversed().map { UInt64($0) * 1_000_000 }))
    #expect(summary.count == 100 && close(summary.min, 0.001) && close(summary.max, 0.1))
    #expect(close(summary.median.value, 0.0505) && close(summary.mean.value, 0.0505))
    #expect(close(summary.p95.value, 0.095) && close(summary.p99.value, 0.099))
    #expect(close(summary.standardDeviation, 0.029_011_491_975_882))
    // 1.984217 is Student's 97.5 % point for 99 degrees of freedom.
    #expect(close(summary.mean.low, 0.0505 - 1.984_217 * 0.002_901_149, by: 1e-8))
    #expect(close(summary.median.low, 0.040) && close(summary.median.high, 0.061))
    #expect(summary.p99.high == nil)
  }

  @Test func `small samples have values but no intervals, none has nothing`() throws {
    #expect(DelaySummary([]) == nil)
    let one = try #require(DelaySummary([5_000]))
    #expect(
      close(one.median.value, 5e-6) && one.median.low == nil && one.mean.low == nil && one.standardDeviation == nil)
    let three = try #require(DelaySummary([3, 1, 2]))
    #expect(close(three.median.value, 2e-9) && three.median.high == nil && three.mean.high == nil)
  }

  /// From published tables of the interval for the median.
  @Test(arguments: [(5, nil, nil), (6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61), (1000, 469, 532)])
  func `ranks around the median`(count: Int, low: Int?, high: Int?) {
    let ranks = quantileRanks(0.5, count: count)
    #expect(ranks.low == low && ranks.high == high)
  }

  @Test func `the intervals hold the true quantile in 95 % of samples`() {
    for q in [0.5, 0.95, 0.99] {
      let truth = -naturalLogarithm(1 - q)
      var inside = 0
      for seed in 0..<300 {
        var random = SplitMix64(seed: UInt64(seed))
        let sorted = (0..<600).map { _ in -naturalLogarithm(random.unit()) }.sorted()
        let estimate = quantile(q, of: sorted)
        if (estimate.low ?? 0) <= truth, truth <= (estimate.high ?? .infinity) { inside += 1 }
      }
      // At least 95 % of 300, less three standard deviations; ranks being whole numbers, somewhat more.
      #expect((273...299).contains(inside), "\(q): \(inside)")
    }
  }

  @Test func `a large sample's ranks are found, too`() {
    let ranks = quantileRanks(0.99, count: 1_000_000)
    #expect(abs((ranks.low ?? 0) - 989_805) <= 2 && abs((ranks.high ?? 0) - 990_196) <= 2)
  }

  @Test(arguments: [(4, 2.776_445), (9, 2.262_157), (19, 2.093_024), (30, 2.042_272), (1000, 1.962_339)])
  func `Student's 97.5 % points`(degrees: Int, value: Double) {
    #expect(close(studentQuantile(z: z95, degrees: degrees), value, by: degrees < 10 ? 0.01 : 2e-4))
  }

  /// Wilson's interval, by published examples.
  @Test(arguments: [(5, 50, 0.0435, 0.2136), (0, 300, 0, 0.01264), (10, 10, 0.7225, 1), (1, 2, 0.0945, 0.9055)])
  func `a ratio's interval`(part: Int, whole: Int, low: Double, high: Double) {
    #expect(close(ratio(part, of: whole)?.low, low, by: 1e-4) && close(ratio(part, of: whole)?.high, high, by: 1e-4))
  }

  @Test(arguments: [(0, 0), (3, 2), (-1, 2)]) func `a ratio of nothing is none`(part: Int, whole: Int) {
    #expect(ratio(part, of: whole) == nil)
  }

  @Test func `the instrument's error widens an interval, its own part downwards only`() throws {
    let calibration = try #require(Calibration([1000, 1000, 1000, 4000], clockResolution: 0, clockReadCost: 0))
    #expect(close(calibration.systematic, 1e-6) && close(calibration.random, 3e-6))
    let both = try #require(calibration.uncertainty(of: Estimate(20e-6, low: 16e-6, high: 24e-6)))
    #expect(close(both.below, 6e-6) && close(both.above, 5e-6))
    #expect(calibration.uncertainty(of: Estimate(1, low: nil, high: 2)) == nil)
  }
}

func close(_ one: Double?, _ other: Double, by distance: Double = 1e-12) -> Bool {
  one.map { abs($0 - other) <= distance } ?? false
}
