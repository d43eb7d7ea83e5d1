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
    var isServer = false
    var place: Place?  // looked up where a record's type leaves it open
    for record in zone.records {
      if record.owner != lastOwner {
        lastOwner = record.owner
        guard key.load(zone.octets, at: record.owner), view.zone.covers(key) else {
          place = .plain
          continue
        }
        isServer = nameServers.contains(key.hash(from: 0, seed: 0))
        place = nil
      }
      let isGlue = isServer && (record.type == .a || record.type == .aaaa)
      // Nearly all of a zone of delegations: nothing to look up. One label below the apex, no cut is above.
      if !hasDNAMEs, isGlue || key.labelCount <= originLabels + 1 && isAtHome(atCut: record.type) { continue }
      let known = place ?? self.place(of: key, view)
      place = known
      switch known {
      case .plain: continue
      case .atCut where isGlue || isAtHome(atCut: record.type): continue
      case .belowCut where isGlue || isProof(record.type): continue
      case .atCut, .belowCut, .belowDNAME: break
      }
      let message = message(known, record.type, zone.owner(of: record), isOverlay: layer.context != 0)
      warn(record, zone, message)
      place = .plain  // once for each owner
    }
  }

  private enum Place {
    case plain
    case atCut
    case belowCut(DomainName)
    case belowDNAME(DomainName)
  }

  private func place(of owner: borrowing NameKey, _ view: ContextView) -> Place {
    guard let node = view.node(at: owner), node.exists else { return .plain }
    if let cover = view.cover(of: node) { return cover.isCut ? .belowCut(cover.name) : .belowDNAME(cover.name) }
    return node.flags.contains(.cut) ? .atCut : .plain
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
    case .belowCut(let cut):
      "\(owner) is below the zone cut \(cut) and never answered from here (RFC 1034 §4.2.1); move it to that zone's file\(orOverlay)"
    case .belowDNAME(let name):
      "\(owner) is below the DNAME of \(name) and never answered (RFC 6672 §2.4); remove it, or the DNAME"
    }
  }
}
