import DNSFormat
import Dispatch
import FlatMemory
import TestSupport
import Testing

@testable import Forwarding

/// A cache, its writer, and images to put into it.
private final class Store: @unchecked Sendable {
  let cache: ReplyCache
  private var writer: ReplyCacheWriter
  private var reader = ReplyReader(seed: 5)
  private var image = ReplyImage()

  init(size: Int = 1 << 20, staleTime: UInt32 = 100, start: UInt64 = 1) {
    cache = ReplyCache(size: size, seed: 9)
    writer = ReplyCacheWriter(cache, start: start)
    writer.staleTime = staleTime
  }

  var count: Int { writer.count }
  var octetsInUse: Int { writer.octetsInUse }

  /// Keeps a TXT of so many octets, all of them the same.
  func insert(_ name: String, _ text: UInt8, size: Int = 20, ttl: Int = 300, now: UInt32 = 0, route: UInt64 = 1) {
    let query = UpstreamQuery(forwarded(name, 16, route: route), id: 1, caseBits: nil)
    let strings = stride(from: 0, to: size, by: 255).flatMap { start -> [UInt8] in
      let count = min(255, size - start)
      return [UInt8(count)] + [UInt8](repeating: text, count: count)
    }
    let reply = Wire(query, answer: [record(name, 16, ttl: ttl, strings)])
    guard reader.read(reply.octets.span, to: query, ReplyLimits(), RebindingGuard(), into: &image) == .usable else {
      return
    }
    writer.insert(image, for: query.question, now: now)
  }

  func removeAll() { writer.removeAll() }
}

/// A reader of a cache.
private struct Looker: ~Copyable {
  var name = NameKey()
  var image = ReplyImage()

  /// What there is, and the octets of the TXT's strings; an empty set of them where there is nothing.
  mutating func find(
    _ cache: ReplyCache, _ text: String, now: UInt32 = 0, route: UInt64 = 1
  ) -> (finding: ReplyCache.Finding, age: UInt32, octets: Set<UInt8>, size: Int) {
    _ = try? name.load(wire(text).span, at: 0)
    let kind = QuestionKind(RRType(16), isDNSSECOK: false, isCheckingDisabled: false, route: route)
    let (finding, age) = cache.find(name, kind, now: now, into: &image)
    if finding == .miss { return (finding, 0, [], 0) }
    var buffer = OctetBuffer(capacity: 65535)
    _ = image.append(ReplyImage.Ageing(age: 0, staleTTL: nil), rotation: 0, into: &buffer)
    var octets: Set<UInt8> = []
    var size = 0
    var offset = 12
    while offset < buffer.count {
      let end = offset + 1 + Int(buffer[offset])
      for at in (offset + 1)..<min(end, buffer.count) { octets.insert(buffer[at]) }
      size += end - offset - 1
      offset = end
    }
    return (finding, age, octets, size)
  }
}

@Suite("The cache: bounded, for readers without locks")
struct ReplyCacheTests {
  @Test func `what is kept is found by name, kind and route alone`() {
    let store = Store()
    var looker = Looker()
    let found1 = looker.find(store.cache, "a.test.")
    #expect(found1.finding == .miss)
    store.insert("a.test.", 1)
    let found = looker.find(store.cache, "A.TEST.", now: 10)
    #expect(found.finding == .fresh && found.age == 10 && found.octets == [1] && found.size == 20)
    let found2 = looker.find(store.cache, "b.test.")
    #expect(found2.finding == .miss)
    let found3 = looker.find(store.cache, "a.test.", route: 2)
    #expect(found3.finding == .miss)
    store.insert("a.test.", 2, now: 20)
    let found4 = looker.find(store.cache, "a.test.", now: 20)
    #expect(found4.octets == [2])
    #expect(store.count == 1)
    store.removeAll()
    let found5 = looker.find(store.cache, "a.test.")
    #expect(found5.finding == .miss)
    #expect(store.count == 0 && store.octetsInUse == 0)
  }

  @Test func `a reply is fresh, then stale, then gone`() {
    let store = Store()
    var looker = Looker()
    store.insert("a.test.", 1, ttl: 30, now: 5)
    let found6 = looker.find(store.cache, "a.test.", now: 34)
    #expect(found6.finding == .fresh)
    let found7 = looker.find(store.cache, "a.test.", now: 35)
    #expect(found7.finding == .stale)
    let found8 = looker.find(store.cache, "a.test.", now: 134)
    #expect(found8.finding == .stale)
    let found9 = looker.find(store.cache, "a.test.", now: 135)
    #expect(found9.finding == .miss)
    store.insert("b.test.", 1, ttl: 0)
    let found10 = looker.find(store.cache, "b.test.")
    #expect(found10.finding == .miss)
  }

