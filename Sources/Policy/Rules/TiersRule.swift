/// `tiers A > B > C`: a service may not call one of a lower tier than its own. Services without a tier are not touched.
@usableFromInline enum TiersRule {
  /// The `tiers` line where the call is refused; 0 where it is not.
  @inlinable static func reason(_ facts: CallFacts) -> UInt32 {
    let isDownwards = facts.callerTier != 0 && facts.callerTier < facts.row.tier
    return isDownwards && !facts.isExcepted ? facts.tiersReason : 0
  }
}
