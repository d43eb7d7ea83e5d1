internal import Addresses
internal import Policy
internal import Zones

extension Workspace {
  /// True where the name is the reverse of an endpoint that the caller is isolated from: that it has a name is not told.
  ///
  /// Of the zones that nobody wrote: what an operator's own reverse zone says is the operator's to say. Loopback addresses
  /// are nobody's: every host has them.
  func hidesReverse(_ snapshot: Snapshot, _ caller: Caller, _ found: ZoneFinding) -> Bool {
    guard found.kind == .exact, snapshot.policy.isolation(ofContext: caller.context) != nil,
      let address = name.reversedAddress, !address.isLoopback
    else { return false }
    return snapshot.policy.isIsolated(callerContext: caller.context, endpoint: address)
  }
}

extension IPAddress {
  fileprivate var isLoopback: Bool { isIPv4 ? low >> 24 == 127 : high == 0 && low == 1 }
}
