internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// What goes beside an answer.
extension Workspace {
  /// The additional section: addresses of what MX, NS, SRV and their like point to (RFC 1035 §3.3, RFC 2782), where the
  /// caller may call it and may have them.
  /// - Parameters:
  ///   - service: the one that the set is of, which says which endpoints are given where their own does not.
  ///   - selected: of which of its RRs; nil for all.
  mutating func addAddresses(
    of rrset: RRsetImage, _ number: UInt32, _ snapshot: Snapshot, _ caller: Caller, isGlue: Bool, service: UInt32,
    selected: Selection.Part? = nil
  ) {
    snapshot.zones.lent.with(Int(number)) { zone in
      var rdata = rrset.dataStart
      var index = 0
      while selected.map({ index < Int($0.count) }) ?? (rdata < rrset.end), !answer.isFull || isGlue {
        if let selected { rdata = Int(selection[Int(selected.first) &+ index].rdata) &- 2 }
        index &+= 1
        let size = Int(UInt16(bigEndian: zone.memory.load(rdata, as: UInt16.self)))
        guard let target = rrset.addressedName(inRDataAt: rdata &+ 2) else { return }
        if rrset.isService, zone.memory[target] == 0 {
          // RFC 9460 §2.5.2: the owner itself; in alias mode (priority 0) there is no service.
          if zone.memory.load(rdata &+ 2, as: UInt16.self) != 0 { other.load(name) } else { return }
        } else {
          other.load(zone.memory, at: target)
        }
        // Glue is what the zone above a cut says, whether or not a zone below is ours too (RFC 9471 §2.1).
        if !(isGlue && zone.covers(other) && addAddresses(in: number, snapshot, caller, isGlue: true, service)),
          let own = snapshot.zones.zone(of: other, type: .a, context: caller.context, guess: Int(number))
        {
          _ = addAddresses(in: UInt32(own), snapshot, caller, isGlue: isGlue, service)
        }
        rdata &+= 2 &+ size
      }
    }
  }

  /// The addresses that a zone has for the name in `other`.
  /// - Returns: false where it has none.
  private mutating func addAddresses(
    in number: UInt32, _ snapshot: Snapshot, _ caller: Caller, isGlue: Bool, _ service: UInt32
  ) -> Bool {
    snapshot.zones.lent.with(Int(number)) { addAddresses(from: $0, number, snapshot, caller, isGlue: isGlue, service) }
  }

  private mutating func addAddresses(
    from zone: CompiledZone, _ number: UInt32, _ snapshot: Snapshot, _ caller: Caller, isGlue: Bool, _ service: UInt32
  ) -> Bool {
    if zone.isBroken(for: caller.context) { return false }
    let match = zone.find(other, context: caller.context)
    guard match.labels == other.labelCount,
      isGlue || match.node.flags.isDisjoint(with: [.cut, .covered]),
      // Below a DNAME there is nothing (RFC 6672 §2.4), not even glue.
      match.node.cover(zone.memory, context: caller.context)?.flags.contains(.redirection) != true
    else { return false }
    var next = match.node.addresses(zone.memory)
    if next == nil { return false }
    let judgement = snapshot.judge(caller, target: match.service, at: time)
    if judgement.refusal != nil { return true }
    let isFiltering =
      !judgement.isExcepted
      && !snapshot.policy.shadow(context: caller.context, service: match.service).contains(.isolate)
    let owner = Answer.Owner(offset: UInt32(match.node.nameOffset), zone: number)
    // Which endpoints those callers get who ask for them by the name itself.
    var choice: SteeringChoice?
    if !isGlue, let row = snapshot.policy.steering.row(of: match.service) ?? snapshot.policy.steering.row(of: service) {
      let isHiding = isFiltering && snapshot.policy.hasIsolations
      let view = steeringView(row, isFiltering: isHiding, snapshot, caller)
      switch steer(match.node, nil, zone, snapshot, caller, view) {
      case .asFound: break
      case .failed: return true
      case .choice(let made): choice = made
      }
    }
    while let addresses = next {
      if let choice, !(addresses.isSigned && query.isDNSSECOK) {
        if let part = select(addresses, zone, snapshot, caller, choice), part.count > 0 {
          var item = Answer.Item(
            zone: number, section: .additional, rrset: UInt32(addresses.offset), ttl: choice.ttl(addresses),
            owner: owner)
          item.selected = part
          answer.add(item)
        }
        next = match.node.addresses(zone.memory, after: addresses)
        continue
      }
      let passing = isFiltering ? countPassing(addresses, zone, snapshot, caller) : addresses.count
      if passing == addresses.count || passing > 0 && !addresses.isSigned {
        answer.add(
          Answer.Item(
            zone: number, section: .additional, isFiltered: passing < addresses.count, isGlue: isGlue,
            rrset: UInt32(addresses.offset), ttl: addresses.ttl, owner: owner))
      }
      next = match.node.addresses(zone.memory, after: addresses)
    }
    return true
  }
}
