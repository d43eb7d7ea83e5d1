import Foundation
import Randomness
import Testing

@testable import Measuring

@Suite("RFC 8912 §6.3.2: the Poisson stream")
struct PoissonStreamTests {
  @Test func `spacings are exponential, and a test of that fails as often as it should`() {
    // Kolmogorov and Smirnov: of samples that are exponential, 5 % exceed 1.358 / √n.
    var rejected = 0
    for seed in 0..<200 {
      var random = SplitMix64(seed: UInt64(seed))
      let stream = PoissonStream(rate: 20, truncation: 30_000_000_000)
      if distance(spacings(stream.times(count: 1000, until: .max, random: &random)), rate: 20) > 1.358 { rejected += 1 }
    }
    #expect((2...20).contains(rejected))
  }

  @Test func `the same test refuses other spacings`() {
    var random = SplitMix64(seed: 1)
    let uniform = (0..<1000).map { _ in random.unit() * 0.1 }
    #expect(distance(uniform, rate: 20) > 3)
    #expect(distance([Double](repeating: 0.05, count: 1000), rate: 20) > 3)
    let stream = PoissonStream(rate: 24, truncation: 30_000_000_000)
    #expect(distance(spacings(stream.times(count: 3000, until: .max, random: &random)), rate: 20) > 1.63)
  }

  @Test func `what is longer than Trunc is Trunc, and nothing else is touched`() {
    let whole = PoissonStream(rate: 10, truncation: 30_000_000_000)
    let cut = PoissonStream(rate: 10, truncation: 150_000_000)
    var first = SplitMix64(seed: 5)
    var second = SplitMix64(seed: 5)
    var atLimit = 0
    for _ in 0..<10_000 {
      let (long, short) = (whole.spacing(&first), cut.spacing(&second))
      #expect(short == min(long, 150_000_000))
      if short == 150_000_000 { atLimit += 1 }
    }
    // e^-1.5 = 22.3 %.
    #expect((2100...2370).contains(atLimit))
  }

  @Test(arguments: [
    (10.0, 30_000_000_000), (10, 150_000_000), (1000, 1_000_000), (0.001, 1_000_000), (0.5, 3_600_000_000_000),
  ])
  func `the rate on average is λ, and more where Trunc cuts spacings`(rate: Double, truncation: UInt64) {
    let stream = PoissonStream(rate: rate, truncation: truncation)
    #expect(abs(stream.meanRate * (1 - exp(-rate * Double(truncation) * 1e-9)) / rate - 1) < 2e-4)
    var random = SplitMix64(seed: 1)
    let times = stream.times(count: 20_000, until: .max, random: &random)
    #expect(abs(20_000e9 / Double(times[19_999]) / stream.meanRate - 1) < 0.03)
  }

  @Test(arguments: [(1, UInt64.max), (50, 1_000_000_000), (10_000, 3_000_000_000), (10, 0)])
  func `times ascend, are no more than asked and not after the end`(count: Int, end: UInt64) {
    for seed in 0..<20 {
      var random = SplitMix64(seed: UInt64(seed))
      let times = PoissonStream(rate: 1000, truncation: 30_000_000_000).times(count: count, until: end, random: &random)
      #expect(times.count <= count && times.allSatisfy { $0 <= end })
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
      if end == .max { #expect(times.count == count) }
    }
  }

  @Test func `a seed gives one stream, and the two streams of a plan are independent`() {
    var first = SplitMix64(seed: 9)
    var second = SplitMix64(seed: 9)
    let stream = PoissonStream(rate: 10, truncation: 30_000_000_000)
    #expect(
      stream.times(count: 100, until: .max, random: &first) == stream.times(count: 100, until: .max, random: &second))
    let schedules = plan(servers: 2, count: 2000).schedules()
    let (one, other) = (spacings(schedules[0].times), spacings(schedules[1].times))
    let correlation = zip(one, other).reduce(0) { $0 + ($1.0 - 0.1) * ($1.1 - 0.1) } / Double(one.count) / 0.01
    #expect(abs(correlation) < 0.1)
  }

  @Test func `an ID comes again only after all others`() {
    var random = SplitMix64(seed: 3)
    let ids = QueryIDs(random: &random)
    #expect(Set((0..<65_536).map { ids[$0] }).count == 65_536)
    #expect(ids[65_536 + 7] == ids[7])
    let schedules = plan(servers: 2).schedules()
    #expect((0..<65_536).allSatisfy { Int(schedules[1].ids[$0]) % 2 == 1 && Int(schedules[0].ids[$0]) % 2 == 0 })
    #expect((0..<1000).contains { ids[$0 + 1] != ids[$0] &+ 1 })
  }

  @Test func `the logarithm is that of the C library, to the last digits`() {
    var random = SplitMix64(seed: 4)
    for value in [1, 0x1p-53, 0.5, 0.7071, 0.70711, 1.4142, 1.41422, 2, 1e300]
      + (0..<10_000).map({ _ in random.unit() })
    {
      #expect(abs(naturalLogarithm(value) - log(value)) <= 4e-16 * max(1, abs(log(value))))
    }
  }

  private func spacings(_ times: [UInt64]) -> [Double] {
    zip([0] + times, times).map { Double($1 - $0) * 1e-9 }
  }

  /// Kolmogorov's distance from the exponential distribution, times √n.
  private func distance(_ spacings: [Double], rate: Double) -> Double {
    let n = Double(spacings.count)
    let worst = spacings.sorted().enumerated().reduce(0.0) { worst, item in
      let p = 1 - exp(-rate * item.element)
      return max(worst, max(p - Double(item.offset) / n, Double(item.offset + 1) / n - p))
    }
    return worst * n.squareRoot()
  }
}
