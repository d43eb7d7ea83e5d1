internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// What a service says of its endpoints, for who asks why: `dig CH TXT`.
extension Workspace {
  /// Addresses that lines are told of, at the most.
  private static var mostTold: Int { 16 }

  /// A sentence for each address of a name that a line says something of: `10.30.1.19: drain: given to nobody`. None for
  /// addresses that `isolate` keeps from the caller.
  mutating func tellSteering(
    _ found: ZoneFinding, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller,
    into response: inout OctetBuffer
  ) -> Bool {
    guard found.kind == .exact || found.kind == .wildcard,
      let row = snapshot.policy.steering.row(of: found.service)
    else { return true }
    let judgement = snapshot.judge(caller, target: found.service, at: time)
    // Who may not call the service is not told where it is.
    if judgement.refusal != nil { return true }
    // In shadow and where an exception says so nothing is hidden.
    let isFiltering =
      snapshot.policy.hasIsolations && !judgement.isExcepted
      && !snapshot.policy.shadow(context: caller.context, service: found.service).contains(.isolate)
    let view = steeringView(row, isFiltering: isFiltering, snapshot, caller)
    var told = 0
    var addresses = NodeAddresses(of: found.node, zone.memory)
    while let address = addresses.next(zone.memory) {
      let mark = snapshot.policy.steering.mark(of: address, row)
      if snapshot.standing(of: address, mark, view) == .hidden || !hasWords(mark, view) { continue }
      if told == Self.mostTold {
        fact.append("and more addresses that lines say something of")
        return endFact(into: &response)
      }
      told &+= 1
      fact.append(address)
      fact.append(":")
      appendWords(mark, view)
      if !endFact(into: &response) { return false }
    }
    return true
  }

  private func hasWords(_ mark: SteeringTable.Mark, _ view: SteeringView) -> Bool {
    mark.isDrained || mark.isCanary || mark.hasWeight || view.row.live != 0 && mark.colour != 0
  }

  private mutating func appendWords(_ mark: SteeringTable.Mark, _ view: SteeringView) {
    var isFirst = true
    if mark.isDrained { appendWord("drain, given to nobody", &isFirst) }
    if view.row.live != 0, mark.colour != 0 {
      appendWord(mark.colour == 1 ? "blue, " : "green, ", &isFirst)
      fact.append(mark.colour == view.row.live ? "which is live" : "which is not live")
    }
    if mark.isCanary {
      let isFor = view.place >= mark.canaryStart && view.place < mark.canaryEnd
      appendWord(isFor ? "canary, given to this caller" : "canary, not given to this caller", &isFirst)
    }
    if mark.hasWeight {
      appendWord("weight ", &isFirst)
      fact.append(decimal: UInt64(mark.weight))
    }
  }

  private mutating func appendWord(_ word: StaticString, _ isFirst: inout Bool) {
    fact.append(isFirst ? " " : "; ")
    isFirst = false
    fact.append(word)
  }
}
