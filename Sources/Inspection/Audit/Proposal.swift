internal import Contexts
internal import Diagnostics
internal import Policy

/// The lines with which `mode enforce` and `default refuse` refuse nothing that passed; tried before they are told: the
/// policy is compiled with them, and what it still refuses is listed as such.
struct Proposal {
  private(set) var lines: [Audit.Lines] = []
  /// Contexts that the lines name.
  private(set) var contexts: [String] = []
  private(set) var excepts: [String] = []
  private(set) var remaining: [Audit.Broken] = []

  init(_ calls: SeenCalls, _ policy: CompiledPolicy, at now: UInt32, until: String) {
    var wanted = policy.policy
    wanted.defaultDecision = .refuse
    let strict = CompiledPolicy(wanted)
    var words: [Int: [String]] = [:]
    for (edge, _) in calls.passed where edge.target != 0 {
      let broken = Set(strict.judgeAll(edge.caller, target: edge.target, at: now).map(\.rule))
      // Beside a `refuse` line that means what it says, an `allow` line is of no use.
      guard broken.contains(.allow), !broken.contains(.refuse) else { continue }
      let index = Int(edge.target) - 1
      let subject: Grant.Subject =
        edge.caller.service != 0
        ? .service(Int(edge.caller.service) - 1)
        : edge.caller.context != 0 ? .context(Int(edge.caller.context)) : .everyone
      if wanted.services[index].allows.contains(where: { $0.subject == subject }) { continue }
      wanted.services[index].allows.append(Grant(subject: subject, location: policy.policy.services[index].location))
      let word = policyWord(policy.name(of: subject))
      words[index, default: []].append(word)
      if case .context = subject, !contexts.contains(word) { contexts.append(word) }
    }
    lines = words.sorted { $0.key < $1.key }.map { index, allow in
      let service = policy.policy.services[index]
      return Audit.Lines(service: policyWord(service.display), place: "\(service.location.wholeLine)", allow: allow)
    }
    let mended = CompiledPolicy(wanted)
    let cycles = wanted.acyclicLocation == nil ? [] : CallCycles(wanted).closing
    var excepted: Set<[UInt32]> = []
    for (edge, counts) in calls.passed where edge.target != 0 && !edge.isOfItself {
      let broken = RuleSet(mended.judgeAll(edge.caller, target: edge.target, at: now).map { RuleSet($0.rule) })
      let closesCycle = cycles.contains([edge.caller.service, edge.target])
      guard !broken.isDisjoint(with: .exceptable) || counts.isolated > 0 || closesCycle else { continue }
      guard edge.caller.service != 0 || edge.caller.context != 0 else { continue }
      let pair = [edge.caller.service, edge.caller.service == 0 ? UInt32(edge.caller.context) : 0, edge.target]
      if excepted.insert(pair).inserted {
        excepts.append(
          "except \(policyWord(policy.callerName(edge.caller))) -> \(policyWord(policy.serviceName(edge.target))) "
            + "until \(until) because \"seen in the query log\"")
      }
    }
    remaining = calls.broken(under: mended, at: now) { edge, rule in
      let pair = [edge.caller.service, edge.caller.service == 0 ? UInt32(edge.caller.context) : 0, edge.target]
      // Where a `refuse` line is the cause, that no `allow` line was proposed is not another.
      if rule == .allow,
        mended.judgeAll(edge.caller, target: edge.target, at: now).contains(where: { $0.rule == .refuse })
      {
        return true
      }
      return RuleSet.exceptable.contains(rule) && excepted.contains(pair)
    }
  }
}

/// The `allow` words that close a cycle of services, as pairs of caller and service.
struct CallCycles {
  private(set) var closing: Set<[UInt32]> = []

  /// Depth first, in order of services, so that the same policy always gives the same pairs.
  init(_ policy: Policy) {
    var callees = [[Int]](repeating: [], count: policy.services.count)
    for (target, service) in policy.services.enumerated() {
      for case .service(let caller) in service.allows.map(\.subject) where caller != target {
        callees[caller].append(target)
      }
    }
    var state = [UInt8](repeating: 0, count: callees.count)  // 1 on the way, 2 done
    for start in callees.indices where state[start] == 0 {
      var way = [(node: start, next: 0)]
      state[start] = 1
      while let (node, next) = way.last {
        guard next < callees[node].count else {
          state[node] = 2
          way.removeLast()
          continue
        }
        way[way.count - 1].next += 1
        let callee = callees[node][next]
        if state[callee] == 1 { closing.insert([UInt32(node + 1), UInt32(callee + 1)]) }
        if state[callee] == 0 {
          state[callee] = 1
          way.append((callee, 0))
        }
      }
    }
  }
}

/// A name as a policy's word: in quotes where it has what ends or begins something else. Names are kept as they were
/// written, escapes and all.
func policyWord(_ text: String) -> String {
  let isPlain =
    !text.isEmpty
    && text.utf8.allSatisfy { octet in
      octet > 0x20 && octet < 0x7f && !["\"", "#", ";", "{", "}", "\\"].contains(Character(Unicode.Scalar(octet)))
    }
  if isPlain { return text }
  return "\"\(text)\""
}
