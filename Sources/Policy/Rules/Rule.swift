/// What a refusal rests on.
public enum Rule: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  /// Nothing was refused.
  case none
  /// The caller is in no context.
  case placement
  /// A `refuse` line names the caller.
  case refuse
  /// No `allow` line names the caller, or there is none and `default refuse` holds.
  case allow
  /// The endpoint is in a context isolated from the caller's.
  case isolate

  /// As the policy, logs and the EDE's text write it.
  package var word: String {
    switch self {
    case .none: "none"
    case .placement: "placement"
    case .refuse: "refuse"
    case .allow: "allow"
    case .isolate: "isolate"
    }
  }

  /// The INFO-CODE of the Extended DNS Error (RFC 8914 §4): 18 Prohibited, 15 Blocked; 0 (Other) for no refusal.
  @inlinable public var infoCode: UInt16 {
    switch self {
    case .none: 0
    case .placement, .refuse, .allow: 18
    case .isolate: 15
    }
  }
}

/// A rule that a query breaks, and the line of the policy that says so.
public struct Refusal: Hashable, Sendable, BitwiseCopyable {
  /// The rule that is broken.
  public var rule: Rule
  /// The line, for ``CompiledPolicy/appendReason(_:to:)``; 0 where no one line says it.
  public var reason: UInt32

  /// A refusal by a rule and the line that says so.
  @inlinable public init(_ rule: Rule, reason: UInt32) {
    self.rule = rule
    self.reason = reason
  }
}
