internal import Diagnostics

/// `acyclic`: the declared calls have no cycle, or this is where it is said.
extension PolicyResolver {
  /// Calls of a cycle that are shown at the most.
  private static let longestPath = 20

  mutating func resolveCallGraph() {
    guard let acyclic = policy.acyclicLocation else { return }
    let proved = policy.provedCalls
    let enforcement = enforcement
    for cycle in proved.cycles(proved.components) { report(cycle, acyclic, enforcement) }
    if !policy.findReachability() {
      diagnostics.error(
        at: acyclic,
        "the \(CallGraph(policy).calls.count) calls that allow lines declare are so entangled that acyclic would take more than "
          + "\(Reachability.sizeLimit >> 20) MiB to judge them; allow fewer services by name, or remove acyclic")
    }
  }

  /// Where acyclic is enforced.
  private enum Enforcement {
    case nowhere
    /// By the server's mode.
    case server
    /// By what says so although the server only observes: `context "prod" (p:4)`.
    case part(String)
  }

  private var enforcement: Enforcement {
    if policy.observedRules.contains(where: { $0.rule == .acyclic }) { return .nowhere }
    if policy.mode == .observe, let service = policy.services.first(where: { $0.mode == .enforce }) {
      return .part("service \(quoted(service.display)) (\(service.location.short))")
    }
    if policy.services.allSatisfy({ $0.mode == .observe }) { return .nowhere }
    if policy.mode == .enforce { return .server }
    guard let number = policy.contextDetails.firstIndex(where: { $0.mode == .enforce }) else { return .nowhere }
    let context = policy.contextDetails[number].location
    return .part("context \(quoted(policy.contexts.nodes[number].name)) (\(context.short))")
  }

  private mutating func report(_ cycle: [CallGraph.Call], _ acyclic: SourceLocation, _ enforcement: Enforcement) {
    var calls = cycle.map {
      "\(policy.services[$0.caller].display) calls \(policy.services[$0.callee].display) (\($0.location.short))"
    }
    if calls.count > Self.longestPath {
      calls.replaceSubrange((Self.longestPath - 1)..<(calls.count - 1), with: ["..."])
    }
    let text = "the allowed calls have a cycle, against acyclic (\(acyclic.short)): \(calls.joined(separator: ", "))"
    let remedy = "remove one of them, or lift the rule for one by an except, for a time"
    switch enforcement {
    case .nowhere:
      diagnostics.warning(
        at: cycle[0].location, "\(text); acyclic is only observed, so remove one of them before it is enforced")
    case .server: diagnostics.error(at: cycle[0].location, "\(text); \(remedy)")
    case .part(let part):
      diagnostics.error(
        at: cycle[0].location,
        "\(text), and \(part) enforces it, though the server only observes; \(remedy), or observe acyclic")
    }
  }
}
