internal import Diagnostics

/// `acyclic`: the declared calls have no cycle, or this is where it is said.
extension PolicyResolver {
  /// Calls of a cycle that are shown at the most.
  private static let longestPath = 20

  mutating func resolveCallGraph() {
    guard let acyclic = policy.acyclicLocation else { return }
    let graph = CallGraph(policy)
    let components = graph.components
    let isObserved = policy.mode == .observe || policy.observedRules.contains { $0.rule == .acyclic }
    for cycle in graph.cycles(components) { report(cycle, acyclic, isObserved: isObserved) }
    policy.reachability = Reachability(graph, components)
    if policy.reachability == nil {
      diagnostics.error(
        at: acyclic,
        "the \(graph.calls.count) calls that allow lines declare are so entangled that acyclic would take more than "
          + "\(Reachability.sizeLimit >> 20) MiB to judge them; allow fewer services by name, or remove acyclic")
    }
  }

  private mutating func report(_ cycle: [CallGraph.Call], _ acyclic: SourceLocation, isObserved: Bool) {
    var calls = cycle.map {
      "\(policy.services[$0.caller].display) calls \(policy.services[$0.callee].display) (\($0.location.short))"
    }
    if calls.count > Self.longestPath {
      calls.replaceSubrange((Self.longestPath - 1)..<(calls.count - 1), with: ["..."])
    }
    let text = "the allowed calls have a cycle, against acyclic (\(acyclic.short)): \(calls.joined(separator: ", "))"
    if isObserved {
      diagnostics.warning(
        at: cycle[0].location, "\(text); acyclic is only observed, so remove one of them before it is enforced")
    } else {
      diagnostics.error(
        at: cycle[0].location, "\(text); remove one of them, or lift the rule for one by an except, for a time")
    }
  }
}
