import Randomness
import Testing

@Suite("SplitMix64: numbers from a seed")
struct SplitMix64Tests {
  @Test func `a seed has always the same numbers`() {
    // As the public-domain reference (splitmix64.c by Sebastiano Vigna) gives them.
    var random = SplitMix64(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  @Test func `a generator with another's state goes on where that one is`() {
    var first = SplitMix64(seed: 9)
    _ = first.next()
    var second = SplitMix64(seed: first.state)
    #expect(first.next() == second.next())
    #expect(SplitMix64.mixed(first.state) == first.next())
  }

  @Test(arguments: [1, 2, 3, 1000, UInt64.max] as [UInt64])
  func `a number below a bound is below it`(bound: UInt64) {
    var random = SplitMix64(seed: bound)
    #expect((0..<1000).allSatisfy { _ in random.next(below: bound) < bound })
  }

  @Test func `below 0 there is only 0, and small bounds are met evenly`() {
    var random = SplitMix64(seed: 1)
    #expect(random.next(below: 0) == 0)
    var counts = [Int](repeating: 0, count: 8)
    for _ in 0..<80_000 { counts[Int(random.next(below: 8))] += 1 }
    #expect(counts.allSatisfy { abs($0 - 10_000) < 600 }, "\(counts)")
  }
}
