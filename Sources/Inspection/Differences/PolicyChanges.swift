internal import Answering
internal import Contexts
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// Names to ask about because the policy says something else of them: of calls of their service, or of their endpoints.
///
/// Who may call whom is asked of both policies, for every caller there is; and not at all for services of which the
/// texts say the same, where nothing that concerns all of them differs.
struct PolicyChanges {
  private let pair: SnapshotPair

  init(_ pair: SnapshotPair) { self.pair = pair }

  func addCandidates(to names: inout ChangedNames) {
    let services = changedServices()
    let isIsolationSame = isolationText(pair.old) == isolationText(pair.new)
    if services.isEmpty, isIsolationSame { return }
    walk(pair.old, services.mapKeys(pair.old), isIsolationSame, &names)
    walk(pair.new, services.mapKeys(pair.new), isIsolationSame, &names)
    for (service, contexts) in services { names.addTargets(contexts) { $0.isAtOrBelow(service) } }
  }

  /// The services whose callers are judged or refused differently, and in which contexts.
  private func changedServices() -> [DomainName: ContextSet] {
    let old = pair.old.policy, new = pair.new.policy
    let oldTexts = serviceTexts(pair.old), newTexts = serviceTexts(pair.new)
    let isAllAtStake =
      serverText(pair.old) != serverText(pair.new)
      || oldTexts != newTexts && (old.policy.acyclicLocation != nil || new.policy.acyclicLocation != nil)
    var changed: [DomainName: ContextSet] = [:]
    for name in Set(oldTexts.keys).union(newTexts.keys) where isAllAtStake || oldTexts[name] != newTexts[name] {
      let oldNumber = old.ownNumber(of: name), newNumber = new.ownNumber(of: name)
      let isSteeredOtherwise = steering(name, pair.old) != steering(name, pair.new)
      var contexts = ContextSet(count: pair.contexts.count)
      for (index, context) in pair.contexts.enumerated() {
        let isDenialSame =
          old.denyAs(context: context.old, service: oldNumber) == new.denyAs(context: context.new, service: newNumber)
        let isShadowSame =
          old.shadow(context: context.old, service: oldNumber) == new.shadow(context: context.new, service: newNumber)
        let differs =
          !isDenialSame || !isShadowSame || isSteeredOtherwise || oldNumber == 0 || newNumber == 0
          || context.callers.contains {
            old.verdict($0.old.caller, oldNumber, at: pair.time) != new.verdict($0.new.caller, newNumber, at: pair.time)
          }
        if differs { contexts.insert(index) }
      }
      if !contexts.isEmpty { changed[name] = contexts }
    }
    return changed
  }

  // MARK: - What the texts say, without their places

  /// By service, its lines.
  private func serviceTexts(_ snapshot: Snapshot) -> [DomainName: String] {
    let policy = snapshot.policy.policy
    func word(_ subject: Grant.Subject) -> String {
      switch subject {
      case .service(let index): "service \(policy.services[index].name)"
      case .context(let number): "context \(policy.contexts.nodes[number].name)"
      case .everyone: "*"
      }
    }
    var texts: [DomainName: String] = [:]
    for service in policy.services {
      let tier = service.tier.flatMap { policy.tiers?.names[$0].text } ?? ""
      let allows = service.allows.map { word($0.subject) }.sorted(), refuses = service.refuses.map { word($0.subject) }
      texts[service.name] =
        "\(allows) \(refuses.sorted()) \(tier) \(service.requireLocation != nil) \(String(describing: service.mode)) "
        + String(describing: service.denyAs)
        + steering(service, snapshot).sorted { $0.key < $1.key }.map { " \($0.key) \($0.value)" }.joined()
    }
    for exception in policy.exceptions where exception.end > pair.time {
      texts[policy.services[exception.service].name]? += " except \(word(exception.caller))"
    }
    return texts
  }

  /// What a service says of which endpoints callers get.
  private func steering(_ name: DomainName, _ snapshot: Snapshot) -> [String: String] {
    let number = snapshot.policy.ownNumber(of: name)
    return number == 0 ? [:] : steering(snapshot.policy.policy.services[Int(number) - 1], snapshot)
  }

