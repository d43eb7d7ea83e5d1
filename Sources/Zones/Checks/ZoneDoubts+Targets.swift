internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import FlatMemory
internal import ZoneFile

/// Where records lead, and the look of owner names.
extension ZoneDoubts {
  /// Aliases in a row, at most: more, and resolvers give up (BIND 9.18 and Unbound 1.17: max-query-restarts).
  private static let longestChain = 11

  /// Looks into inner contexts, at most: about a second's worth.
  private static let mostSecondLooks = 1_000_000

  /// A type that leads to a host, and where its RDATA names it.
  private struct Leader {
    let type: RRType
    let nameAt: UInt32
    let mayBeAliased: Bool
  }

  /// The types whose target's addresses are sent along.
  private static let leaders = RRTypeTable.rows.compactMap { row in
    let names = row.type.nameFields
    let mayBeAliased = !row.fields.contains {
      if case .name(_, let use) = $0 { use.contains(.notAliased) } else { false }
    }
    return names.use.contains(.addressed)
      ? Leader(type: row.type, nameAt: UInt32(names.offset), mayBeAliased: mayBeAliased) : nil
  }

  /// What is doubtful about where a record leads.
  private enum Doubt {
    case noAddress
    case noGlue
    case alias
    case leadsNowhere
    case circle
    case longChain
  }

  mutating func checkTargets(_ layer: ZoneSource.Layer, _ view: ContextView) {
    let zone = layer.records
    let leaders = Self.leaders
    var target = NameKey()
    var lastOwner: UInt32?
    var lastHost: UInt32?
    for record in zone.records {
      if record.owner != lastOwner {
        lastOwner = record.owner
        if hasAsterisk(zone.octets.span, Int(record.owner)) { checkAsterisk(record, zone) }
      }
      let nameAt: UInt32
      switch record.type {
      case .cname: nameAt = 0
      case .soa, .dname:
        checkOther(record, zone)
        continue
      case .a, .aaaa:
        lastHost = record.owner
        continue
      default:
        guard let leader = leaders.first(where: { $0.type == record.type }) else { continue }
        if record.type == .ns { checkWildcard(record, zone) }
        nameAt = leader.nameAt
        // The root as a target says that there is none, or means the owner (RFC 7505 §3, RFC 2782, RFC 9460 §2.5).
        if record.type != .ns, record.rdataCount > nameAt, zone.octets[Int(record.rdata + nameAt)] == 0 { continue }
      }
      // Often that is the host whose addresses were just read: then there is nothing to look up.
      if !hasCuts, !hasDNAMEs, let lastHost, isSameName(zone.octets.span, record.rdata + nameAt, lastHost) { continue }
      guard record.rdataCount > nameAt, target.load(zone.octets, at: record.rdata + nameAt), view.zone.covers(target)
      else {
        continue
      }
      // Nearly every target is a node of its own with what is looked for.
      if !hasDNAMEs, let node = view.node(at: target), node.exists,
        node.flags.isDisjoint(with: [.covered, .cut, .alias]), record.type == .cname || view.hasAddresses(node)
      {
        continue
      }
      guard hasRoom, let doubt = doubt(about: record, zone, leadingTo: target, view) else { continue }
      if isContradicted(record, zone, nameAt: nameAt, in: layer.context) { continue }
      let message = message(doubt, record.type, target.domainName, zone.owner(of: record))
      warn(record, zone, message)
    }
  }

  /// True where an overlay of an inner context has what is missing in `context`.
  private mutating func isContradicted(
    _ record: ZoneRecords.Record, _ zone: ZoneRecords, nameAt: UInt32, in context: Int
  ) -> Bool {
    for context in innerContexts(of: context) {
      guard let view = view(context), !view.isBroken else { continue }
      // Many names times many contexts would take minutes: beyond this, nothing is told rather than something false.
      secondLooks += 1
      if secondLooks > Self.mostSecondLooks { return true }
      var target = NameKey()
      guard target.load(zone.octets, at: record.rdata + nameAt) else { continue }
      if doubt(about: record, zone, leadingTo: target, view) == nil { return true }
    }
    return false
  }

