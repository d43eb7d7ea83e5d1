internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Randomness
internal import Zones

/// Which endpoints of a service a caller gets: what the policy says of them, and what is known of their health.
///
/// The steps, each on what the one before left:
/// 1. `isolate` hides endpoints from callers; nothing below shows one of them.
/// 2. `drain`, `live` and `canary` say which are to be given to this caller.
/// 3. `prefer near`: those in the caller's own context, or in contexts within it too, or in the one around it, and so on,
///    nearest first, where enough of them are well.
/// 4. Those that are down are left out, unless fewer than `floor` are well: then none is.
/// 5. Where none is well, or the circuit breaker is open, `fail` says what is answered.
/// 6. What is left goes out in a random order by weight, and `max-answers` of it.
///
/// An override's addresses are given whatever steps 2 to 5 say.
///
/// Steps 1 to 5 count the endpoints of both families together, so that A and AAAA agree; a family of which none is left
/// has no data. Nothing is allocated, and time grows with the endpoints and, for `prefer near`, with how deep contexts lie.
extension Workspace {
  /// What a caller gets of a service's endpoints.
  struct SteeringChoice: BitwiseCopyable {
    /// The view with ring and canary.
    let view: SteeringView
    /// The least standing of those that are given.
    let least: Standing
    /// True where something about the service may soon be different: the answer is not to be believed for long.
    let isUnsettled: Bool
    /// Seconds that it is believed for then, at the most.
    let unsettledTTL: UInt32
    /// Where none is well and all are given: how many there are.
    let failed: EndpointCounts?

    init(
      view: SteeringView, least: Standing, isUnsettled: Bool, unsettledTTL: UInt32? = nil, failed: EndpointCounts? = nil
    ) {
      self.view = view
      self.least = least
      self.isUnsettled = isUnsettled
      self.unsettledTTL = unsettledTTL ?? view.row.unsettledTTL
      self.failed = failed
    }

    /// Seconds that a set may be believed for.
    func ttl(_ rrset: RRsetImage) -> UInt32 { isUnsettled ? min(rrset.ttl, unsettledTTL) : rrset.ttl }
  }

  enum SteeringVerdict {
    /// There is nothing to steer among.
    case asFound
    case choice(SteeringChoice)
    /// None is well, and the service does not fail open; or none is to be given at all.
    case failed(EndpointCounts)
  }

  /// Contexts within contexts that `prefer near` looks at, at the most; then come all endpoints.
  private static var deepestRing: Int { 32 }

  /// Steps 1 to 5 for the endpoints of a node.
  /// - Parameter asked: an SRV set, whose targets' endpoints are meant; else the node's own addresses are.
  mutating func steer(
    _ node: ZoneNode, _ asked: RRsetImage?, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller,
    _ start: SteeringView
  ) -> SteeringVerdict {
    var view = start
    if zone.isOverride(node, context: caller.context) {
      // Who says where a name leads to for a while means those addresses, well or not.
      return .choice(SteeringChoice(view: view, least: .out, isUnsettled: false))
    }
    if view.row.hasCanaries {
      view.getsCanary = true
      view.getsCanary = count(node, asked, zone, snapshot, caller, view).well > 0
    }
    let counts = count(node, asked, zone, snapshot, caller, view)
    if counts.total == 0 { return .asFound }
    if counts.candidates == 0 {
      guard let asked, asked.type == .srv, view.row.failure == .fallback else { return .failed(counts) }
      return .choice(SteeringChoice(view: view, least: .out, isUnsettled: true))
    }
    let isUnsettled =
      counts.well < counts.candidates || snapshot.situation.endpoints.state(of: view.row.service) != .well
    if view.row.prefersNear {
      var ring = view.callerContext
      var depth = 0
      while ring != 0, depth < Self.deepestRing {
        view.ring = ring
        view.isInnerLeftOut = !view.isInnerLeftOut && snapshot.policy.steering.hasInner(ring)
        if count(node, asked, zone, snapshot, caller, view).suffice(floor: view.row.floor) {
          return .choice(SteeringChoice(view: view, least: .well, isUnsettled: isUnsettled))
        }
        if view.isInnerLeftOut { continue }
        ring = snapshot.policy.steering.parent(of: ring)
        depth &+= 1
      }
      (view.ring, view.isInnerLeftOut) = (0, false)
    }
    if counts.well == 0, fails(view.row, asked) { return .failed(counts) }
    return .choice(
      SteeringChoice(
        view: view, least: counts.suffice(floor: view.row.floor) ? .well : .down, isUnsettled: isUnsettled,
        failed: counts.well == 0 && view.row.failure == .open ? counts : nil))
  }

  /// True where no endpoint that is down is given though none is well. Another service's addresses cannot stand in for SRV
  /// records: those lead to names, and the names' own addresses do it.
  private func fails(_ row: SteeringTable.Row, _ asked: RRsetImage?) -> Bool {
    switch row.failure {
    case .open: false
    case .refuse: true
    case .fallback: asked?.type != .srv
    }
  }

