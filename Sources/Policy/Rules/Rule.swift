/// What a refusal rests on, in the order of judging.
public enum Rule: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  /// Nothing was refused.
  case none
  /// The caller is in no context.
  case placement
  /// A `refuse` line names the caller.
  case refuse
  /// The service requires an identity, and the caller is known by its address alone.
  case require
  /// No `allow` line names the caller, or there is none and `default refuse` holds.
  case allow
  /// The service already calls the caller, by `allow` lines, directly or by way of others.
  case acyclic
  /// The call closes a cycle among calls that were seen; a server finds out while it runs.
  case observed
  /// The service is of a lower tier than the caller.
  case tiers
  /// The endpoint is in a context isolated from the caller's.
  case isolate

  /// As the policy, logs and the EDE's text write it.
  package var word: String {
    switch self {
    case .none: "none"
    case .placement: "placement"
    case .refuse: "refuse"
    case .require: "require"
    case .allow: "allow"
    case .acyclic: "acyclic"
    case .observed: "acyclic observed"
    case .tiers: "tiers"
    case .isolate: "isolate"
    }
  }

  /// The INFO-CODE of the Extended DNS Error (RFC 8914 §4): 18 Prohibited, 15 Blocked; 0 (Other) for no refusal.
  @inlinable public var infoCode: UInt16 {
    switch self {
    case .none: 0
    case .placement, .refuse, .require, .allow: 18
    case .acyclic, .observed, .tiers, .isolate: 15
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

/// Several rules.
public struct RuleSet: OptionSet, Hashable, Sendable, BitwiseCopyable {
  /// Bit n is the rule of raw value n.
  public let rawValue: UInt16

  /// A set from its bits.
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// A set of one rule.
  @inlinable public init(_ rule: Rule) { rawValue = 1 << UInt16(rule.rawValue) }

  /// The rules that an exception lifts.
  @inlinable public static var exceptable: RuleSet {
    [RuleSet(.acyclic), RuleSet(.observed), RuleSet(.tiers), RuleSet(.isolate)]
  }

  /// True where the rule is in the set.
  @inlinable public func contains(_ rule: Rule) -> Bool { contains(RuleSet(rule)) }

  /// The rule that is judged first; nil of none.
  @inlinable public var first: Rule? { Rule(rawValue: UInt8(truncatingIfNeeded: rawValue.trailingZeroBitCount)) }

  /// The rules, in the order of judging.
  package var rules: [Rule] { Rule.allCases.filter { contains($0) } }
}

/// What the policy says of one call.
public struct Judgement: Hashable, Sendable, BitwiseCopyable {
  /// The first rule that refuses the call; nil where none does.
  public var refusal: Refusal?
  /// The first rule that would refuse it if it were not in shadow; nil where none would.
  public var wouldBe: Refusal?
  /// All rules that the call breaks.
  public var broken: RuleSet
  /// True where an exception is live for the pair: `isolate` leaves out none of the service's endpoints.
  public var isExcepted: Bool

  /// What the rules say; nothing, where nothing is broken.
  @inlinable public init(
    refusal: Refusal? = nil, wouldBe: Refusal? = nil, broken: RuleSet = [], isExcepted: Bool = false
  ) {
    self.refusal = refusal
    self.wouldBe = wouldBe
    self.broken = broken
    self.isExcepted = isExcepted
  }
}
