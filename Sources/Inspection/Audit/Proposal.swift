internal import Contexts
internal import Diagnostics
internal import Policy

/// The lines with which `mode enforce` and `default refuse` refuse nothing that passed; tried before they are told: the
/// policy with all of them is compiled and judged as a whole, and what it still refuses is listed as such. An `allow`
/// line may be what makes `acyclic` refuse another call, and an `except` line what makes it not.
struct Proposal {
  private(set) var lines: [Audit.Lines] = []
  /// Contexts that the lines name.
  private(set) var contexts: [String] = []
  private(set) var excepts: [Audit.Excepts] = []
  private(set) var remaining: [Audit.Broken] = []
  /// Cycles that no call seen is part of: while they are declared, nothing loads.
  private(set) var cycles: [String] = []

  private let calls: SeenCalls
  private let now: UInt32
  /// The policy with all that is proposed so far.
  private var wanted: Policy
  private var excepted: Set<[UInt32]> = []
  private var exceptions: [PolicyException] = []

  init(_ calls: SeenCalls, _ policy: CompiledPolicy, at now: UInt32, until: String) {
    self.calls = calls
    self.now = now
    wanted = policy.policy
    wanted.defaultDecision = .refuse
    allow(CompiledPolicy(wanted))
    // Exceptions only ever lift rules, so each step leaves the ones before it as they are.
    exceptBroken([RuleSet(.tiers), RuleSet(.isolate)])
    exceptCycles()
    exceptBroken(.exceptable)
    cycles = wanted.declaredCycles
    if wanted.acyclicLocation != nil, wanted.reachability == nil {
      cycles.append("so many that acyclic cannot judge them: allow fewer services by name")
    }
    let words = PolicyWords(wanted)
    for exception in exceptions {
      let file = wanted.services[exception.service].location.file
      let line = "except \(words.anywhere(exception.caller)) -> \(words.anywhere(.service(exception.service)))"
      let index = excepts.firstIndex { $0.file == file } ?? excepts.count
      if index == excepts.count { excepts.append(Audit.Excepts(file: file)) }
      excepts[index].lines.append("\(line) until \(until) because \"\(PolicyException.proposedReason)\"")
    }
    for index in excepts.indices { excepts[index].lines.sort() }
    remaining = broken(CompiledPolicy(wanted))
  }

  /// Adds the `allow` words that are missing.
  private mutating func allow(_ strict: CompiledPolicy) {
    var added: [Int: [Grant.Subject]] = [:]
    for (edge, _) in calls.passed where edge.target != 0 {
      let broken = Set(strict.judgeAll(edge.caller, target: edge.target, at: now).map(\.rule))
      // Beside a `refuse` line that means what it says, an `allow` line is of no use.
      guard broken.contains(.allow), !broken.contains(.refuse) else { continue }
      let index = Int(edge.target) - 1
      let subject = edge.caller.subject
      if wanted.services[index].allows.contains(where: { $0.subject == subject }) { continue }
      wanted.services[index].allows.append(Grant(subject: subject, location: wanted.services[index].location))
      added[index, default: []].append(subject)
    }
    let words = PolicyWords(wanted)
    for (index, subjects) in added.sorted(by: { $0.key < $1.key }) {
      lines.append(
        Audit.Lines(
          service: words.head(index), place: "\(wanted.services[index].location.wholeLine)",
          allow: subjects.map { words.word($0, besides: index) }))
      for case .context(let number) in subjects where !contexts.contains(wanted.contexts.nodes[number].name) {
        contexts.append(wanted.contexts.nodes[number].name)
      }
    }
    if wanted.acyclicLocation != nil { _ = wanted.findReachability() }
  }

  /// Adds exceptions for what breaks one of these rules.
  private mutating func exceptBroken(_ rules: RuleSet) {
    let judging = CompiledPolicy(wanted)
    for (edge, counts) in calls.passed {
      let broken = RuleSet(judging.judgeAll(edge.caller, target: edge.target, at: now).map { RuleSet($0.rule) })
      if !broken.isDisjoint(with: rules) || counts.isolated > 0 { except(edge) }
    }
    if wanted.acyclicLocation != nil { _ = wanted.findReachability() }
  }

