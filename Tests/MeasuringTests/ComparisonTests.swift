import Randomness
import TestSupport
import Testing

@testable import Measuring

@Suite("Two servers measured at once: do they differ?")
struct ComparisonTests {
  /// Sizes, and shares of loss, of which every comparison of equal servers must be right in 95 % of runs.
  struct Equals: Sendable, CustomTestStringConvertible {
    var count = 160
    var loss = 0.0
    var burst = false
    /// Of how many of the second's responses the delay does not count, as of another RCODE.
    var others = 0.0

    var testDescription: String { "\(count) queries, loss \(loss), bursts \(burst), other responses \(others)" }
  }

  @Test(arguments: [
    Equals(), Equals(burst: true), Equals(count: 80), Equals(count: 80, burst: true), Equals(loss: 0.1),
    Equals(loss: 0.1, burst: true), Equals(others: 0.7), Equals(loss: 0.9, others: 0.5),
  ])
  func `equal servers are called different in at most 5 % of runs`(equals: Equals) {
    let runs = min(rounds(25), 200)
    var wrong = 0
    for seed in 0..<runs { if compare(seed: UInt64(seed), equals).differs == true { wrong += 1 } }
    // 5 %, and 2.3 standard deviations of that: 17 of 200.
    let most = 0.05 * Double(runs) + 2.3 * (0.05 * 0.95 * Double(runs)).squareRoot()
    #expect(Double(wrong) <= most, "\(wrong) of \(runs)")
  }

  @Test func `a server that is a fifth slower is found, and so is one that loses a third`() {
    for seed in 0..<5 {
      let slower = compare(seed: UInt64(seed), factor: 1.2)
      #expect(slower.differences[0].isBeyondUncertainty == true && slower.differences[0].value > 0)
      #expect(slower.differences[2].isBeyondUncertainty == false)
      let losing = compare(seed: UInt64(seed), loss: 0.3)
      #expect(losing.differences[2].isBeyondUncertainty == true && losing.differs == true)
    }
  }

  @Test func `a difference within the instrument's error is none`() {
    #expect(
      compare(seed: 1, factor: 1.2, instrument: 1).differences.prefix(2).allSatisfy { $0.isBeyondUncertainty == false })
  }

  @Test(arguments: [0, 1, 5, 79]) func `of few queries nothing is said`(count: Int) {
    #expect(compare(seed: 1, count: count, factor: 3).differs == nil)
  }

  @Test func `a server that answers nothing differs in loss, and of its delays nothing is said`() {
    let answered = (0..<200).map { Comparison.Point(due: UInt64($0), delay: 1e-3, isLost: false) }
    let lost = (0..<200).map { Comparison.Point(due: UInt64($0), delay: nil, isLost: true) }
    let comparison = Comparison(answered, lost, instrument: 0, seed: 1)
    #expect(comparison.differences.map(\.of) == ["loss"] && comparison.differs == true)
    #expect(Comparison(lost, lost, instrument: 0, seed: 1).differs == false)
  }

  @Test(arguments: [1, 2, 7])
  func `of the delays of a server that answers next to nothing, nothing is said`(answers: Int) {
    let all = (0..<200).map { Comparison.Point(due: UInt64($0), delay: 1e-3, isLost: false) }
    let few = (0..<200).map { number in
      let isLost = number % 25 != 7 || number / 25 >= answers
      return Comparison.Point(due: UInt64(number), delay: isLost ? nil : 3e-3, isLost: isLost)
    }
    for pair in [(all, few), (few, all)] {
      let comparison = Comparison(pair.0, pair.1, instrument: 1e-9, seed: 1)
      #expect(comparison.differences.map(\.of) == ["median", "mean", "loss"])
      #expect(comparison.differences.map(\.isBeyondUncertainty) == [nil, nil, true] && comparison.differs == true)
    }
    #expect(Comparison(few, few, instrument: 1e-9, seed: 1).differs == nil)
  }

  /// Two samples of equal servers.
  private func compare(seed: UInt64, _ equals: Equals) -> Comparison {
    var random = SplitMix64(seed: seed)
    let (first, second) = samples(
      &random, count: equals.count, factor: 1, losses: (equals.loss, equals.loss), burst: equals.burst)
    let fewer = second.map { point in
      Comparison.Point(due: point.due, delay: random.unit() < equals.others ? nil : point.delay, isLost: point.isLost)
    }
    return Comparison(first, fewer, instrument: 0, seed: seed)
  }

  private func compare(
    seed: UInt64, count: Int = 160, factor: Double = 1, loss: Double = 0, instrument: Double = 0
  ) -> Comparison {
    var random = SplitMix64(seed: seed)
    let (first, second) = samples(&random, count: count, factor: factor, losses: (0, loss), burst: false)
    return Comparison(first, second, instrument: instrument, seed: seed)
  }

  /// Two samples of skewed delays around 100 µs.
  private func samples(
    _ random: inout SplitMix64, count: Int, factor: Double, losses: (Double, Double), burst: Bool
  ) -> ([Comparison.Point], [Comparison.Point]) {
    // Spells of slowness, a twelfth of the run each, that both servers meet.
    var slow: [Double] = []
    for _ in 0..<12 { slow.append(burst && random.unit() < 0.3 ? 3 : 1) }
    func sample(_ factor: Double, _ loss: Double) -> [Comparison.Point] {
      var points: [Comparison.Point] = []
      for number in 0..<count {
        let isLost = random.unit() < loss
        let delay = (80e-6 - naturalLogarithm(random.unit()) * 20e-6) * factor * slow[number * 12 / count]
        points.append(Comparison.Point(due: UInt64(number) * 1000, delay: isLost ? nil : delay, isLost: isLost))
      }
      return points
    }
    let first = sample(1, losses.0)
    return (first, sample(factor, losses.1))
  }
}
