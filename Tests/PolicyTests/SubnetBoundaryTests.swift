import Addresses
import TestSupport
import Testing

@testable import Policy

@Suite("RFC 7871 §7.2.1: how far the decision about an address reaches")
struct SubnetBoundaryTests {
  private func scope(_ policy: CompiledPolicy, _ address: String, isContextKnown: Bool = false) throws -> Int {
    policy.boundaries.scope(of: try IPAddress(address).orThrow(), isContextKnown: isContextKnown)
  }

  private static let shards = """
    trust ecs from 127.0.0.53
    context prod { from 10.30.0.0/16 2001:db8::/32 }
    context shard-a in prod { from 10.30.1.0/24 }
    context shard-b in prod { from 10.30.2.0/24; from 10.30.3.0/24; from 2001:db8:b::/48 }
    service web.test. { runs-at 10.30.1.16/28 }
    """

  @Test(arguments: [
    // Outside everything, but never so short that a prefix of the policy is within.
    ("192.0.2.1", 1), ("11.0.0.1", 8), ("0.0.0.0", 5), ("10.31.0.1", 16), ("10.28.0.1", 15),
    // A prefix within another takes that one apart (§7.2.1).
    ("10.30.9.1", 21), ("10.30.0.1", 24), ("10.30.4.1", 22), ("10.30.128.1", 17),
    ("10.30.1.1", 28), ("10.30.1.17", 28), ("10.30.1.200", 25),
    // Two lines of one context are one range.
    ("10.30.2.1", 23), ("10.30.3.255", 23),
    ("2001:db8:b::7", 48), ("2001:db8:a::7", 48), ("2001:db8:c::7", 46), ("2001:db9::", 32), ("fe80::1", 1),
  ])
  func `the scope is the shortest prefix with one decision`(address: String, length: Int) throws {
    #expect(try scope(CompiledPolicy(policy(Self.shards)), address) == length)
  }

  @Test func `a policy that tells nobody apart has scope 0`() throws {
    let compiled = CompiledPolicy(try policy("trust ecs from ::1"))
    #expect(try scope(compiled, "192.0.2.1") == 0)
    // But for IPv4-mapped addresses, which are IPv4: no prefix of IPv6 ones has them.
    #expect(try scope(compiled, "2001:db8::1") == 3)
    #expect(try scope(compiled, "::1") == 81)
  }

  @Test func `where a listener says the context, only services are told apart`() throws {
    let compiled = CompiledPolicy(try policy(Self.shards))
    #expect(try scope(compiled, "10.30.2.1", isContextKnown: true) == 23)
    #expect(try scope(compiled, "10.30.128.1", isContextKnown: true) == 17)
    #expect(try scope(compiled, "192.0.2.1", isContextKnown: true) == 1)
    #expect(try scope(compiled, "2001:db8:b::7", isContextKnown: true) == 3)
  }

  @Test func `the ends of the address space are ends of ranges`() throws {
    let compiled = CompiledPolicy(
      try policy(
        """
        trust ecs from ::1
        context a { from 255.255.255.255 0.0.0.0 ffff::/16 ::/128 }
        context b { from ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff }
        """))
    #expect(try scope(compiled, "255.255.255.255") == 32)
    #expect(try scope(compiled, "255.255.255.254") == 32)
    #expect(try scope(compiled, "0.0.0.0") == 32)
    #expect(try scope(compiled, "128.0.0.0") == 2)
    #expect(try scope(compiled, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == 128)
    #expect(try scope(compiled, "ffff::") == 17)
    #expect(try scope(compiled, "::") == 128)
  }

