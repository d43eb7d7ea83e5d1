package import Contexts
public import DNSFormat
internal import FlatMemory

/// All zones of a snapshot, found by name.
public final class ZoneDirectory: Sendable {
  /// In the order of their origins; one for each realm.
  public let zones: [CompiledZone]
  /// An open-addressing table: a zone's number plus one; 0 where free.
  private let index: FlatArray<UInt32>
  /// Bit n: some zone's apex has n labels.
  private let labelCounts: FlatArray<UInt64>
  /// The realm of each context number.
  private let realms: FlatArray<UInt16>
  private let seed: UInt64

  /// - Parameters:
  ///   - zones: at most one for each origin and realm.
  ///   - seed: keeps the table's order from those who choose names.
  package init(_ zones: [CompiledZone], contexts: ContextTree, seed: UInt64) {
    self.zones = zones
    self.seed = seed
    realms = FlatArray((0..<contexts.nodes.count).map { UInt16(contexts.realm(of: $0)) })
    var counts: [UInt64] = [0, 0]
    var table = [UInt32](repeating: 0, count: max(4, (zones.count * 2 + 1).roundedUpToPowerOfTwo))
    var name = NameKey()
    for (number, zone) in zones.enumerated() {
      counts[zone.originLabels >> 6] |= 1 << UInt64(zone.originLabels & 63)
      name.load(zone.origin)
      var slot = Int(truncatingIfNeeded: name.hash(from: 0, seed: seed) &+ UInt64(zone.realm)) & (table.count - 1)
      while table[slot] != 0 { slot = (slot + 1) & (table.count - 1) }
      table[slot] = UInt32(number + 1)
    }
    index = FlatArray(table)
    labelCounts = FlatArray(counts)
  }

  /// The number of the zone that has authority over `name` for a caller in `context`: the longest apex that is the name
  /// or an ancestor of it, and exists for that context. Nil where there is none.
  ///
  /// DS lies at the parent's side of a cut (RFC 4035 §3.1.4.1): for it the apex's own zone comes last.
  public func zone(of name: borrowing NameKey, type: RRType, context: UInt16) -> Int? {
    let realm = UInt64(realms[Int(context)])
    var ownApex: Int?
    var labels = name.labelCount
    while labels >= 0 {
      if labelCounts[labels &>> 6] &>> UInt64(labels & 63) & 1 != 0,
        let number = zone(atApex: name, labels: labels, realm: realm),
        zones[number].isBroken(for: context) || zones[number].apex(context: context).exists
      {
        if type != .ds || labels < name.labelCount { return number }
        ownApex = number
      }
      labels &-= 1
    }
    return ownApex
  }

  private func zone(atApex name: borrowing NameKey, labels: Int, realm: UInt64) -> Int? {
    let start = name.start(ofSuffix: labels)
    let mask = index.count &- 1
    var slot = Int(truncatingIfNeeded: name.hash(from: start, seed: seed) &+ realm) & mask
    while index[slot] != 0 {
      let number = Int(index[slot]) &- 1
      let zone = zones[number]
      if zone.originLabels == labels, UInt64(zone.realm) == realm, zone.covers(name) { return number }
      slot = (slot &+ 1) & mask
    }
    return nil
  }
}

extension ContextTree {
  /// The innermost sealed context that `context` is in, itself included; 0 where none is.
  package func realm(of context: Int) -> Int { path(from: context).first { nodes[$0].isSealed } ?? 0 }
}

extension FixedWidthInteger {
  /// The least power of two that is not less.
  var roundedUpToPowerOfTwo: Self { self <= 1 ? 1 : 1 << (Self.bitWidth - (self - 1).leadingZeroBitCount) }
}
