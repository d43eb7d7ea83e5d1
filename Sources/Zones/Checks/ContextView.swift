internal import DNSFormat
internal import FlatMemory

/// A zone as one context sees it, for checks: a few questions, answered as a query's path would answer them.
struct ContextView {
  let zone: CompiledZone
  let context: UInt16

  /// What a context sees at a name.
  enum Sight {
    /// A node of the zone's own, or a wildcard that stands in for it.
    case node(ZoneNode)
    /// At a zone cut, or below one, with the node there, if any: glue.
    case delegated(ZoneNode?)
    /// Below a DNAME.
    case redirected
    case nothing
  }

  /// True where the data of the context did not load.
  var isBroken: Bool { zone.isBroken(for: context) }

  /// The node exactly at a name.
  func node(at name: borrowing NameKey) -> ZoneNode? { zone.node(name, labels: name.labelCount, context: context) }

  /// What is at a name at or below the apex.
  func look(at name: borrowing NameKey) -> Sight {
    var wildcard = NameKey()
    let found = zone.finding(name, type: .a, context: context, wildcard: &wildcard)
    switch found.kind {
    case .referral:
      let node = node(at: name)
      return .delegated(node?.exists == true ? node : nil)
    case .redirection: return .redirected
    case .exact, .wildcard: return .node(found.node)
    case .absent: return .nothing
    }
  }

  func hasAddresses(_ node: ZoneNode) -> Bool { node.addresses(zone.memory) != nil }

  /// Loads the name that a node's CNAME leads to.
  func loadAlias(of node: ZoneNode, into name: inout NameKey) -> Bool {
    guard let cname = node.rrset(.cname, zone.memory) else { return false }
    name.load(zone.memory, at: cname.dataStart + 2)
    return true
  }

  /// The name of the zone cut or DNAME that hides a node.
  func cover(of node: ZoneNode) -> (name: DomainName, isCut: Bool)? {
    guard let cover = node.cover(zone.memory, context: context) else { return nil }
    var name = NameKey()
    name.load(zone.memory, at: cover.nameOffset)
    return (name.domainName, cover.flags.contains(.cut))
  }
}
