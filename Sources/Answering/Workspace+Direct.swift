internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// The direct way, which most queries go: a name's own RRset under the question's name, no such RRset, no such name, or
/// REFUSED.
///
/// It goes where the long way (AnswerSearch, Workspace+Writing) would end with one unsigned set that the caller may have
/// whole, and writes the response in one go. Whatever is otherwise in any respect it leaves to the long way, having
/// changed nothing; a test holds both to the same octets and the same outcome.
extension Workspace {
  /// The node of the question's name, and the number of its zone: where the long way goes on.
  struct OwnNode: BitwiseCopyable {
    let zone: Int
    let node: ZoneNode
  }

  /// Answers a query that was read, from a caller that was placed, where it can.
  /// - Returns: false where the long way has to be gone.
  mutating func answersDirectly(
    _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ hash: UInt64?, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) -> Bool {
    guard takesDirectWay, query.isPlain, outcome.caller.isPlaced, query.type.isOwnData else { return false }
    let context = outcome.caller.context
    let hash = hash ?? snapshot.zones.hash(of: name)
    // A name that the zone of the query before has is in no other zone, where that one is an innermost.
    if snapshot.zones.isInnermost(lastZone, context: context) {
      let number = lastZone
      let answers = snapshot.zones.lent.with(number) { zone -> Bool? in
        guard let node = zone.node(name, hash: hash, context: context) else { return nil }
        return answersDirectly(node, zone, number, request, arrival, snapshot, &outcome, into: &response)
      }
      if let answers { return answers }
    }
    guard let number = snapshot.ownZone(of: name, type: query.type, context: context, guess: lastZone)
    else { return false }
    lastZone = number
    return snapshot.zones.lent.with(number) { zone in
      if zone.hasBroken { return false }
      guard let node = zone.node(name, hash: hash, context: context) else {
        return deniesDirectly(zone, request, arrival, snapshot, &outcome, into: &response)
      }
      return answersDirectly(node, zone, number, request, arrival, snapshot, &outcome, into: &response)
    }
  }

  /// Answers from the name's own node.
  @inline(__always)
  private mutating func answersDirectly(
    _ node: ZoneNode, _ zone: CompiledZone, _ number: Int, _ request: Span<UInt8>, _ arrival: Arrival,
    _ snapshot: Snapshot, _ outcome: inout Outcome, into response: inout OctetBuffer
  ) -> Bool {
    if node.exists { ownNode = OwnNode(zone: number, node: node) }
    guard node.flags == .exists else { return false }
    let permission = snapshot.permission(outcome.caller, target: node.service, at: time)
    if permission == .broken { return refusesDirectly(node.service, request, snapshot, &outcome, into: &response) }
    let rrset = node.rrset(query.type, zone.memory)
    guard permission == .excepted || isWhole(rrset, of: node, zone, number, snapshot, outcome.caller)
    else { return false }
    if let rrset {
      guard rrset.isCopiedWhole, !(rrset.isSigned && query.isDNSSECOK),
        write(rrset, zone, request, arrival, snapshot, into: &response)
      else { return false }
    } else if !writeDenial(.noError, zone, request, arrival, outcome.caller.context, into: &response) {
      return false
    }
    outcome.service = node.service
    outcome.decision = .answered
    return true
  }

  /// Says that a name does not exist.
  @inline(never)
  private mutating func deniesDirectly(
    _ zone: CompiledZone, _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) -> Bool {
    let context = outcome.caller.context
    let found = zone.finding(name, type: query.type, context: context, wildcard: &other)
    if timeoutText(found, zone, snapshot, context: context) != nil { return false }
    guard found.kind == .absent,
      snapshot.permission(outcome.caller, target: found.service, at: time) != .broken,
      writeDenial(.nxDomain, zone, request, arrival, context, into: &response)
    else { return false }
    outcome.service = found.service
    outcome.decision = .answered
    outcome.rcode = .nxDomain
    return true
  }

  /// True where `isolate` leaves nothing out of an answer of a node's set, or that there is none: it judges the name's
  /// addresses, whatever type was asked for.
  @inline(__always)
  private mutating func isWhole(
    _ rrset: RRsetImage?, of node: ZoneNode, _ zone: CompiledZone, _ number: Int, _ snapshot: Snapshot, _ caller: Caller
  ) -> Bool {
    let policy = snapshot.policy
    if policy.isolation(ofContext: caller.context) == nil { return true }
    if snapshot.zones.isBuiltIn(number) { return false }
    if let rrset, rrset.holdsAddresses { return !policy.hidesAny(of: rrset, zone.memory, from: caller.context) }
    if let rrset, rrset.holdsEndpoints { return false }
    var next = node.addresses(zone.memory)
    while let addresses = next {
      if policy.hidesAny(of: addresses, zone.memory, from: caller.context) { return false }
      next = node.addresses(zone.memory, after: addresses)
    }
    return true
  }

