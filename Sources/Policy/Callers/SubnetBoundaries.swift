public import Addresses
public import FlatMemory

/// How far the decision about an address reaches: the scope of a response that rests on an EDNS Client Subnet
/// (RFC 7871 §7.2.1).
///
/// Compiled from the policy's own prefixes: the address space cut into the ranges within which every caller is in one
/// context and is one service, so that a longer prefix within a shorter one is taken apart as §7.2.1 asks, and no cache in
/// between gives one context's answer to another. A binary search and a few instructions; allocates nothing.
public struct SubnetBoundaries: ~Copyable, Sendable {
  /// Where the context or the service changes.
  @usableFromInline let ofCallers: AddressRanges
  /// Where the service changes: for listeners whose context is known without an address.
  @usableFromInline let ofServices: AddressRanges
  /// By range of `ofCallers`.
  @usableFromInline let tallies4: FlatArray<Tally>
  @usableFromInline let tallies6: FlatArray<Tally>

  /// What holds of the ranges up to one, and of that.
  @usableFromInline struct Tally: BitwiseCopyable, Sendable {
    /// How often the context changes from one to the next.
    @usableFromInline var changes: UInt32 = 0
    /// In how many of them refusals are carried out.
    @usableFromInline var enforcing: UInt32 = 0
  }

  /// Who may ask from a subnet.
  public struct Standing: Equatable, Sendable, BitwiseCopyable {
    /// True where all of it is in one context, or none of it in any.
    public let isInOneContext: Bool
    /// True where nothing is refused to anyone in it: each context is observed, and the server for those in none.
    public let isObserved: Bool

    @inlinable init(isInOneContext: Bool, isObserved: Bool) {
      self.isInOneContext = isInOneContext
      self.isObserved = isObserved
    }
  }

  /// - Parameter modes: by context number.
  init(_ policy: borrowing Policy, _ callers: borrowing CallerTable, modes: [Mode]) {
    let runsAt = policy.services.flatMap { $0.runsAt.map(\.prefix) }
    let from = policy.contextDetails.flatMap { $0.from.map(\.prefix) }
    // Without forwarders nobody asks.
    if policy.trustedForwarders.isEmpty {
      ofCallers = AddressRanges([]) { _ in 0 }
      ofServices = AddressRanges([]) { _ in 0 }
      tallies4 = FlatArray([Tally()])
      tallies6 = FlatArray([Tally()])
    } else {
      ofCallers = AddressRanges(from + runsAt) { address in
        let caller = callers.caller(Evidence(source: address))
        return UInt64(caller.service) << 32 | UInt64(caller.context) << 1 | (caller.isPlaced ? 1 : 0)
      }
      ofServices = AddressRanges(runsAt) { UInt64(callers.caller(Evidence(source: $0)).service) }
      func caller(_ address: IPAddress) -> (context: Int, enforces: Bool) {
        let caller = callers.caller(Evidence(source: address))
        return (caller.isPlaced ? Int(caller.context) : -1, modes[Int(caller.context)] == .enforce)
      }
      var four: [(context: Int, enforces: Bool)] = []
      for index in 0..<ofCallers.starts4.count { four.append(caller(IPAddress(v4: ofCallers.starts4[index]))) }
      // IPv4-mapped addresses are IPv4, so whoever asks from there may be anyone.
      let mapped = (context: -2, enforces: four.contains(where: \.enforces))
      var six: [(context: Int, enforces: Bool)] = []
      for index in 0..<ofCallers.starts6.count {
        let start = ofCallers.starts6[index]
        six.append(start == AddressRanges.mapped ? mapped : caller(IPAddress(high: start.high, low: start.low)))
      }
      tallies4 = FlatArray(Self.tallies(four))
      tallies6 = FlatArray(Self.tallies(six))
    }
  }

  private static func tallies(_ ranges: [(context: Int, enforces: Bool)]) -> [Tally] {
    var tally = Tally()
    var last = ranges.first?.context
    return ranges.map { range in
      if range.context != last { tally.changes += 1 }
      if range.enforces { tally.enforcing += 1 }
      last = range.context
      return tally
    }
  }

  /// The length of the shortest prefix around an address within which all callers are the same.
  /// - Parameter isContextKnown: true where a listener says the context, so that only services differ.
  @inlinable public func scope(of address: IPAddress, isContextKnown: Bool) -> Int {
    isContextKnown ? ofServices.scope(of: address) : ofCallers.scope(of: address)
  }

  /// Who may ask from a subnet; as costly as two scopes, however many ranges it has.
  /// - Parameter bits: its length, from 1; bits of the address beyond it are zero.
  @inlinable public func standing(in address: IPAddress, bits: Int) -> Standing {
    if address.isIPv4 {
      let first = UInt32(truncatingIfNeeded: address.low)
      let last = first | (bits < 32 ? UInt32.max >> UInt32(bits) : 0)
      return Self.standing(tallies4, ofCallers.index(of: first), ofCallers.index(of: last))
    }
    let last = AddressRanges.Wide(
      high: address.high | (bits < 64 ? UInt64.max >> UInt64(bits) : 0),
      low: address.low | (bits <= 64 ? .max : bits < 128 ? UInt64.max >> UInt64(bits &- 64) : 0))
    let first = AddressRanges.Wide(high: address.high, low: address.low)
    return Self.standing(tallies6, ofCallers.index(of: first), ofCallers.index(of: last))
  }