  @Test(arguments: 0..<12)
  func `within the scope all callers are the same, and in no shorter prefix`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let text = Self.generatedPolicy(&random)
    guard let read = read(("p", text)).policy else { return }
    let compiled = CompiledPolicy(read)
    var checked = 0
    for _ in 0..<rounds(300) {
      let address = Self.address(isIPv4: random.chance(60), &random)
      let known = random.chance(20)
      let length = compiled.boundaries.scope(of: address, isContextKnown: known)
      let own = Self.decision(compiled, address, known)
      #expect(length <= address.width)
      for _ in 0..<40 {
        let other = Self.random(within: address, length, &random)
        #expect(
          Self.decision(compiled, other, known) == own, "\(address)/\(length) has \(other); seed \(seed)\n\(text)")
      }
      if length > 0 {
        // Where the decision changes is known: the ends of the policy's prefixes.
        let wider = Prefix(address, length: length - 1)
        let others = Self.ends(read).filter { Self.isIn($0, wider, sameKindAs: address) }
        #expect(
          others.contains { Self.decision(compiled, $0, known) != own } || Self.holdsMapped(wider, address),
          "\(address)/\(length) could be shorter; seed \(seed)\n\(text)")
        checked += 1
      }
    }
    #expect(checked > 100)
  }

  /// Context and service; the line that says them does not count.
  private static func decision(_ policy: CompiledPolicy, _ address: IPAddress, _ isContextKnown: Bool) -> [Int] {
    let caller = policy.callers.caller(Evidence(source: address))
    return isContextKnown
      ? [Int(caller.service)] : [Int(caller.context), caller.isPlaced ? 1 : 0, Int(caller.service)]
  }

  /// Addresses of few different bits, so that prefixes lie within and beside each other.
  private static func address(isIPv4: Bool, _ random: inout SeededGenerator) -> IPAddress {
    if isIPv4 {
      let octets = [10, [1, 2, 3, 255][random.number(0...3)], random.number(0...3), random.number(0...255)]
      return IPAddress(v4: random.chance(90) ? octets.reduce(0) { $0 << 8 | UInt32($1) } : .random(in: 0 ... .max))
    }
    let high = UInt64(0x2001_0db8) << 32 | UInt64(random.number(0...3)) << 16
    return random.chance(85)
      ? IPAddress(high: high, low: UInt64(random.number(0...0xffff)))
      : IPAddress(high: .random(in: 0 ... .max, using: &random), low: .random(in: 0 ... .max, using: &random))
  }

  private static func generatedPolicy(_ random: inout SeededGenerator) -> String {
    var taken: Set<Prefix> = []
    func prefixes(_ count: Int, _ taken: inout Set<Prefix>, _ random: inout SeededGenerator) -> String {
      var words: [String] = []
      for _ in 0..<count {
        let address = address(isIPv4: random.chance(60), &random)
        let length = random.chance(20) ? random.number(0...8) : random.number(8...address.width)
        let prefix = Prefix(address, length: length)
        if taken.insert(prefix).inserted { words.append(prefix.length == 0 ? "\(prefix.address)/0" : "\(prefix)") }
      }
      return words.joined(separator: " ")
    }
    var text = "trust ecs from ::1\n"
    if random.chance(30) { text += "context default { }\n" }
    for number in 0..<random.number(1...8) {
      let from = prefixes(random.number(1...6), &taken, &random)
      let parent = number > 0 && random.chance(30) ? " in c\(random.number(0...(number - 1)))" : ""
      text += "context c\(number)\(parent) { \(from.isEmpty ? "" : "from \(from)") }\n"
    }
    taken = []
    for number in 0..<random.number(0...5) {
      let runsAt = prefixes(random.number(1...4), &taken, &random)
      text += "service s\(number).test. { \(runsAt.isEmpty ? "" : "runs-at \(runsAt)") }\n"
    }
    return text
  }

  /// An address of which the first bits are given and the others chance; the last of them all the same, at times.
  private static func random(
    within address: IPAddress, _ length: Int, _ random: inout SeededGenerator
  ) -> IPAddress {
    let prefix = Prefix(address, length: length).address
    let fill: UInt64 = random.chance(15) ? 0 : random.chance(15) ? .max : .random(in: 0 ... .max, using: &random)
    if address.isIPv4 {
      let mask = length == 32 ? 0 : UInt64(UInt32.max) >> UInt64(length)
      return IPAddress(v4: UInt32(prefix.low | fill & mask))
    }
    let highMask = length >= 64 ? 0 : UInt64.max >> UInt64(length)
    let lowMask = length <= 64 ? .max : length == 128 ? 0 : UInt64.max >> UInt64(length - 64)
    return IPAddress(high: prefix.high | fill & highMask, low: prefix.low | fill & lowMask)
  }

  /// The first address of every prefix, and the one behind its last.
  private static func ends(_ policy: Policy) -> [IPAddress] {
    let all = policy.contextDetails.flatMap(\.from) + policy.services.flatMap(\.runsAt)
    return all.flatMap { located in
      let prefix = located.prefix
      let first = prefix.address
      if first.isIPv4 {
        let last = UInt32(first.low) | (prefix.length == 32 ? 0 : UInt32.max >> UInt32(prefix.length))
        return [first, IPAddress(v4: last &+ 1), IPAddress(v4: UInt32(first.low) &- 1), IPAddress(v4: last)]
      }
      let highMask = prefix.length >= 64 ? 0 : UInt64.max >> UInt64(prefix.length)
      let lowMask = prefix.length <= 64 ? .max : prefix.length == 128 ? 0 : UInt64.max >> UInt64(prefix.length - 64)
      let last = (high: first.high | highMask, low: first.low | lowMask)
      return [
        first, IPAddress(high: last.high, low: last.low),
        IPAddress(high: last.low == .max ? last.high &+ 1 : last.high, low: last.low &+ 1),
        IPAddress(high: first.low == 0 ? first.high &- 1 : first.high, low: first.low &- 1),
      ]
    }
  }

  private static func isIn(_ address: IPAddress, _ prefix: Prefix, sameKindAs other: IPAddress) -> Bool {
    address.isIPv4 == other.isIPv4 && prefix.contains(address)
  }

  /// True for an IPv6 prefix with the IPv4-mapped addresses in it.
  private static func holdsMapped(_ prefix: Prefix, _ address: IPAddress) -> Bool {
    !address.isIPv4 && prefix.address.high == 0 && prefix.length < 96
      && Prefix(IPAddress(high: 0, low: 0xfffe_ffff_ffff), length: min(prefix.length, 95)).address.low
        == prefix.address.low
      || !address.isIPv4 && prefix.address.high == 0 && prefix.address.low == 0 && prefix.length <= 80
  }
}
