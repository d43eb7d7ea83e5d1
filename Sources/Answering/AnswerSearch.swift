internal import DNSFormat
internal import Policy
internal import Zones

/// Finding the answer: RFC 1034 §4.3.2 in the caller's effective zone, the rules asked at every owner name.
extension Workspace {
  /// Finds what answers the query, or refuses. Leaves the RRsets in `answer`, the rest in `outcome`.
  mutating func findAnswer(_ request: Span<UInt8>, _ snapshot: Snapshot, _ outcome: inout Outcome) {
    answer.reset()
    synthesised.reset()
    selection.reset()
    failedService = nil
    let context = outcome.caller.context
    let ownZone =
      ownNode?.zone ?? snapshot.ownZone(of: name, type: query.type, context: context, guess: lastZone)
    if let ownZone { lastZone = ownZone }
    answer.questionZone = ownZone.map { UInt32($0) }
    let placement = judgementOfPlacement(snapshot, outcome.caller)
    if isRefused(placement, service: 0, snapshot, &outcome, zone: ownZone) { return }
    if query.qclass != 1 || query.type.isTransfer {
      // Classes other than IN, and zone transfers, are not for callers. Other types that no zone can have are asked for
      // like any: NODATA or NXDOMAIN, as NSD and Knot say.
      outcome.decision = .refused
      answer.rcode = .refused
      return
    }
    guard let ownZone else {
      if deniesBareName(snapshot, &outcome) || forwards(snapshot, &outcome) { return }
      outcome.decision = .refused
      answer.rcode = .refused
      answer.infoCode = .notAuthoritative
      return
    }
    outcome.decision = .answered
    followChain(from: ownZone, request, snapshot, &outcome)
  }

  /// How far an alias's chain has been followed.
  private struct Chain: ~Copyable {
    /// The zone of the question's name.
    let ownZone: Int
    /// Where the name is written that the chain has come to.
    var owner: Answer.Owner
    /// Aliases so far, and the hashes of the names that had them.
    var aliases = 0
    var visited = InlineArray<11, UInt64>(repeating: 0)

    init(ownZone: Int, owner: Answer.Owner) {
      self.ownZone = ownZone
      self.owner = owner
    }
  }

  /// Step 3 of the algorithm, again for every alias.
  /// - Parameter owner: where `name` is written.
  mutating func followChain(
    from ownZone: Int, owner: Answer.Owner = .question, _ request: Span<UInt8>, _ snapshot: Snapshot,
    _ outcome: inout Outcome
  ) {
    var chain = Chain(ownZone: ownZone, owner: owner)
    var number = ownZone
    while true {
      let next = snapshot.zones.lent.with(number) { zone in
        answer(from: zone, number, &chain, request, snapshot, &outcome)
      }
      guard let next else { return }
      number = next
    }
  }

