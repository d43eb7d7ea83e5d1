internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// Writing what was found.
extension Workspace {
  /// RRsets, section by section as they were found.
  /// - Returns: false where one that the asker needs did not fit (RFC 2181 §9); additional data may be missing.
  mutating func appendItems(
    _ snapshot: Snapshot, _ context: UInt16, into response: inout OctetBuffer
  ) -> Bool {
    var index = 0
    while index < answer.count {
      let item = answer[index]
      let zone = snapshot.zones.zones[Int(item.zone)]
      let rrset = RRsetImage(zone.memory, at: Int(item.rrset))
      let owner = item.owner == .question ? ResponseWriter.Owner.question : .name(Int(item.owner.offset))
      let fits = writer.append(
        rrset, of: zone.memory, owner: owner, in: snapshot.zones.zones[Int(item.owner.zone)].memory, ttl: item.ttl,
        section: item.section, into: &response
      ) {
        !item.isFiltered
          || !snapshot.policy.isIsolated(
            callerContext: context, endpoint: IPAddress(rrset, zone.memory, rdataAt: $0))
      }
      if !fits { return item.section == .additional && !item.isGlue }
      index &+= 1
    }
    return !answer.lacksGlue
  }
}
