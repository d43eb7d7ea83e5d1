internal import Addresses
internal import Answering
internal import DNSFormat
internal import Policy
internal import Zones

/// A service whose endpoints are checked, and where they are.
struct CheckedService: Sendable {
  let name: DomainName
  /// As the policy calls it.
  let display: String
  let check: HealthCheck
  /// Each once, in order.
  let addresses: [IPAddress]
}

extension Snapshot {
  /// The services that say `health`, with the addresses that any context has at their names and below them. Overrides are
  /// not among them: they are somebody's own business, and what health finds of the service is everybody's.
  ///
  /// Goes through all zones: not for a query's path, nor for the control thread.
  var checkedServices: [CheckedService] {
    let services = policy.policy.services
    guard services.contains(where: { $0.steering.health != nil }) else { return [] }
    var found: [UInt32: Set<IPAddress>] = [:]
    for zone in zones.zones {
      for record in zone.recordOffsets {
        for context in zone.firstContexts(ofRecord: record) {
          let node = zone.node(ofRecord: record, context: context)
          guard node.service > 0, Int(node.service) <= services.count,
            services[Int(node.service) - 1].steering.health != nil
          else { break }
          if zone.isOverride(node, context: context) { continue }
          for rrset in node.rrsets(zone.memory) where rrset.holdsAddresses {
            found[node.service, default: []].formUnion(zone.addresses(of: rrset))
          }
        }
      }
    }
    return services.enumerated().compactMap { index, service in
      guard let check = service.steering.health else { return nil }
      let addresses = (found[UInt32(index + 1)] ?? []).sorted {
        ($0.isIPv4 ? 0 : 1, $0.high, $0.low) < ($1.isIPv4 ? 0 : 1, $1.high, $1.low)
      }
      return CheckedService(name: service.name, display: service.display, check: check, addresses: addresses)
    }
  }
}

extension CompiledZone {
  /// The addresses of a set of A or AAAA.
  fileprivate func addresses(of rrset: RRsetImage) -> [IPAddress] {
    let size = rrset.type == .a ? 4 : 16
    return (0..<rrset.count).compactMap { index in
      let rdata = rrset.dataStart + index * (2 + size) + 2
      guard rdata + size <= rrset.end else { return nil }
      let words = memory.octets(rdata..<(rdata + size)).reduce(into: (high: UInt64(0), low: UInt64(0))) {
        $0 = ($0.high << 8 | $0.low >> 56, $0.low << 8 | UInt64($1))
      }
      return size == 4
        ? IPAddress(v4: UInt32(truncatingIfNeeded: words.low)) : IPAddress(high: words.high, low: words.low)
    }
  }
}