  /// Answers for the name that a chain has come to.
  /// - Returns: the zone in which to look for the name it leads to; nil at the end.
  private mutating func answer(
    from zone: CompiledZone, _ number: Int, _ chain: inout Chain, _ request: Span<UInt8>, _ snapshot: Snapshot,
    _ outcome: inout Outcome
  ) -> Int? {
    let context = outcome.caller.context
    if zone.isBroken(for: context) {
      answer.reset()
      answer.rcode = .servFail
      answer.infoCode = .invalidData
      outcome.decision = .failed
      return nil
    }
    let own = chain.aliases == 0 && ownNode?.zone == number ? ownNode?.node : nil
    let found = zone.finding(name, own: own, type: query.type, context: context, wildcard: &other)
    if query.type == .ds, found.kind == .absent, let own = zoneAtName(snapshot, context), own != number {
      // There is no cut above a zone of ours: its apex exists all the same.
      return own
    }
    if chain.aliases == 0 { outcome.service = found.service }
    let judgement = snapshot.judge(outcome.caller, target: found.service, at: time)
    if isRefused(judgement, service: found.service, snapshot, &outcome, zone: chain.ownZone) { return nil }
    if chain.aliases == 0, found.kind != .referral { answer.isAuthoritative = true }
    let isBuiltIn = snapshot.zones.isBuiltIn(number)
    if isBuiltIn, hidesReverse(snapshot, outcome.caller, found) {
      answer.rcode = .nxDomain
      addNegative(zone, UInt32(number), context)
      return nil
    }
    switch found.kind {
    case .referral:
      refer(found.node, zone, UInt32(number), snapshot, &outcome)
      return nil
    case .absent:
      if chain.aliases == 0, timeoutText(found, zone, snapshot, context: context) != nil {
        addTimeout(zone, UInt32(number), service: found.service, context: context)
        return nil
      }
      answer.rcode = .nxDomain
      addNegative(zone, UInt32(number), context)
      prove(.noName(encloser: found.encloser), zone, UInt32(number), context)
      return nil
    case .exact, .wildcard:
      if found.node.flags.contains(.alias), !query.type.standsBesideAlias { break }
      // Nobody is kept from localhost, whoever's endpoint that is.
      let mayFilter = snapshot.policy.hasIsolations && !judgement.isExcepted && !isBuiltIn
      addData(found, zone, UInt32(number), chain.owner, chain.ownZone, mayFilter: mayFilter, snapshot, &outcome)
      return nil
    case .redirection: break
    }
    // The owner of an item says where a name is written, not which it is; the hash tells a name met again.
    let hash = name.hash(from: 0, seed: 0)
    var index = 0
    while index < chain.aliases {
      if chain.visited[index] == hash { return nil }  // a loop: what is there is the answer
      index &+= 1
    }
    if chain.aliases == Self.longestChain { return nil }
    chain.visited[chain.aliases] = hash
    chain.aliases &+= 1
    if found.kind == .redirection {
      let isShort = redirect(by: found.node, zone, UInt32(number), owner: &chain.owner, request: request, snapshot)
      // The CNAME made is itself what was asked for.
      if !isShort || query.type == .cname { return nil }
    } else {
      follow(found, zone, UInt32(number), context, owner: &chain.owner)
    }
    if let next = snapshot.ownZone(of: name, type: query.type, context: context, guess: number) { return next }
    // The alias leads to what others have: it is the answer's beginning, if somebody is asked for the rest.
    _ = forwards(snapshot, &outcome)
    return nil
  }

  /// The number of the zone whose apex is `name`.
  private mutating func zoneAtName(_ snapshot: Snapshot, _ context: UInt16) -> Int? {
    guard let number = snapshot.zones.zone(of: name, type: .soa, context: context) else { return nil }
    return snapshot.zones.lent.with(number) { $0.originLabels == name.labelCount } ? number : nil
  }

  /// Adds a node's CNAME; `name` becomes its target.
  private mutating func follow(
    _ found: ZoneFinding, _ zone: CompiledZone, _ number: UInt32, _ context: UInt16, owner: inout Answer.Owner
  ) {
    guard let alias = found.node.rrset(.cname, zone.memory) else { return }
    answer.add(
      Answer.Item(zone: number, section: .answer, rrset: UInt32(alias.offset), ttl: alias.ttl, owner: owner))
    if found.kind == .wildcard { prove(.noNearerName(encloser: found.encloser), zone, number, context) }
    let target = alias.dataStart &+ 2
    name.load(zone.memory, at: target)
    owner = Answer.Owner(offset: UInt32(target), zone: number)
  }

  // MARK: - The kinds of answer