  /// Adds exceptions for seen calls until no declared cycle has one.
  private mutating func exceptCycles() {
    guard wanted.acyclicLocation != nil else { return }
    var seen: [[UInt32]: CallTally.Edge] = [:]
    for (edge, _) in calls.passed where edge.caller.service != 0 && edge.target != 0 {
      seen[[edge.caller.service, edge.target]] = edge
    }
    for pair in CallCycles(wanted).closing.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      if let edge = seen[pair] { except(edge) }
    }
    // What is left is closed by words that nobody used; most often nothing.
    for _ in 0..<Self.mostRounds {
      let edges = wanted.cyclesOfCalls.compactMap { cycle in
        cycle.lazy.compactMap { seen[[UInt32($0.caller + 1), UInt32($0.callee + 1)]] }.first
      }
      if edges.isEmpty { break }
      for edge in edges { except(edge) }
    }
    if wanted.acyclicLocation != nil { _ = wanted.findReachability() }
  }

  private static let mostRounds = 1000

  private mutating func except(_ edge: CallTally.Edge) {
    guard edge.target != 0, !edge.isOfItself, edge.caller.service != 0 || edge.caller.context != 0 else { return }
    let pair = [edge.caller.service, edge.caller.service == 0 ? UInt32(edge.caller.context) : 0, edge.target]
    guard excepted.insert(pair).inserted else { return }
    let exception = PolicyException(
      caller: edge.caller.subject, service: Int(edge.target) - 1, end: .max, lastDay: "",
      reason: PolicyException.proposedReason,
      location: SourceLocation(file: ""))
    exceptions.append(exception)
    wanted.exceptions.append(exception)
  }

  /// What is refused with all that is proposed.
  private func broken(_ mended: CompiledPolicy) -> [Audit.Broken] {
    calls.broken(under: mended, at: now) { edge, rule in
      switch rule {
      // Where a `refuse` line is the cause, that no `allow` line was proposed is not another.
      case .allow:
        mended.judgeAll(edge.caller, target: edge.target, at: now).contains { $0.rule == .refuse }
      case .isolate: mended.judge(edge.caller, target: edge.target, at: now).isExcepted
      default: false
      }
    }
  }
}

extension Caller {
  /// Whom a line names that means this caller: its service, else its context, else everyone.
  var subject: Grant.Subject {
    service != 0 ? .service(Int(service) - 1) : context != 0 ? .context(Int(context)) : .everyone
  }
}

extension Policy {
  /// Cycles of declared calls, one of each part of the graph.
  fileprivate var cyclesOfCalls: [[CallGraph.Call]] {
    guard acyclicLocation != nil else { return [] }
    let graph = provedCalls
    return graph.cycles(graph.components)
  }

  /// Cycles for which the policy does not load where `acyclic` is enforced, in words.
  var declaredCycles: [String] {
    cyclesOfCalls.map { cycle in
      cycle.map { call in
        "\(services[call.caller].display) calls \(services[call.callee].display) (\(call.location.short))"
      }.joined(separator: ", ")
    }
  }
}

/// The declared calls that close a cycle of services, as pairs of caller and service.
struct CallCycles {
  private(set) var closing: Set<[UInt32]> = []

  /// Depth first, in order of services, so that the same policy always gives the same pairs.
  init(_ policy: Policy) {
    let graph = policy.provedCalls
    var state = [UInt8](repeating: 0, count: graph.serviceCount)  // 1 on the way, 2 done
    for start in state.indices where state[start] == 0 {
      var way = [(node: start, rest: graph.calls(of: start))]
      state[start] = 1
      while let node = way.last?.node {
        guard let call = way[way.count - 1].rest.popFirst() else {
          state[node] = 2
          way.removeLast()
          continue
        }
        if state[call.callee] == 1 { closing.insert([UInt32(node + 1), UInt32(call.callee + 1)]) }
        if state[call.callee] == 0 {
          state[call.callee] = 1
          way.append((call.callee, graph.calls(of: call.callee)))
        }
      }
    }
  }
}