  private func steering(_ service: Service, _ snapshot: Snapshot) -> [String: String] {
    if service.steering.isEmpty { return [:] }
    return steeringLines(service, snapshot.policy.policy).mapValues(\.text)
  }

  /// What concerns every service.
  private func serverText(_ snapshot: Snapshot) -> String {
    let policy = snapshot.policy.policy
    let contexts = policy.contexts.nodes.enumerated().map { number, node in
      "\(node.name) in \(policy.contexts.nodes[node.parent].name) "
        + "\(snapshot.policy.mode(UInt16(number))) \(snapshot.policy.denyAs(context: UInt16(number), service: 0))"
    }
    return "\(policy.defaultDecision) \(policy.tiers?.names.map(\.text) ?? []) \(policy.acyclicLocation != nil) "
      + "\(policy.acyclicObservedLocation != nil) "
      + "\(policy.observedRules.map(\.rule.word).sorted()) \(contexts.sorted())"
  }

  /// What `isolate` rests on, but exceptions: those are said of services.
  private func isolationText(_ snapshot: Snapshot) -> String {
    let policy = snapshot.policy.policy
    if policy.isolations.isEmpty { return "" }
    let lines = policy.isolations.map { line in line.contexts.map { policy.contexts.nodes[$0].name }.sorted() }
    let prefixes = policy.contextDetails.enumerated().map { number, context in
      "\(policy.contexts.nodes[number].name) \(Set((context.from + context.endpoints).map(\.prefix.description)).sorted())"
    }
    return "\(lines) \(prefixes.sorted()) \(serverText(snapshot))"
  }

  // MARK: - The names that it concerns

  private func walk(
    _ snapshot: Snapshot, _ services: [UInt32: ContextSet], _ isIsolationSame: Bool, _ names: inout ChangedNames
  ) {
    for zone in snapshot.zones.zones {
      for record in zone.recordOffsets {
        let first = zone.node(ofRecord: record, context: UInt16(zone.realm))
        if let contexts = services[first.service] { names.addCandidate(zone.name(ofRecord: record), contexts) }
        if isIsolationSame { continue }
        var contexts = ContextSet(count: pair.contexts.count)
        for (index, context) in pair.contexts.enumerated() {
          let own = snapshot === pair.old ? context.old : context.new
          guard snapshot.contexts.realm(of: Int(own)) == zone.realm else { continue }
          let node = zone.node(ofRecord: record, context: own)
          if node.rrsets(zone.memory).contains(where: { isIsolationOther($0, zone, context) }) {
            contexts.insert(index)
          }
        }
        if !contexts.isEmpty { names.addCandidate(zone.name(ofRecord: record), contexts) }
      }
    }
  }

  /// True where one policy keeps an RR of the set from callers in a context and the other does not, or keeps it otherwise.
  private func isIsolationOther(_ rrset: RRsetImage, _ zone: CompiledZone, _ context: SnapshotPair.Context) -> Bool {
    let old = pair.old.policy, new = pair.new.policy
    let isOtherwise =
      old.mode(context.old) != new.mode(context.new)
      || old.shadow(context: context.old, service: 0)
        != new.shadow(context: context.new, service: 0)
      || old.denyAs(context: context.old, service: 0) != new.denyAs(context: context.new, service: 0)
    var differs = false
    rrset.forEachRData(zone.memory) { rdata, _ in
      let before = old.isolatedContext(rrset, zone.memory, rdataAt: rdata, callerContext: context.old) != nil
      let after = new.isolatedContext(rrset, zone.memory, rdataAt: rdata, callerContext: context.new) != nil
      if before != after || before && isOtherwise { differs = true }
    }
    return differs
  }
}

extension [DomainName: ContextSet] {
  /// The same by the numbers of a snapshot's services.
  fileprivate func mapKeys(_ snapshot: Snapshot) -> [UInt32: ContextSet] {
    var numbers: [UInt32: ContextSet] = [:]
    for (name, contexts) in self {
      let number = snapshot.policy.ownNumber(of: name)
      if number != 0 { numbers[number] = contexts }
    }
    return numbers
  }
}
