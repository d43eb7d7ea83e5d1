internal import Addresses
internal import FlatMemory
internal import Policy
internal import Zones

extension Workspace {
  /// Endpoints that are told one by one.
  private static var mostTold: Int { 8 }

  /// Which endpoints at the name are down, and since when: of those that the caller's effective zone has there and that
  /// `isolate` does not keep from it. Nothing where all are well, as far as is known.
  mutating func tellHealth(
    of found: ZoneFinding, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller,
    into response: inout OctetBuffer
  ) -> Bool {
    let endpoints = snapshot.situation.endpoints
    let service = found.service
    if service == 0 { return true }
    var more: UInt64 = 0
    if found.kind == .exact || found.kind == .wildcard {
      let isLifted =
        snapshot.judge(caller, target: service, at: time).isExcepted
        || snapshot.policy.shadow(context: caller.context, service: service).contains(.isolate)
      var told = 0
      var addresses = NodeAddresses(of: found.node, zone.memory)
      while let address = addresses.next(zone.memory) {
        guard endpoints.isDown(address, of: service),
          isLifted || !snapshot.policy.isIsolated(callerContext: caller.context, endpoint: address)
        else { continue }
        if told < Self.mostTold {
          if !tell(address, of: service, endpoints, into: &response) { return false }
          told &+= 1
        } else {
          more &+= 1
        }
      }
    }
    if more > 0 {
      fact.append(decimal: more)
      fact.append(" more are down")
      if !endFact(into: &response) { return false }
    }
    if endpoints.state(of: service) != .broken { return true }
    fact.append("broken: every check of every endpoint fails")
    return endFact(into: &response)
  }

  private mutating func tell(
    _ address: IPAddress, of service: UInt32, _ endpoints: EndpointStates, into response: inout OctetBuffer
  ) -> Bool {
    if let note = endpoints.notes(of: service).first(where: { $0.address == address }) {
      fact.append(note.octets, from: 0, count: note.octets.count)
    } else {
      fact.append("endpoint ")
      fact.append(address)
      fact.append(" is down")
    }
    return endFact(into: &response)
  }
}
