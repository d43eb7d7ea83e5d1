internal import Addresses
internal import DNSFormat
internal import Diagnostics
internal import Forwarding
internal import Policy
internal import Zones

/// `forward` lines that meet zones of ours.
///
/// A line for a zone's own apex is never used: what is written comes before. A line for a zone below it takes that part
/// of ours, and what is written there is not answered with.
func forwardDoubts(_ policy: Policy, _ sources: [ZoneSource]) -> [Diagnostic] {
  let own = Dictionary(sources.map { ($0.origin, $0) }, uniquingKeysWith: { first, _ in first })
  return policy.forwards.compactMap { line in
    if own[line.zone] != nil {
      return .warning(
        at: line.location,
        "\(line.zone) is a zone served here, so nobody is asked for its names; remove the line, or the zone's files")
    }
    if line.isOff { return nil }
    var above = line.zone
    while above != .root {
      above = above.parent
      guard let zone = own[above] else { continue }
      for layer in zone.layers {
        let record = layer.records.records.first { record in
          // A delegation there says the same to others as the line does to us; its glue is of no use.
          record.type != .ns && record.type != .ds && layer.records.owner(of: record).isAtOrBelow(line.zone)
        }
        if let record {
          return .warning(
            at: line.location,
            "names below \(line.zone) are asked for elsewhere, so the records of \(above) there are never answered with, "
              + "see \(layer.records.location(of: record).short); remove them, or this line")
        }
      }
      return nil
    }
    return nil
  }
}

/// `allow-private` lines for addresses that nobody takes for private: they are in answers anyway.
func allowanceDoubts(_ policy: Policy) -> [Diagnostic] {
  policy.privateAllowance.prefixes.compactMap { said in
    if guarded.contains(where: { $0.overlaps(said.prefix) }) { return nil }
    return .warning(
      at: said.location,
      "no address of \(said.prefix) is private, so all names of others may have it anyway; remove it, or write private ones"
    )
  }
}

/// Private addresses, and those that may have a private one inside (RFC 6052, RFC 3056).
private let guarded = RebindingGuard.privatePrefixes + ["64:ff9b::/96", "2002::/16"].compactMap { Prefix($0) }

extension Prefix {
  fileprivate func overlaps(_ other: Prefix) -> Bool { contains(other.address) || other.contains(address) }
}
