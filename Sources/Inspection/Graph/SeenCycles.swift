internal import Policy

/// Which calls that a log shows lie in a circle of such calls.
///
/// By outermost context, as the server sees them (`acyclic observed`): the calls of `test` say nothing of `prod`. A log has
/// all the calls of a circle, not which was first: all of them are marked.
enum SeenCycles {
  /// - Returns: pairs of a caller's and a callee's index among the policy's services.
  static func calls(_ seen: SeenCalls) -> Set<[Int]> {
    let policy = seen.policy.policy
    let realms = policy.realms
    var byRealm: [UInt16: Set<[Int]>] = [:]
    for (edge, _) in seen.passed where edge.caller.service != 0 && edge.target != 0 {
      if edge.caller.service == edge.target || Int(edge.caller.context) >= realms.count { continue }
      byRealm[realms[Int(edge.caller.context)], default: []].insert([
        Int(edge.caller.service) - 1, Int(edge.target) - 1,
      ])
    }
    var inCircles: Set<[Int]> = []
    for pairs in byRealm.values {
      let ordered = pairs.sorted { $0.lexicographicallyPrecedes($1) }
      let components = CallGraph(pairs: ordered.map { ($0[0], $0[1]) }, serviceCount: policy.services.count).components
      for pair in ordered where components.number[pair[0]] == components.number[pair[1]] { inCircles.insert(pair) }
    }
    return inCircles
  }
}
