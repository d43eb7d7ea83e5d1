internal import DNSFormat
internal import Policy

/// Names that others have.
extension Workspace {
  /// Notes that the query is to be asked elsewhere, where `name`, which no zone of ours has, goes by a `forward` line of
  /// the caller's context. Callers in no context are never forwarded for: that would be an open resolver.
  mutating func forwards(_ snapshot: Snapshot, _ outcome: inout Outcome) -> Bool {
    guard !snapshot.policy.forwards.isEmpty, outcome.caller.isPlaced else { return false }
    let route = snapshot.policy.forwards.route(of: name, context: outcome.caller.context)
    guard route != 0 else { return false }
    outcome.decision = .forwarded
    outcome.route = route
    return true
  }
}