  private mutating func count(
    _ node: ZoneNode, _ asked: RRsetImage?, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller,
    _ view: SteeringView
  ) -> EndpointCounts {
    var counts = EndpointCounts()
    if let asked, asked.type == .srv {
      var rdata = asked.dataStart &+ 2
      while rdata < asked.end {
        counts.add(judgeTarget(ofSRVAt: rdata, zone, snapshot, caller, view).standing)
        rdata &+= 2 &+ Int(UInt16(bigEndian: zone.memory.load(rdata &- 2, as: UInt16.self)))
      }
      return counts
    }
    var addresses = NodeAddresses(of: node, zone.memory)
    while let address = addresses.next(zone.memory) {
      counts.add(snapshot.standing(of: address, snapshot.policy.steering.mark(of: address, view.row), view))
    }
    return counts
  }

  /// Step 6 for one set: chooses its RRs.
  /// - Returns: nil where there is no room for them; an empty part where none is to be given.
  mutating func select(
    _ rrset: RRsetImage, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller, _ choice: SteeringChoice
  ) -> Selection.Part? {
    let first = selection.count
    let isSRV = rrset.type == .srv
    var hasWeights = false
    var rdata = rrset.dataStart &+ 2
    while rdata < rrset.end {
      let size = Int(UInt16(bigEndian: zone.memory.load(rdata &- 2, as: UInt16.self)))
      var standing: Standing
      var weight: UInt32?
      if isSRV {
        (standing, weight) = judgeTarget(ofSRVAt: rdata, zone, snapshot, caller, choice.view)
      } else {
        let address = rrset.type == .a ? IPAddress(v4: zone.memory, at: rdata) : IPAddress(v6: zone.memory, at: rdata)
        let mark = snapshot.policy.steering.mark(of: address, choice.view.row)
        standing = snapshot.standing(of: address, mark, choice.view)
        if mark.hasWeight { weight = mark.weight }
      }
      if standing >= choice.least {
        if weight != nil { hasWeights = true }
        let random = SplitMix64.mixed(chance ^ UInt64(truncatingIfNeeded: rdata) &* 0x9e37_79b9_7f4a_7c15)
        // Who follows SRV records orders them itself, by their weights (RFC 2782).
        let key = WeightedOrder.key(random, weight: isSRV ? 1 : weight ?? 1)
        let replaced = weight ?? (isSRV ? Selection.keptWeight : 1)
        let element = Selection.Element(rdata: UInt32(truncatingIfNeeded: rdata), key: key, weight: replaced)
        if !selection.add(element) {
          selection.truncate(to: first)
          return nil
        }
      }
      rdata &+= 2 &+ size
    }
    selection.removeWeightless(from: first)
    if snapshot.policy.rotatesAnswers || hasWeights && !isSRV { selection.sort(from: first) }
    if !isSRV, capsAnswers, selection.count &- first > choice.view.row.mostAnswers {
      selection.truncate(to: first &+ choice.view.row.mostAnswers)
    }
    return Selection.Part(
      first: UInt16(truncatingIfNeeded: first), count: UInt16(truncatingIfNeeded: selection.count &- first))
  }

  /// What an SRV record's target is to the caller, by the best of its addresses, and the greatest weight that a line gives
  /// one of them.
  ///
  /// A target whose addresses we do not know or an override gives, or that the caller may not call, is taken for well: there
  /// is nothing to say of it. The target's own service says what is to be given, and to whom its canaries; where it says nothing, the one
  /// that the record is of.
  private mutating func judgeTarget(
    ofSRVAt rdata: Int, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller, _ view: SteeringView
  ) -> (standing: Standing, weight: UInt32?) {
    other.load(zone.memory, at: rdata &+ 6)
    let context = caller.context
    guard let number = snapshot.zones.zone(of: other, type: .a, context: context, guess: lastZone) else {
      return (.well, nil)
    }
    return snapshot.zones.lent.with(number) { target in
      if target.isBroken(for: context) { return (.well, nil) }
      let match = target.find(other, context: context)
      guard match.labels == other.labelCount, match.node.flags.isDisjoint(with: [.cut, .covered]),
        !target.isOverride(match.node, context: context),
        snapshot.judge(caller, target: match.service, at: time).refusal == nil
      else { return (.well, nil) }
      var targetView = view
      if match.service != view.row.service, let own = snapshot.policy.steering.row(of: match.service) {
        targetView = steeringView(own, isFiltering: view.isFiltering, snapshot, caller)
        (targetView.ring, targetView.isInnerLeftOut) = (view.ring, view.isInnerLeftOut)
        if own.hasCanaries {
          targetView.getsCanary = true
          let canary = judgeAddresses(of: match.node, target, snapshot, targetView)
          if canary.standing == .well { return canary }
          targetView.getsCanary = false
        }
      }
      return judgeAddresses(of: match.node, target, snapshot, targetView)
    }
  }

  /// What a node is to the caller, by the best of its addresses, and the greatest weight that a line gives one of them.
  /// One without addresses is well.
  private mutating func judgeAddresses(
    of node: ZoneNode, _ zone: CompiledZone, _ snapshot: Snapshot, _ view: SteeringView
  ) -> (standing: Standing, weight: UInt32?) {
    var best: Standing?
    var weight: UInt32?
    var addresses = NodeAddresses(of: node, zone.memory)
    while let address = addresses.next(zone.memory) {
      let mark = snapshot.policy.steering.mark(of: address, view.row)
      let standing = snapshot.standing(of: address, mark, view)
      if standing > best ?? .hidden || best == nil { best = standing }
      if standing > .out, mark.hasWeight { weight = max(weight ?? 0, mark.weight) }
    }
    return (best ?? .well, weight)
  }
}
