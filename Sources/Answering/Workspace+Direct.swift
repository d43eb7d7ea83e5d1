internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// The direct way: a name's own RRset under the question's name, which is what most queries are answered with, or REFUSED.
///
/// It goes where the long way (AnswerSearch, Workspace+Writing) would end with one unsigned set that has no names and
/// that the caller may have whole, and writes the response in one go. Whatever is otherwise in any respect it leaves to
/// the long way, having changed nothing; a test holds both to the same octets and the same outcome.
extension Workspace {
  /// Answers a query that was read, from a caller that was placed, where it can.
  /// - Returns: false where the long way has to be gone.
  mutating func answersDirectly(
    _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) -> Bool {
    guard takesDirectWay, query.isPlain, outcome.caller.isPlaced, query.type.isOwnData else { return false }
    let context = outcome.caller.context
    guard let number = snapshot.zones.zone(of: name, type: query.type, context: context, guess: lastZone)
    else { return false }
    lastZone = number
    return snapshot.zones.lent.with(number) { zone in
      if zone.hasBroken { return false }
      guard let node = zone.node(name, labels: name.labelCount, context: context), node.flags == .exists
      else { return false }
      let permission = snapshot.policy.permission(outcome.caller, target: node.service, at: time)
      if permission == .broken { return refusesDirectly(node.service, request, snapshot, &outcome, into: &response) }
      guard let rrset = node.rrset(query.type, zone.memory), rrset.isCopiedWhole, !(rrset.isSigned && query.isDNSSECOK),
        permission == .excepted || isWhole(rrset, zone, snapshot, outcome.caller),
        write(rrset, zone, request, arrival, snapshot, into: &response)
      else { return false }
      outcome.service = node.service
      outcome.decision = .answered
      return true
    }
  }

  /// True where `isolate` leaves nothing out.
  @inline(__always)
  private func isWhole(_ rrset: RRsetImage, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller) -> Bool {
    let policy = snapshot.policy
    if policy.isolation(ofContext: caller.context) == nil { return true }
    // Of other types the name's addresses would have to be judged too.
    return rrset.holdsAddresses && !policy.hidesAny(of: rrset, zone.memory, from: caller.context)
  }

  /// Refuses a call that breaks a rule: header and question, REFUSED.
  /// - Returns: false, with nothing written, where the rule is in shadow, or there is more to say.
  @inline(never)
  private mutating func refusesDirectly(
    _ service: UInt32, _ request: Span<UInt8>, _ snapshot: Snapshot, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) -> Bool {
    if query.hasEDNS { return false }
    let judgement = snapshot.policy.judge(outcome.caller, target: service, at: time)
    guard let refusal = judgement.refusal,
      snapshot.policy.denyAs(context: outcome.caller.context, service: service).kind == .refused
    else { return false }
    outcome.refusal = refusal
    outcome.brokenRules = judgement.broken
    outcome.service = service
    outcome.decision = .refused
    outcome.rcode = .refused
    writer.begin(query, request: request, into: &response)
    writer.setFlags(RCode.refused.rawValue, in: &response)
    return true
  }

  /// Writes the whole response: header, question, the RRset, and an OPT where the query has one.
  /// - Returns: false, with nothing written, where it does not fit.
  @inline(__always)
  private mutating func write(
    _ rrset: RRsetImage, _ zone: CompiledZone, _ request: Span<UInt8>, _ arrival: Arrival,
    _ snapshot: Snapshot, into response: inout OctetBuffer
  ) -> Bool {
    let questionEnd = query.questionEnd
    let opt = questionEnd &+ rrset.count &* 10 &+ rrset.dataSize
    let size = query.hasEDNS ? opt &+ OPTWriter.size : opt
    guard size <= arrival.sizeLimit(query), size <= response.capacity, response.extend(by: questionEnd) != nil else {
      return false
    }
    response.copyWords(request, from: 12, to: questionEnd)
    let flags = query.flags & 0x7900 | 0x8000 | ResponseWriter.authoritative
    response.set(UInt64(query.id) << 48 | UInt64(flags) << 32 | 1 << 16 | UInt64(UInt16(rrset.count)), at: 0)
    response.set(query.hasEDNS ? 1 : 0 as UInt32, at: 8)
    let rotates = rrset.count > 1 && snapshot.policy.rotatesAnswers
    let first = rotates ? Int(query.id % UInt16(rrset.count)) : 0
    guard
      ResponseWriter.appendCopies(
        of: rrset, zone.memory, owner: 0xc00c, ttl: rrset.ttl, first: first, into: &response),
      !query.hasEDNS || response.extend(by: OPTWriter.size) != nil
    else { preconditionFailure("there is room for a response whose size was compared with its buffer's") }
    if query.hasEDNS { OPTWriter.set(isDNSSECOK: query.isDNSSECOK, at: opt, in: &response) }
    return true
  }
}

extension RRType {
  /// False for QTYPEs that mean more than one RRset of the name's own zone: DS, RRSIG, ANY and the like.
  @inline(__always) fileprivate var isOwnData: Bool { self != .ds && self != .rrsig && rawValue < 128 }
}