  /// True where two names of a file are the same, letter for letter.
  private func isSameName(_ octets: Span<UInt8>, _ left: UInt32, _ right: UInt32) -> Bool {
    var left = Int(left), right = Int(right)
    while octets[left] == octets[right] {
      var rest = Int(octets[left])
      if rest == 0 { return true }
      while rest > 0 {
        left += 1
        right += 1
        if octets[left] != octets[right] { return false }
        rest -= 1
      }
      left += 1
      right += 1
    }
    return false
  }

  /// The contexts in `context` that have an overlay and inherit from it.
  private func innerContexts(of context: Int) -> [Int] {
    let contexts = contexts
    let realm = contexts.realm(of: context)
    return source.layers.map(\.context).filter {
      $0 != context && contexts.isContext($0, in: context) && contexts.realm(of: $0) == realm
    }
  }

  private func doubt(
    about record: ZoneRecords.Record, _ zone: ZoneRecords, leadingTo target: borrowing NameKey, _ view: ContextView
  ) -> Doubt? {
    if record.type == .cname { return doubt(aboutAlias: record, zone, leadingTo: target, view) }
    switch view.look(at: target) {
    case .redirected: return nil
    case .delegated(let node):
      guard record.type == .ns, let node else { return isGlueNeeded(record, zone, target) ? .noGlue : nil }
      return view.hasAddresses(node) || !isGlueNeeded(record, zone, target) ? nil : .noGlue
    case .node(let node):
      if node.flags.contains(.alias) { return mayBeAliased(record.type) ? nil : .alias }
      if isBoundAgain(record, zone, at: node, view) { return nil }
      return view.hasAddresses(node) || isInInnerZone(target) ? nil : .noAddress
    case .nothing:
      return isInInnerZone(target) ? nil : .noAddress
    }
  }

  private func mayBeAliased(_ type: RRType) -> Bool { Self.leaders.first { $0.type == type }?.mayBeAliased ?? true }

  /// True for an SVCB or HTTPS record of AliasMode, priority 0, that leads to others of its type (RFC 9460 §2.4.2).
  private func isBoundAgain(
    _ record: ZoneRecords.Record, _ zone: ZoneRecords, at node: ZoneNode, _ view: ContextView
  ) -> Bool {
    (record.type == .svcb || record.type == .https) && zone.rdata(of: record).prefix(2).allSatisfy { $0 == 0 }
      && node.rrset(record.type, view.zone.memory) != nil
  }

  /// True for a name server below the cut that it serves: only here can its address be found.
  private func isGlueNeeded(
    _ record: ZoneRecords.Record, _ zone: ZoneRecords, _ target: borrowing NameKey
  ) -> Bool {
    guard record.type == .ns else { return false }
    var owner = NameKey()
    return owner.load(zone.octets, at: record.owner) && owner.labelCount > originLabels && target.isAtOrBelow(owner)
  }

  /// Follows aliases until there is data, another zone, or the owner again.
  private func doubt(
    aboutAlias record: ZoneRecords.Record, _ zone: ZoneRecords, leadingTo target: borrowing NameKey, _ view: ContextView
  ) -> Doubt? {
    var owner = NameKey()
    guard owner.load(zone.octets, at: record.owner) else { return nil }
    var name = NameKey()
    guard name.load(target.domainName.wire, at: 0) else { return nil }
    var visited: [Int] = []
    while view.zone.covers(name) {
      if name.isAtOrBelow(owner), name.labelCount == owner.labelCount { return .circle }
      guard case .node(let node) = view.look(at: name) else {
        guard case .nothing = view.look(at: name), visited.isEmpty else { return nil }
        return isInInnerZone(name) || isMarker(record, zone) ? nil : .leadsNowhere
      }
      // A circle that the owner is not in is told at the names that are.
      guard view.loadAlias(of: node, into: &name), !visited.contains(node.nameOffset) else { return nil }
      visited.append(node.nameOffset)
      if visited.count >= Self.longestChain { return .longChain }
    }
    return nil
  }

