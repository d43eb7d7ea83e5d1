internal import Answering
internal import Contexts
internal import Diagnostics
internal import Policy

/// What a query log says of a policy: who called whom, what the policy never needed, what it lacks, and the lines that
/// mend it.
package struct Audit: Codable, Sendable {
  /// A caller's service or context, the service it calls, and what became of the queries.
  package struct Edge: Codable, Sendable {
    package let caller: String
    /// The caller's context; empty where there are none.
    package let context: String
    /// Nil for a name of no service.
    package let target: String?
    package internal(set) var answered: Int
    package internal(set) var wouldBe: Int
    package internal(set) var refused: Int
    /// One address, name and type.
    package let example: String

    package var count: Int { answered + wouldBe + refused }
  }

  /// A word of an `allow` line by which no query passed.
  package struct Permission: Codable, Sendable {
    package let service: String
    package let caller: String
    package let place: String
  }

  /// Calls of a service that no `allow` line names for the service it calls.
  package struct Undeclared: Codable, Sendable {
    package let caller: String
    package let target: String
    package internal(set) var count: Int
    /// What lets them pass: `default allow`, or a word of an `allow` line and its place.
    package let by: String
  }

  /// Calls that passed and would be refused.
  package struct Broken: Codable, Sendable {
    package let caller: String
    package let context: String
    package let target: String?
    package internal(set) var count: Int
    package let rule: String
    package let place: String
    package let example: String
  }

  /// `allow` words that a service lacks.
  package struct Lines: Codable, Sendable {
    package let service: String
    /// Where its block begins.
    package let place: String
    package internal(set) var allow: [String]
  }

  /// `except` lines, and the file that they belong in: that of the service they let be called.
  package struct Excepts: Codable, Sendable {
    package let file: String
    package internal(set) var lines: [String] = []
  }

  package let queries: Int
  package let from: String
  package let to: String
  package let malformed: Int
  package let withoutQuestion: Int
  package let missing: Int
  package let foreign: Int
  package let withoutService: Int
  package let unplaced: Int
  package let unplacedExample: String
  /// True where the log does not have every query, so that what is never used cannot be known.
  package let isPartial: Bool
  /// The log, or some of it, has one query in so many, drawn at random; 1 where it has each. Then too what is never used
  /// cannot be known, and counts are those of the sample.
  package let sample: Int
  package internal(set) var edges: [Edge] = []
  package internal(set) var neverUsed: [Permission] = []
  package internal(set) var undeclared: [Undeclared] = []
  package internal(set) var wouldBreak: [Broken] = []
  /// Cycles of declared calls, for which the policy does not load once `acyclic` is enforced.
  package internal(set) var cycles: [String] = []
  package internal(set) var lines: [Lines] = []
  /// Words of these lines that are contexts: they let in whoever is there.
  package internal(set) var contexts: [String] = []
  package internal(set) var excepts: [Excepts] = []
  /// What is refused all the same, with those lines, `mode enforce` and `default refuse`.
  package internal(set) var remaining: [Broken] = []
  /// The cycles that are there with those lines too: no call seen is part of them.
  package internal(set) var remainingCycles: [String] = []

  /// True where every rule may be enforced as the policy is: it loads, and nothing that passed is refused.
  package var isEnforceable: Bool { wouldBreak.isEmpty && cycles.isEmpty }

  /// - Parameters:
  ///   - now: seconds since 1970, for exceptions.
  ///   - until: the day until which exceptions are proposed, `2026-12-31`.
  package init(_ tally: borrowing CallTally, at now: UInt32, until: String) {
    queries = tally.queryCount
    (from, to) = (tally.firstTime, tally.lastTime)
    malformed = tally.malformedCount
    withoutQuestion = tally.withoutQuestion
    missing = tally.droppedCount
    foreign = tally.foreignCount
    withoutService = tally.openCount
    (unplaced, unplacedExample) = (tally.unplaced.count, tally.unplaced.example)
    isPartial = tally.isPartial
    sample = tally.sample
    let calls = SeenCalls(tally)
    edges = calls.edges
    neverUsed = calls.neverUsed
    undeclared = calls.undeclared
    cycles = tally.policy.policy.declaredCycles
    let unplaced = Self.unplaced(tally)
    wouldBreak = calls.broken(under: tally.policy, at: now) + unplaced
    let proposal = Proposal(calls, tally.policy, at: now, until: until)
    contexts = proposal.contexts
    (lines, excepts, remaining) = (proposal.lines, proposal.excepts, proposal.remaining + unplaced)
    remainingCycles = proposal.cycles
  }

  /// What passed of callers in no context: enforced, they are refused whatever they ask.
  private static func unplaced(_ tally: borrowing CallTally) -> [Broken] {
    let unplaced = tally.unplaced
    if unplaced.passed == 0 { return [] }
    return [
      Broken(
        caller: "addresses in no context", context: "", target: "any name", count: unplaced.passed,
        rule: Rule.placement.word,
        place: "", example: "from \(unplaced.example)")
    ]
  }
}

/// A tally's calls in order, and what a policy says of them.
struct SeenCalls {
  let policy: CompiledPolicy
  /// Callers by name, then services; the same whatever order the log had.
  let calls: [(edge: CallTally.Edge, counts: CallTally.Counts)]

  init(_ tally: borrowing CallTally) {
    let policy = tally.policy
    self.policy = policy
    calls = tally.edges.map { (edge: $0.key, counts: $0.value) }.sorted {
      Self.order($0.edge, policy).lexicographicallyPrecedes(Self.order($1.edge, policy))
    }
  }

