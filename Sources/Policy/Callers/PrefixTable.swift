public import Addresses
public import FlatMemory

/// Finds the longest prefix that an address is in.
///
/// A trie: the first 16 bits pick an entry, then 4 bits at a time pick one of a node's 16, a cache line. An entry is a
/// value, or, with its top bit set, the place of a node. A short prefix is written into every entry below it that no
/// longer one has, so the walk ends at the first value and never goes back: one read for most IPv4 callers, at most 5;
/// one to 29 for IPv6.
public struct PrefixTable: ~Copyable, Sendable {
  /// The first level of IPv4 and of IPv6, where there are such prefixes, then the nodes.
  @usableFromInline let entries: FlatArray<UInt32>
  /// Where the first levels start in `entries`; nil for a family without prefixes.
  @usableFromInline let firstV4: Int?
  @usableFromInline let firstV6: Int?

  /// The bit that makes an entry the place of a node in `entries`.
  @usableFromInline static let nodeBit: UInt32 = 1 << 31

  /// A table of prefixes and their values, which are 1 to 2³¹ - 1. Of equal prefixes the last counts.
  package init(_ prefixes: [(prefix: Prefix, value: UInt32)]) { self.init(prefixes) { $1 } }

  /// A table in which a prefix has the value that `join` makes of its own and of the longest's that it is in, 0 for none.
  package init(_ prefixes: [(prefix: Prefix, value: UInt32)], join: (_ outer: UInt32, _ own: UInt32) -> UInt32) {
    var builder = Builder(
      hasV4: prefixes.contains { $0.prefix.address.isIPv4 }, hasV6: prefixes.contains { !$0.prefix.address.isIPv4 })
    // Short ones first: a longer one then splits what a shorter one has filled.
    let order = prefixes.indices.sorted { (prefixes[$0].prefix.length, $0) < (prefixes[$1].prefix.length, $1) }
    for index in order {
      builder.insert(prefixes[index].prefix) { outer in
        let value = join(outer, prefixes[index].value)
        precondition((1..<Self.nodeBit).contains(value), "a prefix's value is 1 or more and has 31 bits")
        return value
      }
    }
    firstV4 = builder.firstV4
    firstV6 = builder.firstV6
    entries = FlatArray(builder.entries)
  }

  /// The value of the longest prefix that `address` is in; 0 where it is in none.
  @inlinable @inline(__always) public func value(for address: IPAddress) -> UInt32 {
    address.isIPv4 ? value(v4: UInt32(truncatingIfNeeded: address.low)) : value(v6: address)
  }

  /// The same of an IPv4 address.
  @inlinable @inline(__always) public func value(v4 address: UInt32) -> UInt32 {
    guard let firstV4 else { return 0 }
    var entry = entries[firstV4 &+ Int(address >> 16)]
    var shift: UInt32 = 12
    while entry >= Self.nodeBit {
      entry = entries[Int(entry & ~Self.nodeBit) &+ Int(address &>> shift & 15)]
      shift &-= 4
    }
    return entry
  }

  /// The same of an IPv6 address.
  @inlinable @inline(__always) func value(v6 address: IPAddress) -> UInt32 {
    guard let firstV6 else { return 0 }
    return Self.value(v6: address, entries, first: firstV6)
  }

  @usableFromInline @inline(never)
  static func value(v6 address: IPAddress, _ entries: borrowing FlatArray<UInt32>, first firstV6: Int) -> UInt32 {
    var bits = address.high << 16
    var entry = entries[firstV6 &+ Int(address.high >> 48)]
    var depth = 0
    while entry >= nodeBit {
      if depth == 12 { bits = address.low }  // the first half of the address is used up
      entry = entries[Int(entry & ~nodeBit) &+ Int(truncatingIfNeeded: bits >> 60)]
      bits <<= 4
      depth &+= 1
    }
    return entry
  }

  /// The entries while they are being filled.
  private struct Builder {
    var entries: [UInt32] = []
    var firstV4: Int?
    var firstV6: Int?

    init(hasV4: Bool, hasV6: Bool) {
      let firstLevel = 1 << 16
      firstV4 = hasV4 ? 0 : nil
      firstV6 = hasV6 ? (hasV4 ? firstLevel : 0) : nil
      entries = Array(repeating: 0, count: (hasV4 ? firstLevel : 0) + (hasV6 ? firstLevel : 0))
    }

    /// - Parameter value: makes the prefix's value of the one that holds there so far. No longer prefix is there yet.
    mutating func insert(_ prefix: Prefix, value: (UInt32) -> UInt32) {
      guard let first = prefix.address.isIPv4 ? firstV4 : firstV6 else { return }
      var bits = prefix.address.isIPv4 ? prefix.address.low << 32 : prefix.address.high
      var position = first + Int(bits >> 48)
      guard prefix.length > 16 else { return fill(position, 1 << (16 - prefix.length), value) }
      bits <<= 16
      var bitsLeft = prefix.length - 16
      var depth = 0
      while true {
        if depth == 12 { bits = prefix.address.low }
        let inNode = node(at: position) + Int(bits >> 60)
        if bitsLeft <= 4 { return fill(inNode, 1 << (4 - bitsLeft), value) }
        position = inNode
        bits <<= 4
        bitsLeft -= 4
        depth += 1
      }
    }

    /// Where the node below an entry starts; the entry's value, where it has one, moves into a new node.
    private mutating func node(at position: Int) -> Int {
      let entry = entries[position]
      if entry & PrefixTable.nodeBit != 0 { return Int(entry & ~PrefixTable.nodeBit) }
      let start = entries.count
      precondition(start < Int(PrefixTable.nodeBit), "a prefix table has fewer than 2³¹ entries")
      entries.append(contentsOf: repeatElement(entry, count: 16))
      entries[position] = PrefixTable.nodeBit | UInt32(start)
      return start
    }

    private mutating func fill(_ start: Int, _ count: Int, _ value: (UInt32) -> UInt32) {
      let value = value(entries[start])
      for position in start..<(start + count) { entries[position] = value }
    }
  }
}
