internal import Addresses
internal import Answering
internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import Policy

/// Lines of a policy that do nothing, exceptions that end.
///
/// Each is asked of the compiled policy, on behalf of callers there can be, and the first that shows the line to be of
/// use ends the search: so only what is doubtful costs much.
struct PolicyDoubts {
  private(set) var diagnostics: [Diagnostic] = []
  private(set) var hasDeadRules = false
  private(set) var hasNobody = false
  private let snapshot: Snapshot
  private let policy: Policy
  private let census: CallerCensus
  private let time: UInt32
  private let endpointContexts: Set<Int>
  private let serviceEndpoints: [UInt32: Set<Int>]
  private var reading: IsolationReading
  private var byService: [UInt32: [CallerCensus.Member]] = [:]
  private var byContext: [Int: [CallerCensus.Member]] = [:]
  private var everyone: [CallerCensus.Member] = []

  init(_ snapshot: Snapshot, _ census: CallerCensus, _ proof: borrowing IsolationProof, at time: UInt32) {
    self.snapshot = snapshot
    self.census = census
    self.time = time
    policy = snapshot.policy.policy
    endpointContexts = proof.endpointContexts
    serviceEndpoints = proof.serviceEndpoints
    reading = IsolationReading(policy)
    everyone = census.members.values.sorted {
      ($0.caller.service, $0.caller.context, $0.caller.isIdentified ? 1 : 0)
        < ($1.caller.service, $1.caller.context, $1.caller.isIdentified ? 1 : 0)
    }
    byService = Dictionary(grouping: everyone, by: { $0.caller.service })
    byContext = Dictionary(grouping: everyone, by: { Int($0.caller.context) })
    doubtGrants()
    doubtIsolations()
    doubtPrefixes()
    doubtExceptions()
  }

  // MARK: - allow and refuse

  private mutating func doubtGrants() {
    var dead: [Diagnostic] = []
    var early: [Diagnostic] = []
    var nobody: [Diagnostic] = []
    for (index, service) in policy.services.enumerated() {
      let target = UInt32(index + 1)
      // The words of a group stand at one place: it is of use where one of them is.
      for grants in grouped(service.allows) {
        let callers = grants.flatMap { members($0.subject) }.lazy.filter { $0.caller.service != target }
        guard let first = callers.first else {
          if members(grants[0].subject).isEmpty { nobody.append(nameless(grants[0], service, "allow")) }
          continue
        }
        var isInUse = false
        if callers.contains(where: { !breaksRule($0.caller, target, isInUse: &isInUse) }) { continue }
        let judgement = snapshot.policy.judge(first.caller, target: target, at: time)
        if isInUse {
          // Rules in shadow refuse nobody now, so that the line is of use; when they are enforced it will not be.
          early.append(
            .warning(
              at: grants[0].location,
              "allow \(word(grants[0].subject)) will let nobody call \(service.display) once \(place(judgement.wouldBe)) is "
                + "enforced, which is only observed now; decide before which of the two is meant"))
          continue
        }
        let rule = (judgement.refusal ?? judgement.wouldBe).map(place)
        dead.append(
          .warning(
            at: grants[0].location,
            "allow \(policy.word(of: grants[0])) lets nobody call \(service.display): \(rule ?? "another rule") refuses whom it names; remove one of the two"
          ))
      }
      for grants in grouped(service.refuses) {
        let named = grants.flatMap { members($0.subject) }
        let callers = named.filter { $0.caller.service != target }
        if named.isEmpty {
          nobody.append(nameless(grants[0], service, "refuse"))
          continue
        }
        // That it never refuses the service itself was said where the line was read.
        let isDead =
          !callers.isEmpty
          && callers.allSatisfy {
            snapshot.policy.judge($0.caller, target: target, at: time).broken.contains(.allow)
              && !snapshot.policy.shadow(context: $0.caller.context, service: target).contains(.allow)
          }
        guard isDead else { continue }
        let line = service.allows.first?.location ?? policy.defaultLocation
        dead.append(
          .warning(
            at: grants[0].location,
            "refuse \(policy.word(of: grants[0])) refuses nobody who would be let in: "
              + "\(service.allows.isEmpty ? "default refuse" : "the allow lines")\(line.map { " (\($0.short))" } ?? "")"
              + " do not let them; remove it"))
      }
    }
    hasDeadRules = hasDeadRules || !dead.isEmpty
    hasNobody = hasNobody || !nobody.isEmpty
    diagnostics += bounded(dead, "lines of allow and refuse do nothing")
    diagnostics += bounded(early, "lines of allow will do nothing once rules that are observed are enforced")
    diagnostics += bounded(nobody, "words of allow and refuse name who can be no caller")
  }

