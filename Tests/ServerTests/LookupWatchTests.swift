import Checking
import DNSFormat
import Testing

@testable import Server

@Suite("Lookups of services elsewhere are timed, few services, for as long as they are asked for")
struct LookupWatchTests {
  private let second: UInt64 = 1_000_000_000

  private func name(_ index: Int) throws -> DomainName { try DomainName("s\(index).example.") }

  @Test func `it is told after ten answers, by line, and lost ones are counted`() throws {
    var watch = LookupWatch()
    for index in 0..<9 { watch.record(8_000_000, of: try name(1), route: 7, at: UInt64(index)) }
    watch.record(nil, of: try name(1), route: 7, at: 9)
    watch.record(90_000_000, of: try name(1), route: 8, at: 9)
    let early = watch.look(at: 10)
    #expect(!early && watch.told.isEmpty)
    watch.record(8_000_000, of: try name(1), route: 7, at: 11)
    let looked = watch.look(at: 12)
    let told = watch.told
    let service = try name(1)
    try #require(looked && told.map(\.route) == [7] && told.map(\.service) == [service])
    #expect(
      told[0].text == "lookup-p50=8ms lookup-p99=unknown lookup-suggest=24ms lookup-p50-range=8ms..8ms "
        + "lookup-p99-range=8ms..unknown confidence=95% samples=11 lost=1 source=forward")
    let again = watch.look(at: 13)
    #expect(!again && watch.told == told)
  }

  @Test func `places are few, and those that are not asked for are given away`() throws {
    var watch = LookupWatch()
    for index in 0..<1000 { watch.record(1, of: try name(index), route: 1, at: 5 * second) }
    #expect(watch.count == LookupWatch.capacity)
    watch.record(1, of: try name(0), route: 1, at: 600 * second)
    _ = watch.look(at: 606 * second)
    watch.record(1, of: try name(5000), route: 1, at: 606 * second)
    #expect(watch.count == 2)
    let first = try name(0)
    watch.keep { service, route in route == 1 && service != first }
    #expect(watch.count == 1)
  }

  @Test func `what is told ends ten minutes after the last lookup, and with its service`() throws {
    var watch = LookupWatch()
    for index in 1...2 {
      for _ in 0..<10 { watch.record(1, of: try name(index), route: 1, at: UInt64(index) * second) }
    }
    let first = watch.look(at: 2 * second)
    #expect(first && watch.told.count == 2)
    let before = watch.look(at: 601 * second - 1)
    #expect(!before && watch.told.count == 2)
    let second = try name(2)
    let after = watch.look(at: 601 * self.second)
    #expect(after && watch.told.map(\.service) == [second])
    watch.keep { _, _ in false }
    #expect(watch.told.isEmpty)
  }

  @Test func `few are looked at in one go, and each has its turn`() throws {
    var watch = LookupWatch()
    for index in 0..<LookupWatch.capacity {
      for _ in 0..<10 { watch.record(1, of: try name(index), route: 1, at: 0) }
    }
    var told: [Int] = []
    for turn in 1...8 {
      // Some are asked for all the time.
      for index in 0..<40 { watch.record(1, of: try name(index), route: 1, at: UInt64(turn) * second) }
      _ = watch.look(at: UInt64(turn) * second)
      told.append(watch.told.count)
    }
    #expect(told == (1...8).map { $0 * LookupWatch.mostLooked })
    let names = watch.told.map { "\($0.service)" }
    #expect(names == names.sorted())
  }
}
