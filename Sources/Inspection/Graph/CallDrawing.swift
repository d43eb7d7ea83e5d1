internal import Addresses
package import Answering
internal import Contexts
internal import Diagnostics
internal import Policy

/// Who may call whom, by the policy's `allow` lines, and who does, by a query log: the graph that `ambit graph` draws.
package struct CallDrawing: Sendable {
  /// A service; or a context or everyone, as an `allow` line names them.
  package struct Node: Hashable, Sendable {
    enum Kind: Sendable { case everyone, context, service }
    let kind: Kind
    let name: String
    /// An index into the tiers, 0 the most important; nil for none.
    let tier: Int?
    /// Where it runs: contexts' names and numbers, by number.
    let contexts: [Tag]
    /// Where it is declared.
    let place: String
    /// Who may call a service that has no `allow` lines: everyone, or nobody.
    let isOpen: Bool
  }

  /// A context that a service runs in.
  struct Tag: Hashable, Sendable {
    let number: Int
    let name: String
  }

  /// One calls another, or may.
  package struct Edge: Sendable {
    let from: Int
    let to: Int
    /// Places of the `allow` words that say so; empty for calls that none names.
    var places: [String] = []
    /// Queries in the log, and how many of them were refused.
    var count = 0
    var refused = 0
    /// True where a call that another edge stands for passed by it: that of a service in the context it names.
    var isUsedByOthers = false
    /// True where the log's calls lead from the one that is called back to the caller.
    var isInSeenCycle = false
    /// Rules that the call breaks, and their lines: `tiers (ambit.policy:9)`.
    var violations: [String] = []

    var isDeclared: Bool { !places.isEmpty }
  }

  /// How an edge is drawn.
  enum Style: String { case used, declared, unused, observed, violation }

  private(set) var nodes: [Node] = []
  /// In order of their ends.
  private(set) var edges: [Edge] = []
  let tiers: [String]
  let hasLog: Bool
  private var numbers: [String: Int] = [:]

  /// The graph of a policy alone, or with what a log shows.
  /// - Parameter now: seconds since 1970, for exceptions.
  package init(_ snapshot: Snapshot, at now: UInt32) {
    self.init(snapshot.policy, log: nil, at: now)
  }

  /// The graph of a log's policy, and what the log shows.
  package init(_ tally: borrowing CallTally, at now: UInt32) {
    self.init(tally.policy, log: SeenCalls(tally), at: now)
  }

  private init(_ compiled: CompiledPolicy, log: SeenCalls?, at now: UInt32) {
    let policy = compiled.policy
    tiers = policy.tiers?.names.map(\.text) ?? []
    hasLog = log != nil
    for service in policy.services {
      var tags: Set<Tag> = []
      for prefix in service.runsAt {
        let caller = compiled.callers.caller(Evidence(source: prefix.prefix.address))
        if caller.isPlaced, caller.context != 0 {
          tags.insert(Tag(number: Int(caller.context), name: compiled.contextName(caller.context)))
        }
      }
      nodes.append(
        Node(
          kind: .service, name: service.display, tier: service.tier, contexts: tags.sorted { $0.number < $1.number },
          place: "\(service.location.wholeLine)",
          isOpen: service.allows.isEmpty && policy.defaultDecision == .allow))
    }
    var found: [[Int]: Edge] = [:]
    let cycles = policy.acyclicLocation == nil ? [] : CallCycles(policy).closing
    for (index, service) in policy.services.enumerated() {
      for grant in service.allows {
        let from = node(grant.subject, policy)
        if from == index { continue }
        var edge = found[[from, index]] ?? Edge(from: from, to: index)
        edge.places.append(grant.location.short)
        if edge.violations.isEmpty {
          edge.violations = broken(grant.subject, from, index, cycles, compiled, at: now)
        }
        found[[from, index]] = edge
      }
    }
    for (call, counts) in log?.calls ?? [] where call.target != 0 && call.caller.service != call.target {
      let to = Int(call.target) - 1
      let covering = policy.services[to].allows.map(\.subject).filter { compiled.covers($0, call.caller) }
      let from = node(Self.subject(of: call.caller, covering), policy)
      if counts.passed > 0 {
        for subject in covering { found[[node(subject, policy), to]]?.isUsedByOthers = true }
      }
      var edge = found[[from, to]] ?? Edge(from: from, to: to)
      edge.count += counts.count
      edge.refused += counts.refused
      var rules = compiled.judgeAll(call.caller, target: call.target, at: now).map {
        Self.text($0.rule, compiled.reason($0.reason))
      }
      if let place = counts.isolation { rules.append(Self.text(.isolate, place)) }
      for rule in rules where !edge.violations.contains(rule) { edge.violations.append(rule) }
      found[[from, to]] = edge
    }
    for pair in log.map(SeenCycles.calls) ?? [] { found[pair]?.isInSeenCycle = true }
    edges = found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }

  /// Whom a call is drawn from: the caller; for one who is no service the innermost context around it that a line names.
  private static func subject(of caller: Caller, _ covering: [Grant.Subject]) -> Grant.Subject {
    if caller.service != 0 { return caller.subject }
    let contexts = covering.compactMap { if case .context(let number) = $0 { number } else { nil } }
    return contexts.max().map { .context($0) } ?? caller.subject
  }

  private static func text(_ rule: Rule, _ place: String) -> String {
    place.isEmpty ? rule.word : "\(rule.word) (\(place))"
  }

  /// The node of whom a line names; those of contexts and everyone are made as they are named.
  private mutating func node(_ subject: Grant.Subject, _ policy: Policy) -> Int {
    let (kind, name, place): (Node.Kind, String, String)
    var tags: [Tag] = []
    switch subject {
    case .service(let index): return index
    case .context(let number):
      (kind, name) = (.context, policy.contexts.nodes[number].name)
      place = "\(policy.contextDetails[number].location.wholeLine)"
      tags = [Tag(number: number, name: name)]
    case .everyone: (kind, name, place) = (.everyone, "*", "")
    }
    let key = "\(kind) \(name)"
    if let number = numbers[key] { return number }
    nodes.append(Node(kind: kind, name: name, tier: nil, contexts: tags, place: place, isOpen: false))
    numbers[key] = nodes.count - 1
    return nodes.count - 1
  }

  /// Rules that a call breaks although an `allow` line names it.
  private func broken(
    _ subject: Grant.Subject, _ from: Int, _ target: Int, _ cycles: Set<[UInt32]>, _ compiled: CompiledPolicy,
    at now: UInt32
  ) -> [String] {
    let policy = compiled.policy
    var callers: [Caller] = []
    switch subject {
    case .everyone: return []
    case .context(let number): callers = [Caller(context: UInt16(number))]
    case .service(let index):
      let contexts = nodes[from].contexts.isEmpty ? [0] : nodes[from].contexts.map { UInt16($0.number) }
      callers = contexts.map { Caller(context: $0, service: UInt32(index + 1)) }
    }
    var rules: [String] = []
    var found: RuleSet = []
    for caller in callers {
      // Nobody knows how these callers are identified: `require` says nothing of them.
      for refusal in compiled.judgeAll(caller, target: UInt32(target + 1), at: now) where refusal.rule != .require {
        let text = Self.text(refusal.rule, compiled.reason(refusal.reason))
        found.insert(RuleSet(refusal.rule))
        if !rules.contains(text) { rules.append(text) }
      }
    }
    guard case .service(let index) = subject else { return rules }
    let isExcepted = policy.exceptions.contains { exception in
      exception.service == target && exception.end > now && callers.contains { compiled.covers(exception.caller, $0) }
    }
    if isExcepted { return rules }
    if !found.contains(.acyclic), cycles.contains([UInt32(index + 1), UInt32(target + 1)]) {
      rules.append(Self.text(.acyclic, policy.acyclicLocation?.short ?? ""))
    }
    if !found.contains(.tiers), let tiers = policy.tiers, let own = policy.services[index].tier,
      let other = policy.services[target].tier, other > own
    {
      rules.append(Self.text(.tiers, tiers.location.short))
    }
    return rules
  }

  /// How an edge is drawn.
  func style(_ edge: Edge) -> Style {
    if !edge.violations.isEmpty { return .violation }
    if !edge.isDeclared { return .observed }
    return !hasLog ? .declared : isUnused(edge) ? .unused : .used
  }

  /// True where the log shows no call that the edge's permission let pass.
  func isUnused(_ edge: Edge) -> Bool { hasLog && edge.isDeclared && edge.count == 0 && !edge.isUsedByOthers }

  /// What an edge is, in a few words.
  func description(_ edge: Edge) -> String {
    var parts: [String] = []
    parts.append(edge.isDeclared ? "allowed by \(edge.places.joined(separator: ", "))" : "not declared")
    if edge.count > 0 { parts.append("\(edge.count) quer\(edge.count == 1 ? "y" : "ies")") }
    if edge.refused > 0 { parts.append("\(edge.refused) refused") }
    if isUnused(edge) { parts.append("never used") }
    if edge.count == 0, edge.isUsedByOthers { parts.append("used by callers drawn by themselves") }
    if edge.isInSeenCycle { parts.append("in a cycle among calls seen") }
    if !edge.violations.isEmpty { parts.append("breaks \(edge.violations.joined(separator: ", "))") }
    return parts.joined(separator: "; ")
  }

  /// Rows of nodes that belong together, from those that only call down to the most important tier, so that calls that
  /// the tiers permit lead downwards.
  var bands: [(title: String, nodes: [Int])] {
    var bands: [(title: String, nodes: [Int])] = []
    func add(_ title: String, _ isIn: (Node) -> Bool) {
      let members = nodes.indices.filter { isIn(nodes[$0]) }.sorted { nodes[$0].name < nodes[$1].name }
      if !members.isEmpty { bands.append((title, members)) }
    }
    add("callers by context") { $0.kind != .service }
    add(tiers.isEmpty ? "services" : "no tier") { $0.kind == .service && $0.tier == nil }
    for tier in tiers.indices.reversed() { add("tier \(tiers[tier])") { $0.tier == tier } }
    return bands
  }
}
