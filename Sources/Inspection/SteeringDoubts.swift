internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import FlatMemory
internal import Policy
internal import Zones

/// Lines about endpoints that do nothing for want of a record: a drain of an address with a wrong digit drains nothing.
///
/// The services' own names are looked at first; only for what they do not have is every name of every zone.
func steeringDoubts(_ snapshot: Snapshot) -> [Diagnostic] {
  let services = snapshot.policy.policy.services
  var unseen: [(service: Int, keyword: String, prefix: LocatedPrefix)] = []
  for (index, service) in services.enumerated() where !service.steering.isEmpty {
    for (keyword, prefix) in service.steering.named { unseen.append((index, keyword, prefix)) }
  }
  if unseen.isEmpty { return signedDoubts(snapshot) + emptyFallbacks(snapshot) }
  for zone in snapshot.zones.zones {
    var own: Set<IPAddress> = []
    for index in Set(unseen.map(\.service)) {
      var key = NameKey()
      key.load(services[index].name)
      guard zone.covers(key), let record = zone.recordOffset(of: key) else { continue }
      zone.addAddresses(ofRecord: record, to: &own)
    }
    unseen.removeAll { item in own.contains { item.prefix.prefix.contains($0) } }
  }
  if !unseen.isEmpty {
    var exact: Set<IPAddress> = []
    for zone in snapshot.zones.zones {
      for record in zone.recordOffsets { zone.addAddresses(ofRecord: record, to: &exact) }
    }
    unseen.removeAll { item in
      let prefix = item.prefix.prefix
      return prefix.length == prefix.address.width
        ? exact.contains(prefix.address) : exact.contains { prefix.contains($0) }
    }
  }
  return unseen.map { item in
    .warning(
      at: item.prefix.location,
      "no record of any zone has \(item.prefix.prefix), so this \(item.keyword) does nothing; "
        + "correct the address, or remove it")
  } + signedDoubts(snapshot) + emptyFallbacks(snapshot)
}

/// Services with signed addresses: who validates gets them all.
private func signedDoubts(_ snapshot: Snapshot) -> [Diagnostic] {
  var found: [Diagnostic] = []
  for service in snapshot.policy.policy.services where !service.steering.isEmpty {
    var key = NameKey()
    key.load(service.name)
    for zone in snapshot.zones.zones where zone.covers(key) {
      guard let record = zone.recordOffset(of: key),
        zone.firstContexts(ofRecord: record).contains(where: { context in
          zone.node(ofRecord: record, context: context).rrsets(zone.memory).contains {
            $0.holdsAddresses && $0.isSigned
          }
        })
      else { continue }
      found.append(
        .warning(
          at: service.location,
          "\(service.name) is signed: who asks for signatures gets all of its endpoints, whatever the service says of them; "
            + "leave the name unsigned, or do without"))
      break
    }
  }
  return found
}

/// Services that stand in for others and have no address to give.
private func emptyFallbacks(_ snapshot: Snapshot) -> [Diagnostic] {
  let services = snapshot.policy.policy.services
  return services.compactMap { service in
    guard case .fallback(let index) = service.steering.failure, let place = service.steering.places["fail"] else {
      return nil
    }
    var key = NameKey()
    key.load(services[index].name)
    var addresses: Set<IPAddress> = []
    for zone in snapshot.zones.zones where zone.covers(key) {
      if let record = zone.recordOffset(of: key) { zone.addAddresses(ofRecord: record, to: &addresses) }
    }
    if !addresses.isEmpty { return nil }
    return .warning(
      at: place,
      "\(services[index].name) has no address in any zone, so it stands in for nothing and \(service.name) is refused "
        + "where it fails; give it addresses, or name another service")
  }
}

extension CompiledZone {
  /// All addresses that a name has, in whatever context.
  fileprivate func addAddresses(ofRecord record: Int, to addresses: inout Set<IPAddress>) {
    for context in firstContexts(ofRecord: record) {
      for rrset in node(ofRecord: record, context: context).rrsets(memory) where rrset.holdsAddresses {
        rrset.forEachRData(memory) { start, end in
          if let address = IPAddress(octets: memory.octets(start..<end)) { addresses.insert(address) }
        }
      }
    }
  }
}
