internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// What is answered for a name of a service that says which of its endpoints callers get, and what where none is well.
extension Workspace {
  /// A service none of whose endpoints is well, or to be given, for the words of the Extended DNS Error.
  struct FailedService: BitwiseCopyable {
    /// What was answered.
    enum Answer: BitwiseCopyable {
      case refusal
      /// All that are to be given: `fail open`.
      case all
      /// The endpoints of another service: `fail fallback`.
      case standIn(UInt32)
    }

    let row: SteeringTable.Row
    let counts: EndpointCounts
    let isBroken: Bool
    let answer: Answer

    init(_ view: SteeringView, _ counts: EndpointCounts, _ answer: Answer) {
      row = view.row
      self.counts = counts
      isBroken = view.isBroken
      self.answer = answer
    }
  }

  /// Services that stand in for one another, at the most: the policy lets none do so in a circle.
  private static var longestFallback: Int { 8 }

  /// Answers with those of a service's endpoints that the caller gets.
  /// - Parameters:
  ///   - rrset: the set that was asked for; nil where the node has none, which may have addresses of the other family.
  ///   - ownZone: the zone of the question's name, whose SOA goes with `deny-as nxdomain` and `nodata`.
  ///   - isFiltering: `isolate` keeps endpoints of this name from the caller.
  /// - Returns: false where there is nothing to steer: the set is answered as it is.
  mutating func answersSteered(
    _ found: ZoneFinding, _ rrset: RRsetImage?, _ zone: CompiledZone, _ number: UInt32, _ owner: Answer.Owner,
    _ ownZone: Int, isFiltering: Bool, _ snapshot: Snapshot, _ outcome: inout Outcome
  ) -> Bool {
    guard let row = snapshot.policy.steering.row(of: found.service),
      rrset.map({ $0.holdsAddresses || $0.type == .srv }) ?? (query.type == .a || query.type == .aaaa)
    else { return false }
    let view = steeringView(row, isFiltering: isFiltering, snapshot, outcome.caller)
    let verdict = steer(found.node, rrset, zone, snapshot, outcome.caller, view)
    // A signature is of the whole set, and a proof that a type does not exist of all sets: who validates gets the answer
    // that is signed (RFC 4035 §2.2), or REFUSED.
    let isSigned = query.isDNSSECOK && (rrset?.isSigned ?? zone.provesDenials)
    switch verdict {
    case .asFound: return false
    case .choice(let choice):
      guard let rrset else { return false }
      if let counts = choice.failed { note(FailedService(view, counts, .all)) }
      if isSigned { return addWhole(rrset, choice, found, zone, number, owner, snapshot, outcome.caller) }
      return addChosen(rrset, choice, zone, number, owner, noDataFrom: zone, number, snapshot, outcome.caller)
    case .failed(let counts):
      if row.fallback != 0, rrset?.type != .srv, isSigned { return false }
      if row.fallback != 0, rrset?.type != .srv,
        standsIn(for: row, rrset?.type ?? query.type, zone, number, owner, snapshot, &outcome)
      {
        note(FailedService(view, counts, .standIn(outcome.standIn)))
        return true
      }
      outcome.decision = .refused
      outcome.service = found.service
      answer.reset()
      note(FailedService(view, counts, .refusal))
      deny(row, ownZone, isSigned: isSigned, snapshot, outcome.caller)
      return true
    }
  }

  /// An error that goes with answers too (RFC 8914): the endpoints are given, and most likely nobody is there.
  private mutating func note(_ failed: FailedService) {
    failedService = failed
    answer.infoCode = .networkError
  }

