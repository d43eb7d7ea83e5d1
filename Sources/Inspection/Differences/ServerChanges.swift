internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import Policy

/// Listeners, identities and users that are another caller than before.
func callerChanges(_ pair: SnapshotPair) -> [DifferenceSearch.Key] {
  var changes: [DifferenceSearch.Key] = []
  let old = pair.old.policy, new = pair.new.policy
  func listeners(_ policy: CompiledPolicy) -> [String: (text: String, place: String?)] {
    Dictionary(
      policy.policy.listens.map { listen in
        let context = listen.context.map { "callers there are in \(policy.contextName(UInt16($0)))" }
        let place = policy.policy.isListenDefaulted ? nil : listen.location.wholeLine.description
        return (listen.address.description, (context ?? "callers there are told by their addresses", place))
      }, uniquingKeysWith: { first, _ in first })
  }
  func known(_ policy: CompiledPolicy) -> [String: (text: String, place: String?)] {
    var found: [String: (text: String, place: String?)] = [:]
    for service in policy.policy.services {
      for identity in service.identities {
        found["identity \"\(identity.commonName)\""] = (service.display, identity.location.wholeLine.description)
      }
      for user in service.users { found["uid \(user.text)"] = (service.display, user.location.wholeLine.description) }
    }
    return found
  }
  func leasing(_ policy: CompiledPolicy) -> [String: (text: String, place: String?)] {
    var found: [String: (text: String, place: String?)] = [:]
    for (number, context) in policy.policy.contextDetails.enumerated().dropFirst() {
      guard let leasing = context.leasing else { continue }
      found[policy.contextName(UInt16(number))] = (leasing.text, leasing.location.wholeLine.description)
    }
    return found
  }
  for (what, before, after) in [
    ("listen ", listeners(old), listeners(new)), ("", known(old), known(new)),
    ("leases of ", leasing(old), leasing(new)),
  ] {
    for key in Set(before.keys).union(after.keys).sorted() {
      let was = before[key], now = after[key]
      if was?.text == now?.text { continue }
      changes.append(
        DifferenceSearch.Key(
          kind: .placement, text: "\(what)\(key): \(was?.text ?? "nothing") → \(now?.text ?? "nothing")",
          place: now?.place ?? was?.place))
    }
  }
  return changes
}

/// Neighbouring addresses that were one caller and are another.
struct PlacementRange {
  let first: IPAddress
  let old: String
  let new: String
  let place: String?
  /// The first address behind it; nil at its family's end.
  var end: IPAddress?

  func contains(_ address: IPAddress) -> Bool {
    address.isIPv4 == first.isIPv4 && rank(address) >= rank(first) && end.map { rank(address) < rank($0) } != false
  }

  var key: DifferenceSearch.Key {
    DifferenceSearch.Key(kind: .placement, text: "\(rangeText(first, end)): \(old) → \(new)", place: place)
  }
}

extension [PlacementRange] {
  /// The range that has an address in it, of ranges in order.
  func range(of address: IPAddress) -> PlacementRange? {
    var low = 0, high = count
    while low < high {
      let middle = (low + high) / 2
      if rank(self[middle].first) <= rank(address) { low = middle + 1 } else { high = middle }
    }
    return low > 0 && self[low - 1].contains(address) ? self[low - 1] : nil
  }
}

/// The order of addresses: IPv4 before IPv6.
private func rank(_ address: IPAddress) -> (Int, UInt64, UInt64) {
  (address.isIPv4 ? 0 : 1, address.high, address.low)
}

