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
  ///   who the caller is. To answer one of those that it may be would be a guess, and what one is shown another is kept
  ///   from: REFUSED, whatever `deny-as` says, for the scope tells the forwarder which length it takes. Only where the
  ///   server and every context that the subnet touches are in `mode observe`, so that nobody is kept from anything, is it
  ///   answered: as a caller of the one context that all of it is in, else as one in none.
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
    outcome.clientSubnet = subnet
    outcome.scope = scope
    if scope <= subnet.sourceLength {
      outcome.caller = snapshot.policy.callers.caller(outcome.evidence(evidence))
    } else {
      placeUnknown(in: subnet, evidence.listenerContext, snapshot, &outcome)
    }
  }

  /// Places a caller of whom a subnet says too little.
  private mutating func placeUnknown(
    in subnet: ClientSubnet, _ listenerContext: UInt16?, _ snapshot: Snapshot, _ outcome: inout Outcome
  ) {
    let policy = snapshot.policy
    var context = listenerContext ?? 0
    var isObserved = true
    if listenerContext == nil {
      let standing = policy.boundaries.standing(
        in: subnet.address, bits: subnet.addressBits(ofLength: subnet.sourceLength))
      if standing.isInOneContext { context = policy.callers.caller(Evidence(source: subnet.address)).context }
      isObserved = standing.isObserved
    }
    outcome.caller = Caller(context: context, isPlaced: false)
    outcome.caller.addressSource = .clientSubnet
    refusesSubnet = !isObserved || policy.mode(context) == .enforce
  }

  /// What the caller's place leads to.
  mutating func judgementOfPlacement(_ snapshot: Snapshot, _ caller: Caller) -> Judgement {
    guard let refusal = snapshot.policy.judgePlacement(caller) else { return Judgement() }
    if refusesSubnet { return Judgement(refusal: refusal, broken: RuleSet(refusal.rule)) }
    return snapshot.policy.judgement(of: refusal, context: caller.context, service: 0)
  }
}