  @inlinable static func standing(_ tallies: borrowing FlatArray<Tally>, _ first: Int, _ last: Int) -> Standing {
    let before = first == 0 ? 0 : tallies[first &- 1].enforcing
    return Standing(
      isInOneContext: tallies[first].changes == tallies[last].changes, isObserved: tallies[last].enforcing == before)
  }
}

/// The address space in sorted ranges, neighbours with different decisions.
@usableFromInline struct AddressRanges: ~Copyable, Sendable {
  /// An IPv6 address as two integers.
  @usableFromInline struct Wide: BitwiseCopyable, Hashable, Comparable, Sendable {
    @usableFromInline let high: UInt64
    @usableFromInline let low: UInt64

    @inlinable init(high: UInt64, low: UInt64) {
      self.high = high
      self.low = low
    }

    @inlinable static func < (one: Wide, other: Wide) -> Bool {
      one.high < other.high || one.high == other.high && one.low < other.low
    }

    @inlinable var predecessor: Wide { Wide(high: low == 0 ? high &- 1 : high, low: low &- 1) }

    /// How many leading bits both have.
    @inlinable func commonBits(_ other: Wide) -> Int {
      high == other.high ? 64 &+ (low ^ other.low).leadingZeroBitCount : (high ^ other.high).leadingZeroBitCount
    }
  }

  /// Where each range starts; the first at 0.
  @usableFromInline let starts4: FlatArray<UInt32>
  @usableFromInline let starts6: FlatArray<Wide>

  /// The first of the IPv4-mapped addresses. They are IPv4: in IPv6 they are a range of their own, whatever is around them.
  static var mapped: Wide { Wide(high: 0, low: 0xffff_0000_0000) }

  /// - Parameters:
  ///   - prefixes: at whose ends a decision may change, and nowhere else.
  ///   - decision: of an address; equal ones are not told apart.
  init(_ prefixes: [Prefix], decision: (IPAddress) -> UInt64) {
    var edges4: [UInt32] = [0]
    var edges6 = [Wide(high: 0, low: 0), Self.mapped, Wide(high: 0, low: 0x1_0000_0000_0000)]
    for prefix in prefixes {
      let address = prefix.address
      if address.isIPv4 {
        let first = UInt32(truncatingIfNeeded: address.low)
        edges4.append(first)
        let (end, overflow) = first.addingReportingOverflow(prefix.length == 0 ? 0 : 1 << (32 - prefix.length))
        if !overflow { edges4.append(end) }
      } else {
        edges6.append(Wide(high: address.high, low: address.low))
        if let end = Self.end(address, prefix.length) { edges6.append(end) }
      }
    }
    starts4 = FlatArray(Self.merged(edges4.sorted()) { decision(IPAddress(v4: $0)) })
    starts6 = FlatArray(
      Self.merged(edges6.sorted()) { $0 == Self.mapped ? UInt64.max : decision(IPAddress(high: $0.high, low: $0.low)) })
  }

  /// The address behind the last of an IPv6 prefix; nil where there is none.
  private static func end(_ address: IPAddress, _ length: Int) -> Wide? {
    if length == 0 { return nil }
    if length <= 64 {
      let (high, overflow) = address.high.addingReportingOverflow(1 << (64 - length))
      return overflow ? nil : Wide(high: high, low: 0)
    }
    let (low, overflow) = address.low.addingReportingOverflow(1 << (128 - length))
    if !overflow { return Wide(high: address.high, low: low) }
    return address.high == .max ? nil : Wide(high: address.high + 1, low: low)
  }

  /// Those edges at which the decision changes, and the first.
  private static func merged<Edge: Equatable>(_ edges: [Edge], decision: (Edge) -> UInt64) -> [Edge] {
    var result: [Edge] = []
    var last: UInt64 = 0
    for edge in edges where edge != result.last {
      let decided = decision(edge)
      if result.isEmpty || decided != last { result.append(edge) }
      last = decided
    }
    return result
  }

  /// A prefix around an address is within its range where it holds neither neighbour of the range.
  @inlinable func scope(of address: IPAddress) -> Int {
    address.isIPv4
      ? scope(of: UInt32(truncatingIfNeeded: address.low)) : scope(of: Wide(high: address.high, low: address.low))
  }

  /// The number of the range that an address is in.
  @inlinable func index(of address: UInt32) -> Int {
    var low = 0
    var high = starts4.count
    while high &- low > 1 {
      let middle = (low &+ high) >> 1
      if starts4[middle] <= address { low = middle } else { high = middle }
    }
    return low
  }

  @inlinable func scope(of address: UInt32) -> Int {
    let low = index(of: address)
    let high = low &+ 1
    let before = low == 0 ? 0 : (address ^ (starts4[low] &- 1)).leadingZeroBitCount &+ 1
    let behind = high == starts4.count ? 0 : (address ^ starts4[high]).leadingZeroBitCount &+ 1
    return max(before, behind)
  }

  /// The number of the range that an address is in.
  @inlinable func index(of address: Wide) -> Int {
    var low = 0
    var high = starts6.count
    while high &- low > 1 {
      let middle = (low &+ high) >> 1
      if starts6[middle] <= address { low = middle } else { high = middle }
    }
    return low
  }

  @inlinable func scope(of address: Wide) -> Int {
    let low = index(of: address)
    let high = low &+ 1
    let before = low == 0 ? 0 : address.commonBits(starts6[low].predecessor) &+ 1
    let behind = high == starts6.count ? 0 : address.commonBits(starts6[high]) &+ 1
    return max(before, behind)
  }
}
