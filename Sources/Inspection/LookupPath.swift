internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// What an answer to a name rests on in one context: the services that are judged on the way, and the names whose data
/// is read, in the order in which `respond` comes by them.
///
/// Retraced without a caller, so for the most that any caller is told: nobody's answer rests on more.
struct LookupPath: Hashable {
  var services: [UInt32] = []
  var names: [DomainName] = []
  /// The types that the names on the way have.
  var types: Set<RRType> = []

  init(_ name: DomainName, context: UInt16, _ snapshot: Snapshot) {
    var key = NameKey()
    var wildcard = NameKey()
    var next: DomainName? = name
    var last: (zone: CompiledZone, node: ZoneNode)?
    while let owner = next, names.count < 34, !names.contains(owner) {
      next = nil
      last = nil
      key.load(owner)
      names.append(owner)
      // The type matters to DS alone.
      guard let number = snapshot.zones.zone(of: key, type: .a, context: context) else { break }
      let zone = snapshot.zones.all[number]
      if zone.isBroken(for: context) { break }
      let found = zone.finding(key, type: .a, context: context, wildcard: &wildcard)
      note(found.service)
      switch found.kind {
      case .absent: break
      case .exact, .wildcard:
        if found.kind == .wildcard { names.append(zone.name(ofRecord: found.node.nameOffset - 8)) }
        last = (zone, found.node)
        if let alias = found.node.rrset(.cname, zone.memory) {
          types.formUnion(found.node.rrsets(zone.memory).map(\.type))
          next = try? DomainName(wire: zone.memory.octets((alias.dataStart + 2)..<alias.end))
        }
      case .referral:
        names.append(zone.name(ofRecord: found.node.nameOffset - 8))
        last = (zone, found.node)
      case .redirection:
        let holder = zone.name(ofRecord: found.node.nameOffset - 8)
        names.append(holder)
        if let dname = found.node.rrset(.dname, zone.memory) {
          let kept = owner.wire.dropLast(holder.wire.count)
          next = try? DomainName(wire: kept + zone.memory.octets((dname.dataStart + 2)..<dname.end))
        }
      }
    }
    if let last { types.formUnion(last.node.rrsets(last.zone.memory).map(\.type)) }
    if let last { addTargets(of: last.node, last.zone, context, snapshot) }
  }

  /// The names whose addresses go into the additional section.
  private mutating func addTargets(
    of node: ZoneNode, _ zone: CompiledZone, _ context: UInt16, _ snapshot: Snapshot
  ) {
    var key = NameKey()
    for target in node.targets(zone).filter({ $0.kind == .addressed }).map(\.name) {
      key.load(target)
      if !names.contains(target) { names.append(target) }
      note(zone.covers(key) ? zone.find(key, context: context).service : 0)
      if let own = snapshot.zones.zone(of: key, type: .a, context: context) {
        note(snapshot.zones.all[own].find(key, context: context).service)
      }
    }
  }

  private mutating func note(_ service: UInt32) {
    if service != 0, !services.contains(service) { services.append(service) }
  }
}

/// A name that records at another lead to.
struct NodeTarget: Hashable {
  enum Kind {
    case alias, redirection, addressed
  }

  let kind: Kind
  let name: DomainName
}

extension ZoneNode {
  /// The names that a node's records lead to: aliases, and those whose addresses are sent beside an answer.
  func targets(_ zone: CompiledZone) -> [NodeTarget] {
    var targets: [NodeTarget] = []
    for rrset in rrsets(zone.memory) {
      let kind: NodeTarget.Kind
      switch rrset.type {
      case .cname: kind = .alias
      case .dname: kind = .redirection
      default:
        if rrset.addressedName(inRDataAt: 0) == nil { continue }
        kind = .addressed
      }
      rrset.forEachRData(zone.memory) { rdata, _ in
        let start = kind == .addressed ? rrset.addressedName(inRDataAt: rdata) ?? rdata : rdata
        if let name = zone.memory.name(at: start) { targets.append(NodeTarget(kind: kind, name: name)) }
      }
    }
    return targets
  }
}

extension RRsetImage {
  /// Calls `body` with where each RR's RDATA starts and ends.
  func forEachRData(_ memory: borrowing FlatArray<UInt8>, _ body: (Int, Int) -> Void) {
    var start = dataStart + 2
    while start < end {
      let size = Int(UInt16(bigEndian: memory.load(start - 2, as: UInt16.self)))
      body(start, start + size)
      start += 2 + size
    }
  }
}

extension FlatArray<UInt8> {
  /// The uncompressed name at an offset.
  func name(at start: Int) -> DomainName? {
    var end = start
    while end < count, self[end] != 0 { end += 1 + Int(self[end]) }
    return end < count ? try? DomainName(wire: octets(start..<(end + 1))) : nil
  }
}