/// The addresses that are someone else than before, in order.
func placementRanges(_ pair: SnapshotPair) -> [PlacementRange] {
  let firsts = merged(pair.oldCensus.ranges.map(\.first), pair.newCensus.ranges.map(\.first))
  func words(_ caller: Caller, _ policy: CompiledPolicy) -> String {
    if !caller.isPlaced { return "in no context" }
    let service = caller.service == 0 ? "no service" : policy.serviceName(caller.service)
    return caller.context == 0 ? service : "\(service) in \(policy.contextName(caller.context))"
  }
  func place(_ caller: Caller, _ policy: CompiledPolicy) -> String? {
    let basis = policy.callers.basis(caller.serviceBasis) ?? policy.callers.basis(caller.contextBasis)
    return basis?.location.wholeLine.description
  }
  var ranges: [PlacementRange] = []
  for (index, first) in firsts.enumerated() {
    let old = pair.old.policy.callers.caller(Evidence(source: first))
    let new = pair.new.policy.callers.caller(Evidence(source: first))
    let before = words(old, pair.old.policy), after = words(new, pair.new.policy)
    if before == after { continue }
    let next = index + 1 < firsts.count && firsts[index + 1].isIPv4 == first.isIPv4 ? firsts[index + 1] : nil
    if let last = ranges.last, last.old == before, last.new == after, last.end == first {
      ranges[ranges.count - 1].end = next
    } else {
      let line =
        !new.isPlaced || old.service != 0 && new.service == 0
        ? place(old, pair.old.policy) : place(new, pair.new.policy)
      ranges.append(PlacementRange(first: first, old: before, new: after, place: line, end: next))
    }
  }
  return ranges
}

/// Two sorted lists as one, each element once.
private func merged(_ left: [IPAddress], _ right: [IPAddress]) -> [IPAddress] {
  Set(left).union(right).sorted { rank($0) < rank($1) }
}

/// `10.0.0.0 to 10.0.0.255`, or the one address.
private func rangeText(_ first: IPAddress, _ end: IPAddress?) -> String {
  let last: IPAddress
  if let end {
    last =
      end.isIPv4
      ? IPAddress(v4: UInt32(truncatingIfNeeded: end.low &- 1))
      : IPAddress(high: end.low == 0 ? end.high &- 1 : end.high, low: end.low &- 1)
  } else {
    last = first.isIPv4 ? IPAddress(v4: .max) : IPAddress(high: .max, low: .max)
  }
  return last == first || last.isIPv4 != first.isIPv4 ? "\(first)" : "\(first) to \(last)"
}

/// Settings that change answers, or whether there are any, without being about one name.
func serverChanges(_ pair: SnapshotPair) -> [DifferenceSearch.Key] {
  let old = pair.old.policy.policy, new = pair.new.policy.policy
  var changes: [DifferenceSearch.Key] = []
  func compare(_ what: String, _ before: String, _ after: String, _ place: String? = nil) {
    if before != after {
      changes.append(DifferenceSearch.Key(kind: .server, text: "\(what): \(before) → \(after)", place: place))
    }
  }
  func denial(_ denial: DenyAs) -> String {
    denial.kind == .nxdomain || denial.kind == .nodata
      ? "\(denial.kind.rawValue) ttl \(denial.ttl)" : denial.kind.rawValue
  }
  func audience(_ policy: Policy) -> String {
    switch policy.explaining.audience {
    case .everyone: "everyone"
    case .nobody: "off"
    case .contexts(let numbers): numbers.map { policy.contexts.nodes[$0].name }.joined(separator: " ")
    }
  }
  compare("mode", old.mode.rawValue, new.mode.rawValue)
  compare(
    "default", old.defaultDecision.rawValue, new.defaultDecision.rawValue,
    (new.defaultLocation ?? old.defaultLocation)?.wholeLine.description)
  compare("deny-as", denial(old.denyAs), denial(new.denyAs))
  compare(
    "explain", audience(old), audience(new),
    new.explaining.location.file.isEmpty ? nil : new.explaining.location.wholeLine.description)
  compare("answer-order", old.answerOrder.rawValue, new.answerOrder.rawValue)
  compare("cookies", "\(old.cookieMode)", "\(new.cookieMode)")
  if old.cookieSecret?.source != new.cookieSecret?.source {
    // Its octets are nobody's to read.
    changes.append(
      DifferenceSearch.Key(
        kind: .server, text: "cookie-secret is another: cookies made before are not known again",
        place: (new.cookieSecret ?? old.cookieSecret)?.location.wholeLine.description))
  }
  compare("nsid", words(old.nsid), words(new.nsid))
  compare("version", words(old.versionText), words(new.versionText))
  compare(
    "rate-limit", words(old.rateLimit), words(new.rateLimit), place(old.rateLimit.location, new.rateLimit.location))
  compare(
    "tcp-limits", words(old.tcpLimits), words(new.tcpLimits), place(old.tcpLimits.location, new.tcpLimits.location))
  compare(
    "acyclic observed", old.acyclicObservedLocation == nil ? "off" : "on",
    new.acyclicObservedLocation == nil ? "off" : "on",
    new.acyclicObservedLocation?.wholeLine.description)
  compare(
    "observed rules", old.observedRules.map(\.rule.word).sorted().joined(separator: " "),
    new.observedRules.map(\.rule.word).sorted().joined(separator: " "),
    new.observedRules.first?.location.wholeLine.description)
  changes += forwardChanges(old, new)
  for context in pair.contexts where context.old != 0 || context.new != 0 {
    let place = new.contextDetails[Int(context.new)].location.wholeLine.description
    compare(
      "deny-as in \(context.name)", denial(pair.old.policy.denyAs(context: context.old, service: 0)),
      denial(pair.new.policy.denyAs(context: context.new, service: 0)), place)
    compare(
      "mode in \(context.name)", pair.old.policy.mode(context.old).rawValue, pair.new.policy.mode(context.new).rawValue,
      place)
  }
  changes += healthChanges(old, new)
  changes += negativeTTLChanges(pair)
  return changes
}

