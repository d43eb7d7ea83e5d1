internal import Addresses
internal import FlatMemory
internal import Policy
internal import Synchronization

/// Response rate limiting: who would get more responses of a kind in a second than the policy says gets the rest not at
/// all or, every so often, cut to nothing with TC set, so that whoever truly asked comes back over TCP. A forged source
/// address is the reason for it: the limit is what a victim gets to feel of us.
///
/// Pure: the time is handed in, and there is no lock, no allocation, and nothing but one table of words, which all
/// workers share, so that a limit holds for the server and not for each worker, however SO_REUSEPORT spreads a client.
///
/// An account is one word: a *tag* that tells accounts apart, the *time* up to which its responses are paid for, and a
/// count of those held back. A response costs 1/rate seconds of time and is let through while the account is at most a
/// second ahead of the clock: a token bucket that holds a second's worth. What is held back costs nothing, so at any
/// flood the rate itself goes on; Knot (from 3.4) does likewise, BIND charges on and lets nothing through until a window
/// has passed, NSD blocks by the average of the last seconds.
///
/// Accounts lie in sets of eight; in a full set the account that has most of its second left makes room, so a flood
/// keeps its account. Hashes are seeded: nobody outside can choose who shares one.
final class RateLimiter: Sendable {
  /// What is to become of a response.
  enum Verdict: Equatable {
    case send
    /// Cut it to header, question and OPT, with TC set.
    case slip
    case drop
  }

  /// What kind of response it is: each is limited apart, so a flood of one leaves the others alone.
  enum Kind: UInt8, CaseIterable {
    case answer
    case nodata
    case nxdomain
    case referral
    /// Refusals, malformed requests, failures of ours.
    case error

    /// True for what is spread over accounts by the queries' names: what is said of names that are there, which hosts of
    /// one network ask for side by side (AAAA of services with IPv4 only, most of all). Names that are not there, and
    /// refusals, are what a flood of random names gets, and have one account.
    var isSpreadByName: Bool { self == .answer || self == .nodata || self == .referral }
  }

  /// A prefix's responses of a kind are spread over this many accounts by the hash of their names: one name that is asked
  /// in a flood leaves most others alone, and many names, random ones under a wildcard or a zone cut among them, do not
  /// escape: together they get no more than so many times the rate.
  static let nameGroups: UInt64 = 16
  /// Accounts of a table, 8 octets each. One is in use for 1/rate seconds after a response, longer only in a flood.
  static let usualAccounts = 1 << 16

  private static let accountsInSet = 8
  /// Nanoseconds, round in 18 minutes; a time that is not within the next second is an old one.
  private static let timeMask: UInt64 = 1 << 40 - 1
  /// Four bits above the time: how many were held back since the last slip.
  private static let countShift: UInt64 = 40
  /// Twenty bits.
  private static let tagShift: UInt64 = 44
  /// How far an account may be ahead of the clock, in nanoseconds.
  private static let second: UInt64 = 1_000_000_000

  private let accounts: CounterArray
  private let setMask: UInt64
  private let seeds: (UInt64, UInt64)
  /// For the log: the last IPv4 address, the first 64 bits of the last IPv6 one, and which of them came last. Three words
  /// that nobody changes together, yet each of the first two is always of a source that was held back.
  private let lastIPv4 = Atomic<UInt64>(0)
  private let lastIPv6 = Atomic<UInt64>(0)
  private let isLastIPv4 = Atomic<Bool>(true)

  /// - Parameters:
  ///   - accounts: a power of two, at least 8.
  ///   - seeds: random, and not to be known outside.
  init(accounts: Int = RateLimiter.usualAccounts, seeds: (UInt64, UInt64)) {
    precondition(accounts >= Self.accountsInSet && accounts & (accounts - 1) == 0, "accounts come in whole sets")
    self.accounts = CounterArray(count: accounts)
    setMask = UInt64(accounts / Self.accountsInSet) - 1
    self.seeds = seeds
  }

  /// Charges one response.
  /// - Parameters:
  ///   - key: whose and of which kind, from `key`.
  ///   - now: nanoseconds of any clock that does not go back.
  func charge(_ key: UInt64, _ limit: RateLimit, at now: UInt64) -> Verdict {
    // Never zero, so that an unused word is no account.
    let tag = key >> Self.tagShift | 1
    let first = Int(truncatingIfNeeded: key & setMask) &* Self.accountsInSet
    while true {
      var place = find(tag, inSetAt: first)
      if place < 0 { place = leastAhead(inSetAt: first, of: now) }
      let word = accounts[place]
      let isKnown = word >> Self.tagShift == tag
      let paid = (isKnown ? Self.ahead(word, of: now) : 0) &+ limit.cost
      var count = isKnown ? word >> Self.countShift & 15 : 0
      var verdict = Verdict.send
      var time = now &+ paid
      if paid > Self.second {
        time = now &+ paid &- limit.cost
        count &+= 1
        verdict = .drop
        if limit.slip > 0, count >= limit.slip {
          count = 0
          verdict = .slip
        }
        count = min(count, 15)
      }
      let next = tag << Self.tagShift | count << Self.countShift | time & Self.timeMask
      // Where another worker changed the account meanwhile: once more.
      if accounts.replace(word, with: next, at: place) { return verdict }
    }
  }