  /// Refuses a name none of whose endpoints is given, as `deny-as` says: a client that takes REFUSED for a server's fault
  /// waits and asks again. For no longer than the service's other answers are believed while it is not well.
  ///
  /// Never silently, since the caller may know of the service; and who validates has REFUSED, since it would not believe a
  /// denial that the zone did not sign.
  private mutating func deny(
    _ row: SteeringTable.Row, _ ownZone: Int, isSigned: Bool, _ snapshot: Snapshot, _ caller: Caller
  ) {
    let denial = snapshot.policy.denyAs(context: caller.context, service: row.service)
    guard !isSigned, !refusesSubnet, denial.kind == .nxdomain || denial.kind == .nodata else {
      answer.rcode = .refused
      return
    }
    answer.isAuthoritative = true
    answer.rcode = denial.kind == .nxdomain ? .nxDomain : .noError
    snapshot.zones.lent.with(ownZone) { zone in
      let apex = zone.apex(context: caller.context)
      let ownTTL = apex.rrset(.soa, zone.memory)?.negativeTTL(zone.memory) ?? 0
      addNegative(
        zone, UInt32(ownZone), caller.context, ttl: min(denial.ttl, row.unsettledTTL, ownTTL))
    }
  }

  /// The caller as a service steers it; what is told a forwarder's client is told that client's subnet alone, where the
  /// service has canaries.
  mutating func steeringView(
    _ row: SteeringTable.Row, isFiltering: Bool, _ snapshot: Snapshot, _ caller: Caller
  ) -> SteeringView {
    if row.hasCanaries, let subnet = clientSubnet {
      let length = subnet.sourceLength
      scope = max(scope, subnet.address.isIPv4 ? length : min(length, SteeringTable.longestPlace))
    }
    return SteeringView(
      row, snapshot, callerContext: caller.context, isFiltering: isFiltering, address: callerAddress)
  }

  /// Adds a signed set, all of it.
  private mutating func addWhole(
    _ rrset: RRsetImage, _ choice: SteeringChoice, _ found: ZoneFinding, _ zone: CompiledZone, _ number: UInt32,
    _ owner: Answer.Owner, _ snapshot: Snapshot, _ caller: Caller
  ) -> Bool {
    answer.add(
      Answer.Item(
        zone: number, section: .answer, rrset: UInt32(rrset.offset), ttl: choice.ttl(rrset), owner: owner))
    if found.kind == .wildcard {
      prove(.noNearerName(encloser: found.encloser), zone, number, caller.context)
    }
    addAddresses(of: rrset, number, snapshot, caller, isGlue: false, service: found.service)
    return true
  }

  /// Adds what is chosen of a set; where that is nothing, there is no data of its type.
  private mutating func addChosen(
    _ rrset: RRsetImage, _ choice: SteeringChoice, _ zone: CompiledZone, _ number: UInt32, _ owner: Answer.Owner,
    noDataFrom ownZone: CompiledZone, _ ownNumber: UInt32, _ snapshot: Snapshot,
    _ caller: Caller
  ) -> Bool {
    guard let part = select(rrset, zone, snapshot, caller, choice) else { return false }
    if part.count == 0 {
      addPassingNoData(ownZone, ownNumber, caller.context, atMost: choice.unsettledTTL)
      return true
    }
    var item = Answer.Item(
      zone: number, section: .answer, rrset: UInt32(rrset.offset), ttl: choice.ttl(rrset), owner: owner)
    item.selected = part
    answer.add(item)
    addAddresses(
      of: rrset, number, snapshot, caller, isGlue: false, service: choice.view.row.service, selected: part)
    return true
  }

  /// NODATA that may soon be different.
  private mutating func addPassingNoData(
    _ zone: CompiledZone, _ number: UInt32, _ context: UInt16, atMost unsettledTTL: UInt32
  ) {
    let apex = zone.apex(context: context)
    let ttl = apex.rrset(.soa, zone.memory)?.negativeTTL(zone.memory) ?? 0
    addNegative(zone, number, context, ttl: min(ttl, unsettledTTL))
  }

