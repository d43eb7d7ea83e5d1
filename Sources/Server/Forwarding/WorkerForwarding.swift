internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Forwarding
internal import LinuxIO
internal import Metrics

/// What a worker comes to with a query for a name of others.
enum ForwardFinding: Equatable {
  /// The response is there.
  case answered
  /// So it is, and the forwarder is to ask anew: the answer is about to end.
  case answeredAndPrefetch
  /// The forwarder has to ask.
  case handOver
}

extension Worker {
  /// Answers a query for a name of others from the cache, as far as that goes.
  /// - Parameter now: nanoseconds of the monotonic clock, a batch ago at the most.
  func findForwarded(
    _ request: Span<UInt8>, _ arrival: Arrival, _ served: ServedSnapshot, at now: UInt64, _ outcome: inout Outcome,
    using workspace: inout Workspace, into response: inout OctetBuffer
  ) -> ForwardFinding {
    guard let desk = served.forwarding else { return .handOver }
    let finding = workspace.answerForwarded(
      to: request, arrival, served.snapshot, from: desk.cache,
      now: ForwardDesk.seconds(now), &outcome, into: &response)
    switch finding {
    case .fresh:
      metrics.count(.forwardedFromCache)
      return .answered
    case .freshAndWorthPrefetching:
      metrics.count(.forwardedFromCache)
      return .answeredAndPrefetch
    case .miss, .stale:
      response.reset()
      return .handOver
    }
  }

  /// Hands a query to the forwarder, who is to be woken once the batch is over.
  /// - Returns: false where there is no room.
  func handOver(_ query: borrowing HandedQuery, _ request: Span<UInt8>) -> Bool {
    if request.count <= HandedQuery.longestRequest, handOvers.push(query, request: request) { return true }
    if !query.isPrefetch { metrics.count(.forwardedTurnedAway) }
    return false
  }

  /// Answers a query for a name of others that there is no room for.
  func turnAway(
    _ request: Span<UInt8>, _ arrival: Arrival, _ served: ServedSnapshot, using workspace: inout Workspace,
    into response: inout OctetBuffer
  ) -> Outcome {
    var outcome = respond(to: request, arrival, served.snapshot, using: &workspace, into: &response)
    guard outcome.decision == .forwarded else { return outcome }
    if request.count > HandedQuery.longestRequest {
      workspace.failForwarded(
        to: request, arrival, served.snapshot, .other, Self.tooLong.span, &outcome, into: &response)
    } else if handOvers.isClosed {
      workspace.failForwarded(
        to: request, arrival, served.snapshot, .networkError, Self.ending.span, &outcome, into: &response)
    } else {
      workspace.failForwarded(
        to: request, arrival, served.snapshot, .networkError, Self.busy.span, &outcome, into: &response)
    }
    return outcome
  }

  /// Made once: a flood must not allocate.
  private static let busy = Array("too many names are being asked for elsewhere; try again".utf8)
  private static let ending = Array(Forwarder.ending.utf8)
  private static let tooLong = Array(
    "a query of more than \(HandedQuery.longestRequest) octets is not asked elsewhere; send a shorter one".utf8)
}