  /// The place of the account with this tag in a set, a cache line; below zero where it has none.
  @inline(__always)
  private func find(_ tag: UInt64, inSetAt first: Int) -> Int {
    for index in first..<(first &+ Self.accountsInSet) where accounts[index] >> Self.tagShift == tag { return index }
    return -1
  }

  /// The account of a set that has most of its second left.
  @inline(never)
  private func leastAhead(inSetAt first: Int, of now: UInt64) -> Int {
    var place = first
    var least = UInt64.max
    for index in first..<(first &+ Self.accountsInSet) {
      let ahead = Self.ahead(accounts[index], of: now)
      if ahead < least { (least, place) = (ahead, index) }
    }
    return place
  }

  /// Nanoseconds that an account is ahead of the clock; 0 where it is behind, or was left alone for so long that its
  /// time means nothing.
  private static func ahead(_ word: UInt64, of now: UInt64) -> UInt64 {
    let ahead = (word &- now) & timeMask
    return ahead <= second ? ahead : 0
  }
}

/// What a policy says of response rates, made ready for queries.
struct RateLimit {
  /// What one response costs of an account's second, in nanoseconds.
  let cost: UInt64
  /// Every so many-th response held back is slipped; 0 for none.
  let slip: UInt64
  /// Bits of an IPv4 source, as the last 32 of a word, and of the first 64 of an IPv6 one, that make its prefix.
  let ipv4Mask: UInt64
  let ipv6Mask: UInt64

  /// - Parameter rate: responses a second, 1 to 1,000,000.
  init(rate: Int, slip: Int, ipv4Length: Int, ipv6Length: Int) {
    precondition((1...1_000_000).contains(rate) && (0...10).contains(slip), "a rate limit was read from a policy")
    cost = UInt64(1_000_000_000 / rate)
    self.slip = UInt64(slip)
    ipv4Mask = UInt64.max << UInt64(32 - min(max(ipv4Length, 0), 32)) & 0xffff_ffff
    ipv6Mask = ipv6Length <= 0 ? 0 : UInt64.max << UInt64(64 - min(ipv6Length, 64))
  }
}

extension RateLimiter {
  /// Remembers for whom a response was held back, for `lastPrefix`.
  func note(_ source: IPAddress) {
    if source.isIPv4 {
      lastIPv4.store(source.low, ordering: .relaxed)
    } else {
      lastIPv6.store(source.high, ordering: .relaxed)
    }
    isLastIPv4.store(source.isIPv4, ordering: .relaxed)
  }

  /// The prefix for which a response was held back last.
  func lastPrefix(_ policy: RateLimiting) -> Prefix {
    if isLastIPv4.load(ordering: .relaxed) {
      let address = IPAddress(v4: UInt32(truncatingIfNeeded: lastIPv4.load(ordering: .relaxed)))
      return Prefix(address, length: min(max(policy.ipv4Length, 0), 32))
    }
    let address = IPAddress(high: lastIPv6.load(ordering: .relaxed), low: 0)
    return Prefix(address, length: min(max(policy.ipv6Length, 0), 64))
  }

  /// The account of a source's responses of a kind.
  /// - Parameter name: the hash of the query's name, from `hash(ofNameIn:)`, where the kind is spread by name; else 0.
  func key(_ source: IPAddress, _ kind: Kind, name: UInt64, _ limit: RateLimit) -> UInt64 {
    let prefix = source.isIPv4 ? source.low & limit.ipv4Mask : source.high & limit.ipv6Mask
    let rest = UInt64(kind.rawValue) << 8 | (source.isIPv4 ? 16 : 0) | name % Self.nameGroups
    return mix(mix(prefix, seeds.0) ^ rest, seeds.1)
  }

  /// A hash of a request's QNAME, letters of any size alike. 0 where there is none.
  func hash(ofNameIn request: Span<UInt8>) -> UInt64 {
    var hash = seeds.0
    var offset = 12
    var end = 12
    while end < request.count, request[end] != 0, end < 267 { end &+= 1 &+ Int(request[end]) }
    end = min(end, request.count)
    while offset &+ 8 <= end {
      hash = mix(hash ^ lowercased(request.word(at: offset)), seeds.1)
      offset &+= 8
    }
    var last: UInt64 = 0
    while offset < end {
      last = last << 8 | UInt64(lowercased(request[offset]))
      offset &+= 1
    }
    return mix(hash ^ last, seeds.1)
  }

  /// Both halves of a product, folded: a small change of either factor changes all bits.
  @inline(__always)
  private func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: b | 1)
    return product.high ^ product.low
  }
}
