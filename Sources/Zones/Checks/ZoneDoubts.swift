package import Contexts
package import DNSFormat
package import Diagnostics
internal import ZoneFile

/// Finds what a zone may have and yet is hardly meant: every finding is a warning, and the zone is served.
///
/// Three passes over the records. The first, over types only, learns whether there are zone cuts and DNAMEs at all, and
/// what is glue. The second looks at each owner name, and at where CNAME, DNAME, and the types with hosts as targets lead
/// (`+Targets`). The third, for zones with cuts or DNAMEs, looks for records that they hide (`+Placement`).
///
/// What a name has is asked of the compiled zone, so overlays, wildcards and cuts count as they do for queries. A record
/// is judged in the context of its layer, and where a name is missing there, in every context inside it that has an
/// overlay: a finding that some context contradicts is none. What lies in other zones is not looked at.
///
/// Not looked for, although others do: hosts' names with letters that hosts may not have (named-checkzone -k), and
/// targets in other zones (-i full).
package struct ZoneDoubts: ~Copyable {
  let source: ZoneSource
  let contexts: ContextTree
  /// By realm.
  let zones: [Int: CompiledZone]
  /// Apexes below this one of zones that are served too: what they have is not in this zone.
  let innerApexes: Set<DomainName>
  let originLabels: Int
  private(set) var diagnostics: [Diagnostic] = []

  /// Looks into contexts other than the layer's own.
  var secondLooks = 0

  /// True where some layer has an NS set below the apex.
  var hasCuts = false
  /// True where some layer has a DNAME.
  var hasDNAMEs = false
  /// Hashes of the names of name servers: their addresses may stand below a cut.
  var nameServers: Set<UInt64> = []

  /// Looks at one zone.
  /// - Parameters:
  ///   - zones: the compiled data of `source`, one a realm.
  ///   - innerApexes: of zones that are served too and lie below this one.
  package static func find(
    in source: ZoneSource, _ zones: [CompiledZone], _ contexts: ContextTree, innerApexes: Set<DomainName>
  ) -> [Diagnostic] {
    var doubts = ZoneDoubts(source, zones, contexts, innerApexes)
    for layer in source.layers {
      if let view = doubts.view(layer.context) { doubts.survey(layer.records, view) }
    }
    for layer in source.layers {
      guard let view = doubts.view(layer.context), !view.isBroken else { continue }
      doubts.checkTargets(layer, view)
      if doubts.hasCuts || doubts.hasDNAMEs { doubts.checkPlacement(layer, view) }
    }
    return doubts.diagnostics
  }

  private init(
    _ source: ZoneSource, _ zones: [CompiledZone], _ contexts: ContextTree, _ innerApexes: Set<DomainName>
  ) {
    self.source = source
    self.contexts = contexts
    self.innerApexes = innerApexes
    var byRealm: [Int: CompiledZone] = [:]
    for zone in zones { byRealm[zone.realm] = zone }
    self.zones = byRealm
    originLabels = source.origin.labelCount
  }

  /// The zone as a context sees it.
  func view(_ context: Int) -> ContextView? {
    guard let zone = zones[contexts.realm(of: context)] else { return nil }
    return ContextView(zone: zone, context: UInt16(context))
  }

  /// True where another zone that is served has the name.
  func isInInnerZone(_ name: borrowing NameKey) -> Bool {
    if innerApexes.isEmpty { return false }
    var ancestor = name.domainName
    while ancestor.labelCount > originLabels {
      if innerApexes.contains(ancestor) { return true }
      ancestor = ancestor.parent
    }
    return false
  }

  private mutating func survey(_ zone: ZoneRecords, _ view: ContextView) {
    var key = NameKey()
    for record in zone.records where record.type == .ns || record.type == .dname {
      if record.type == .dname {
        hasDNAMEs = true
        continue
      }
      guard key.load(zone.octets, at: record.owner) else { continue }
      if key.labelCount > originLabels { hasCuts = true }
      if key.load(zone.octets, at: record.rdata), view.zone.covers(key) {
        nameServers.insert(key.hash(from: 0, seed: 0))
      }
    }
  }

  /// True while findings are still listed.
  var hasRoom: Bool { diagnostics.count < ZoneChecks.mostOfAKind }

  /// More than a person would read are not listed.
  mutating func warn(_ record: ZoneRecords.Record, _ zone: ZoneRecords, _ message: @autoclosure () -> String) {
    guard hasRoom else { return }
    diagnostics.append(.warning(at: zone.location(of: record), message()))
  }
}

extension NameKey {
  /// Takes the name at an offset of a zone's octets; false where it is no whole name.
  mutating func load(_ octets: [UInt8], at start: UInt32) -> Bool {
    (try? load(octets.span, at: Int(start))) != nil
  }

  /// The name as the control plane has it, in small letters.
  var domainName: DomainName {
    var wire: [UInt8] = []
    for offset in 0..<length { wire.append(octet(at: offset)) }
    return DomainName(validWire: wire)
  }

  /// True where this name is `other` or below it.
  func isAtOrBelow(_ other: borrowing NameKey) -> Bool {
    guard labelCount >= other.labelCount else { return false }
    let start = start(ofSuffix: other.labelCount)
    guard length - start == other.length else { return false }
    for offset in 0..<other.length where octet(at: start + offset) != other.octet(at: offset) { return false }
    return true
  }
}
