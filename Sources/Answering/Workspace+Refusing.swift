internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// Refusing, and `isolate`.
extension Workspace {
  /// Carries a refusal out, or only notes what a rule in shadow would refuse.
  /// - Parameters:
  ///   - service: the one that the judgement is about; its `deny-as` counts.
  ///   - zone: whose SOA goes with `deny-as nxdomain` and `nodata`.
  /// - Returns: true where the query is refused and `answer` says how.
  mutating func isRefused(
    _ judgement: Judgement, service: UInt32, _ snapshot: Snapshot, _ outcome: inout Outcome, zone number: Int?
  ) -> Bool {
    if judgement.broken.isEmpty { return false }
    guard let refusal = judgement.refusal else {
      // Of several, the first is told, as it would be by a refusal.
      if outcome.refusal == nil {
        outcome.refusal = judgement.wouldBe
        outcome.service = service
        outcome.brokenRules = judgement.broken
      } else if outcome.service == service {
        outcome.brokenRules.formUnion(judgement.broken)
      }
      outcome.isOnlyObserved = true
      return false
    }
    outcome.isOnlyObserved = false
    outcome.brokenRules = outcome.service == service ? outcome.brokenRules.union(judgement.broken) : judgement.broken
    outcome.refusal = refusal
    outcome.service = service
    outcome.decision = .refused
    answer.reset()
    // A forwarder has to learn that it is not its client that is refused.
    let denial =
      refusesSubnet
      ? DenyAs(.refused) : snapshot.policy.denyAs(context: outcome.caller.context, service: service)
    guard let number, denial.kind == .nxdomain || denial.kind == .nodata else {
      answer.rcode = .refused
      if denial.kind == .drop { outcome.decision = .silent }
      return true
    }
    answer.isAuthoritative = true
    answer.rcode = denial.kind == .nxdomain ? .nxDomain : .noError
    snapshot.zones.lent.with(number) {
      addNegative($0, UInt32(number), outcome.caller.context, ttl: denial.ttl)
    }
    return true
  }

  /// What `isolate` lets pass of a node's endpoints; where not all, with the context of the first that it does not.
  enum Passage {
    case all
    case some(first: UInt16)
    /// There are none of the type asked for, but some of another.
    case noneOfType(first: UInt16)
    case none(first: UInt16)
  }

  /// `isolate` judges the addresses of the name, whatever type was asked for: a client must not see A refused and AAAA
  /// answered, or the other way round. At the apex it judges addresses only when they are asked for: a zone without SOA
  /// and NS is none to a resolver. The hints of an SVCB or HTTPS set are endpoints too; and a signed set is whole or
  /// refused, since a part of it has no signature.
  mutating func judgeEndpoints(
    of node: ZoneNode, asked: RRsetImage?, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller
  ) -> Passage {
    let asksEndpoints = query.type == .a || query.type == .aaaa || asked?.holdsEndpoints == true
    if node.flags.contains(.apex), !asksEndpoints { return .all }
    if let asked, asked.holdsEndpoints {
      let passing = countPassing(asked, zone, snapshot, caller)
      if passing == asked.count, asked.holdsAddresses { return .all }
      if passing < asked.count, passing == 0 && !asked.holdsAddresses || asked.isSigned {
        return .none(first: firstIsolated(asked, zone, snapshot, caller))
      }
      if passing > 0, passing < asked.count { return .some(first: firstIsolated(asked, zone, snapshot, caller)) }
    }
    var total = 0
    var passing = 0
    var next = node.addresses(zone.memory)
    while let addresses = next {
      total &+= addresses.count
      passing &+= countPassing(addresses, zone, snapshot, caller)
      next = node.addresses(zone.memory, after: addresses)
    }
    guard total > 0, let first = node.addresses(zone.memory) else { return .all }
    if passing == 0 { return .none(first: firstIsolated(first, zone, snapshot, caller)) }
    guard let asked, asked.holdsAddresses else { return .all }
    return .noneOfType(first: firstIsolated(asked, zone, snapshot, caller))
  }

  /// The context of the first endpoint of a set that may not pass; 0 where all may.
  mutating func firstIsolated(
    _ rrset: RRsetImage, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller
  ) -> UInt16 {
    var rdata = rrset.dataStart &+ 2
    while rdata < rrset.end {
      let context = snapshot.policy.isolatedContext(rrset, zone.memory, rdataAt: rdata, callerContext: caller.context)
      if let context { return context }
      rdata &+= 2 &+ Int(UInt16(bigEndian: zone.memory.load(rdata &- 2, as: UInt16.self)))
    }
    return 0
  }

  /// The judgement that an endpoint in a context leads to; notes the context.
  mutating func isolation(
    of endpointContext: UInt16, service: UInt32, _ snapshot: Snapshot, _ outcome: inout Outcome
  ) -> Judgement {
    let context = outcome.caller.context
    outcome.endpointContext = endpointContext
    let reason = snapshot.policy.isolationReason(callerContext: context, endpointContext: endpointContext)
    return snapshot.policy.judgement(of: Refusal(.isolate, reason: reason), context: context, service: service)
  }

  /// How many RRs of a set the caller may have.
  mutating func countPassing(
    _ rrset: RRsetImage, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller
  ) -> Int {
    guard snapshot.policy.hidesAny(of: rrset, zone.memory, from: caller.context) else { return rrset.count }
    var passing = 0
    var rdata = rrset.dataStart &+ 2
    while rdata < rrset.end {
      if snapshot.policy.mayPass(rrset, zone.memory, rdataAt: rdata, callerContext: caller.context) { passing &+= 1 }
      rdata &+= 2 &+ Int(UInt16(bigEndian: zone.memory.load(rdata &- 2, as: UInt16.self)))
    }
    return passing
  }
}
