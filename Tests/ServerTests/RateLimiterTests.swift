import Addresses
import Policy
import Testing
import TestSupport

@testable import Server

@Suite("Response rate limiting: so many a second of a kind for a prefix, and no more")
struct RateLimiterTests {
  private let second: UInt64 = 1_000_000_000
  private let start: UInt64 = 5_000_000_000_000
  private let seeds: (UInt64, UInt64) = (0x1234_5678_9abc_def0, 0x0fed_cba9_8765_4321)
  private let client = IPAddress(v4: 0xc000_0201)  // 192.0.2.1

  private func limit(_ rate: Int, slip: Int = 0) -> RateLimit {
    RateLimit(rate: rate, slip: slip, ipv4Length: 24, ipv6Length: 56)
  }

  /// How many of `count` responses at one moment are sent, slipped and dropped.
  private func charge(
    _ limiter: RateLimiter, _ count: Int, _ limit: RateLimit, at now: UInt64, _ source: IPAddress? = nil,
    _ kind: RateLimiter.Kind = .nodata, name: UInt64 = 0
  ) -> [Int] {
    var counts = [0, 0, 0]
    let key = limiter.key(source ?? client, kind, name: name, limit)
    for _ in 0..<count {
      switch limiter.charge(key, limit, at: now) {
      case .send: counts[0] += 1
      case .slip: counts[1] += 1
      case .drop: counts[2] += 1
      }
    }
    return counts
  }

  @Test(arguments: [1, 3, 10, 1000, 999_999, 1_000_000])
  func `a second's worth goes out at once, the rest does not`(rate: Int) {
    let limiter = RateLimiter(accounts: 8, seeds: seeds)
    let counts = charge(limiter, rate + 50, limit(rate), at: start)
    // The cost of one is rounded down to whole nanoseconds.
    #expect(counts[0] >= rate && counts[0] <= rate + 1 + rate / 1000)
    #expect(counts[2] == rate + 50 - counts[0])
  }

  @Test func `what is held back costs nothing, and after a second all is well again`() {
    let limiter = RateLimiter(accounts: 8, seeds: seeds)
    let limit = limit(100)
    #expect(charge(limiter, 5000, limit, at: start) == [100, 0, 4900])
    #expect(charge(limiter, 50, limit, at: start + second / 10) == [10, 0, 40])
    #expect(charge(limiter, 500, limit, at: start + second / 10 + second) == [100, 0, 400])
    #expect(charge(limiter, 500, limit, at: start + 3600 * second) == [100, 0, 400])
  }

  @Test(arguments: [0, 1, 2, 3, 10])
  func `every so many-th response held back is slipped`(slip: Int) {
    let limiter = RateLimiter(accounts: 8, seeds: seeds)
    let counts = charge(limiter, 10 + 600, limit(10, slip: slip), at: start)
    #expect(counts == (slip == 0 ? [10, 0, 600] : [10, 600 / slip, 600 - 600 / slip]))
  }

  @Test func `over a long time the rate is kept at any load above it, and a load below it is not felt`() {
    for load in [50, 99, 150, 4000] {
      let limiter = RateLimiter(seeds: seeds)
      let limit = limit(100)
      var sent = 0
      for tick in 0..<(20 * load) {
        sent += charge(limiter, 1, limit, at: start + UInt64(tick) * second / UInt64(load))[0]
      }
      #expect(sent == min(20 * load, 20 * 100 + 100) || (load > 100 && abs(sent - 2100) <= 1), "at \(load)/s: \(sent)")
    }
  }