  private func nameless(_ grant: Grant, _ service: Service, _ verb: String) -> Diagnostic {
    let remedy: String
    var place = ""
    switch grant.subject {
    case .service(let index):
      place = " (\(policy.services[index].location.short))"
      let named = policy.services[index]
      remedy =
        "no caller can be \(named.display)\(place), "
        + (named.runsAt.isEmpty
          ? "which has no runs-at, identity or uid of its own; give it one"
          : "whose runs-at prefixes are in no context, or have longer ones of others in them; correct them")
    case .context(let number):
      place = " (\(policy.contextDetails[number].location.short))"
      remedy = "no caller can be in \(policy.contexts.nodes[number].name)\(place); give it a from or a listen"
    case .everyone: remedy = "there are no callers at all"
    }
    return .warning(at: grant.location, "\(verb) \(policy.word(of: grant)) names nobody: \(remedy)")
  }

  private func grouped(_ grants: [Grant]) -> [[Grant]] {
    var order: [SourceLocation] = []
    var groups: [SourceLocation: [Grant]] = [:]
    for grant in grants {
      if groups[grant.location] == nil { order.append(grant.location) }
      groups[grant.location, default: []].append(grant)
    }
    return order.compactMap { groups[$0] }
  }

  private func word(_ subject: Grant.Subject) -> String {
    switch subject {
    case .service(let index): policy.services[index].display
    case .context(let number): policy.contexts.nodes[number].name
    case .everyone: "*"
    }
  }

  private func members(_ subject: Grant.Subject) -> [CallerCensus.Member] {
    switch subject {
    case .service(let index): byService[UInt32(index + 1)] ?? []
    case .context(let number): (number...policy.contexts.nodes[number].last).flatMap { byContext[$0] ?? [] }
    case .everyone: everyone
    }
  }

  /// True where some rule is broken, be it in shadow; notes where the call passes, since no rule that is enforced is.
  private func breaksRule(_ caller: Caller, _ target: UInt32, isInUse: inout Bool) -> Bool {
    let judgement = snapshot.policy.judge(caller, target: target, at: time)
    if judgement.refusal == nil { isInUse = true }
    return !judgement.broken.isEmpty
  }

  /// `tiers (shop.policy:3)`
  private func place(_ refusal: Refusal?) -> String {
    guard let refusal else { return "another rule" }
    let place = snapshot.policy.reason(refusal.reason)
    return place.isEmpty ? refusal.rule.word : "\(refusal.rule.word) (\(place))"
  }

  private func isKept(_ caller: Int, _ endpoint: Int) -> Bool {
    snapshot.policy.hasIsolations && caller != 0 && endpoint != 0
      && snapshot.policy.isolationReason(
        callerContext: UInt16(caller), endpointContext: UInt16(endpoint)) != 0
  }

  // MARK: - isolate, from, runs-at

