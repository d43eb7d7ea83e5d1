internal import Addresses
internal import DNSFormat
internal import Policy

/// EDNS Client Subnet (RFC 7871), from forwarders that the policy trusts.
extension Workspace {
  /// Notes whom the query is asked for, where a trusted forwarder says so: that is the caller then.
  ///
  /// What others say is passed over, and their responses have no such option (§7.2.1: as of a server that does not know
  /// it). Of a trusted one:
  /// - A length of 0 says that the client is not to be known: the forwarder is the caller, for all such queries and no
  ///   others (§7.3.1), so the scope is 0.
  /// - Else the caller is whoever asks from the subnet, and the scope is the shortest prefix around it in which all callers
  ///   are the same: shorter than the subnet, so that a cache needs few answers, or longer, and then the subnet does not say
  ///   who the caller is. To answer one of those that it may be would be a guess, so it is a caller in no context: refused,
  ///   and with `mode observe` shown what such callers see. The scope tells the forwarder which length it takes.
  ///
  /// Every response has the same scope, refusals, NXDOMAIN and referrals too: §7.4 has negative answers and referrals
  /// sent with 0, since some caches keep them for everyone, and what the one may not see the other would not then. Those
  /// caches do no harm where the forwarder is for one context alone.
  mutating func placeCaller(_ arrival: Arrival, _ snapshot: Snapshot, _ outcome: inout Outcome) {
    let evidence = arrival.evidence
    guard let subnet = query.clientSubnet, snapshot.policy.isForwarder(evidence.source) else { return }
    clientSubnet = subnet
    scope = 0
    if subnet.sourceLength == 0 { return }
    let isContextKnown = evidence.listenerContext != nil
    scope = subnet.length(
      ofAddressBits: snapshot.policy.boundaries.scope(of: subnet.address, isContextKnown: isContextKnown))
    // A certificate or a user number is the forwarder's own.
    let ofClient = Evidence(
      source: subnet.address, addressSource: .clientSubnet, listenerContext: evidence.listenerContext)
    outcome.evidence = ofClient
    outcome.clientSubnet = subnet
    outcome.scope = scope
    if scope <= subnet.sourceLength {
      outcome.caller = snapshot.policy.callers.caller(ofClient)
    } else {
      outcome.caller = Caller(context: evidence.listenerContext ?? 0, isPlaced: false)
      outcome.caller.addressSource = .clientSubnet
    }
  }
}