  @Test func `a flood of one prefix or of one kind leaves the others alone`() {
    let limiter = RateLimiter(seeds: seeds)
    let limit = limit(10)
    #expect(charge(limiter, 1000, limit, at: start)[0] == 10)
    // The same prefix, from another address: the same account.
    #expect(charge(limiter, 10, limit, at: start, IPAddress(v4: 0xc000_02ff))[0] == 0)
    #expect(charge(limiter, 10, limit, at: start, IPAddress(v4: 0xc000_0301))[0] == 10)
    #expect(charge(limiter, 10, limit, at: start, IPAddress(high: 0, low: 0xc000_0201))[0] == 10)
    for kind in RateLimiter.Kind.allCases where kind != .nodata {
      #expect(charge(limiter, 10, limit, at: start, nil, kind)[0] == 10)
    }
    let six = IPAddress(high: 0x2001_0db8_0000_0100, low: 1)
    #expect(charge(limiter, 20, limit, at: start, six)[0] == 10)
    #expect(charge(limiter, 20, limit, at: start, IPAddress(high: 0x2001_0db8_0000_01ff, low: 7))[0] == 0)
    #expect(charge(limiter, 20, limit, at: start, IPAddress(high: 0x2001_0db8_0000_0200, low: 1))[0] == 10)
  }

  @Test func `answers are limited by name, and many names together by sixteen times the rate`() throws {
    let limiter = RateLimiter(seeds: seeds)
    let limit = limit(10)
    func name(_ text: String) -> UInt64 {
      let request = [UInt8](repeating: 0, count: 12) + [UInt8(text.utf8.count)] + Array(text.utf8) + [0, 0, 1, 0, 1]
      return limiter.hash(ofNameIn: request.span)
    }
    #expect(name("orders-of-the-day") == name("ORDERS-of-the-DAY"))
    #expect(name("orders-of-the-day") != name("orders-of-the-dax"))
    #expect(name("a") != name("b"))
    #expect(charge(limiter, 100, limit, at: start, nil, .answer, name: name("orders"))[0] == 10)
    var sent = 0
    for number in 0..<10_000 {
      sent += charge(limiter, 1, limit, at: start, nil, .answer, name: name("random\(number)"))[0]
    }
    #expect(sent == 150)  // "orders" shares its account with a sixteenth of them
  }

  @Test func `the log names the prefix that was limited, whatever its family and bits`() {
    let limiter = RateLimiter(accounts: 8, seeds: seeds)
    for (source, prefix) in [
      ("192.0.2.77", "192.0.2.0/24"), ("::1", "::/56"), ("::5:0:0:0:1", "::/56"), ("0.0.0.1", "0.0.0.0/24"),
      ("2001:db8:0:1ff::7", "2001:db8:0:100::/56"), ("10.1.2.3", "10.1.2.0/24"),
    ] {
      guard let source = IPAddress(source) else { continue }
      limiter.note(source)
      #expect(limiter.lastPrefix(RateLimiting()).description == prefix)
    }
  }

  @Test func `in a full table the flood keeps its account`() {
    let limiter = RateLimiter(accounts: 64, seeds: seeds)
    let limit = limit(100)
    #expect(charge(limiter, 200, limit, at: start)[0] == 100)
    for number in 0..<5000 as Range<UInt32> {
      let other = IPAddress(v4: 0x0a00_0000 + number << 8)
      #expect(charge(limiter, 1, limit, at: start, other)[0] == 1)
      #expect(charge(limiter, 1, limit, at: start)[0] == 0)
    }
  }

  @Test func `whatever the clock says, the first response goes out`() {
    for now: UInt64 in [0, 1, second, UInt64.max - 5, UInt64.max / 2, 1 << 40, (1 << 40) - 1] {
      let limiter = RateLimiter(seeds: seeds)
      #expect(charge(limiter, 20, limit(10), at: now)[0] == 10)
      #expect(charge(limiter, 20, limit(10), at: now &+ second)[0] == 10)
    }
  }

  @Test func `several threads share what an account has`() async {
    let limiter = RateLimiter(seeds: seeds)
    let limit = limit(1000, slip: 2)
    let key = limiter.key(client, .error, name: 0, limit)
    let now = start
    let sent = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          (0..<5000).reduce(0) { sent, _ in sent + (limiter.charge(key, limit, at: now) == .send ? 1 : 0) }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(sent == 1000)
  }
}
