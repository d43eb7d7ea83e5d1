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

  /// Exceptions that are said twice, or of calls that a `refuse` keeps out. What one lifts is `check`'s to judge.
  mutating func findExceptionDoubts() {
    struct Pair: Hashable {
      let caller: Grant.Subject
      let service: Int
    }
    var first: [Pair: PolicyException] = [:]
    var doubted: Set<SourceLocation> = []
    var refusals: [Int: SaidSubjects] = [:]
    for exception in policy.exceptions {
      let place = exception.location
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
      if let line = unallowed(exception), doubted.insert(place).inserted {
        diagnostics.warning(
          at: place,
          "\(policy.shown(exception.caller)) is not allowed to call \(quoted(target.display)) by \(line), which no exception "
            + "lifts; allow it, or remove this")
        continue
      }
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
  }

  /// The line by which a service may not call, whatever an exception lifts; nil where it may, or where its context may be
  /// what is allowed.
  private func unallowed(_ exception: PolicyException) -> String? {
    guard case .service(let caller) = exception.caller, caller != exception.service else { return nil }
    let allows = policy.services[exception.service].allows
    if allows.isEmpty {
      return policy.defaultDecision == .refuse ? "default refuse (\(policy.defaultLocation?.short ?? ""))" : nil
    }
    for grant in allows {
      guard case .service(let index) = grant.subject, index != caller else { return nil }
    }
    return "its allow lines (\(allows[0].location.short))"
  }

  /// Words of `observe` that name what is not there.
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
        case .acyclic, .observed: policy.acyclicLocation != nil || policy.acyclicObservedLocation != nil
        case .isolate: !policy.isolations.isEmpty
        case .require: policy.services.contains { $0.requireLocation != nil }
        case .refuse: policy.services.contains { !$0.refuses.isEmpty }
        case .allow: policy.defaultDecision == .refuse || policy.services.contains { !$0.allows.isEmpty }
        case .placement, .none: policy.defaultContext == nil && policy.contexts.count > 0
        }
      if isThere { continue }
      let reason =
        observed.rule == .placement
        ? policy.contexts.count == 0
          ? "no context is declared, so nobody is refused for being in none, and there is no placement to observe"
          : "every caller is in a context, the last in \"default\", so there is no placement to observe"
        : "there is no \(word) line to observe"
      diagnostics.warning(at: observed.location, "\(reason); remove the word, or see that it is spelt as meant")
    }
  }
}
