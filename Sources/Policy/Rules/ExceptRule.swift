/// `except CALLER -> SERVICE until DATE`: lifts `acyclic`, `tiers` and `isolate` for one pair, for a time.
///
/// No rule of its own: those three ask it. Of several exceptions for a pair the last to end counts.
@usableFromInline enum ExceptRule {
  /// True where an exception for the caller's service, its context, or one that this is in, has not ended.
  @inlinable static func isLive(_ service: LineFacts, _ context: LineFacts, at time: UInt32) -> Bool {
    time < max(service.exceptEnd, context.exceptEnd)
  }

  /// Notes the exceptions for calls of one service.
  static func note(_ exceptions: [PolicyException], in lines: inout ServiceLines) {
    for exception in exceptions {
      lines.update(exception.caller) { $0.exceptEnd = max($0.exceptEnd, exception.end) }
    }
  }
}
