package import Contexts
public import DNSFormat
public import FlatMemory

/// All zones of a snapshot, found by name.
public final class ZoneDirectory: Sendable {
  /// The zones that are written, in the order of their origins; one for each realm. Their numbers are their places here.
  public let zones: [CompiledZone]
  /// All zones, to be read by number on a query's path; those that nobody wrote come last.
  public let lent: LentObjects<CompiledZone>
  /// Which zone has an apex in a realm.
  @usableFromInline let apexes: SuffixTable<Apex>
  /// The realm of each context number.
  @usableFromInline let realms: FlatArray<UInt16>
  /// By zone: the realm whose callers need look no further for a name at or below its apex, since it is whole and no apex
  /// lies below; `UInt16.max` of any other zone.
  @usableFromInline let innermost: FlatArray<UInt16>
  /// By zone: not 0 where others answer for some names below its apex.
  @usableFromInline let isShared: FlatArray<UInt8>
  @usableFromInline let seed: UInt64

  @usableFromInline struct Apex: BitwiseCopyable, Sendable {
    /// The zone's number.
    @usableFromInline let zone: UInt32
    /// True where every context of the realm has the apex, and its data loaded.
    @usableFromInline let isWhole: Bool
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
    apexes = SuffixTable(
      zones.enumerated().map { number, zone in
        SuffixTable.Entry(
          zone.origin, realm: UInt16(zone.realm), Apex(zone: UInt32(number), isWhole: zone.isWhole(in: realms)))
      }, seed: seed)
    let shared = Self.ancestors(of: forwarded)
    let outer = Self.ancestors(of: zones.map(\.origin)).union(shared).union(forwarded)
    let replaced = shared.union(forwarded)
    isShared = FlatArray(
      zones.enumerated().map { number, zone in
        (number < written.count ? shared : replaced).contains(zone.origin) ? 1 : 0
      })
    innermost = FlatArray(
      zones.map { !outer.contains($0.origin) && $0.isWhole(in: realms) ? UInt16($0.realm) : .max })
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
    let realm = realms[Int(context)]
    var ownApex: Int?
    var labels = apexes.nextCount(from: name.labelCount)
    while labels >= 0 {
      if let apex = apexes.value(at: name, labels: labels, realm: realm), exists(apex, context) {
        let number = Int(apex.zone)
        if type != .ds || labels < name.labelCount { return number }
        ownApex = number
      }
      labels = apexes.nextCount(from: labels &- 1)
    }
    return ownApex
  }

  /// True where a zone is one to ask for callers in a context: it has its apex there, or its data could not be loaded.
  @inlinable func exists(_ apex: Apex, _ context: UInt16) -> Bool {
    apex.isWhole
      || lent.with(Int(apex.zone)) { $0.isBroken(for: context) || $0.apex(context: context).exists }
  }
}

extension CompiledZone {
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