  /// Answers with the addresses of the service that stands in for another, under the asked name; of that one's own, where
  /// none of its endpoints is well either.
  /// - Returns: false where there is none that the caller may call, or it has no addresses.
  private mutating func standsIn(
    for failed: SteeringTable.Row, _ type: RRType, _ ownZone: CompiledZone, _ ownNumber: UInt32, _ owner: Answer.Owner,
    _ snapshot: Snapshot, _ outcome: inout Outcome
  ) -> Bool {
    var row = failed
    // Whichever of the services on the way is well again first, the answer is another one then.
    var ttl = failed.unsettledTTL
    var step = 0
    while step < Self.longestFallback {
      step &+= 1
      let caller = outcome.caller
      let service = row.fallback
      guard service != 0, let next = snapshot.policy.steering.anyRow(of: service) else { return false }
      let judgement = snapshot.judge(caller, target: service, at: time)
      if judgement.refusal != nil { return false }
      other.load(snapshot.policy.steering.names, at: row.fallbackName)
      guard let number = snapshot.zones.zone(of: other, type: type, context: caller.context, guess: Int(ownNumber))
      else { return false }
      let isFiltering =
        snapshot.policy.hasIsolations && !judgement.isExcepted
        && !snapshot.policy.shadow(context: caller.context, service: service).contains(.isolate)
      let view = steeringView(next, isFiltering: isFiltering, snapshot, caller)
      ttl = min(ttl, next.unsettledTTL)
      let verdict: Bool? = snapshot.zones.lent.with(number) { zone in
        if zone.isBroken(for: caller.context) { return false }
        let match = zone.find(other, context: caller.context)
        guard match.labels == other.labelCount, match.node.flags.isDisjoint(with: [.cut, .covered, .alias]) else {
          return false
        }
        switch steer(match.node, nil, zone, snapshot, caller, view) {
        case .asFound: return false
        case .failed: return nil
        case .choice(let found):
          let choice = SteeringChoice(view: found.view, least: found.least, isUnsettled: true, unsettledTTL: ttl)
          guard let rrset = match.node.rrset(type, zone.memory) else {
            addPassingNoData(ownZone, ownNumber, caller.context, atMost: ttl)
            return true
          }
          return addChosen(
            rrset, choice, zone, UInt32(number), owner, noDataFrom: ownZone, ownNumber, snapshot, caller)
        }
      }
      if let verdict {
        if verdict { outcome.standIn = service }
        return verdict
      }
      row = next
    }
    return false
  }

  /// Says what a service's failure is: `orders: 3 of 3 endpoints are down: health (orders.policy:7)`, and, where something is
  /// answered all the same, `; all are given: fail open (orders.policy:9)`.
  mutating func appendFailure(_ snapshot: Snapshot, to buffer: inout OctetBuffer) {
    guard let failed = failedService else { return }
    let counts = failed.counts
    snapshot.policy.appendService(failed.row.service, to: &buffer)
    buffer.append(": ")
    if counts.candidates == 0 {
      buffer.append("none of ")
      buffer.append(decimal: UInt64(counts.total))
      buffer.append(counts.total == 1 ? " endpoint is given" : " endpoints is given")
      buffer.append(": drain, live or canary")
      return appendAnswer(of: failed, snapshot, to: &buffer)
    }
    if failed.isBroken {
      buffer.append("the circuit breaker is open")
    } else {
      buffer.append(decimal: UInt64(counts.candidates &- counts.well))
      buffer.append(" of ")
      buffer.append(decimal: UInt64(counts.candidates))
      buffer.append(counts.candidates == 1 ? " endpoint is down" : " endpoints are down")
    }
    if failed.row.healthPlace != 0 {
      buffer.append(": health (")
      snapshot.policy.steering.appendPlace(failed.row.healthPlace, to: &buffer)
      buffer.append(")")
    }
    appendAnswer(of: failed, snapshot, to: &buffer)
  }

  private func appendAnswer(of failed: FailedService, _ snapshot: Snapshot, to buffer: inout OctetBuffer) {
    switch failed.answer {
    case .refusal: return
    case .all: buffer.append("; all are given: fail open")
    case .standIn(let service):
      buffer.append("; answered by ")
      snapshot.policy.appendService(service, to: &buffer)
      buffer.append(": fail fallback")
    }
    if failed.row.failPlace == 0 { return }
    buffer.append(" (")
    snapshot.policy.steering.appendPlace(failed.row.failPlace, to: &buffer)
    buffer.append(")")
  }
}
