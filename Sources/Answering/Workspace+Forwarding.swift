package import DNSFormat
public import FlatMemory
public import Forwarding
internal import Policy

/// Names that others have.
///
/// `respond` says `.forwarded` and writes nothing. Then a worker asks the cache here; where that has nothing, the forwarder
/// asks elsewhere, asks `respond` again, and writes here what it was told. So the rules are always those of the moment, and
/// nothing of a policy is kept with a query that waits. All of these go on from the `respond` just before, by the same
/// workspace, of the same request and snapshot.
extension Workspace {
  /// Notes that the query is to be asked elsewhere, where `name`, which no zone of ours has, goes by a `forward` line of
  /// the caller's context. Callers in no context are never forwarded for: that would be an open resolver.
  ///
  /// Nor is a query without RD: it asks what we know ourselves (RFC 1034 §4.3.1), and as with Unbound nobody looks into the
  /// cache by it to learn what others asked for.
  mutating func forwards(_ snapshot: Snapshot, _ outcome: inout Outcome) -> Bool {
    guard !snapshot.policy.forwards.isEmpty, outcome.caller.isPlaced, query.flags & 0x0100 != 0 else { return false }
    // RFC 6895 §3.1: types that no name has. What servers say to them would be taken for what they say to anything.
    if query.type.isMeta, query.type != .any { return false }
    let route = snapshot.policy.forwards.route(of: name, type: query.type, context: outcome.caller.context)
    guard route != 0 else { return false }
    if refusesName(snapshot, &outcome) { return true }
    outcome.decision = .forwarded
    outcome.route = route
    return true
  }

  /// True where the caller may not call the service that `name` belongs to, though others have the name: then `answer` and
  /// the outcome are the refusal. There is no zone whose SOA could make it a denial: REFUSED, whatever `deny-as` says.
  mutating func refusesName(_ snapshot: Snapshot, _ outcome: inout Outcome) -> Bool {
    let service = snapshot.policy.servicesElsewhere.service(of: name)
    if service == 0 { return false }
    if outcome.service == 0 { outcome.service = service }
    let judgement = snapshot.judge(outcome.caller, target: service, at: time)
    return isRefused(judgement, service: service, snapshot, &outcome, zone: nil)
  }

  /// What is to be asked elsewhere. For the forwarder: allocates.
  package mutating func forwardedQuestion(_ snapshot: Snapshot, _ outcome: Outcome) -> ForwardedQuestion {
    ForwardedQuestion(name, kind(snapshot, outcome))
  }

