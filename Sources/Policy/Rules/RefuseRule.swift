/// `refuse NAME...`: whom such a line names may not call the service, whatever else is said.
///
/// A line that names the caller's service is the reason before one that names its context, the innermost first, and
/// that before `*`. None refuses a service's calls of itself, which a group or context may name without meaning it.
@usableFromInline enum RefuseRule {
  /// The line by which the call is refused; 0 where it is not.
  @inlinable static func reason(_ facts: CallFacts) -> UInt32 {
    facts.isSelf ? 0 : facts.service.refuseReason != 0 ? facts.service.refuseReason : facts.context.refuseReason
  }

  /// Notes a service's `refuse` lines; of two that name one subject the first is the reason.
  static func note(_ service: Service, in lines: inout ServiceLines, reason: (Grant) -> UInt32) {
    for line in service.refuses {
      lines.update(line.subject) { if $0.refuseReason == 0 { $0.refuseReason = reason(line) } }
    }
  }
}