  /// Refuses a call that breaks a rule: header and question, REFUSED.
  /// - Returns: false, with nothing written, where the rule is in shadow, or there is more to say.
  @inline(never)
  private mutating func refusesDirectly(
    _ service: UInt32, _ request: Span<UInt8>, _ snapshot: Snapshot, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) -> Bool {
    if query.hasEDNS { return false }
    let judgement = snapshot.judge(outcome.caller, target: service, at: time)
    guard let refusal = judgement.refusal,
      snapshot.policy.denyAs(context: outcome.caller.context, service: service).kind == .refused
    else { return false }
    outcome.refusal = refusal
    outcome.brokenRules = judgement.broken
    outcome.service = service
    outcome.decision = .refused
    outcome.rcode = .refused
    writer.begin(query, request: request, into: &response)
    writer.setFlags(recursionFlag | RCode.refused.rawValue, in: &response)
    return true
  }

  /// Writes the whole response: header, question, the RRset, and an OPT where the query has one.
  /// - Returns: false, with nothing written, where it does not fit.
  @inline(__always)
  private mutating func write(
    _ rrset: RRsetImage, _ zone: CompiledZone, _ request: Span<UInt8>, _ arrival: Arrival,
    _ snapshot: Snapshot, into response: inout OctetBuffer
  ) -> Bool {
    guard
      begin(
        rrset.count &* 10 &+ rrset.dataSize, answers: UInt16(rrset.count), .noError, request, arrival, into: &response)
    else { return false }
    let rotates = rrset.count > 1 && snapshot.policy.rotatesAnswers
    let first = rotates ? Int(query.id % UInt16(rrset.count)) : 0
    let isWritten = ResponseWriter.appendCopies(
      of: rrset, zone.memory, owner: 0xc00c, ttl: rrset.ttl, first: first, into: &response)
    precondition(isWritten, "there is room for a set whose size was compared with its buffer's")
    finish(&response)
    return true
  }

  /// Writes a response without data: the zone's SOA says for how long that may be believed (RFC 2308 §3).
  /// - Returns: false, with nothing written, where it does not fit, may have to be proved, or the context has another SOA.
  @inline(__always)
  private mutating func writeDenial(
    _ rcode: RCode, _ zone: CompiledZone, _ request: Span<UInt8>, _ arrival: Arrival, _ context: UInt16,
    into response: inout OctetBuffer
  ) -> Bool {
    guard zone.readySOA.offset != 0, !(query.isDNSSECOK && zone.provesDenials), !zone.hasOtherApex(context),
      begin(zone.readySOA.size, authorities: 1, rcode, request, arrival, into: &response)
    else { return false }
    let owner = query.questionEnd &- 4 &- zone.originSize
    let isWritten = zone.readySOA.append(owner: owner, ttl: zone.negativeTTL, into: &response)
    precondition(isWritten, "there is room for a record whose size was compared with its buffer's")
    finish(&response)
    return true
  }

  /// Writes header and question of a response whose records have so many octets, where it will fit.
  @inline(__always)
  private mutating func begin(
    _ size: Int, answers: UInt16 = 0, authorities: UInt16 = 0, _ rcode: RCode, _ request: Span<UInt8>,
    _ arrival: Arrival, into response: inout OctetBuffer
  ) -> Bool {
    let questionEnd = query.questionEnd
    let all = questionEnd &+ size &+ (query.hasEDNS ? OPTWriter.size : 0)
    guard all <= arrival.sizeLimit(query), all <= response.capacity, response.extend(by: questionEnd) != nil else {
      return false
    }
    response.copyWords(request, from: 12, to: questionEnd)
    let flags = query.flags & 0x7900 | 0x8000 | ResponseWriter.authoritative | recursionFlag | rcode.rawValue
    response.set(UInt64(query.id) << 48 | UInt64(flags) << 32 | 1 << 16 | UInt64(answers), at: 0)
    response.set(UInt32(authorities) << 16 | (query.hasEDNS ? 1 : 0), at: 8)
    return true
  }

  /// Writes the OPT, where the query has one.
  @inline(__always)
  private mutating func finish(_ response: inout OctetBuffer) {
    guard query.hasEDNS else { return }
    let opt = response.count
    let room = response.extend(by: OPTWriter.size)
    precondition(room != nil, "there is room for an OPT that was counted")
    OPTWriter.set(isDNSSECOK: query.isDNSSECOK, at: opt, in: &response)
  }
}

extension RRType {
  /// False for what is not one RRset of the name's own zone: DS, RRSIG, and the QTYPEs that are no types (RFC 6895 §3.1).
  @inline(__always) fileprivate var isOwnData: Bool {
    self != .ds && self != .rrsig && (rawValue < 128 || rawValue > 255)
  }
}