  /// Answers from what is known of others, the replies of `heard` first, then the cache.
  ///
  /// An alias that leads to a name which others than the reply's servers answer for, ourselves or those of another line,
  /// is the end of what those may say: we go on from there by the caller's context, with our rules and data, or with the
  /// reply of the others. `name` and the outcome's route are then those of the question that is still to be asked.
  /// - Parameters:
  ///   - heard: the forwarder's, to questions of the query that it answers.
  ///   - now: seconds of the clock that the cache's writer goes by.
  ///   - acceptsStale: answer with what is past its end too (RFC 8767).
  /// - Returns: what there was. The response is whole for `.fresh` and `.freshAndWorthPrefetching`, for `.stale` where that
  ///   is accepted; otherwise nothing is written.
  public mutating func answerForwarded(
    to request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, from cache: ReplyCache,
    heard: [HeardReply] = [], now: UInt32, acceptsStale: Bool = false, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) -> ReplyCache.Finding {
    beginForwarded(request, arrival, snapshot, into: &response)
    var walk = ForwardedWalk()
    foreignProofs.reset()
    while true {
      let (finding, age) = find(snapshot, outcome, cache, heard, now)
      if finding == .miss || finding == .stale && !acceptsStale {
        response.reset()
        return finding
      }
      walk.note(finding)
      walk.deniesText =
        walk.links == 0 && reply.answerCount == 0
        && hasLookupText(snapshot, outcome, maybeSigned: reply.isSigned)
      if walk.deniesText, tellsLookups(&outcome, snapshot) { break }
      let time = ReplyImage.Ageing(age: age, staleTTL: finding == .stale ? Self.staleTTL : nil)
      let lead = lead(snapshot, outcome, time)
      if isolateRefusesReply(snapshot, &outcome) { break }
      if walk.isGuarded { walk.isBlocked = leavesOutBlocked(snapshot) }
      let isLast = !lead.goesOn || walk.links == Self.longestChain
      walk.fits = appendReply(walk, isLast: isLast, time, snapshot, outcome.caller.context, into: &response)
      walk.rcode = RCode(rawValue: reply.rcode) ?? .servFail
      // RFC 2308 §5: who is told that there is no such name asks for no type of it.
      if walk.deniesText, walk.rcode == .nxDomain { walk.rcode = .noError }
      guard walk.fits, !isLast else {
        endForwarded(request, arrival, snapshot, walk, &outcome, into: &response)
        return walk.finding
      }
      if walk.links == 0 { walk.isGuarded = !snapshot.rebinding.trusts(name) }
      walk.links &+= 1
      name.load(other)
      switch lead {
      case .line(let route):
        answer.resetButProofs()
        outcome.route = route
        if !refusesName(snapshot, &outcome) { continue }
      case .ownZone(let number): goOn(in: number, request, snapshot, &outcome)
      case .ends, .nowhere: break
      }
      if outcome.decision == .forwarded { continue }
      guard outcome.decision == .answered else { break }
      outcome.decision = .forwarded
      appendOwnEnd(&walk, snapshot, outcome.caller.context, into: &response)
      endForwarded(request, arrival, snapshot, walk, &outcome, into: &response)
      return walk.finding
    }
    // Refused, by whatever the chain led to: all of it. Or what we say ourselves instead.
    response.reset()
    if outcome.decision != .silent { encode(request, arrival, snapshot, &outcome, into: &response) }
    return walk.finding
  }

  /// Says that nobody has an answer: SERVFAIL, or what all servers said, and why (RFC 8914 §4.23, §4.24).
  /// - Parameters:
  ///   - text: names the servers and what happened: for who may be told why.
  ///   - isBehindAlias: what nobody has an answer to is where an alias of others leads.
  package mutating func failForwarded(
    to request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ code: ExtendedDNSError.InfoCode,
    _ text: Span<UInt8>, rcode: RCode = .servFail, isBehindAlias: Bool = false, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) {
    // Nobody knows whether the name's zone is signed.
    if !isBehindAlias, hasLookupText(snapshot, outcome, maybeSigned: true), tellsLookups(&outcome, snapshot) {
      response.reset()
      return encode(request, arrival, snapshot, &outcome, into: &response)
    }
    beginForwarded(request, arrival, snapshot, into: &response)
    outcome.rcode = rcode
    outcome.isTruncated = false
    writer.setFlags(forwardedFlags | rcode.rawValue & 15, in: &response)
    guard query.hasEDNS else { return }
    let opt = appendOPT(request, arrival, snapshot, rcode, into: &response)
    OPTWriter.appendOption(EDNSOption.extendedError, toRecordAt: opt, into: &response) {
      $0.append(code.rawValue)
      if snapshot.policy.telling.tells(outcome.caller) { $0.append(text) }
    }
  }

  /// What the names' servers are asked, and a reply is kept under.
  mutating func kind(_ snapshot: Snapshot, _ outcome: Outcome) -> QuestionKind {
    QuestionKind(
      query.type, isDNSSECOK: query.isDNSSECOK, isCheckingDisabled: query.flags & 0x0010 != 0,
      route: snapshot.policy.forwards.fingerprint(of: outcome.route))
  }
}

/// Writing what others said.
extension Workspace {
  /// The TTL of what is past its end (RFC 8767 §4), in seconds.
  private static var staleTTL: UInt32 { 30 }

  /// RA; CD as it came (RFC 4035 §3.2.2); never AA, since it is not from our zones.
  private var forwardedFlags: UInt16 { ResponseWriter.recursionAvailable | query.flags & 0x0010 }

