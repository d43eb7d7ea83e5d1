internal import DNSFormat
internal import Policy
internal import Zones

/// Finding the answer: RFC 1034 §4.3.2 in the caller's effective zone, the rules asked at every owner name.
extension Workspace {
  /// Aliases followed in one answer at the most. BIND follows 16; a chain written by hand has two or three.
  private static let longestChain = 16

  /// Finds what answers the query, or refuses. Leaves the RRsets in `answer`, the rest in `outcome`.
  mutating func findAnswer(_ snapshot: Snapshot, _ outcome: inout Outcome) {
    answer.reset()
    let context = outcome.caller.context
    let ownZone = snapshot.zones.zone(of: name, type: query.type, context: context)
    if let refusal = snapshot.policy.judgePlacement(outcome.caller),
      isRefused(refusal, service: 0, snapshot, &outcome, zone: ownZone)
    {
      return
    }
    if query.qclass != 1 || query.type.isMeta && query.type != .any {
      // Classes other than IN, and zone transfers, are not for callers.
      outcome.decision = .refused
      answer.rcode = .refused
      return
    }
    guard let ownZone else {
      outcome.decision = .refused
      answer.rcode = .refused
      answer.infoCode = .notAuthoritative
      return
    }
    outcome.decision = .answered
    followChain(from: ownZone, snapshot, &outcome)
  }

  /// Step 3 of the algorithm, again for every alias.
  private mutating func followChain(from ownZone: Int, _ snapshot: Snapshot, _ outcome: inout Outcome) {
    let context = outcome.caller.context
    var number = ownZone
    var owner = Answer.Owner.question
    var aliases = 0
    /// Hashes of the names that had an alias.
    var visited = InlineArray<16, UInt64>(repeating: 0)
    while true {
      let zone = snapshot.zones.zones[number]
      if zone.isBroken(for: context) {
        answer.reset()
        answer.rcode = .servFail
        answer.infoCode = .invalidData
        outcome.decision = .failed
        return
      }
      let match = zone.find(name, context: context)
      if aliases == 0 { outcome.service = match.service }
      if let refusal = snapshot.policy.judge(outcome.caller, target: match.service) {
        if isRefused(refusal, service: match.service, snapshot, &outcome, zone: ownZone) { return }
      }
      var node = match.node
      let isExact = match.labels == name.labelCount
      // DS is the parent's own data at a cut (RFC 4035 §3.1.4.1).
      let isParentSide = isExact && query.type == .ds && !node.flags.contains(.covered)
      if !node.flags.isDisjoint(with: [.cut, .covered]), !isParentSide {
        return refer(node, zone, UInt32(number), snapshot, &outcome)
      }
      if aliases == 0 { answer.isAuthoritative = true }
      if !isExact {
        // RFC 4592 §3.3.1: the source of synthesis is the asterisk below the closest encloser.
        other.load(wildcardBelow: match.labels, of: name)
        guard !match.isHidden, let source = zone.node(other, labels: other.labelCount, context: context),
          source.exists
        else {
          answer.rcode = .nxDomain
          return addNegative(zone, UInt32(number), context)
        }
        node = source
      }
      if node.flags.contains(.alias), query.type != .cname, query.type != .any,
        let alias = node.rrset(.cname, zone.memory)
      {
        let item = Answer.Item(
          zone: UInt32(number), section: .answer, rrset: UInt32(alias.offset), ttl: alias.ttl, owner: owner)
        // The owner of an item says where a name is written, not which it is; the hash tells a name met again.
        let hash = name.hash(from: 0, seed: 0)
        var index = 0
        while index < aliases {
          if visited[index] == hash { return }  // a loop: what is there is the answer
          index &+= 1
        }
        if aliases == Self.longestChain { return }
        visited[aliases] = hash
        aliases &+= 1
        answer.add(item)
        let target = alias.dataStart &+ 2
        name.load(zone.memory, at: target)
        owner = Answer.Owner(offset: UInt32(target), zone: UInt32(number))
        guard let next = snapshot.zones.zone(of: name, type: query.type, context: context) else { return }
        number = next
        continue
      }
      return addData(of: node, match.service, zone, UInt32(number), owner, ownZone, snapshot, &outcome)
    }
  }

  // MARK: - The kinds of answer

