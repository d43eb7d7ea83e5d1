internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// `_timeout.SERVICE TXT`: how long a service takes and how long to wait for it, as the server's checks have found out.
///
/// Part of no zone: it stands in where the caller's effective zone has the service's name and nothing at `_timeout` below
/// it, for who may call the service. A signed zone has none, since nobody could sign it. Of a service that is elsewhere
/// it says how long it takes to ask for its names, where those who are asked say nothing of their own at that name.
extension Workspace {
  /// Seconds that it may be cached for: the text is another every ten seconds at most.
  static var timeoutTTL: UInt32 { 10 }

  /// The text at the name that was not found; nil where there is none.
  mutating func timeoutText(
    _ found: ZoneFinding, _ zone: CompiledZone, _ snapshot: Snapshot, context: UInt16
  ) -> EndpointStates.TimeoutText? {
    guard found.kind == .absent, found.service != 0, found.encloser == name.labelCount &- 1,
      let text = snapshot.situation.endpoints.timeoutText(of: found.service), text.labelCount == found.encloser,
      name.startsWithTimeout, zone.apex(context: context).rrset(.soa, zone.memory)?.isSigned == false
    else { return nil }
    return text
  }

  /// How long lookups take of the service that `name`, which is asked for elsewhere, is the `_timeout` of; nil where there
  /// is none.
  mutating func lookupText(_ snapshot: Snapshot, route: UInt16) -> EndpointStates.TimeoutText? {
    if snapshot.situation.lookups.isEmpty || !name.startsWithTimeout { return nil }
    let text = snapshot.situation.lookups.text(
      of: snapshot.policy.servicesElsewhere.service(of: name), route: snapshot.policy.forwards.fingerprint(of: route))
    return text?.labelCount == name.labelCount &- 1 ? text : nil
  }

  /// True where `name` has such a text though those who were asked have nothing at it: `forwards` has judged the caller by
  /// the service's rules. Not behind aliases, nor for who asks for proofs of what may be a signed zone: nobody could sign it.
  mutating func hasLookupText(_ snapshot: Snapshot, _ outcome: Outcome, maybeSigned: Bool) -> Bool {
    answer.count == 0 && !(query.isDNSSECOK && maybeSigned) && lookupText(snapshot, route: outcome.route) != nil
  }

  /// Answers for such a name with the text.
  /// - Returns: false where something else is asked for.
  mutating func tellsLookups(_ outcome: inout Outcome, _ snapshot: Snapshot) -> Bool {
    guard query.type == .txt || query.type == .any else { return false }
    answer.reset()
    answer.timeoutService = snapshot.policy.servicesElsewhere.service(of: name)
    answer.timeoutRoute = outcome.route
    answer.isAuthoritative = true
    outcome.decision = .answered
    return true
  }

  /// Answers for such a name, which has TXT alone: of other types there is no data.
  mutating func addTimeout(_ zone: CompiledZone, _ number: UInt32, service: UInt32, context: UInt16) {
    if query.type == .txt || query.type == .any {
      answer.timeoutService = service
    } else {
      addNegative(zone, number, context, ttl: Self.timeoutTTL)
    }
  }

  /// Writes the text, where the answer is one.
  /// - Returns: false where it does not fit.
  mutating func appendTimeoutText(_ snapshot: Snapshot, into response: inout OctetBuffer) -> Bool {
    if answer.timeoutService == 0 { return true }
    let text =
      answer.timeoutRoute == 0
      ? snapshot.situation.endpoints.timeoutText(of: answer.timeoutService)
      : snapshot.situation.lookups.text(
        of: answer.timeoutService, route: snapshot.policy.forwards.fingerprint(of: answer.timeoutRoute))
    guard let text else { return true }
    fact.reset()
    fact.append(text.octets, from: 0, count: text.octets.count)
    return writer.appendText(fact.octets, rclass: 1, ttl: Self.timeoutTTL, into: &response)
  }
}

extension NameKey {
  /// True for `_timeout` below something.
  package var startsWithTimeout: Bool {
    let label: StaticString = "\u{8}_timeout"
    if length <= label.utf8CodeUnitCount { return false }
    var index = 0
    while index < label.utf8CodeUnitCount {
      // Safe: the index is within the text.
      if unsafe label.utf8Start[index] != octet(at: index) { return false }
      index &+= 1
    }
    return true
  }
}