  private static func order(_ edge: CallTally.Edge, _ policy: CompiledPolicy) -> [String] {
    [
      policy.callerName(edge.caller), policy.serviceName(edge.target), policy.contextName(edge.caller.context),
      "\(edge.caller.identification)",
    ]
  }

  /// Those that did not end in a refusal.
  var passed: [(edge: CallTally.Edge, counts: CallTally.Counts)] {
    calls.filter { $0.counts.passed > 0 }
  }

  var edges: [Audit.Edge] {
    var found: [Audit.Edge] = []
    for (edge, counts) in calls {
      let next = Audit.Edge(
        caller: policy.callerName(edge.caller), context: policy.contextName(edge.caller.context),
        target: policy.targetName(edge.target), answered: counts.answered, wouldBe: counts.wouldBe,
        refused: counts.refused, example: example(counts))
      if let last = found.indices.last, found[last].caller == next.caller, found[last].context == next.context,
        found[last].target == next.target
      {
        found[last].answered += next.answered
        found[last].wouldBe += next.wouldBe
        found[last].refused += next.refused
      } else {
        found.append(next)
      }
    }
    return found
  }

  private func example(_ counts: CallTally.Counts) -> String {
    "\(counts.example.name) \(counts.example.type) from \(counts.example.source)"
  }

  var neverUsed: [Audit.Permission] {
    // A service that calls itself needs no line.
    let used = passed.filter { !$0.edge.isOfItself }
    var byTarget: [UInt32: [Caller]] = [:]
    for (edge, _) in used { byTarget[edge.target, default: []].append(edge.caller) }
    var found: [Audit.Permission] = []
    for (index, service) in policy.policy.services.enumerated() {
      let callers = byTarget[UInt32(index + 1)] ?? []
      // A word may stand for several callers: it is of use where any of them is.
      var usedPlaces: Set<Diagnostics.SourceLocation> = []
      for grant in service.allows where callers.contains(where: { policy.covers(grant.subject, $0) }) {
        usedPlaces.insert(grant.location)
      }
      for grant in service.allows where !usedPlaces.contains(grant.location) {
        found.append(
          Audit.Permission(
            service: service.display, caller: policy.name(of: grant.subject), place: "\(grant.location)"))
      }
    }
    return found
  }

  var undeclared: [Audit.Undeclared] {
    var found: [Audit.Undeclared] = []
    for (edge, counts) in passed where edge.target != 0 && !edge.isOfItself {
      let allows = policy.policy.services[Int(edge.target) - 1].allows
      let covering = allows.filter { policy.covers($0.subject, edge.caller) }
      let isDeclared = covering.contains { grant in
        switch grant.subject {
        case .service: true
        case .context: edge.caller.service == 0
        case .everyone: false
        }
      }
      if isDeclared || covering.isEmpty && (!allows.isEmpty || policy.policy.defaultDecision == .refuse) { continue }
      let by = covering.first.map { "allow \(policy.name(of: $0.subject)) (\($0.location.short))" } ?? "default allow"
      let next = Audit.Undeclared(
        caller: policy.callerName(edge.caller), target: policy.serviceName(edge.target), count: counts.passed, by: by)
      if let last = found.indices.last, found[last].caller == next.caller, found[last].target == next.target,
        found[last].by == by
      {
        found[last].count += next.count
      } else {
        found.append(next)
      }
    }
    return found
  }

  /// What of that which passed would be refused, were every rule enforced.
  func broken(
    under judging: CompiledPolicy, at now: UInt32, except isCured: (CallTally.Edge, Rule) -> Bool = { _, _ in false }
  ) -> [Audit.Broken] {
    var found: [Audit.Broken] = []
    for (edge, counts) in passed {
      var rules = judging.judgeAll(edge.caller, target: edge.target, at: now).map {
        (rule: $0.rule, place: judging.reason($0.reason), count: counts.passed)
      }
      if counts.isolated > 0 {
        rules.append((.isolate, counts.isolation ?? "", min(counts.isolated, counts.passed)))
      }
      for (rule, place, count) in rules where !isCured(edge, rule) {
        found.append(
          Audit.Broken(
            caller: policy.callerName(edge.caller), context: policy.contextName(edge.caller.context),
            target: policy.targetName(edge.target), count: count, rule: rule.word, place: place,
            example: example(counts)))
      }
    }
    return found
  }
}

extension CompiledPolicy {
  /// A caller as an `allow` line would name it: its service, else its context, else everyone.
  func callerName(_ caller: Caller) -> String {
    caller.service != 0 ? serviceName(caller.service) : caller.context != 0 ? contextName(caller.context) : "*"
  }

  /// Nil for a name of no service.
  func targetName(_ service: UInt32) -> String? { service == 0 ? nil : serviceName(service) }

  /// What a line names, as it writes it.
  func name(of subject: Grant.Subject) -> String {
    switch subject {
    case .service(let index): policy.services[index].display
    case .context(let number): policy.contexts.nodes[number].name
    case .everyone: "*"
    }
  }

  /// True where a line that names this speaks of the caller.
  func covers(_ subject: Grant.Subject, _ caller: Caller) -> Bool {
    switch subject {
    case .service(let index): caller.service == UInt32(index + 1)
    case .context(let number): policy.contexts.isContext(Int(caller.context), in: number)
    case .everyone: true
    }
  }
}