  /// Pairs of contexts where neither has a caller while the other has an endpoint.
  private mutating func doubtIsolations() {
    func subtree(_ context: Int) -> ClosedRange<Int> { context...policy.contexts.nodes[context].last }
    var found: [Diagnostic] = []
    for line in policy.isolations {
      let calls = Dictionary(
        line.contexts.map { ($0, subtree($0).contains { byContext[$0] != nil }) },
        uniquingKeysWith: { first, _ in first })
      let holds = Dictionary(
        line.contexts.map { ($0, subtree($0).contains { endpointContexts.contains($0) }) },
        uniquingKeysWith: { first, _ in first })
      func isLive(_ a: Int, _ b: Int) -> Bool {
        calls[a] == true && holds[b] == true || calls[b] == true && holds[a] == true
      }
      let idle = line.contexts.filter { one in !line.contexts.contains { $0 != one && isLive(one, $0) } }
      if idle.isEmpty { continue }
      let names = idle.map { policy.contexts.nodes[$0].name }
      let whom =
        idle.count == line.contexts.count
        ? "isolate \(names.joined(separator: " ")) keeps nothing from anyone"
        : "isolate keeps nothing from or of \(names.joined(separator: ", "))"
      found.append(
        .warning(
          at: line.location,
          "\(whom): no zone has an address in their from or endpoints that a caller in another could get; add the prefixes where their services live, or remove it"
        ))
    }
    hasDeadRules = hasDeadRules || !found.isEmpty
    diagnostics += bounded(found, "isolate lines keep nothing")
  }

  /// Prefixes that no address is left of, since longer ones take all.
  private mutating func doubtPrefixes() {
    let policies = snapshot.policy
    var contexts: Set<SourceLocation> = []
    var services: Set<SourceLocation> = []
    for range in census.ranges {
      if let line = policies.callers.basis(range.caller.contextBasis) { contexts.insert(line.location) }
      if let line = policies.callers.basis(range.caller.serviceBasis) { services.insert(line.location) }
    }
    var found: [Diagnostic] = []
    func doubt(_ prefix: LocatedPrefix, _ statement: String, _ other: CallerTable.Basis?) {
      let by = other.map { ", for example \($0.text) (\($0.location.short))" } ?? ""
      found.append(
        .warning(
          at: prefix.location,
          "\(statement) \(prefix.prefix) is nobody's: longer prefixes take all of it\(by); remove it, or one of them"))
    }
    let starts = Dictionary(
      census.ranges.enumerated().map { ($0.element.first, $0.offset) }, uniquingKeysWith: { first, _ in first })
    /// Contexts that share out what the one around them has are as it should be.
    func isSharedOut(_ prefix: Prefix, in context: Int) -> Bool {
      guard let start = starts[prefix.address] else { return false }
      return census.ranges[start...].prefix { prefix.contains($0.first) }.allSatisfy {
        $0.caller.context != context && policy.contexts.isContext(Int($0.caller.context), in: context)
      }
    }
    for (number, context) in policy.contextDetails.enumerated() {
      for from in context.from
      where !contexts.contains(from.location) && !isSharedOut(from.prefix, in: number) {
        doubt(
          from, "from",
          policies.callers.basis(policies.callers.caller(Evidence(source: from.prefix.address)).contextBasis))
      }
    }
    for service in policy.services {
      for place in service.runsAt where !services.contains(place.location) {
        doubt(
          place, "runs-at",
          policies.callers.basis(policies.callers.caller(Evidence(source: place.prefix.address)).serviceBasis))
      }
    }
    hasDeadRules = hasDeadRules || !found.isEmpty
    diagnostics += bounded(found, "prefixes are nobody's")
  }

  // MARK: - except

