package import DNSFormat
public import FlatMemory
public import Forwarding
internal import Policy

/// Names that others have.
///
/// `respond` says `.forwarded` and writes nothing. Then a worker asks the cache here; where that has nothing, the forwarder
/// asks elsewhere, asks `respond` again, and writes here what it was told. So the rules are always those of the moment, and
/// nothing of a policy is kept with a query that waits. All of these go on from the `respond` just before, by the same
/// workspace, of the same request and snapshot.
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

  /// What is to be asked elsewhere. For the forwarder: allocates.
  package mutating func forwardedQuestion(_ snapshot: Snapshot, _ outcome: Outcome) -> ForwardedQuestion {
    ForwardedQuestion(name, kind(snapshot, outcome))
  }

  /// Answers from the cache where it can.
  /// - Parameters:
  ///   - now: seconds of the clock that the cache's writer goes by.
  ///   - acceptsStale: answer with what is past its end too (RFC 8767).
  /// - Returns: what there was. The response is whole for `.fresh` and `.freshAndWorthPrefetching`, for `.stale` where that
  ///   is accepted; otherwise nothing is written.
  public mutating func answerForwarded(
    to request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, from cache: ReplyCache, now: UInt32,
    acceptsStale: Bool = false, _ outcome: inout Outcome, into response: inout OctetBuffer
  ) -> ReplyCache.Finding { .miss }

  /// Answers with a reply that has just come.
  package mutating func answerForwarded(
    to request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, with image: borrowing ReplyImage,
    _ outcome: inout Outcome, into response: inout OctetBuffer
  ) {}

  /// Says that nobody could be asked: SERVFAIL, and why (RFC 8914 §4.23, §4.24).
  /// - Parameter text: names the servers and what happened.
  package mutating func failForwarded(
    to request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ code: ExtendedDNSError.InfoCode,
    _ text: Span<UInt8>, _ outcome: inout Outcome, into response: inout OctetBuffer
  ) {}

  private mutating func kind(_ snapshot: Snapshot, _ outcome: Outcome) -> QuestionKind {
    QuestionKind(
      query.type, isDNSSECOK: query.isDNSSECOK, isCheckingDisabled: query.flags & 0x0010 != 0,
      route: snapshot.policy.forwards.fingerprint(of: outcome.route))
  }
}