/// How endpoints are checked, of services that both policies have.
private func healthChanges(_ old: Policy, _ new: Policy) -> [DifferenceSearch.Key] {
  let before = Dictionary(old.services.map { ($0.name, $0.steering.health) }, uniquingKeysWith: { first, _ in first })
  return new.services.compactMap { service in
    guard let was = before[service.name] else { return nil }
    let now = service.steering.health
    func words(_ check: HealthCheck?) -> String { check.map { "\($0)" } ?? "none" }
    if words(was) == words(now) { return nil }
    return DifferenceSearch.Key(
      kind: .server, text: "health of \(service.display): \(words(was)) → \(words(now))",
      place: (now ?? was)?.location.wholeLine.description)
  }
}

/// The line of a setting, in the new policy rather than the old; nil where neither says it.
private func place(_ old: SourceLocation, _ new: SourceLocation) -> String? {
  [new, old].first { !$0.file.isEmpty }?.wholeLine.description
}

private func words(_ nsid: NSID) -> String {
  switch nsid {
  case .off: "off"
  case .hostName: "the host's name"
  case .octets(let octets): "\"\(String(decoding: octets, as: UTF8.self))\""
  }
}

private func words(_ version: VersionText) -> String {
  switch version {
  case .own: "ambit's"
  case .off: "off"
  case .text(let text): "\"\(text)\""
  }
}

private func words(_ limit: RateLimiting) -> String {
  if limit.rate == 0 { return "off" }
  let exempt = Set(limit.exempt.map(\.prefix.description)).sorted()
  return "\(limit.rate) a second of /\(limit.ipv4Length) and /\(limit.ipv6Length), slip \(limit.slip)"
    + (limit.isLoopbackLimited ? ", loopback too" : "")
    + (exempt.isEmpty ? "" : ", exempt \(exempt.joined(separator: " "))")
}

private func words(_ limits: TCPLimits) -> String {
  "\(limits.connections) connections, \(limits.perClient) of a client, idle \(limits.idle) s"
}

/// How long "there is none" is remembered (RFC 2308 §5), by zone; one context's change stands for all that share it.
private func negativeTTLChanges(_ pair: SnapshotPair) -> [DifferenceSearch.Key] {
  func negativeTTL(_ origin: DomainName, _ context: UInt16, _ snapshot: Snapshot) -> UInt32? {
    let realm = snapshot.contexts.realm(of: Int(context))
    guard let zone = snapshot.zones.zones.first(where: { $0.origin == origin && $0.realm == realm }),
      let soa = zone.apex(context: context).rrset(.soa, zone.memory)
    else { return nil }
    return min(soa.ttl, UInt32(bigEndian: zone.memory.load(soa.end - 4, as: UInt32.self)))
  }
  var changes: [String] = []
  for origin in Set(pair.old.zones.zones.map(\.origin)) {
    for context in pair.contexts {
      guard let before = negativeTTL(origin, context.old, pair.old),
        let after = negativeTTL(origin, context.new, pair.new), before != after
      else { continue }
      let text = "what \(origin) does not have is remembered for: \(before) s → \(after) s"
      if !changes.contains(text) { changes.append(text) }
    }
  }
  return changes.sorted().map { DifferenceSearch.Key(kind: .server, text: $0, place: nil) }
}