  /// `CNAME .` and `CNAME *.`, which in an overlay are no aliases.
  private func isMarker(_ record: ZoneRecords.Record, _ zone: ZoneRecords) -> Bool {
    let rdata = Array(zone.rdata(of: record))
    return rdata == [0] || rdata == [1, UInt8(ascii: "*"), 0]
  }

  private func message(_ doubt: Doubt, _ type: RRType, _ target: DomainName, _ owner: DomainName) -> String {
    switch doubt {
    case .noAddress:
      "\(type) leads to \(target), which has no address here; add an A or AAAA for it, or correct the name"
    case .noGlue:
      "name server \(target) is below the zone cut that it serves and has no address here (RFC 1034 §4.2.1); add its A or AAAA as glue"
    case .alias:
      "\(type) leads to \(target), which is an alias (\(type == .srv ? "RFC 2782" : "RFC 2181 §10.3")); name the host that has the address"
    case .leadsNowhere: "CNAME leads to \(target), which does not exist; add it, or correct the name"
    case .circle: "CNAME leads round in a circle, back to \(owner); let one of these names have data"
    case .longChain:
      "CNAME leads through more than \(Self.longestChain) aliases, and resolvers give up; let it lead to where they end"
    }
  }
}

// MARK: - Owners, SOA, DNAME

extension ZoneDoubts {
  private mutating func checkOther(_ record: ZoneRecords.Record, _ zone: ZoneRecords) {
    if record.type == .soa { return checkTimes(record, zone) }
    checkWildcard(record, zone)
    var owner = NameKey(), target = NameKey()
    guard owner.load(zone.octets, at: record.owner), target.load(zone.octets, at: record.rdata) else { return }
    if target.isAtOrBelow(owner) {
      warn(
        record, zone,
        "DNAME leads to \(target.domainName), at or below its own name, so that no answer ends; let it lead elsewhere")
    }
  }

  private mutating func checkWildcard(_ record: ZoneRecords.Record, _ zone: ZoneRecords) {
    let start = Int(record.owner)
    guard zone.octets[start] == 1, zone.octets[start + 1] == UInt8(ascii: "*") else { return }
    warn(
      record, zone,
      "\(record.type) at the wildcard \(zone.owner(of: record)) means something else to each resolver (RFC \(record.type == .ns ? "4592 §4.2" : "6672 §3.3")); write it for each name"
    )
  }

  /// RFC 1912 §2.2, RFC 2308 §5: only what cannot be meant.
  private mutating func checkTimes(_ record: ZoneRecords.Record, _ zone: ZoneRecords) {
    let rdata = zone.rdata(of: record)
    guard rdata.count >= 20 else { return }
    let times = (0..<5).map { index in
      rdata.suffix(20).dropFirst(index * 4).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
    if times[3] < times[1] {
      warn(
        record, zone,
        "expire \(times[3]) is less than refresh \(times[1]), so secondaries drop the zone between transfers (RFC 1912 §2.2); let expire be some days"
      )
    }
    if times[4] > 86_400 {
      warn(
        record, zone,
        "minimum \(times[4]) keeps \"there is no such name\" in caches for more than a day (RFC 2308 §5); 300 to 10800 is usual"
      )
    }
  }

  /// True where some label starts with an asterisk, and the name is no plain wildcard.
  private func hasAsterisk(_ octets: Span<UInt8>, _ start: Int) -> Bool {
    var offset = start
    while octets[offset] != 0 {
      let length = Int(octets[offset])
      if octets[offset + 1] == UInt8(ascii: "*"), offset > start || length > 1 { return true }
      offset += 1 + length
    }
    return false
  }

  private mutating func checkAsterisk(_ record: ZoneRecords.Record, _ zone: ZoneRecords) {
    let owner = zone.owner(of: record)
    let label = owner.labels.first { $0.first == UInt8(ascii: "*") && $0.count > 1 }
    if let label {
      warn(
        record, zone,
        "the label \"\(String(decoding: label, as: UTF8.self))\" is no wildcard and matches itself only (RFC 4592 §2.1.1); a wildcard is * alone"
      )
    } else {
      warn(
        record, zone,
        "the * inside \(owner) matches itself only (RFC 4592 §2.1.1); a wildcard is * as the first label")
    }
  }
}
