internal import DNSFormat
internal import Policy

extension Workspace {
  /// Says that a name of one label has no address, where only a line for all names would have it asked elsewhere.
  ///
  /// It is what is left of a search list that had nothing: no top-level domain has an address (RFC 7085), and the program
  /// waits. dnsmasq has it as `domain-needed`; systemd-resolved does it unless told otherwise. `forward NAME SERVER` for
  /// that very name asks all the same. It is NODATA, not NXDOMAIN, which would deny all names below it too (RFC 8020), and
  /// the same for whatever a client asks for beside an address. Without a SOA nobody keeps it (RFC 2308 §5).
  mutating func deniesBareName(_ snapshot: Snapshot, _ outcome: inout Outcome) -> Bool {
    guard name.labelCount == 1, outcome.caller.isPlaced else { return false }
    switch query.type {
    case .a, .aaaa, .https, .svcb: break
    default: return false
    }
    let forwards = snapshot.policy.forwards, context = outcome.caller.context
    guard forwards.route(of: name, context: context) != 0,
      forwards.line(of: name, context: context, longerThan: 0) == 0
    else { return false }
    outcome.decision = .answered
    return true
  }
}