  /// One warning a line, which with groups is of many pairs: the first that shows the line to be of use speaks for all.
  private mutating func doubtExceptions() {
    struct Pair: Hashable {
      let caller: Grant.Subject
      let service: Int
    }
    var lastEnds: [Pair: UInt32] = [:]
    var lines: [SourceLocation] = []
    var ofLine: [SourceLocation: [PolicyException]] = [:]
    for exception in policy.exceptions {
      let pair = Pair(caller: exception.caller, service: exception.service)
      lastEnds[pair] = max(lastEnds[pair] ?? 0, exception.end)
      if ofLine[exception.location] == nil { lines.append(exception.location) }
      ofLine[exception.location, default: []].append(exception)
    }
    var found: [Diagnostic] = []
    for line in lines {
      let exceptions = ofLine[line] ?? []
      let first = exceptions[0]
      if first.reason == PolicyException.proposedReason {
        found.append(
          .warning(
            at: line,
            "nobody answers for this exception: its reason is the one that audit proposes; say why the call is needed, and "
              + "who answers for it"))
      }
      // Of a pair's exceptions the last to end counts.
      let own = exceptions.filter {
        (lastEnds[Pair(caller: $0.caller, service: $0.service)] ?? 0) <= max(time, $0.end)
      }
      let hasEnded = first.end <= time
      guard !own.isEmpty else {
        if hasEnded {
          found.append(
            .warning(
              at: line,
              "the exception ended with \(first.lastDay): another one holds for \(pairs(exceptions)); remove this one"))
        }
        continue
      }
      let days = hasEnded ? 0 : (first.end - time + 86_399) / 86_400
      var lifted: (exception: PolicyException, then: String)?
      for exception in own {
        guard let then = consequence(of: exception) else { continue }
        lifted = (exception, then)
        break
      }
      guard let lifted else {
        hasDeadRules = true
        let verb = own.count > 1 ? "break" : "breaks"
        found.append(
          .warning(
            at: line,
            hasEnded
              ? "the exception ended with \(first.lastDay): \(pairs(own)) \(verb) no rule; remove it"
              : "the exception lifts nothing: \(pairs(own)) \(verb) none of tiers, acyclic and isolate; remove it"))
        continue
      }
      let one = own.count > 1 ? "\(pair(lifted.exception)), for example," : pair(lifted.exception)
      if hasEnded {
        hasDeadRules = true
        found.append(
          .warning(
            at: line,
            "the exception ended with \(first.lastDay): \(one) \(lifted.then) since then; remove it, or agree on another day"
          ))
      } else if days <= 14 {
        found.append(
          .warning(
            at: line,
            "the exception ends with \(first.lastDay), in \(amount(Int(days), "day")): \(one) then \(lifted.then); mend the call, or agree on another day"
          ))
      }
    }
    diagnostics += bounded(found, "exceptions have ended, end soon or lift nothing")
  }

  private func pair(_ exception: PolicyException) -> String {
    "\(word(exception.caller)) -> \(policy.services[exception.service].display)"
  }

  /// `web -> reports`, `web -> reports and 3 more`.
  private func pairs(_ exceptions: [PolicyException]) -> String {
    let more = exceptions.count > 1 ? " and \(exceptions.count - 1) more" : ""
    return pair(exceptions[0]) + more
  }

  /// What becomes of the calls an exception is for when it has ended; nil where nothing does.
  private func consequence(of exception: PolicyException) -> String? {
    let target = UInt32(exception.service + 1)
    let callers = members(exception.caller).filter { $0.caller.service != target }
    let broken = callers.reduce(into: RuleSet()) {
      $0.formUnion(snapshot.policy.judge($1.caller, target: target, at: max(time, exception.end)).broken)
    }
    var rules = broken.intersection(.exceptable).rules.map(\.word)
    let endpoints = serviceEndpoints[target] ?? []
    func isAnyoneKept(all: Bool) -> Bool {
      callers.contains { member in
        let kept = endpoints.filter { isKept(Int(member.caller.context), $0) }.count
        return kept > 0 && (!all || kept == endpoints.count)
      }
    }
    if rules.isEmpty, !isAnyoneKept(all: false) { return nil }
    if isAnyoneKept(all: true) { rules.append(Rule.isolate.word) }
    return rules.isEmpty ? "gets fewer endpoints" : "is refused by \(rules.joined(separator: " and "))"
  }

  /// The first of many alike, and how many more there are.
  private func bounded(_ found: [Diagnostic], _ what: String) -> [Diagnostic] {
    found.bounded(what)
  }
}