  /// Sets the head, and appends the OPT.
  private mutating func endForwarded(
    _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ walk: borrowing ForwardedWalk,
    _ outcome: inout Outcome, into response: inout OctetBuffer
  ) {
    let isStale = walk.isStale
    var flags = forwardedFlags | walk.rcode.rawValue & 15
    // RFC 6840 §5.8: only for who says that it knows the bit.
    if walk.links == 0, answer.count == 0, reply.isAuthentic, !isStale, !walk.deniesText,
      query.isDNSSECOK || query.flags & 0x0020 != 0
    {
      flags |= 0x0020
    }
    outcome.rcode = walk.rcode
    outcome.isTruncated = !walk.fits
    if !walk.fits {
      // RFC 2181 §9: the asker throws all of it away, and asks again over TCP.
      writer.takeBackAll(behind: query, in: &response)
      flags |= ResponseWriter.truncated
    }
    writer.setFlags(flags, in: &response)
    guard query.hasEDNS else { return }
    let opt = appendOPT(request, arrival, snapshot, walk.rcode, into: &response)
    let staleCode: ExtendedDNSError.InfoCode = walk.rcode == .nxDomain ? .staleNXDomainAnswer : .staleAnswer
    let code =
      isStale
      ? staleCode.rawValue
      : walk.isBlocked ? ExtendedDNSError.InfoCode.blocked.rawValue : walk.endsInReply ? reply.errorCode : nil
    guard let code else { return }
    OPTWriter.appendOption(EDNSOption.extendedError, toRecordAt: opt, into: &response) {
      $0.append(code)
      guard !isStale, snapshot.policy.telling.tells(outcome.caller) else { return }
      if walk.isBlocked { $0.append(RebindingGuard.reason) } else { reply.appendErrorText(to: &$0) }
    }
  }

  /// Where a response has what the last of its aliases leads to; 0 where it has none.
  mutating func lastTarget(in response: borrowing OctetBuffer, answers: UInt16) -> Int {
    let message = response.octets
    var offset = query.questionEnd
    var target = 0
    for _ in 0..<answers {
      while message[offset] != 0, message[offset] & 0xc0 == 0 { offset &+= 1 &+ Int(message[offset]) }
      offset &+= message[offset] == 0 ? 1 : 2
      if message.u16(at: offset) == RRType.cname.rawValue { target = offset &+ 10 }
      offset &+= 10 &+ Int(message.u16(at: offset &+ 8))
    }
    return target
  }

  private mutating func beginForwarded(
    _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, into response: inout OctetBuffer
  ) {
    let limit = min(arrival.sizeLimit(query), response.capacity)
    response.reset(limit: query.hasEDNS ? limit &- sizeOfOPT(arrival, snapshot) : limit)
    writer.begin(query, request: request, into: &response)
  }

  /// Appends the OPT and what was asked for in it.
  /// - Returns: where it starts.
  private mutating func appendOPT(
    _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ rcode: RCode,
    into response: inout OctetBuffer
  ) -> Int {
    response.limit = min(arrival.sizeLimit(query), response.capacity)
    let opt = response.count
    OPTWriter.append(rcode: rcode, isDNSSECOK: query.isDNSSECOK, into: &response)
    if !query.options.isEmpty { appendOptions(opt: opt, request, arrival, snapshot, into: &response) }
    return opt
  }
}

extension Snapshot {
  /// RA for callers in whose context some line forwards, 0 for all others.
  @inline(__always) func recursionFlag(for caller: Caller) -> UInt16 {
    policy.forwards.isEmpty || !caller.isPlaced ? 0 : recursionFlags[Int(caller.context)]
  }

  /// The flag by context.
  static func recursionFlags(_ policy: Policy) -> [UInt16] {
    let nodes = policy.contexts.nodes
    let lines = policy.forwards.filter { !$0.isOff }
    // Contexts are numbered so that those in one follow it.
    return nodes.indices.map { context in
      lines.contains { $0.context == 0 || $0.context <= context && context <= nodes[$0.context].last }
        ? ResponseWriter.recursionAvailable : 0
    }
  }
}