  /// The node's RRset of the type asked for, or NODATA (RFC 2308 §2.2).
  private mutating func addData(
    of node: ZoneNode, _ service: UInt32, _ zone: CompiledZone, _ number: UInt32, _ owner: Answer.Owner,
    _ ownZone: Int, _ snapshot: Snapshot, _ outcome: inout Outcome
  ) {
    let context = outcome.caller.context
    // RFC 8482 §4.1: ANY gets one RRset, the first.
    let hasAny = query.type == .any && node.end(zone.memory) > node.firstRRset
    let rrset = hasAny ? RRsetImage(zone.memory, at: node.firstRRset) : node.rrset(query.type, zone.memory)
    var isFiltered = false
    if snapshot.policy.hasIsolations {
      switch judgeEndpoints(of: node, asked: rrset, zone, snapshot, outcome.caller) {
      case .allMayPass: break
      case .someMayPass: isFiltered = true
      case .noneOfTypeMayPass: return addNegative(zone, number, context)
      case .noneMayPass(let endpointContext):
        if outcome.refusal == nil || snapshot.policy.mode(context) == .enforce {
          outcome.endpointContext = endpointContext
        }
        let reason = snapshot.policy.isolationReason(callerContext: context, endpointContext: endpointContext)
        let refusal = Refusal(.isolate, reason: reason)
        if isRefused(refusal, service: service, snapshot, &outcome, zone: ownZone) { return }
      }
    }
    guard let rrset else { return addNegative(zone, number, context) }
    answer.add(
      Answer.Item(
        zone: number, section: .answer, isFiltered: isFiltered, rrset: UInt32(rrset.offset), ttl: rrset.ttl,
        owner: owner))
    addAddresses(of: rrset, zone, snapshot, outcome.caller, isGlue: false)
  }

  /// No data: the apex's SOA, so that the answer may be cached (RFC 2308 §3), for min(its TTL, MINIMUM) seconds (§5).
  mutating func addNegative(_ zone: CompiledZone, _ number: UInt32, _ context: UInt16, ttl: UInt32? = nil) {
    let apex = zone.apex(context: context)
    guard let soa = apex.rrset(.soa, zone.memory) else { return }
    let minimum = UInt32(bigEndian: zone.memory.load(soa.end &- 4, as: UInt32.self))
    answer.add(
      Answer.Item(
        zone: number, section: .authority, rrset: UInt32(soa.offset), ttl: ttl ?? min(soa.ttl, minimum),
        owner: Answer.Owner(offset: UInt32(apex.nameOffset), zone: number)))
  }

  /// A referral to the zone below a cut (RFC 1034 §4.3.2 step 3b), with the glue that we have.
  private mutating func refer(
    _ node: ZoneNode, _ zone: CompiledZone, _ number: UInt32, _ snapshot: Snapshot, _ outcome: inout Outcome
  ) {
    let context = outcome.caller.context
    let cut = node.flags.contains(.covered) ? node.cut(zone.memory, context: context) ?? node : node
    guard let servers = cut.rrset(.ns, zone.memory) else { return }
    answer.add(
      Answer.Item(
        zone: number, section: .authority, rrset: UInt32(servers.offset), ttl: servers.ttl,
        owner: Answer.Owner(offset: UInt32(cut.nameOffset), zone: number)))
    addAddresses(of: servers, zone, snapshot, outcome.caller, isGlue: true)
  }

  /// The additional section: addresses of what MX, NS and SRV point to (RFC 1035 §3.3, RFC 2782), where the caller may
  /// call it and may have them.
  private mutating func addAddresses(
    of rrset: RRsetImage, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller, isGlue: Bool
  ) {
    var rdata = rrset.dataStart
    while rdata < rrset.end, !answer.isFull || isGlue {
      let size = Int(UInt16(bigEndian: zone.memory.load(rdata, as: UInt16.self)))
      guard let target = rrset.addressedName(inRDataAt: rdata &+ 2) else { return }
      other.load(zone.memory, at: target)
      addAddresses(snapshot, caller, isGlue: isGlue)
      rdata &+= 2 &+ size
    }
  }

  /// The addresses of the name in `other`, if it is ours.
  private mutating func addAddresses(_ snapshot: Snapshot, _ caller: Caller, isGlue: Bool) {
    guard let number = snapshot.zones.zone(of: other, type: .a, context: caller.context) else { return }
    let zone = snapshot.zones.zones[number]
    if zone.isBroken(for: caller.context) { return }
    let match = zone.find(other, context: caller.context)
    let isForeign = !match.node.flags.isDisjoint(with: [.cut, .covered]) && !isGlue
    guard match.labels == other.labelCount, !isForeign else { return }
    let mode = snapshot.policy.mode(caller.context)
    if mode == .enforce, snapshot.policy.judge(caller, target: match.service) != nil { return }
    let owner = Answer.Owner(offset: UInt32(match.node.nameOffset), zone: UInt32(number))
    var next = match.node.addresses(zone.memory)
    while let addresses = next {
      let passing = mode == .enforce ? countPassing(addresses, zone, snapshot, caller) : addresses.count
      if passing > 0 {
        answer.add(
          Answer.Item(
            zone: UInt32(number), section: .additional, isFiltered: passing < addresses.count, isGlue: isGlue,
            rrset: UInt32(addresses.offset), ttl: addresses.ttl, owner: owner))
      }
      next = match.node.addresses(zone.memory, after: addresses)
    }
  }
}
