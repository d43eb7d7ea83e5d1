import TestSupport
import Testing

@testable import Server

@Suite("Retry storms: a rate far above its usual one")
struct CallRatesTests {
  private let edge = LiveCalls.Edge(service: "checkout", context: "prod", target: "payments")

  /// How many come in a window where they come one by one (Knuth's method in steps that do not underflow).
  private func poisson(_ mean: Double, _ random: inout SeededGenerator) -> UInt64 {
    var count: UInt64 = 0
    var left = mean
    while left > 0 {
      let step = min(left, 200)
      let limit = exponential(-step)
      var product = Double.random(in: 0..<1, using: &random)
      while product > limit {
        count += 1
        product *= Double.random(in: 0..<1, using: &random)
      }
      left -= step
    }
    return count
  }

  /// e to a power, by its series on a small part of it.
  private func exponential(_ power: Double) -> Double {
    var sum = 1.0
    var term = 1.0
    for index in 1...12 {
      term *= power / 1024 / Double(index)
      sum += term
    }
    for _ in 0..<10 { sum *= sum }
    return sum
  }

  @Test func `a storm begins with the second high window, is told once, and ends with the third low one`() {
    var rates = CallRates()
    var time: UInt64 = 1_000_000
    func take(_ rate: UInt64) -> [CallRates.Event] {
      time += 10
      return rates.take([edge: .init(rate * 10)], seconds: 10, at: time)
    }
    for _ in 0..<40 { #expect(take(40).isEmpty) }
    #expect(take(480).isEmpty)
    let start = time - 10
    guard case .begins(let storm) = take(480).first else {
      Issue.record("it begins")
      return
    }
    #expect(storm.usual == 40 && storm.rate == 480 && storm.start == start)
    #expect(rates.stormCount == 1)
    #expect(take(520).isEmpty && take(300).isEmpty && take(41).isEmpty && take(40).isEmpty)
    let end = time - 20
    guard case .ends(let over, false) = take(40).first else {
      Issue.record("it ends")
      return
    }
    #expect(over.peak == 520 && over.usual == 40 && over.start == start && over.end == end)
    #expect(rates.stormCount == 0)
    for _ in 0..<40 { #expect(take(40).isEmpty) }
  }

  @Test func `one high window alone is none, nor is a rate below the least, nor one that nothing was learnt of`() {
    var rates = CallRates()
    var time: UInt64 = 0
    func take(_ count: UInt64) -> [CallRates.Event] {
      time += 10
      return rates.take([edge: .init(count)], seconds: 10, at: time)
    }
    for round in 0..<200 { #expect(take(round % 31 == 30 ? 9000 : 100).isEmpty) }
    var quiet = CallRates()
    for round in 0..<200 {
      #expect(quiet.take([edge: .init(round < 100 ? 1 : 199)], seconds: 10, at: UInt64(round) * 10).isEmpty)
    }
    var new = CallRates()
    for round in 0..<29 {
      #expect(new.take([edge: .init(round < 5 ? 1 : 90_000)], seconds: 10, at: UInt64(round) * 10).isEmpty)
    }
  }

  @Test func `one lookup five minutes before is no usual rate that traffic could leave`() {
    var rates = CallRates()
    for round in 0..<400 as Range<UInt64> {
      let count: UInt64 = round == 0 ? 1 : round < 30 ? 0 : 295
      #expect(rates.take(count > 0 ? [edge: .init(count)] : [:], seconds: 10, at: round * 10).isEmpty, "\(round)")
    }
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `the first traffic of what was asked for now and then is no storm, however it comes`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var rates = CallRates()
    var time: UInt64 = 0
    func take(_ mean: Double) -> [CallRates.Event] {
      time += 10
      let count = poisson(mean, &random)
      return rates.take(count > 0 ? [edge: .init(count)] : [:], seconds: 10, at: time)
    }
    // Somebody tries it: at most a lookup in a minute on average, for up to two hours.
    let tries = Int.random(in: 0...720, using: &random)
    let chance = Double.random(in: 0...0.15, using: &random)
    for _ in 0..<tries { #expect(take(Double.random(in: 0..<1, using: &random) < chance ? 2 : 0).isEmpty) }
    // Then it is in use: at once, or little by little within up to ten minutes.
    let mean = Double.random(in: 200...5000, using: &random)
    let steps = [1, 6, 30, 60][Int.random(in: 0..<4, using: &random)]
    for step in 0..<300 {
      let share = min(1, Double(step + 1) / Double(steps))
      #expect(take(mean * share).isEmpty, "seed \(seed), \(tries) windows before, step \(step) of \(steps)")
    }
    // And what then leaves that is one.
    let events = (0..<2).flatMap { _ in take(mean * 8) }
    #expect(events.count == 1, "seed \(seed)")
  }

  @Test func `after an hour a storm is what is usual`() {
    var rates = CallRates()
    var events: [CallRates.Event] = []
    for round in 0..<800 as Range<UInt64> {
      events += rates.take([edge: .init(round < 40 ? 400 : 4800)], seconds: 10, at: round * 10)
    }
    #expect(events.count == 2)
    guard case .ends(_, true) = events.last else {
      Issue.record("it ends as usual")
      return
    }
    #expect(rates.stormCount == 0)
  }

  @Test func `a call without a lookup for an hour is forgotten, and one that stops ends its storm`() {
    var rates = CallRates()
    var events: [CallRates.Event] = []
    for round in 0..<50 as Range<UInt64> {
      events += rates.take(round < 48 ? [edge: .init(round < 40 ? 400 : 4800)] : [:], seconds: 10, at: round * 10)
    }
    for round in 50..<500 as Range<UInt64> { events += rates.take([:], seconds: 10, at: round * 10) }
    #expect(events.count == 2)
    for round in 500..<540 as Range<UInt64> { events += rates.take([edge: .init(4800)], seconds: 10, at: round * 10) }
    #expect(events.count == 2, "it has no usual rate any more")
  }

  @Test(arguments: [0.02, 0.4, 2, 6, 20, 150])
  func `streams of independent lookups raise no alarm`(mean: Double) {
    var random = SeededGenerator(seed: UInt64(mean * 100))
    var rates = CallRates()
    // As many windows as are quick to draw, at most 30 days.
    for round in 0..<min(259_200, UInt64(2_000_000 / (mean * 10 + 1))) {
      let count = poisson(mean * 10, &random)
      let events = rates.take(count > 0 ? [edge: .init(count)] : [:], seconds: 10, at: round * 10)
      #expect(events.isEmpty, "window \(round) of mean \(mean)")
      if !events.isEmpty { return }
    }
  }

  @Test(arguments: [(5, 32), (20, 32), (60, 32), (10, 64), (3, 64)])
  func `drawn lookups come in lumps, and raise no alarm`(mean: Double, size: Int) {
    var random = SeededGenerator(seed: UInt64(size) + UInt64(mean))
    let calls = WorkerCalls(seed: UInt64(mean))
    var rates = CallRates()
    let batches = 40
    let share = mean * 10 / Double(batches * size)
    for round in 0..<2000 as Range<UInt64> {
      var lookups = CallRates.Lookups(0)
      for _ in 0..<batches {
        let sample = calls.sample(of: size)
        let ours = sample.chosen
        guard Double.random(in: 0..<1, using: &random) < share else { continue }
        lookups.count += sample.weight(of: ours)
        lookups.squares += sample.weight(of: ours) * sample.weight(of: ours)
      }
      let events = rates.take([edge: lookups], seconds: 10, at: round * 10)
      #expect(events.isEmpty, "window \(round)")
      if !events.isEmpty { return }
    }
  }

  @Test func `a few lookups that stand for many are no storm, and many of them are`() {
    for (drawn, isStorm) in [(5, false), (11, false), (13, true)] as [(UInt64, Bool)] {
      var rates = CallRates()
      var events: [CallRates.Event] = []
      for round in 0..<42 as Range<UInt64> {
        let lookups = round < 40 ? CallRates.Lookups(1) : CallRates.Lookups(drawn * 64, squares: drawn * 64 * 64)
        events += rates.take([edge: lookups], seconds: 10, at: round * 10)
      }
      #expect(events.isEmpty != isStorm, "\(drawn)")
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `an eightfold rate is found within 20 seconds, and the end of it within 30`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var rates = CallRates()
    let mean = Double.random(in: 3...60, using: &random)
    var begins: [UInt64] = []
    var ends: [UInt64] = []
    for round in 0..<400 as Range<UInt64> {
      let isStorm = (200..<260).contains(round)
      let count = poisson(mean * (isStorm ? 8 : 1) * 10, &random)
      for event in rates.take([edge: .init(count)], seconds: 10, at: round * 10) {
        if case .begins = event { begins.append(round) } else { ends.append(round) }
      }
    }
    #expect(begins == [201] && ends == [262], "seed \(seed), mean \(mean)")
  }
}
