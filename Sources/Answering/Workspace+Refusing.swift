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
    let denial = snapshot.policy.denyAs(context: outcome.caller.context, service: service)
    guard let number, denial.kind == .nxdomain || denial.kind == .nodata else {
      answer.rcode = .refused
      if denial.kind == .drop { outcome.decision = .silent }
      return true
    }
    answer.isAuthoritative = true
    answer.rcode = denial.kind == .nxdomain ? .nxDomain : .noError
    addNegative(snapshot.zones.zones[number], UInt32(number), outcome.caller.context, ttl: denial.ttl)
    return true
  }

  /// What `isolate` says of a node's endpoints.
  enum EndpointJudgement {
    case allMayPass, someMayPass, noneOfTypeMayPass
    /// With the context of the first endpoint.
    case noneMayPass(endpointContext: UInt16)
  }

  /// `isolate` judges the addresses of the name, whatever type was asked for: a client must not see A refused and AAAA
  /// answered, or the other way round. At the apex it judges addresses only when they are asked for: a zone without SOA
  /// and NS is none to a resolver. The hints of an SVCB or HTTPS set are endpoints too; and a signed set is whole or
  /// refused, since a part of it has no signature.
  func judgeEndpoints(
    of node: ZoneNode, asked: RRsetImage?, service: UInt32, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller
  ) -> EndpointJudgement {
    let isObserved = snapshot.policy.shadow(context: caller.context, service: service).contains(.isolate)
    let asksEndpoints = query.type == .a || query.type == .aaaa || asked?.holdsEndpoints == true
    if node.flags.contains(.apex), !asksEndpoints { return .allMayPass }
    if let asked, asked.holdsEndpoints {
      let passing = countPassing(asked, zone, snapshot, caller)
      if passing == asked.count, asked.holdsAddresses { return .allMayPass }
      if passing < asked.count, passing == 0 && !asked.holdsAddresses || asked.isSigned {
        return noneMayPass(asked, zone, snapshot, caller)
      }
      if passing > 0, passing < asked.count { return isObserved ? .allMayPass : .someMayPass }
    }
    var total = 0
    var passing = 0
    var next = node.addresses(zone.memory)
    while let addresses = next {
      total &+= addresses.count
      passing &+= countPassing(addresses, zone, snapshot, caller)
      next = node.addresses(zone.memory, after: addresses)
    }
    if total == 0 { return .allMayPass }
    if passing > 0 {
      return asked?.holdsAddresses == true && !isObserved ? .noneOfTypeMayPass : .allMayPass
    }
    guard let first = node.addresses(zone.memory) else { return .allMayPass }
    return noneMayPass(first, zone, snapshot, caller)
  }

  /// A refusal, which names the context of the first endpoint that may not pass.
  private func noneMayPass(
    _ rrset: RRsetImage, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller
  ) -> EndpointJudgement {
    var rdata = rrset.dataStart &+ 2
    while rdata < rrset.end {
      let context = snapshot.policy.isolatedContext(rrset, zone.memory, rdataAt: rdata, callerContext: caller.context)
      if let context { return .noneMayPass(endpointContext: context) }
      rdata &+= 2 &+ Int(UInt16(bigEndian: zone.memory.load(rdata &- 2, as: UInt16.self)))
    }
    return .allMayPass
  }

  /// How many RRs of a set the caller may have.
  func countPassing(
    _ rrset: RRsetImage, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller
  ) -> Int {
    guard snapshot.policy.hasIsolations else { return rrset.count }
    var passing = 0
    var rdata = rrset.dataStart &+ 2
    while rdata < rrset.end {
      if snapshot.policy.mayPass(rrset, zone.memory, rdataAt: rdata, callerContext: caller.context) { passing &+= 1 }
      rdata &+= 2 &+ Int(UInt16(bigEndian: zone.memory.load(rdata &- 2, as: UInt16.self)))
    }
    return passing
  }
}
