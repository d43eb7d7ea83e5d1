public import Addresses
public import FlatMemory

/// Finds the longest prefix that an address is in.
///
/// A trie: the first 16 bits pick an entry, then 4 bits at a time pick one of a node's 16, a cache line. An entry is a
/// value, or, with its top bit set, the number of a node. A short prefix is written into every entry below it that no
/// longer one has, so the walk ends at the first value and never goes back: one read for most IPv4 callers, at most 5;
/// one to 29 for IPv6.
public struct PrefixTable: ~Copyable, Sendable {
  /// The first level of IPv4 and of IPv6, where there are such prefixes, then the nodes.
  @usableFromInline let entries: FlatArray<UInt32>
  /// Where the first levels start in `entries`; nil for a family without prefixes.
  @usableFromInline let firstV4: Int?
  @usableFromInline let firstV6: Int?
  /// Where node 0 starts in `entries`.
  @usableFromInline let firstNode: Int

  /// The bit that makes an entry the number of a node.
  @usableFromInline static let nodeBit: UInt32 = 1 << 31

  /// A table of prefixes and their values, which are 1 to 2³¹ - 1. Of equal prefixes the last counts.
  package init(_ prefixes: [(prefix: Prefix, value: UInt32)]) {
    var builder = Builder(
      hasV4: prefixes.contains { $0.prefix.address.isIPv4 }, hasV6: prefixes.contains { !$0.prefix.address.isIPv4 })
    // Short ones first: a longer one then splits what a shorter one has filled.
    let order = prefixes.indices.sorted { (prefixes[$0].prefix.length, $0) < (prefixes[$1].prefix.length, $1) }
    for index in order {
      precondition((1..<Self.nodeBit).contains(prefixes[index].value), "a prefix's value is 1 or more and has 31 bits")
      builder.insert(prefixes[index].prefix, prefixes[index].value)
    }
    firstV4 = builder.firstV4
    firstV6 = builder.firstV6
    firstNode = builder.firstNode
    entries = FlatArray(builder.entries)
  }

  /// The value of the longest prefix that `address` is in; 0 where it is in none.
  @inlinable public func value(for address: IPAddress) -> UInt32 {
    guard let first = address.isIPv4 ? firstV4 : firstV6 else { return 0 }
    var bits = address.isIPv4 ? address.low << 32 : address.high
    var entry = entries[first &+ Int(truncatingIfNeeded: bits >> 48)]
    bits <<= 16
    var depth = 0
    while entry >= Self.nodeBit {
      if depth == 12 { bits = address.low }  // the first half of an IPv6 address is used up
      let node = Int(truncatingIfNeeded: entry & ~Self.nodeBit)
      entry = entries[firstNode &+ node &* 16 &+ Int(truncatingIfNeeded: bits >> 60)]
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
    let firstNode: Int

    init(hasV4: Bool, hasV6: Bool) {
      let firstLevel = 1 << 16
      firstV4 = hasV4 ? 0 : nil
      firstV6 = hasV6 ? (hasV4 ? firstLevel : 0) : nil
      firstNode = (hasV4 ? firstLevel : 0) + (hasV6 ? firstLevel : 0)
      entries = Array(repeating: 0, count: firstNode)
    }

    mutating func insert(_ prefix: Prefix, _ value: UInt32) {
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
      if entry & PrefixTable.nodeBit != 0 { return firstNode + Int(entry & ~PrefixTable.nodeBit) * 16 }
      let start = entries.count
      let number = (start - firstNode) / 16
      precondition(number < Int(PrefixTable.nodeBit), "a prefix table has fewer than 2³¹ nodes")
      entries.append(contentsOf: repeatElement(entry, count: 16))
      entries[position] = PrefixTable.nodeBit | UInt32(number)
      return start
    }

    private mutating func fill(_ start: Int, _ count: Int, _ value: UInt32) {
      for position in start..<(start + count) { entries[position] = value }
    }
  }
}
