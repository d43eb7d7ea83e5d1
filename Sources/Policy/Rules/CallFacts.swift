/// What the policy says of one caller and one service it wants to call: all that the rules about names look at.
@usableFromInline struct CallFacts: BitwiseCopyable, Sendable {
  /// True where a service calls itself.
  @usableFromInline let isSelf: Bool
  /// What the service's lines say of the caller's service.
  @usableFromInline let service: LineFacts
  /// What they say of its context, of the contexts that one is in, and of everyone.
  @usableFromInline let context: LineFacts
  /// Where it says that whoever is not named may not call: the first `allow` line, or `default refuse`.
  @usableFromInline let allowReason: UInt32

  @inlinable init(isSelf: Bool, service: LineFacts, context: LineFacts, allowReason: UInt32) {
    self.isSelf = isSelf
    self.service = service
    self.context = context
    self.allowReason = allowReason
  }
}

/// What the `allow` and `refuse` lines of a service say of one subject.
@usableFromInline struct LineFacts: Hashable, BitwiseCopyable, Sendable {
  /// The `refuse` line that names it; 0 where none does.
  @usableFromInline var refuseReason: UInt32 = 0
  /// True where an `allow` line names it.
  @usableFromInline var isAllowed = false

  @inlinable init(refuseReason: UInt32 = 0, isAllowed: Bool = false) {
    self.refuseReason = refuseReason
    self.isAllowed = isAllowed
  }
}
