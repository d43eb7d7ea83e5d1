/// Why a query to another server has no reply, and so no time (``MetricDefinition/upstream``).
package enum NoReply: CaseIterable, Sendable {
  /// Nothing came for as long as was waited.
  case silent
  /// The network or its host said so, or the connection broke.
  case unreachable
  /// It was waited for no longer, though it might have come in time.
  case givenUp
}