  @Test func `one reader is told to ask again for what is asked for often`() {
    let store = Store()
    var looker = Looker()
    store.insert("a.test.", 1, ttl: 100)
    let found11 = looker.find(store.cache, "a.test.", now: 95)
    #expect(found11.finding == .fresh)
    let found12 = looker.find(store.cache, "a.test.", now: 95)
    #expect(found12.finding == .freshAndWorthPrefetching)
    let found13 = looker.find(store.cache, "a.test.", now: 95)
    #expect(found13.finding == .fresh)
    store.insert("a.test.", 2, ttl: 100, now: 96)
    let found14 = looker.find(store.cache, "a.test.", now: 97)
    #expect(found14.finding == .fresh)
    let found15 = looker.find(store.cache, "a.test.", now: 97)
    #expect(found15.finding == .fresh)
  }

  @Test func `a reader whose clock is a moment behind the writer's finds what is new`() {
    let store = Store()
    var looker = Looker()
    store.insert("a.test.", 1, now: 100)
    let found = looker.find(store.cache, "a.test.", now: 99)
    #expect(found.finding == .fresh && found.age == 0)
  }

  @Test func `once all positions are used up the cache is emptied and goes on`() {
    let store = Store(size: 64 << 10, start: (1 << 48) - 40_000)
    var looker = Looker()
    var wasEmptied = false
    var before = 0
    for index in 0..<4000 {
      store.insert("n\(index).test.", UInt8(truncatingIfNeeded: index))
      wasEmptied = wasEmptied || store.count < before / 2
      before = store.count
      let found = looker.find(store.cache, "n\(index).test.")
      #expect(found.octets == [UInt8(truncatingIfNeeded: index)])
    }
    #expect(wasEmptied && store.count > 50)
  }

  @Test(arguments: [2, 5, 10]) func `what lives for a moment is asked for again in its last second`(life: Int) {
    let store = Store()
    var looker = Looker()
    store.insert("a.test.", 1, ttl: life, now: 0)
    let findings = [0, 0, life - 1, life - 1].map { looker.find(store.cache, "a.test.", now: UInt32($0)).finding }
    #expect(findings == [.fresh, .fresh, .freshAndWorthPrefetching, .fresh])
    store.insert("b.test.", 1, ttl: 1, now: 0)
    let never = (0..<4).map { _ in looker.find(store.cache, "b.test.", now: 0).finding }
    #expect(never == [.fresh, .fresh, .fresh, .fresh])
  }

  @Test func `a flood of names that are asked for once does not evict what is asked for`() {
    let store = Store(size: 256 << 10)
    var looker = Looker()
    for index in 0..<100 { store.insert("hot\(index).test.", UInt8(index)) }
    for round in 0..<200 {
      for index in 0..<100 {
        let found = looker.find(store.cache, "hot\(index).test.")
        #expect(found.octets == [UInt8(index)], "round \(round)")
      }
      for index in 0..<150 { store.insert("\(round)-\(index).flood.test.", 0xff) }
    }
    #expect(store.octetsInUse < 256 << 10)
    #expect(store.count > 500)
  }

  @Test func `what is found is what was put there, whatever sizes come`() {
    var random = SeededGenerator(seed: 21)
    let store = Store(size: 300_000)
    var looker = Looker()
    var latest: [Int: (UInt8, Int)] = [:]
    var hits = 0
    for step in 0..<rounds(6000) {
      let number = random.number(0...400)
      if random.chance(60) {
        let size = random.chance(5) ? random.number(1000...9000) : random.number(1...400)
        let text = UInt8(step & 0xff)
        store.insert("n\(number).test.", text, size: size)
        if size < 6000 { latest[number] = (text, size) }
        if size >= 6000 { latest[number] = nil }
      } else {
        let found = looker.find(store.cache, "n\(number).test.")
        if found.finding == .miss { continue }
        hits += 1
        if let expected = latest[number] { #expect(found.octets == [expected.0] && found.size == expected.1) }
      }
    }
    #expect(hits > 500)
    #expect(store.octetsInUse <= 300_000)
  }

  @Test(arguments: [0, 1000, 65536, 70_001])
  func `any size works`(size: Int) {
    let store = Store(size: size)
    for index in 0..<2000 { store.insert("n\(index).test.", 1, size: index % 500 + 1) }
    #expect(store.octetsInUse <= size)
    #expect((store.count > 0) == (size >= 65536))
  }

  @Test func `readers never see half of a reply`() {
    let store = Store(size: 64 << 10)
    let cache = store.cache
    let names = (0..<40).map {
      String(repeating: "x", count: $0 * 13 % 50) + "n\($0)." + ($0 % 3 == 0 ? "" : "long.test.")
    }
    DispatchQueue.concurrentPerform(iterations: 3) { thread in
      if thread == 0 {
        for step in 0..<min(rounds(30_000), 60_000) {
          store.insert(names[step % 40], UInt8(truncatingIfNeeded: step / 40), size: 1 + step % 11 * 90)
        }
      } else {
        var looker = Looker()
        for step in 0..<min(rounds(60_000), 120_000) {
          let found = looker.find(cache, names[step % 40])
          if found.finding != .miss, found.octets.count != 1 { Issue.record("torn: \(found)") }
        }
      }
    }
  }
}