  /// The RRset of the type asked for, or NODATA (RFC 2308 §2.2).
  /// - Parameter mayFilter: false where `isolate` has nothing to say of the name.
  private mutating func addData(
    _ found: ZoneFinding, _ zone: CompiledZone, _ number: UInt32, _ owner: Answer.Owner, _ ownZone: Int,
    mayFilter: Bool, _ snapshot: Snapshot, _ outcome: inout Outcome
  ) {
    let context = outcome.caller.context
    let node = found.node
    // RFC 8482 §4.1: ANY gets one RRset, the first.
    let hasAny = query.type == .any && node.end > node.firstRRset
    var rrset = hasAny ? RRsetImage(zone.memory, at: node.firstRRset) : node.rrset(query.type, zone.memory)
    var isFiltered = false
    if mayFilter {
      let passage = judgeEndpoints(of: node, asked: rrset, zone, snapshot, outcome.caller)
      switch passage {
      case .all: break
      case .none(let endpoint):
        let judgement = isolation(of: endpoint, service: found.service, snapshot, &outcome)
        if isRefused(judgement, service: found.service, snapshot, &outcome, zone: ownZone) { return }
      case .some(let endpoint), .noneOfType(let endpoint):
        if snapshot.policy.shadow(context: context, service: found.service).contains(.isolate) {
          let isFirst = outcome.refusal == nil
          let judgement = isolation(of: endpoint, service: found.service, snapshot, &outcome)
          _ = isRefused(judgement, service: found.service, snapshot, &outcome, zone: ownZone)
          outcome.wouldLeaveOut = isFirst
        } else if case .noneOfType = passage {
          // For the caller there is no such set; what `fail` says of the other family it says of this one.
          rrset = nil
        } else {
          isFiltered = true
        }
      }
    }
    let filters =
      mayFilter && !snapshot.policy.shadow(context: context, service: found.service).contains(.isolate)
    if answersSteered(found, rrset, zone, number, owner, ownZone, isFiltering: filters, snapshot, &outcome) { return }
    var next = rrset
    guard next != nil else { return addNoData(found, zone, number, context) }
    while let set = next {
      if !isThere(set, found, zone, number) {
        answer.add(
          Answer.Item(
            zone: number, section: .answer, isFiltered: isFiltered, rrset: UInt32(set.offset), ttl: set.ttl,
            owner: owner))
      }
      // Signatures lie with what they cover, so those that are asked for are several sets.
      next = query.type == .rrsig ? node.rrset(.rrsig, zone.memory, after: set) : nil
    }
    if found.kind == .wildcard { prove(.noNearerName(encloser: found.encloser), zone, number, context) }
    if let rrset { addAddresses(of: rrset, number, snapshot, outcome.caller, isGlue: false, service: found.service) }
  }

  /// NODATA: the SOA, and the proof.
  private mutating func addNoData(_ found: ZoneFinding, _ zone: CompiledZone, _ number: UInt32, _ context: UInt16) {
    addNegative(zone, number, context)
    let claim =
      found.kind == .wildcard
      ? Claim.noTypeAtWildcard(found.node, encloser: found.encloser) : .noType(found.node, labels: name.labelCount)
    prove(claim, zone, number, context)
  }

  /// No data: the apex's SOA, so that the answer may be cached (RFC 2308 §3), for min(its TTL, MINIMUM) seconds (§5).
  mutating func addNegative(_ zone: CompiledZone, _ number: UInt32, _ context: UInt16, ttl: UInt32? = nil) {
    let apex = zone.apex(context: context)
    guard let soa = apex.rrset(.soa, zone.memory) else { return }
    answer.add(
      Answer.Item(
        zone: number, section: .authority, rrset: UInt32(soa.offset), ttl: ttl ?? soa.negativeTTL(zone.memory),
        owner: Answer.Owner(offset: UInt32(apex.nameOffset), zone: number)))
  }

  /// A referral to the zone below a cut (RFC 1034 §4.3.2 step 3b), with the glue that we have; for who asks for it, with
  /// the DS set or the proof that there is none (RFC 4035 §3.1.4).
  private mutating func refer(
    _ cut: ZoneNode, _ zone: CompiledZone, _ number: UInt32, _ snapshot: Snapshot, _ outcome: inout Outcome
  ) {
    guard let servers = cut.rrset(.ns, zone.memory) else { return }
    let owner = Answer.Owner(offset: UInt32(cut.nameOffset), zone: number)
    answer.add(
      Answer.Item(
        zone: number, section: .authority, rrset: UInt32(servers.offset), ttl: servers.ttl, owner: owner))
    if query.isDNSSECOK {
      if let signers = cut.rrset(.ds, zone.memory), signers.isSigned {
        answer.add(
          Answer.Item(
            zone: number, section: .authority, rrset: UInt32(signers.offset), ttl: signers.ttl, owner: owner))
      } else {
        let claim = Claim.noType(cut, labels: cut.labelCount(zone.memory))
        prove(claim, zone, number, outcome.caller.context)
      }
    }
    addAddresses(of: servers, number, snapshot, outcome.caller, isGlue: true, service: 0)
  }
}
