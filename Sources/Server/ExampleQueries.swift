internal import Addresses
internal import Answering
internal import DNSFormat
internal import Inspection
internal import Policy

/// Up to three `dig` commands to paste, with answers that differ: from the policy's `expect` lines where it has some,
/// which say how each caller fares; else names of services, zones or `forward` lines.
func exampleQueries(_ snapshot: Snapshot, at listens: [SocketAddress]) -> [String] {
  guard let listen = listens.first(where: { $0.address.isIPv4 }) ?? listens.first else { return [] }
  let policy = snapshot.policy.policy
  let host = listen.address.isWildcard ? (listen.address.isIPv4 ? "127.0.0.1" : "::1") : listen.address.description
  let dig = "dig @\(host)" + (listen.port == 53 ? "" : " -p \(listen.port)")
  func name(_ name: DomainName) -> String { String(name.description.dropLast()) }

  var chosen: [Expectation] = []
  let usable = policy.expectations.filter { $0.source.isIPv4 == listen.address.isIPv4 }
  let refused = usable.first { $0.outcome[0].text.lowercased() == "refused" }
  for expectation in usable where chosen.count < (refused == nil ? 3 : 2) {
    let word = expectation.outcome[0].text
    if word.lowercased() == "refused" || chosen.contains(where: { $0.outcome[0].text == word }) { continue }
    if let first = chosen.first, expectation.name != first.name { continue }
    chosen.append(expectation)
  }
  if let refused { chosen.append(refused) }
  if !chosen.isEmpty {
    return chosen.map { expectation in
      let source = expectation.source.description == "127.0.0.1" ? "" : " -b \(expectation.source)"
      let type = expectation.typeText.uppercased() == "A" ? "" : " \(expectation.typeText)"
      return "\(dig)\(source) \(name(expectation.name))\(type)"
    }
  }
  let names =
    policy.services.prefix(3).map { name($0.name) }
    + snapshot.zones.zones.prefix(1).flatMap { zone in
      [name(zone.origin) + " SOA", name(zone.origin) + " NS", "+tcp " + name(zone.origin) + " SOA"]
    }
  // Without zones all that can be answered are names of others.
  if names.isEmpty, let forward = policy.forwards.first(where: { !$0.isOff }) {
    return ["\(dig) \(forward.zone == .root ? "example.org" : name(forward.zone))"]
  }
  return names.prefix(3).map { "\(dig) \($0)" }
}
