/// `allow NAME...`: where a service has such lines, only whom one names may call it; without any, `default` holds.
///
/// A service may always call itself. The line that names the caller may be any; the reason for a refusal is the first.
@usableFromInline enum AllowRule {
  /// The line by which the call is refused; 0 where it is not.
  @inlinable static func reason(_ facts: CallFacts) -> UInt32 {
    facts.service.isAllowed || facts.context.isAllowed || facts.isSelf ? 0 : facts.row.allowReason
  }

  /// Notes a service's `allow` lines.
  static func note(_ service: Service, in lines: inout ServiceLines) {
    for line in service.allows { lines.update(line.subject) { $0.isAllowed = true } }
  }
}
