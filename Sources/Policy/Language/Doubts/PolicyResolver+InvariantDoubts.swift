internal import Contexts
internal import Diagnostics

/// Doubts about `tiers`, `except` and `observe`.
extension PolicyResolver {
  mutating func findTierDoubts() {
    guard let tiers = policy.tiers else { return }
    let used = Set(policy.services.compactMap(\.tier))
    if used.isEmpty {
      diagnostics.warning(
        at: tiers.location,
        "no service is in any of these tiers, so none refuses a call; write \"tier NAME\" in services")
      return
    }
    for (index, name) in tiers.names.enumerated() where !used.contains(index) {
      diagnostics.warning(
        at: name.location,
        "no service is in tier \(quoted(name.text)); write \"tier \(name.text)\" in one, or remove it")
    }
    let others = policy.services.filter { $0.tier == nil }
    if !others.isEmpty {
      let shown = others.prefix(3).map { "\(quoted($0.display)) (\($0.location.short))" }.joined(separator: ", ")
      let more = others.count > 3 ? " and \(others.count - 3) more" : ""
      diagnostics.warning(
        at: tiers.location,
        "\(others.count) of \(policy.services.count) services are in no tier, which lets them call and be called by all: "
          + "\(shown)\(more); give them one, or write \"tier NAME\" outside the services, for all that say none")
    }
    if let other = draft.defaultTier, draft.services.allSatisfy({ $0.tier != nil }) {
      diagnostics.warning(
        at: other.location, "every service says its own tier, so this one is nobody's; remove it")
    }
  }

  mutating func findExceptionDoubts() {
    struct Pair: Hashable {
      let caller: Grant.Subject
      let service: Int
    }
    var first: [Pair: PolicyException] = [:]
    var doubted: Set<SourceLocation> = []
    var effective: Set<SourceLocation> = []
    let reach = InvariantReach(policy)
    var refusals: [Int: SaidSubjects] = [:]
    for exception in policy.exceptions {
      let place = exception.location
      if !effective.contains(place), reach.mayRefuse(exception.caller, exception.service) { effective.insert(place) }
      let target = policy.services[exception.service]
      let pair = Pair(caller: exception.caller, service: exception.service)
      if let other = first[pair] {
        guard doubted.insert(place).inserted else { continue }
        let again =
          other.location == place ? "twice by this line" : "already at \(other.location.short), until \(other.lastDay)"
        diagnostics.warning(
          at: place, "\(policy.shown(exception.caller)) -> \(quoted(target.display)) is excepted \(again); keep one")
        continue
      }
      first[pair] = exception
      if target.refuses.isEmpty { continue }
      let refused = refusals[exception.service] ?? SaidSubjects(target.refuses, in: policy)
      refusals[exception.service] = refused
      if let said = refused.names(exception.caller), doubted.insert(place).inserted {
        diagnostics.warning(
          at: place,
          "\(quoted(target.display)) refuses \(policy.shown(exception.caller)) (\(said.grant.location.short)), which no exception "
            + "lifts; remove one of the two")
      }
    }
    for place in Set(policy.exceptions.map(\.location)).subtracting(effective) where doubted.insert(place).inserted {
      diagnostics.warning(
        at: place, "no tiers, acyclic or isolate line can refuse this call, so this lifts nothing; remove it")
    }
  }

  mutating func findObservedDoubts() {
    var first: [Rule: SourceLocation] = [:]
    for observed in policy.observedRules {
      let word = quoted(observed.rule.word)
      if let other = first[observed.rule] {
        diagnostics.warning(at: observed.location, "\(word) is already observed at \(other.short); once is enough")
        continue
      }
      first[observed.rule] = observed.location
      let isThere =
        switch observed.rule {
        case .tiers: policy.tiers != nil
        case .acyclic: policy.acyclicLocation != nil
        case .isolate: !policy.isolations.isEmpty
        case .require: policy.services.contains { $0.requireLocation != nil }
        case .refuse: policy.services.contains { !$0.refuses.isEmpty }
        case .allow: policy.defaultDecision == .refuse || policy.services.contains { !$0.allows.isEmpty }
        case .placement, .none: policy.defaultContext == nil
        }
      if isThere { continue }
      let reason =
        observed.rule == .placement
        ? "every caller is in a context, the last in \"default\", so there is no placement to observe"
        : "there is no \(word) line to observe"
      diagnostics.warning(at: observed.location, "\(reason); remove the word, or see that it is spelt as meant")
    }
  }
}

/// Which calls `tiers`, `acyclic` and `isolate` could refuse at all.
private struct InvariantReach {
  private let policy: Policy
  private let highestTier: Int
  /// By context number, true where callers may be isolated from something.
  private var isIsolated: [Bool]

  init(_ policy: Policy) {
    self.policy = policy
    highestTier = policy.services.compactMap(\.tier).min() ?? .max
    isIsolated = Array(repeating: false, count: policy.contexts.nodes.count)
    for context in policy.isolations.flatMap(\.contexts) {
      for inner in context...policy.contexts.nodes[context].last { isIsolated[inner] = true }
      for outer in policy.contexts.path(from: context) { isIsolated[outer] = true }
    }
  }

  func mayRefuse(_ caller: Grant.Subject, _ service: Int) -> Bool {
    if caller == .service(service) { return false }
    if policy.acyclicLocation != nil { return true }
    switch caller {
    case .everyone: return true
    case .service(let index):
      // In which contexts a service runs, the addresses say, and they may change.
      if !policy.isolations.isEmpty { return true }
      guard let own = policy.services[index].tier, let other = policy.services[service].tier else { return false }
      return own < other
    case .context(let number):
      return isIsolated[number] || policy.services[service].tier.map { highestTier < $0 } == true
    }
  }
}
