import Testing

@testable import Measuring

@Suite("Two servers measured at once: do they differ?")
struct ComparisonTests {
  @Test func `equal servers are called different in at most 5 % of runs`() {
    var wrong = 0
    for seed in 0..<150 where compare(seed: UInt64(seed)).differs == true { wrong += 1 }
    // 5 % of 150 is 7.5, give or take 2.7.
    #expect(wrong <= 15, "\(wrong) of 150")
  }

  @Test func `so are equal servers that are disturbed together, in bursts`() {
    var wrong = 0
    for seed in 0..<150 where compare(seed: UInt64(seed), burst: true).differs == true { wrong += 1 }
    #expect(wrong <= 15, "\(wrong) of 150")
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

  /// Two samples of skewed delays around 100 µs, compared.
  private func compare(
    seed: UInt64, count: Int = 160, factor: Double = 1, loss: Double = 0, burst: Bool = false, instrument: Double = 0
  ) -> Comparison {
    var random = SeededRandom(seed: seed)
    // Spells of slowness, a twelfth of the run each, that both servers meet.
    let slow = (0..<12).map { _ in burst && random.unit() < 0.3 ? 3.0 : 1.0 }
    func sample(_ factor: Double, _ loss: Double) -> [Comparison.Point] {
      (0..<count).map { number in
        let isLost = random.unit() < loss
        let delay = (80e-6 - naturalLogarithm(random.unit()) * 20e-6) * factor * slow[number * 12 / count]
        return Comparison.Point(due: UInt64(number) * 1000, delay: isLost ? nil : delay, isLost: isLost)
      }
    }
    let first = sample(1, 0)
    return Comparison(first, sample(factor, loss), instrument: instrument, seed: seed)
  }
}
