internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Synchronization

/// The queries that one worker answered lately: who asked what, and how often. What `reload guard` tries a new snapshot on.
///
/// One writer, the worker; any thread reads. Up to 256 queries a second all are counted; of the next 256 in the same second
/// every second one, then every fourth, and so on, chosen at random and standing for those passed over, so the counts add
/// up to all that was asked. Equal queries share an entry, so a flood of one question takes one. Where there is no entry
/// left, one asked for least often makes room, so a flood of random names mostly replaces itself. Counts halve every 17
/// minutes: what was asked long ago weighs little, but counts for as long as there is room.
final class RecentQueries: Sendable {
  /// Words of an entry, and where they are. A name's 255 octets take the last 32.
  private enum Word {
    /// Odd while the entry is being written; 0 before it first is.
    static let version = 0
    static let weight = 1
    /// How often it was kept, and in the lower half the period in which it was last.
    static let hits = 2
    /// What tells entries apart starts here.
    static let high = 3
    static let low = 4
    static let facts = 5
    static let numbers = 6
    static let generation = 7
    static let peerHigh = 8
    static let peerLow = 9
    static let subnetHigh = 10
    static let subnetLow = 11
    static let name = 12
    static let count = 44
  }

  /// How many entries there are: 1.4 MiB, none of it touched before something is kept.
  let capacity: Int
  private let words: CounterArray
  /// For each entry the next of its bucket and 1, its own bucket above; then for each bucket its first entry and 1.
  private let links: CounterArray
  private let seed: UInt64
  private let used = Atomic<Int>(0)
  // What follows is the worker's alone.
  /// Queries until the next that is kept, that one included.
  private let left = Atomic<UInt64>(0)
  /// Queries between the last that was kept and the next, that one included.
  private let gap = Atomic<UInt64>(0)
  private let second = Atomic<UInt32>(0)
  private let keptInSecond = Atomic<UInt64>(0)
  private let random: Atomic<UInt64>
  private let last = Atomic<Int>(0)
  private let hand = Atomic<Int>(0)

  /// Queries kept of a second before they are thinned out, and before they are thinned out again.
  static let keptWhole: UInt64 = 256
  /// Entries of a bucket that are looked at; with the seed unknown outside there are hardly ever five.
  private static let longestBucket = 24
  /// Entries looked at for one that makes room.
  private static let candidates = 32
  private static let weightLimit: UInt64 = 1 << 40

