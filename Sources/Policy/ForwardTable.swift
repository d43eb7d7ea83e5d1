public import DNSFormat

/// Which `forward` line a name goes by, made ready for queries.
///
/// Immutable; asking it allocates nothing and counts no references.
public final class ForwardTable: Sendable {
  /// True where nothing is forwarded for anybody.
  public let isEmpty: Bool

  /// Lines are numbered from 1, as the policy has them.
  package init(_ policy: Policy) {
    isEmpty = policy.forwards.isEmpty
  }

  /// The number of the line that a name goes by for a caller in a context; 0 for none.
  ///
  /// Of the lines whose zone the name is at or below, the longest zone counts; of two for the same zone, the one of the
  /// nearer context.
  public func route(of name: borrowing NameKey, context: UInt16) -> UInt16 { 0 }

  /// What answers of a line are kept under: the same for the same servers, in whatever snapshot.
  public func fingerprint(of route: UInt16) -> UInt64 { 0 }
}
