package import Contexts
public import DNSFormat
public import FlatMemory

/// All zones of a snapshot, found by name.
public final class ZoneDirectory: Sendable {
  /// The zones that are written, in the order of their origins; one for each realm. Their numbers are their places here.
  public let zones: [CompiledZone]
  /// All zones, to be read by number on a query's path; those that nobody wrote come last.
  public let lent: LentObjects<CompiledZone>
  /// An open-addressing table, by the hash of an apex and its realm.
  @usableFromInline let index: FlatArray<Entry>
  /// Bit n: some zone's apex has n labels.
  @usableFromInline let labelCounts: FlatArray<UInt64>
  /// The realm of each context number.
  @usableFromInline let realms: FlatArray<UInt16>
  /// By zone: the realm whose callers need look no further for a name at or below its apex, since it is whole and no apex
  /// lies below; `UInt16.max` of any other zone.
  @usableFromInline let innermost: FlatArray<UInt16>
  /// By zone: not 0 where others answer for some names below its apex.
  @usableFromInline let isShared: FlatArray<UInt8>
  @usableFromInline let seed: UInt64

  /// A slot of the table.
  @usableFromInline struct Entry: BitwiseCopyable, Sendable {
    /// The apex's hash and its realm.
    @usableFromInline var hash: UInt64 = 0
    /// The zone's number plus one; 0 where free.
    @usableFromInline var zone: UInt32 = 0
    /// Not 0 where every context of the realm has the apex, and its data loaded.
    @usableFromInline var isWhole: UInt32 = 0
  }

  /// - Parameters:
  ///   - zones: those that are written. At most one for each origin and realm, all built with the seed.
  ///   - builtIn: the others, with the same seed and none of the same origins.
  ///   - forwarded: zones that others are asked for.
  ///   - seed: keeps the table's order from those who choose names.
  package init(
    _ written: [CompiledZone], builtIn: [CompiledZone] = [], contexts: ContextTree, forwarded: [DomainName] = [],
    seed: UInt64
  ) {
    let zones = written + builtIn
    precondition(zones.allSatisfy { $0.seed == seed }, "the zones of a snapshot have one seed")
    lent = LentObjects(zones)
    self.zones = written
    self.seed = seed
    let realms = (0..<contexts.nodes.count).map { UInt16(contexts.realm(of: $0)) }
    self.realms = FlatArray(realms)
    var counts: [UInt64] = [0, 0]
    var table = [Entry](repeating: Entry(), count: max(4, (zones.count * 2 + 1).roundedUpToPowerOfTwo))
    var name = NameKey()
    for (number, zone) in zones.enumerated() {
      counts[zone.originLabels >> 6] |= 1 << UInt64(zone.originLabels & 63)
      name.load(zone.origin)
      let hash = name.hash(from: 0, seed: seed) &+ UInt64(zone.realm)
      var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
      while table[slot].zone != 0 { slot = (slot + 1) & (table.count - 1) }
      table[slot] = Entry(hash: hash, zone: UInt32(number + 1), isWhole: zone.isWhole(in: realms) ? 1 : 0)
    }
    index = FlatArray(table)
    let shared = Self.ancestors(of: forwarded)
    let outer = Self.ancestors(of: zones.map(\.origin)).union(shared).union(forwarded)
    let replaced = shared.union(forwarded)
    isShared = FlatArray(
      zones.enumerated().map { number, zone in
        (number < written.count ? shared : replaced).contains(zone.origin) ? 1 : 0
      })
    innermost = FlatArray(
      zones.map { !outer.contains($0.origin) && $0.isWhole(in: realms) ? UInt16($0.realm) : .max })
    labelCounts = FlatArray(counts)
  }

  /// The names above some of these.
  private static func ancestors(of names: [DomainName]) -> Set<DomainName> {
    var found: Set<DomainName> = []
    for name in names where name != .root {
      var ancestor = name
      repeat { ancestor = ancestor.parent } while found.insert(ancestor).inserted && ancestor != .root
    }
    return found
  }

  /// All zones by number, those that nobody wrote too: for the control plane.
  package var all: [CompiledZone] { lent.all }