  /// - Parameters:
  ///   - capacity: a power of two.
  ///   - seed: keeps the order of entries, and which queries are kept, from those who ask.
  init(capacity: Int = 4096, seed: UInt64 = .random(in: .min ... .max)) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a power of two of entries")
    self.capacity = capacity
    self.seed = seed
    random = Atomic(seed | 1)
    words = CounterArray(count: capacity * Word.count)
    links = CounterArray(count: capacity * 2)
  }

  /// Takes note of a query that was answered. For the worker; no allocation, and for most queries of a busy server two
  /// comparisons.
  /// - Parameters:
  ///   - evidence: what is known of who asks, without the query's octets.
  ///   - way: how the query came.
  ///   - time: seconds since 1970.
  ///   - generation: of the snapshot that `evidence` was made with.
  @inline(__always)
  func note(_ evidence: Evidence, _ way: QueryWay, request: Span<UInt8>, time: UInt32, generation: UInt64) {
    let left = left.load(ordering: .relaxed)
    if left > 1, second.load(ordering: .relaxed) == time {
      self.left.store(left &- 1, ordering: .relaxed)
    } else {
      take(evidence, way, request, time, generation, left)
    }
  }

  /// Keeps a query whose turn it is.
  @inline(never)
  private func take(
    _ evidence: Evidence, _ way: QueryWay, _ request: Span<UInt8>, _ time: UInt32, _ generation: UInt64, _ left: UInt64
  ) {
    var weight = max(1, gap.load(ordering: .relaxed))
    var kept = keptInSecond.load(ordering: .relaxed)
    if second.load(ordering: .relaxed) != time {
      // Those passed over at the end of the last second were most likely as the last that was kept.
      if weight > left, left > 0 { add(weight &- left, to: last.load(ordering: .relaxed), time, isHit: false) }
      second.store(time, ordering: .relaxed)
      (weight, kept) = (1, 0)
    }
    keptInSecond.store(kept &+ 1, ordering: .relaxed)
    let mean: UInt64 = 1 &<< min(kept / Self.keptWhole, 12)
    let next = mean == 1 ? 1 : 1 &+ nextRandom() % (2 &* mean &- 1)
    gap.store(next, ordering: .relaxed)
    self.left.store(next, ordering: .relaxed)
    keep(evidence, way, request, time, generation, weight)
  }

  private func nextRandom() -> UInt64 {
    var value = random.load(ordering: .relaxed)
    value ^= value &<< 13
    value ^= value &>> 7
    value ^= value &<< 17
    random.store(value, ordering: .relaxed)
    return value
  }

  // MARK: - Keeping

  /// What tells an entry from others, but for its name.
  private struct Facts {
    var high: UInt64
    var low: UInt64
    var facts: UInt64
    var numbers: UInt64
    var generation: UInt64
    var peerHigh: UInt64
    var peerLow: UInt64
    var subnetHigh: UInt64
    var subnetLow: UInt64
  }

  private func keep(
    _ evidence: Evidence, _ way: QueryWay, _ request: Span<UInt8>, _ time: UInt32, _ generation: UInt64,
    _ weight: UInt64
  ) {
    guard let size = nameSize(request), request.u16(at: 14 &+ size) == 1 else { return }
    let type = request.u16(at: 12 &+ size)
    let certificate = evidence.certificateService
    let subnet = clientSubnet(request, behind: 16 &+ size)
    let facts = Facts(
      high: evidence.source.high, low: evidence.source.low,
      facts: (evidence.source.isIPv4 ? 1 : 0) | UInt64(evidence.addressSource.rawValue & 3) << 1
        | (certificate != nil ? 8 : 0) | (evidence.user != nil ? 16 : 0)
        | (way.hasHeader ? 32 : 0) | (way.peer.isIPv4 ? 64 : 0) | (subnet?.address.isIPv4 == true ? 128 : 0)
        | (subnet != nil ? 256 : 0) | UInt64((subnet?.family ?? 0) & 3) << 9
        | UInt64(UInt16(truncatingIfNeeded: way.listener)) << 16 | UInt64(type) << 32 | UInt64(size) << 48
        | UInt64(subnet?.sourceLength ?? 0) << 56,
      numbers: UInt64(certificate ?? 0) << 32 | UInt64(evidence.user ?? 0),
      generation: (certificate ?? 0) != 0 ? generation : 0,
      peerHigh: way.peer.high, peerLow: way.peer.low,
      subnetHigh: subnet?.address.high ?? 0, subnetLow: subnet?.address.low ?? 0)
    var hash = mix(seed ^ facts.high, facts.low ^ facts.facts)
    hash = mix(hash ^ facts.numbers, facts.generation)
    hash = mix(hash ^ facts.peerHigh, facts.peerLow)
    hash = mix(hash ^ facts.subnetHigh, facts.subnetLow)
    var word = 0
    while word &* 8 < size {
      hash = mix(hash, nameWord(request, word, size))
      word &+= 1
    }
    let bucket = Int(truncatingIfNeeded: hash & UInt64(capacity &- 1))
    var entry = Int(truncatingIfNeeded: links[capacity &+ bucket])
    var looked = 0
    while entry != 0 {
      if isEntry(entry &- 1, facts, request, size) { return add(weight, to: entry &- 1, time, isHit: true) }
      looked &+= 1
      if looked == Self.longestBucket { return }
      entry = Int(truncatingIfNeeded: links[entry &- 1] & 0xffff_ffff)
    }
    let count = used.load(ordering: .relaxed)
    let slot = count < capacity ? count : makeRoom(time)
    write(slot, facts, request, size, time, weight)
    links.set(UInt64(bucket) << 32 | links[capacity &+ bucket], at: slot)
    links.set(UInt64(slot &+ 1), at: capacity &+ bucket)
    if count < capacity { used.store(count &+ 1, ordering: .releasing) }
    last.store(slot, ordering: .relaxed)
  }

  private func write(
    _ slot: Int, _ facts: Facts, _ request: Span<UInt8>, _ size: Int, _ time: UInt32, _ weight: UInt64
  ) {
    let base = slot &* Word.count
    let version = words[base]
    words.set(version &+ 1, at: base)
    atomicMemoryFence(ordering: .releasing)
    words.set(min(weight, Self.weightLimit), at: base &+ Word.weight)
    words.set(1 << 32 | UInt64(time &>> 10), at: base &+ Word.hits)
    words.set(facts.high, at: base &+ Word.high)
    words.set(facts.low, at: base &+ Word.low)
    words.set(facts.facts, at: base &+ Word.facts)
    words.set(facts.numbers, at: base &+ Word.numbers)
    words.set(facts.generation, at: base &+ Word.generation)
    words.set(facts.peerHigh, at: base &+ Word.peerHigh)
    words.set(facts.peerLow, at: base &+ Word.peerLow)
    words.set(facts.subnetHigh, at: base &+ Word.subnetHigh)
    words.set(facts.subnetLow, at: base &+ Word.subnetLow)
    var word = 0
    while word &* 8 < size {
      words.set(nameWord(request, word, size), at: base &+ Word.name &+ word)
      word &+= 1
    }
    atomicMemoryFence(ordering: .releasing)
    words.set(version &+ 2, at: base)
  }

  private func isEntry(_ slot: Int, _ facts: Facts, _ request: Span<UInt8>, _ size: Int) -> Bool {
    let base = slot &* Word.count
    guard words[base &+ Word.low] == facts.low, words[base &+ Word.facts] == facts.facts,
      words[base &+ Word.high] == facts.high, words[base &+ Word.numbers] == facts.numbers,
      words[base &+ Word.generation] == facts.generation,
      words[base &+ Word.peerHigh] == facts.peerHigh, words[base &+ Word.peerLow] == facts.peerLow,
      words[base &+ Word.subnetHigh] == facts.subnetHigh, words[base &+ Word.subnetLow] == facts.subnetLow
    else { return false }
    var word = 0
    while word &* 8 < size {
      if words[base &+ Word.name &+ word] != nameWord(request, word, size) { return false }
      word &+= 1
    }
    return true
  }

  private func add(_ weight: UInt64, to slot: Int, _ time: UInt32, isHit: Bool) {
    let base = slot &* Word.count
    let before = words[base &+ Word.hits]
    let age = Self.age(before, at: time)
    words.set(min(words[base &+ Word.weight] &>> age &+ weight, Self.weightLimit), at: base &+ Word.weight)
    let hits = min((before &>> 32) &>> age &+ (isHit ? 1 : 0), 0xffff_ffff)
    let period = max(UInt64(time &>> 10), before & 0xffff_ffff)
    words.set(hits &<< 32 | period, at: base &+ Word.hits)
    last.store(slot, ordering: .relaxed)
  }

  /// How many halvings an entry's counts wait for: one for each 1024 seconds. A clock that was set back waits for none.
  private static func age(_ hits: UInt64, at time: UInt32) -> UInt64 {
    let (now, then) = (UInt64(time &>> 10), hits & 0xffff_ffff)
    return now > then ? min(now &- then, 63) : 0
  }

  /// Takes an entry out of its bucket: the next that was asked for once, else of those looked at the one asked least often.
  private func makeRoom(_ time: UInt32) -> Int {
    var slot = hand.load(ordering: .relaxed)
    var (best, fewest) = (slot, UInt64.max)
    var looked = 0
    while looked < Self.candidates, fewest > 1 {
      let hits = words[slot &* Word.count &+ Word.hits]
      let count = (hits &>> 32) &>> Self.age(hits, at: time)
      if count < fewest { (best, fewest) = (slot, count) }
      // An odd step meets all entries in turn, and never many that came one after the other.
      slot = (slot &+ 0x9e3b) & (capacity &- 1)
      looked &+= 1
    }
    hand.store(slot, ordering: .relaxed)
    let bucket = Int(truncatingIfNeeded: links[best] >> 32)
    let next = links[best] & 0xffff_ffff
    var at = capacity &+ bucket
    while links[at] & 0xffff_ffff != UInt64(best &+ 1) { at = Int(truncatingIfNeeded: links[at] & 0xffff_ffff) &- 1 }
    links.set(at < capacity ? links[at] & ~0xffff_ffff | next : next, at: at)
    return best
  }
}

