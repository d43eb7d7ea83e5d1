internal import DNSFormat
internal import Diagnostics
internal import FlatMemory
internal import ZoneFile

/// Records that a zone cut or a DNAME hides, so that no answer ever has them.
extension ZoneDoubts {
  mutating func checkPlacement(_ layer: ZoneSource.Layer, _ view: ContextView) {
    let zone = layer.records
    var key = NameKey()
    var lastOwner: UInt32?
    var place = Place.plain
    for record in zone.records {
      if record.owner != lastOwner {
        lastOwner = record.owner
        place = key.load(zone.octets, at: record.owner) && isInZone(key) ? self.place(of: key, view) : .plain
      }
      switch place {
      case .plain: continue
      case .atCut where isAtHome(atCut: record.type): continue
      case .atCut(let isServer), .belowCut(_, let isServer):
        if isServer, record.type == .a || record.type == .aaaa || isProof(record.type) { continue }
      case .belowDNAME: break
      }
      let message = message(place, record.type, zone.owner(of: record), isOverlay: layer.context != 0)
      warn(record, zone, message)
      place = .plain  // once for each owner
    }
  }

  private enum Place {
    case plain
    /// `isServer`: the name is that of a name server, so its addresses are glue.
    case atCut(isServer: Bool)
    case belowCut(DomainName, isServer: Bool)
    case belowDNAME(DomainName)
  }

  private func place(of owner: borrowing NameKey, _ view: ContextView) -> Place {
    guard let node = view.node(at: owner), node.exists else { return .plain }
    let isServer = nameServers.contains(owner.hash(from: 0, seed: 0))
    if let cover = view.cover(of: node) {
      return cover.isCut ? .belowCut(cover.name, isServer: isServer) : .belowDNAME(cover.name)
    }
    return node.flags.contains(.cut) ? .atCut(isServer: isServer) : .plain
  }

  /// NS and DS are what a cut is made of, NSEC and RRSIG what proves it (RFC 4035 §2.4).
  private func isAtHome(atCut type: RRType) -> Bool { type == .ns || type == .ds || isProof(type) }

  private func isProof(_ type: RRType) -> Bool { type == .rrsig || type == .nsec }

  private func message(_ place: Place, _ type: RRType, _ owner: DomainName, isOverlay: Bool) -> String {
    let orOverlay = isOverlay ? ", or write the cut's name in this overlay too" : ""
    return switch place {
    case .plain: ""
    case .atCut:
      "\(type) at the zone cut \(owner) is never answered from here (RFC 1034 §4.2.1); move it to that zone's file, or remove the NS"
    case .belowCut(let cut, _):
      "\(owner) is below the zone cut \(cut) and never answered from here (RFC 1034 §4.2.1); move it to that zone's file\(orOverlay)"
    case .belowDNAME(let name):
      "\(owner) is below the DNAME of \(name) and never answered (RFC 6672 §2.4); remove it, or the DNAME"
    }
  }
}
