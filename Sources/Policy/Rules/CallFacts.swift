/// What the policy says of one caller and one service it wants to call: all that the rules about names look at.
@usableFromInline struct CallFacts: BitwiseCopyable, Sendable {
  /// What is said of the service itself.
  @usableFromInline let row: CallTable.Row
  /// True where a service calls itself.
  @usableFromInline let isSelf: Bool
  /// True where the caller is known by more than an address.
  @usableFromInline let isIdentified: Bool
  /// What the service's lines say of the caller's service.
  @usableFromInline let service: LineFacts
  /// What they say of its context, of the contexts that one is in, and of everyone.
  @usableFromInline let context: LineFacts
  /// True where an exception is live for the pair.
  @usableFromInline let isExcepted: Bool
  /// The tier of the caller's service, 1 the most important; 0 for none.
  @usableFromInline let callerTier: UInt32
  /// True where `acyclic` is against the call, but for an exception.
  @usableFromInline let closesCycle: Bool
  /// The policy's `acyclic` line.
  @usableFromInline let acyclicReason: UInt32
  /// The policy's `tiers` line.
  @usableFromInline let tiersReason: UInt32

  @inlinable init(
    row: CallTable.Row, isSelf: Bool, isIdentified: Bool, service: LineFacts, context: LineFacts, isExcepted: Bool,
    callerTier: UInt32, closesCycle: Bool, acyclicReason: UInt32, tiersReason: UInt32
  ) {
    self.row = row
    self.isSelf = isSelf
    self.isIdentified = isIdentified
    self.service = service
    self.context = context
    self.isExcepted = isExcepted
    self.callerTier = callerTier
    self.closesCycle = closesCycle
    self.acyclicReason = acyclicReason
    self.tiersReason = tiersReason
  }
}

/// What the `allow`, `refuse` and `except` lines for a service say of one subject.
@usableFromInline struct LineFacts: Hashable, BitwiseCopyable, Sendable {
  /// The `refuse` line, and in the three top bits what else there is: an entry of the table is 16 octets so.
  @usableFromInline var said: UInt32 = 0
  /// When the last `except` for it ends, in seconds since 1970; 0 where there is none.
  @usableFromInline var exceptEnd: UInt32 = 0

  @inlinable init() {}

  @inlinable static var allowBit: UInt32 { 1 << 31 }
  @inlinable static var declaredBit: UInt32 { 1 << 30 }
  @inlinable static var clearBit: UInt32 { 1 << 29 }
  @inlinable static var reasonBits: UInt32 { clearBit - 1 }

  /// The `refuse` line that names it; 0 where none does. Below 2²⁹.
  @inlinable var refuseReason: UInt32 {
    get { said & Self.reasonBits }
    set { said = said & ~Self.reasonBits | newValue & Self.reasonBits }
  }

  /// True where an `allow` line names it.
  @inlinable var isAllowed: Bool {
    get { said & Self.allowBit != 0 }
    set { said = newValue ? said | Self.allowBit : said & ~Self.allowBit }
  }

  /// True where that is a call of ``CallGraph``, in a policy that says `acyclic`.
  @inlinable var isDeclared: Bool {
    get { said & Self.declaredBit != 0 }
    set { said = newValue ? said | Self.declaredBit : said & ~Self.declaredBit }
  }

  /// True where that settles a service's call: nothing is against it, and no exception for it. For contexts always false.
  @inlinable var isClear: Bool {
    get { said & Self.clearBit != 0 }
    set { said = newValue ? said | Self.clearBit : said & ~Self.clearBit }
  }

  /// True where a `refuse` or an `except` line names it.
  var isContested: Bool { refuseReason != 0 || exceptEnd != 0 }
}