/// A well mixed product of two words.
@inline(__always)
private func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = (a ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: b ^ 0xd1b5_4a32_d192_ed03)
  return product.high ^ product.low
}

/// Whom the query says that it is asked for, believed or not; nil where it does not say it in an OPT RR right behind the
/// question, where all forwarders have it.
private func clientSubnet(_ request: Span<UInt8>, behind question: Int) -> ClientSubnet? {
  var offset = question &+ 11
  guard request.u16(at: 6) == 0, request.u16(at: 8) == 0, request.u16(at: 10) != 0, offset <= request.count,
    request[question] == 0, request.u16(at: question &+ 1) == RRType.opt.rawValue
  else { return nil }
  let end = offset &+ Int(request.u16(at: question &+ 9))
  guard end <= request.count else { return nil }
  while offset &+ 4 <= end {
    let size = Int(request.u16(at: offset &+ 2))
    guard offset &+ 4 &+ size <= end else { return nil }
    if request.u16(at: offset) == EDNSOption.clientSubnet {
      return ClientSubnet(request, at: offset &+ 4, size: size)
    }
    offset &+= 4 &+ size
  }
  return nil
}

/// Octets of the QNAME; nil where the request has no whole question without compression.
private func nameSize(_ request: Span<UInt8>) -> Int? {
  guard request.count > 12, request.u16(at: 4) == 1 else { return nil }
  var end = 12
  while end < request.count, request[end] != 0 {
    if request[end] > 63 { return nil }
    end &+= 1 &+ Int(request[end])
  }
  let size = end &+ 1 &- 12
  return size <= 255 && end &+ 5 <= request.count ? size : nil
}

