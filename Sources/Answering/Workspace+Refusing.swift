internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// Refusing, and `isolate`.
extension Workspace {
  /// Carries a refusal out, or only notes it where the caller's context observes.
  /// - Parameters:
  ///   - service: the one that the refusal is about; its `deny-as` counts.
  ///   - zone: whose SOA goes with `deny-as nxdomain` and `nodata`.
  /// - Returns: true where the query is refused and `answer` says how.
  mutating func isRefused(
    _ refusal: Refusal, service: UInt32, _ snapshot: Snapshot, _ outcome: inout Outcome, zone number: Int?
  ) -> Bool {
    if snapshot.policy.mode(outcome.caller.context) == .observe {
      // Of several, the first is told, as it would be by a refusal.
      if outcome.refusal == nil {
        outcome.refusal = refusal
        outcome.service = service
      }
      outcome.isOnlyObserved = true
      return false
    }
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

  /// What `isolate` says of a node's addresses.
  enum EndpointJudgement {
    case allMayPass, someMayPass, noneOfTypeMayPass
    /// With the context of the first endpoint.
    case noneMayPass(endpointContext: UInt16)
  }

  /// `isolate` judges the addresses of the name, whatever type was asked for: a client must not see A refused and AAAA
  /// answered, or the other way round. At the apex it judges addresses only when they are asked for: a zone without SOA
  /// and NS is none to a resolver.
  func judgeEndpoints(
    of node: ZoneNode, asked: RRsetImage?, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller
  ) -> EndpointJudgement {
    if node.flags.contains(.apex), query.type != .a, query.type != .aaaa, asked?.holdsAddresses != true {
      return .allMayPass
    }
    if let asked, asked.holdsAddresses {
      let passing = countPassing(asked, zone, snapshot, caller)
      if passing == asked.count { return .allMayPass }
      if passing > 0 { return snapshot.policy.mode(caller.context) == .observe ? .allMayPass : .someMayPass }
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
      let hidesAsked = asked?.holdsAddresses == true && snapshot.policy.mode(caller.context) == .enforce
      return hidesAsked ? .noneOfTypeMayPass : .allMayPass
    }
    guard let first = node.addresses(zone.memory) else { return .allMayPass }
    let address = IPAddress(first, zone.memory, rdataAt: first.dataStart &+ 2)
    return .noneMayPass(endpointContext: snapshot.policy.endpoints.context(of: address))
  }

  /// How many addresses of an RRset the caller may have.
  func countPassing(
    _ rrset: RRsetImage, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller
  ) -> Int {
    guard snapshot.policy.hasIsolations else { return rrset.count }
    var passing = 0
    var rdata = rrset.dataStart &+ 2
    let stride = rrset.type == .a ? 6 : 18  // RDLENGTH and an address
    while rdata < rrset.end {
      let address = IPAddress(rrset, zone.memory, rdataAt: rdata)
      if !snapshot.policy.isIsolated(callerContext: caller.context, endpoint: address) { passing &+= 1 }
      rdata &+= stride
    }
    return passing
  }
}

extension IPAddress {
  /// The address in the RDATA at `offset`, of an A or AAAA.
  @inline(__always)
  init(_ rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, rdataAt offset: Int) {
    if rrset.type == .a {
      self.init(v4: UInt32(bigEndian: memory.load(offset, as: UInt32.self)))
    } else {
      self.init(
        high: UInt64(bigEndian: memory.load(offset, as: UInt64.self)),
        low: UInt64(bigEndian: memory.load(offset &+ 8, as: UInt64.self)))
    }
  }
}
