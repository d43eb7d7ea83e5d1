internal import DNSFormat
public import FlatMemory
internal import Policy
internal import Randomness

/// One request in, one response out.
///
/// Called by UDP, TCP, `explain`, `expect`, tests and fuzzers. Any octets get a response or silence.
/// - Parameters:
///   - request: a whole message, without TCP's length.
///   - hash: what ``Workspace/lookAhead(at:_:)`` said of this very request and snapshot; nil where nobody looked ahead.
///   - response: emptied, then takes the message; stays empty where there is to be silence. Its memory holds at least
///     1232 octets for UDP and 65535 for TCP.
/// - Returns: what became of the query; of one that is `.forwarded` the response is still to be written
///   (``Workspace/answerForwarded(to:_:_:from:now:acceptsStale:_:into:)``).
public func respond(
  to request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, hash: UInt64? = nil,
  using workspace: inout Workspace, into response: inout OctetBuffer
) -> Outcome {
  response.reset()
  var outcome = Outcome(caller: snapshot.policy.callers.caller(arrival.evidence))
  workspace.respond(to: request, arrival, snapshot, hash, &outcome, into: &response)
  return outcome
}

extension Workspace {
  /// Reads the request and answers it, by the direct way or the long one.
  fileprivate mutating func respond(
    to request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ hash: UInt64?, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) {
    clientSubnet = nil
    refusesSubnet = false
    recursionFlag = snapshot.recursionFlag(for: outcome.caller)
    if snapshot.policy.isDropped(outcome.caller), !snapshot.policy.isForwarder(arrival.source) {
      // Who is in no context gets no answer to anything, malformed or not.
      outcome.refusal = snapshot.policy.judgePlacement(outcome.caller)
      return
    }
    do throws(WireError) {
      try query.read(request, name: &name)
    } catch {
      return reject(request, error, arrival, snapshot, &outcome, into: &response)
    }
    time = arrival.time
    ownNode = nil
    if !answersDirectly(request, arrival, snapshot, hash, &outcome, into: &response) {
      answerTheLongWay(request, arrival, snapshot, &outcome, into: &response)
    }
  }

  /// What a choice among endpoints rests on.
  private mutating func noteChance(_ arrival: Arrival, _ outcome: Outcome) {
    callerAddress = outcome.clientSubnet?.address ?? arrival.source
    let asked = SplitMix64.mixed(UInt64(query.id) | UInt64(arrival.time) << 16 ^ name.hash(from: 0, seed: 0))
    chance = SplitMix64.mixed(SplitMix64.mixed(asked ^ arrival.source.high) ^ arrival.source.low)
  }

  /// What may be said of any query that was read.
  @inline(never)
  private mutating func answerTheLongWay(
    _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) {
    if query.ednsVersion != 0 {
      // RFC 6891 §6.1.3: the version we know is in our OPT; nothing else of the query is looked at.
      return fail(request, .badVers, arrival, snapshot, &outcome, into: &response)
    }
    placeCaller(arrival, snapshot, &outcome)
    recursionFlag = snapshot.recursionFlag(for: outcome.caller)
    if !refusesSubnet, snapshot.policy.isDropped(outcome.caller) {
      outcome.refusal = snapshot.policy.judgePlacement(outcome.caller)
      return
    }
    judgeCookie(request, arrival, snapshot, &outcome)
    if let rcode = rcodeOfCookie(arrival, snapshot, outcome) {
      if rcode == .formErr { outcome.wireError = .questionCount }
      return fail(request, rcode, arrival, snapshot, &outcome, into: &response)
    }
    if !snapshot.policy.steering.isEmpty { noteChance(arrival, outcome) }
    if query.qclass == ResponseWriter.chaos, let question = inBandQuestion(snapshot, outcome.caller) {
      if tells(question, snapshot, &outcome) {
        return tell(question, request, arrival, snapshot, &outcome, into: &response)
      }
    } else {
      findAnswer(request, snapshot, &outcome)
      // Canaries on the way may have made it longer.
      if outcome.clientSubnet != nil { outcome.scope = scope }
    }
    if outcome.decision == .forwarded || outcome.decision == .silent { return }
    encode(request, arrival, snapshot, &outcome, into: &response)
  }
}

extension Workspace {
  /// What a request gets that is none: an RCODE, or silence where there is nothing to answer to.
  @inline(never)
  fileprivate mutating func reject(
    _ request: Span<UInt8>, _ error: WireError, _ arrival: Arrival, _ snapshot: Snapshot, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) {
    outcome.wireError = error
    let rcode: RCode
    switch error {
    case .short, .isResponse: return
    case .questionCount, .malformed: rcode = .formErr
    case .opcode: rcode = .notImp
    case .signed: rcode = .notAuth
    }
    judgeCookie(request, arrival, snapshot, &outcome)
    fail(request, rcode, arrival, snapshot, &outcome, into: &response)
    if error == .signed { TSIGRecord.appendBadKey(to: query, request, into: &response) }
  }

  /// A response with an RCODE and no data.
  fileprivate mutating func fail(
    _ request: Span<UInt8>, _ rcode: RCode, _ arrival: Arrival, _ snapshot: Snapshot, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) {
    outcome.decision = rcode == .noError ? .answered : .failed
    outcome.rcode = rcode
    response.limit = min(arrival.sizeLimit(query), response.capacity)
    writer.begin(query, request: request, into: &response)
    writer.setFlags(recursionFlag | rcode.rawValue & 15, in: &response)
    guard query.hasEDNS else { return }
    let opt = response.count
    OPTWriter.append(rcode: rcode, isDNSSECOK: query.isDNSSECOK, into: &response)
    appendOptions(opt: opt, request, arrival, snapshot, into: &response)
  }

  /// Writes what was found, as much of it as fits.
  mutating func encode(
    _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) {
    let limit = min(arrival.sizeLimit(query), response.capacity)
    response.limit = query.hasEDNS ? limit &- sizeOfOPT(arrival, snapshot) : limit
    writer.begin(query, request: request, into: &response)
    var flags = recursionFlag | answer.rcode.rawValue & 15
    if answer.isAuthoritative { flags |= ResponseWriter.authoritative }
    if !appendTimeoutText(snapshot, into: &response)
      || !appendItems(snapshot, outcome.caller.context, mayLackGlue: arrival.transport == .tcp, into: &response)
    {
      flags |= ResponseWriter.truncated
      outcome.isTruncated = true
    }
    writer.setFlags(flags, in: &response)
    outcome.rcode = answer.rcode
    guard query.hasEDNS else { return }
    response.limit = limit
    let opt = response.count
    OPTWriter.append(rcode: answer.rcode, isDNSSECOK: query.isDNSSECOK, into: &response)
    if !query.options.isEmpty { appendOptions(opt: opt, request, arrival, snapshot, into: &response) }
    appendExtendedError(opt: opt, outcome, snapshot, into: &response)
  }
}
