/// What became of a query, as far as its measures are kept apart: refusals never flatter the latency of answers.
public enum MetricDecision: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  /// Answered: NOERROR or NXDOMAIN from the caller's effective zone.
  case answered
  /// Answered with what another server said, asked for it now or before: NOERROR or NXDOMAIN.
  case forwarded
  /// Refused by the policy, in whatever words (`deny-as`).
  case refused
  /// Malformed, or an error of ours: FORMERR, NOTIMP, SERVFAIL, BADVERS.
  case failed
  /// No response at all.
  case silent
}

/// What carried a query.
public enum MetricTransport: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  case udp
  case tcp
}

/// Whose measures are summed: callers of one context, with one decision, over one transport.
public struct Population: Hashable, Sendable, BitwiseCopyable {
  /// The context's slot, from ``MetricSlots``; 0 is "(none)", a caller in no context.
  public let slot: UInt16
  /// What became of the query.
  public let decision: MetricDecision
  /// What carried it.
  public let transport: MetricTransport

  /// A population by its three properties.
  @inlinable public init(slot: UInt16, decision: MetricDecision, transport: MetricTransport) {
    self.slot = slot
    self.decision = decision
    self.transport = transport
  }

  /// Populations of a slot: five decisions, two transports.
  @inlinable static var kinds: Int { 10 }

  /// The populations of a slot lie together: 0 ..< 10 × slots.
  @inlinable var index: Int {
    Int(slot) &* Population.kinds &+ Int(decision.rawValue) &* 2 &+ Int(transport.rawValue)
  }

  /// The same where there are only so many slots: a slot beyond the last is the last.
  @inlinable func index(among slots: Int) -> Int {
    min(Int(slot), slots &- 1) &* Population.kinds &+ Int(decision.rawValue) &* 2 &+ Int(transport.rawValue)
  }

  /// The population with an index.
  init?(index: Int) {
    guard let slot = UInt16(exactly: index / Population.kinds),
      let decision = MetricDecision(rawValue: UInt8(index % Population.kinds / 2)),
      let transport = MetricTransport(rawValue: UInt8(index % 2))
    else { return nil }
    self.init(slot: slot, decision: decision, transport: transport)
  }
}

extension Population: Comparable {
  /// By slot, then decision, then transport: the order of reports.
  public static func < (left: Population, right: Population) -> Bool { left.index < right.index }
}
