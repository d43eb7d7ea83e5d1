internal import Addresses
internal import Policy
internal import Zones

extension Workspace {
  /// True where the name is the reverse of an endpoint that the caller is isolated from: that it has a name is not told.
  ///
  /// Of the zones that nobody wrote: what an operator's own reverse zone says is the operator's to say. The address of
  /// localhost is nobody's: every host has it.
  func hidesReverse(_ snapshot: Snapshot, _ caller: Caller, _ found: ZoneFinding) -> Bool {
    guard found.kind == .exact, snapshot.policy.isolation(ofContext: caller.context) != nil,
      let address = name.reversedAddress, !address.isLocalhost
    else { return false }
    return snapshot.policy.isIsolated(callerContext: caller.context, endpoint: address)
  }
}

extension IPAddress {
  /// True for 127.0.0.1 and ::1, which every host has.
  var isLocalhost: Bool { isIPv4 ? self == IPAddress(v4: 0x7f00_0001) : high == 0 && low == 1 }
}
