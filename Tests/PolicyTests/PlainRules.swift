@testable import Policy

/// The rules as DESIGN §3.3 words them, asked of a `Policy` line by line: slow, and shares no code with what it judges.
struct PlainRules {
  let policy: Policy
  /// By service: whom it calls by `allow` lines, read once.
  private let callees: [Set<Int>]
  /// By caller and callee: when the last exception for the pair ends.
  private let ends: [Pair: UInt32]

  private struct Pair: Hashable {
    var caller: Int
    var callee: Int
  }

  /// One call, with services as indices.
  struct Call {
    var context: Int
    var service: Int?
    var identification = Identification.none
    var target: Int
    var time: UInt32
  }

  /// What becomes of a call, every rule with the place of its line.
  struct Said: Equatable {
    var refusal: String?
    var wouldBe: String?
    var broken: [String] = []
    var isExcepted = false
  }

  init(_ policy: Policy) {
    self.policy = policy
    var callees = Array(repeating: Set<Int>(), count: policy.services.count)
    for (target, service) in policy.services.enumerated() {
      for caller in policy.services.indices where caller != target {
        let isAllowed = service.allows.contains { $0.subject == .service(caller) }
        let isRefused = service.refuses.contains { $0.subject == .service(caller) || $0.subject == .everyone }
        if isAllowed, !isRefused { callees[caller].insert(target) }
      }
    }
    self.callees = callees
    var ends: [Pair: UInt32] = [:]
    for exception in policy.exceptions {
      guard case .service(let caller) = exception.caller else { continue }
      ends[Pair(caller: caller, callee: exception.service), default: 0].raise(to: exception.end)
    }
    self.ends = ends
  }

  /// True where one service calls another, directly or by others, by calls that count.
  private func reaches(_ start: Int, _ end: Int, by counts: (Pair) -> Bool) -> Bool {
    var seen: Set<Int> = []
    var open = [start]
    while let service = open.popLast() {
      for callee in callees[service] where counts(Pair(caller: service, callee: callee)) {
        if callee == end { return true }
        if seen.insert(callee).inserted { open.append(callee) }
      }
    }
    return false
  }

  /// True where declared calls that no exception names go round.
  var hasCycle: Bool { callees.indices.contains { reaches($0, $0) { ends[$0] == nil } } }

  /// A call that no line declares may close no cycle with any that one does. One that is declared, and that an exception
  /// named, may close none with those that no exception lifts now; and any other none with those that none names.
  private func closesCycle(_ caller: Int, _ callee: Int, at time: UInt32) -> Bool {
    if !callees[caller].contains(callee) { return reaches(callee, caller) { _ in true } }
    if ends[Pair(caller: caller, callee: callee)] != nil {
      return reaches(callee, caller) { (ends[$0] ?? 0) <= time }
    }
    return reaches(callee, caller) { ends[$0] == nil }
  }

  func judge(_ call: Call) -> Said {
    var broken: [(rule: String, line: String)] = []
    let target = policy.services[call.target]
    let isSelf = call.service == call.target
    let isExcepted = policy.exceptions.contains {
      $0.service == call.target && names($0.caller, call) && call.time < $0.end
    }
    if !isSelf, let line = target.refuses.filter({ names($0.subject, call) }).min(by: { isNearer($0, $1, call) }) {
      broken.append(("refuse", line.location.short))
    }
    let isIdentified = call.service != nil && [.certificate, .user].contains(call.identification)
    if let line = target.requireLocation, !isIdentified { broken.append(("require", line.short)) }
    if !isSelf {
      if let first = target.allows.first {
        if !target.allows.contains(where: { names($0.subject, call) }) {
          broken.append(("allow", first.location.short))
        }
      } else if policy.defaultDecision == .refuse {
        broken.append(("allow", policy.defaultLocation?.short ?? "none"))
      }
    }
    if let service = call.service, !isSelf, !isExcepted {
      if let line = policy.acyclicLocation, closesCycle(service, call.target, at: call.time) {
        broken.append(("acyclic", line.short))
      }
      if let own = policy.services[service].tier, let other = target.tier, own < other {
        broken.append(("tiers", policy.tiers?.location.short ?? "none"))
      }
    }
    let enforced = broken.first { !isObserved($0.rule, call) }
    let observed = broken.first { isObserved($0.rule, call) }
    return Said(
      refusal: enforced.map { "\($0.rule) \($0.line)" }, wouldBe: observed.map { "\($0.rule) \($0.line)" },
      broken: broken.map { "\($0.rule) \($0.line)" }, isExcepted: isExcepted)
  }

  /// The caller's context and those it is in, innermost first.
  private func path(_ context: Int) -> [Int] {
    var path: [Int] = []
    var next = context
    while next != 0 {
      path.append(next)
      next = policy.contexts.nodes[next].parent
    }
    return path
  }

  private func names(_ subject: Grant.Subject, _ call: Call) -> Bool {
    switch subject {
    case .everyone: true
    case .service(let index): call.service == index
    case .context(let number): path(call.context).contains(number)
    }
  }

  /// A service is nearer than a context, that nearer than the one it is in, and all nearer than `*`.
  private func isNearer(_ one: Grant, _ other: Grant, _ call: Call) -> Bool {
    func distance(_ grant: Grant) -> Int {
      switch grant.subject {
      case .service: -1
      case .context(let number): path(call.context).firstIndex(of: number) ?? 0
      case .everyone: .max
      }
    }
    return distance(one) < distance(other)
  }

  private func isObserved(_ rule: String, _ call: Call) -> Bool {
    let said = path(call.context).compactMap { policy.contextDetails[$0].mode }.first
    return (policy.services[call.target].mode ?? said ?? policy.mode) == .observe
      || policy.observedRules.contains { $0.rule.word == rule }
  }
}

extension UInt32 {
  fileprivate mutating func raise(to other: UInt32) { self = Swift.max(self, other) }
}