/// Eight octets of the QNAME, capital letters made small; zeros behind its end.
private func nameWord(_ request: Span<UInt8>, _ word: Int, _ size: Int) -> UInt64 {
  let offset = 12 &+ word &* 8
  let rest = size &- word &* 8
  var value: UInt64 = 0
  if offset &+ 8 <= request.count {
    value = UInt64(littleEndian: request.word(at: offset))
  } else {
    for index in 0..<(request.count &- offset) { value |= UInt64(request[offset &+ index]) &<< UInt64(index &* 8) }
  }
  if rest < 8 { value &= 1 &<< UInt64(rest &* 8) &- 1 }
  return lowercased(value)
}

// MARK: - Reading

/// How a query came.
struct QueryWay: Hashable, Sendable, BitwiseCopyable {
  /// The place of the address asked among all that the server listens on.
  var listener: Int
  /// The other end of the socket: who asks, or a proxy.
  var peer: IPAddress
  /// True where a PROXY header came first, which was believed.
  var hasHeader: Bool
}

/// A question that was asked lately, and by whom.
struct RecentQuery: Hashable {
  /// Who asked, without what only the snapshot of that time could say: see `way` and `certificate`.
  var source: IPAddress
  var addressSource: AddressSource
  var way: QueryWay
  /// The service that the caller's certificate named, 0 for none, and the snapshot it is a number of; nil without one.
  var certificate: Certificate?
  var user: UInt32?
  /// Whom the query says that it is asked for; whether that is believed is for a snapshot to say.
  var clientSubnet: ClientSubnet?
  var name: DomainName
  var type: RRType

  struct Certificate: Hashable {
    var service: UInt32
    var generation: UInt64
  }
}

extension RecentQueries {
  /// All entries and how often each was asked, of late. Any thread, while the worker goes on.
  func read(at time: UInt32, into counts: inout [RecentQuery: UInt64]) {
    for slot in 0..<used.load(ordering: .acquiring) {
      if let (query, weight) = read(slot, at: time) { counts[query, default: 0] += weight }
    }
  }

  /// One entry; nil where the worker replaces it again and again.
  private func read(_ slot: Int, at time: UInt32) -> (RecentQuery, UInt64)? {
    let base = slot * Word.count
    for _ in 0..<8 {
      let version = words[base]
      atomicMemoryFence(ordering: .acquiring)
      let entry = (0..<Word.count).map { words[base + $0] }
      atomicMemoryFence(ordering: .acquiring)
      guard version & 1 == 0, words[base] == version else { continue }
      return Self.decode(entry, at: time)
    }
    return nil
  }

  private static func decode(_ entry: [UInt64], at time: UInt32) -> (RecentQuery, UInt64)? {
    let facts = entry[Word.facts]
    let octets = (0..<Int(facts >> 48 & 0xff)).map {
      UInt8(truncatingIfNeeded: entry[Word.name + $0 / 8] >> UInt64($0 % 8 * 8))
    }
    guard let name = try? DomainName(wire: octets) else { return nil }
    func address(_ isIPv4: UInt64, _ high: Int, _ low: Int) -> IPAddress {
      facts & isIPv4 != 0
        ? IPAddress(v4: UInt32(truncatingIfNeeded: entry[low])) : IPAddress(high: entry[high], low: entry[low])
    }
    let query = RecentQuery(
      source: address(1, Word.high, Word.low), addressSource: AddressSource(rawValue: UInt8(facts >> 1 & 3)) ?? .packet,
      way: QueryWay(
        listener: Int(facts >> 16 & 0xffff), peer: address(64, Word.peerHigh, Word.peerLow), hasHeader: facts & 32 != 0),
      certificate: facts & 8 != 0
        ? .init(service: UInt32(entry[Word.numbers] >> 32), generation: entry[Word.generation]) : nil,
      user: facts & 16 != 0 ? UInt32(truncatingIfNeeded: entry[Word.numbers]) : nil,
      clientSubnet: facts & 256 != 0
        ? ClientSubnet(
          family: UInt16(facts >> 9 & 3), address(128, Word.subnetHigh, Word.subnetLow),
          sourceLength: UInt8(facts >> 56)) : nil,
      name: name,
      type: RRType(UInt16(truncatingIfNeeded: facts >> 32)))
    return (query, max(1, entry[Word.weight] >> age(entry[Word.hits], at: time)))
  }
}
