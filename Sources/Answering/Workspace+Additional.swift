internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// What goes beside an answer.
extension Workspace {
  /// The additional section: addresses of what MX, NS, SRV and their like point to (RFC 1035 §3.3, RFC 2782), where the caller may
  /// call it and may have them.
  mutating func addAddresses(
    of rrset: RRsetImage, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller, isGlue: Bool
  ) {
    var rdata = rrset.dataStart
    while rdata < rrset.end, !answer.isFull || isGlue {
      let size = Int(UInt16(bigEndian: zone.memory.load(rdata, as: UInt16.self)))
      guard let target = rrset.addressedName(inRDataAt: rdata &+ 2) else { return }
      if rrset.isService, zone.memory[target] == 0 {
        // RFC 9460 §2.5.2: the owner itself; in alias mode (priority 0) there is no service.
        if zone.memory.load(rdata &+ 2, as: UInt16.self) != 0 { other.load(name) } else { return }
      } else {
        other.load(zone.memory, at: target)
      }
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
    guard match.labels == other.labelCount,
      isGlue || match.node.flags.isDisjoint(with: [.cut, .covered]),
      // Below a DNAME there is nothing (RFC 6672 §2.4), not even glue.
      match.node.cover(zone.memory, context: caller.context)?.flags.contains(.redirection) != true
    else { return }
    let mode = snapshot.policy.mode(caller.context)
    if mode == .enforce, snapshot.policy.judge(caller, target: match.service) != nil { return }
    let owner = Answer.Owner(offset: UInt32(match.node.nameOffset), zone: UInt32(number))
    var next = match.node.addresses(zone.memory)
    while let addresses = next {
      let passing = mode == .enforce ? countPassing(addresses, zone, snapshot, caller) : addresses.count
      if passing == addresses.count || passing > 0 && !addresses.isSigned {
        answer.add(
          Answer.Item(
            zone: UInt32(number), section: .additional, isFiltered: passing < addresses.count, isGlue: isGlue,
            rrset: UInt32(addresses.offset), ttl: addresses.ttl, owner: owner))
      }
      next = match.node.addresses(zone.memory, after: addresses)
    }
  }
}