  /// True for a zone that nobody wrote.
  @inlinable @inline(__always) public func isBuiltIn(_ zone: Int) -> Bool { zone >= zones.count }

  /// The hash by which all zones find the name that a message asks for; any number where it asks for none.
  @inlinable public func hash(ofQuestionIn message: Span<UInt8>) -> UInt64 { message.hashOfQuestion(seed: seed) }

  /// The hash by which all zones find a name.
  @inlinable public func hash(of name: borrowing NameKey) -> UInt64 { name.hash(from: 0, seed: seed) }

  /// True where a name at or below a zone's apex is in no other zone, for callers in a context. Of DS it is not the whole
  /// truth.
  @inlinable @inline(__always) public func isInnermost(_ zone: Int, context: UInt16) -> Bool {
    zone < innermost.count && innermost[zone] == realms[Int(context)]
  }

  /// True where others are asked for some names below a zone's apex; of one that nobody wrote, at its apex or below.
  @inlinable @inline(__always) public func isShared(_ zone: Int) -> Bool { isShared[zone] != 0 }

  /// As ``zone(of:type:context:)``, trying a zone first: most queries are for the zone of the query before.
  @inlinable @inline(__always)
  public func zone(of name: borrowing NameKey, type: RRType, context: UInt16, guess: Int) -> Int? {
    if isInnermost(guess, context: context), type != .ds, lent.with(guess, { $0.covers(name) }) { return guess }
    return zone(of: name, type: type, context: context)
  }

  /// The number of the zone that has authority over `name` for a caller in `context`: the longest apex that is the name
  /// or an ancestor of it, and exists for that context. Nil where there is none.
  ///
  /// DS lies at the parent's side of a cut (RFC 4035 §3.1.4.1): for it the apex's own zone comes last.
  @inlinable public func zone(of name: borrowing NameKey, type: RRType, context: UInt16) -> Int? {
    let realm = UInt64(realms[Int(context)])
    var ownApex: Int?
    var half = name.labelCount &>> 6
    while half >= 0 {
      // The counts that the name has enough labels for, longest first.
      var counts = labelCounts[half]
      if half == name.labelCount &>> 6 { counts &= ~0 &>> UInt64(63 &- name.labelCount & 63) }
      while counts != 0 {
        let bit = 63 &- counts.leadingZeroBitCount
        counts ^= 1 &<< UInt64(bit)
        let labels = half &<< 6 &+ bit
        guard let number = zone(atApex: name, labels: labels, realm: realm, context: context) else { continue }
        if type != .ds || labels < name.labelCount { return number }
        ownApex = number
      }
      half &-= 1
    }
    return ownApex
  }

  /// The number of the zone whose apex is the ancestor of `name` with `labels` labels, where it is one to ask.
  @inlinable func zone(
    atApex name: borrowing NameKey, labels: Int, realm: UInt64, context: UInt16
  ) -> Int? {
    let hash = name.hash(from: name.start(ofSuffix: labels), seed: seed) &+ realm
    let mask = index.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let entry = index[slot]
      if entry.zone == 0 { return nil }
      let number = Int(entry.zone) &- 1
      if entry.hash == hash, lent.with(number, { $0.isApex(of: name, labels: labels, realm: realm) }) {
        if entry.isWhole != 0 || lent.with(number, { $0.isBroken(for: context) || $0.apex(context: context).exists }) {
          return number
        }
        return nil
      }
      slot = (slot &+ 1) & mask
    }
  }
}

extension CompiledZone {
  /// True where the zone's apex is the ancestor of `name` with `labels` labels, and its data is for `realm`.
  @usableFromInline func isApex(of name: borrowing NameKey, labels: Int, realm: UInt64) -> Bool {
    originLabels == labels && UInt64(self.realm) == realm && covers(name)
  }

  /// True where nothing is broken and the apex exists in all contexts of the zone's realm.
  fileprivate func isWhole(in realms: [UInt16]) -> Bool {
    !hasBroken
      && realms.indices.allSatisfy { Int(realms[$0]) != realm || apex(context: UInt16($0)).exists }
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
