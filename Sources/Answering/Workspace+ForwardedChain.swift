internal import DNSFormat
internal import FlatMemory
internal import Forwarding
internal import Policy

/// How far the answer to one query has come, of what others and we ourselves say.
struct ForwardedWalk: ~Copyable {
  /// Times that an alias led from somebody's word to somebody else's.
  var links = 0
  var rcode = RCode.noError
  /// False where the response cannot hold it.
  var fits = true
  /// True where private addresses are left out, since the name that others were asked for first may have none.
  var isGuarded = false
  var isBlocked = false
  /// True where a reply has nothing at a name that has a text of ours.
  var deniesText = false
  /// True where one of the replies is past its end.
  private(set) var isStale = false
  /// True where the last word is that of others.
  var endsInReply = true
  private var isWorthPrefetching = false
  private var count = 0

  /// What the whole comes to. Only the first question's reply is fetched in advance: it is the one that a query asks for.
  var finding: ReplyCache.Finding { isStale ? .stale : isWorthPrefetching ? .freshAndWorthPrefetching : .fresh }

  mutating func note(_ finding: ReplyCache.Finding) {
    if finding == .stale { isStale = true }
    if count == 0 { isWorthPrefetching = finding == .freshAndWorthPrefetching }
    count &+= 1
  }
}

/// Where an alias of a reply leads.
enum ForwardedLead: BitwiseCopyable {
  /// The reply says all.
  case ends
  /// Into a zone of ours.
  case ownZone(Int)
  /// To those who are asked by another line, or anew by this one.
  case line(UInt16)
  /// To nobody whom the caller's context lets be asked.
  case nowhere

  var goesOn: Bool {
    switch self {
    case .ends, .nowhere: false
    case .ownZone, .line: true
    }
  }
}

/// Chains of aliases through what several have a say in.
extension Workspace {
  /// Finds the reply to the question that `name` and the outcome's route make.
  mutating func find(
    _ snapshot: Snapshot, _ outcome: Outcome, _ cache: ReplyCache, _ heard: [HeardReply], _ now: UInt32
  ) -> (finding: ReplyCache.Finding, age: UInt32) {
    let kind = kind(snapshot, outcome)
    for heard in heard where heard.find(name, kind, into: &reply) { return (.fresh, 0) }
    return cache.find(name, kind, now: now, into: &reply)
  }

  /// Cuts `reply` behind the first of its aliases that leads to a name which others than its servers answer for, or behind
  /// the last, where it says nothing of where that leads. Then `other` is that name, and `fact` has it as it is written.
  ///
  /// A name that neither a zone of ours nor a line of the caller's context has is nobody else's: its servers' word stands.
  ///
  /// So a reply behind which more is to be written has nothing but an answer: what the rest proves of the aliases that stay
  /// goes to `foreignProofs`.
  mutating func lead(_ snapshot: Snapshot, _ outcome: Outcome, _ time: ReplyImage.Ageing) -> ForwardedLead {
    guard reply.hasAliases, !query.type.standsBesideAlias else { return .ends }
    let forwards = snapshot.policy.forwards, context = outcome.caller.context
    let servers = forwards.fingerprint(of: outcome.route)
    var end = 0, count = 0, target = 0
    var zone: Int?
    var line: UInt16 = 0
    var isElsewhere = false
    while let part = reply.answer(at: end), !isElsewhere || part.type == .rrsig {
      end = part.end
      count &+= 1
      guard part.type == .cname else { continue }
      target = part.data
      fact.reset()
      reply.copyName(at: target, question: name, into: &fact)
      guard Self.load(fact, into: &other) else { return .ends }
      zone = snapshot.ownZone(of: other, type: query.type, context: context, guess: lastZone)
      line = zone == nil ? snapshot.forwardLine(of: other, type: query.type, context: context) : 0
      isElsewhere = zone != nil || line != 0 && forwards.fingerprint(of: line) != servers
    }
    guard isElsewhere || reply.isOpen && line != 0 else { return .ends }
    if query.isDNSSECOK {
      reply.appendProofs(ofNamesBefore: end, question: name, time, using: &fact, to: &foreignProofs)
      fact.reset()
      reply.copyName(at: target, question: name, into: &fact)
    }
    reply.cut(behind: end, records: count)
    if let zone { return .ownZone(zone) }
    return forwards.isOff(line) ? .nowhere : .line(line)
  }

  private static func load(_ wire: borrowing OctetBuffer, into name: inout NameKey) -> Bool {
    (try? name.load(wire.octets, at: 0)) != nil
  }

  private static func append(_ wire: borrowing OctetBuffer, to names: inout OctetBuffer) { names.append(wire.octets) }

  /// Goes on in a zone of ours, at the name that an alias of others leads to.
  mutating func goOn(
    in zone: Int, _ request: Span<UInt8>, _ snapshot: Snapshot, _ outcome: inout Outcome
  ) {
    answer.resetButProofs()
    answer.questionZone = nil
    selection.reset()
    failedService = nil
    ownNode = nil
    synthesised.reset()
    Self.append(fact, to: &synthesised)
    outcome.decision = .answered
    followChain(
      from: zone, owner: Answer.Owner(offset: 0, zone: Answer.synthesised), request, snapshot, &outcome)
  }

  /// Appends what we ourselves say at the end of a chain, and all proofs; nothing in the answer where that has an address
  /// that the name asked of others may not have.
  mutating func appendOwnEnd(
    _ walk: inout ForwardedWalk, _ snapshot: Snapshot, _ context: UInt16, into response: inout OctetBuffer
  ) {
    let start = response.count
    let before = response.octets.u16(at: ResponseWriter.Section.answer.rawValue)
    walk.rcode = answer.rcode
    walk.endsInReply = false
    walk.fits = appendItems(of: .answer, snapshot, context, into: &response)
    if walk.fits, walk.isGuarded, hasBlocked(snapshot, from: start, response) {
      response.truncate(to: start)
      // A new one knows no names where the answer was.
      writer = ResponseWriter()
      response.set(before, at: ResponseWriter.Section.answer.rawValue)
      walk.isBlocked = true
    }
    walk.fits =
      walk.fits && appendItems(of: .authority, snapshot, context, into: &response)
      && appendForeignProofs(into: &response)
  }

  /// Appends `foreignProofs` to the authority section.
  /// - Returns: false where not all of them fit, be it there or in the message.
  private mutating func appendForeignProofs(into response: inout OctetBuffer) -> Bool {
    if foreignProofs.overflowed { return false }
    var count = response.octets.u16(at: ResponseWriter.Section.authority.rawValue)
    var offset = 0
    while offset < foreignProofs.count, !response.overflowed {
      offset = Self.appendRecord(at: offset, of: foreignProofs, &writer, into: &response)
      count &+= 1
    }
    response.set(count, at: ResponseWriter.Section.authority.rawValue)
    return !response.overflowed
  }

  /// Appends a record that has no compression.
  /// - Returns: the offset behind it.
  private static func appendRecord(
    at start: Int, of records: borrowing OctetBuffer, _ writer: inout ResponseWriter, into response: inout OctetBuffer
  ) -> Int {
    let type = writer.appendName(records.octets, at: start, into: &response)
    let end = type &+ 10 &+ Int(records.octets.u16(at: type &+ 8))
    response.append(records.octets.extracting(type..<end))
    return end
  }

  private mutating func hasBlocked(
    _ snapshot: Snapshot, from start: Int, _ response: borrowing OctetBuffer
  ) -> Bool {
    let message = response.octets
    var offset = start
    while offset < message.count {
      while message[offset] != 0, message[offset] & 0xc0 == 0 { offset &+= 1 &+ Int(message[offset]) }
      offset &+= message[offset] == 0 ? 1 : 2
      let end = offset &+ 10 &+ Int(message.u16(at: offset &+ 8))
      if snapshot.rebinding.blocks(RRType(message.u16(at: offset)), message.extracting((offset &+ 10)..<end)) {
        return true
      }
      offset = end
    }
    return false
  }

  /// Leaves private addresses out of `reply`.
  /// - Returns: true where there were some and nothing is left.
  mutating func leavesOutBlocked(_ snapshot: Snapshot) -> Bool {
    var offset = 0
    var isAnyBlocked = false, isAnyLeft = false
    while let part = reply.answer(at: offset) {
      offset = part.end
      guard part.type.holdsEndpoints else { continue }
      let isBlocked = snapshot.rebinding.blocks(part.type, reply.records.extracting(part.data..<part.end))
      if isBlocked, reply.remove(part) {
        offset = part.start
        isAnyBlocked = true
      } else {
        isAnyLeft = true
      }
    }
    return isAnyBlocked && !isAnyLeft
  }

  // MARK: - Writing

  /// Writes `reply`, behind what the response has and the aliases of ours in `answer`, section by section.
  /// - Parameter isLast: false where its answer leads to more.
  /// - Returns: false where not all of it fits.
  mutating func appendReply(
    _ walk: borrowing ForwardedWalk, isLast: Bool, _ time: ReplyImage.Ageing, _ snapshot: Snapshot, _ context: UInt16,
    into response: inout OctetBuffer
  ) -> Bool {
    if walk.links == 0, answer.count == 0 {
      guard
        reply.append(time, rotation: snapshot.policy.rotatesAnswers ? query.id : 0, into: &response)
      else { return false }
      response.set(UInt32(reply.answerCount) << 16 | UInt32(reply.authorityCount), at: 6)
      return !isLast || appendForeignProofs(into: &response)
    }
    guard appendItems(of: .answer, snapshot, context, into: &response) else { return false }
    let answers = response.octets.u16(at: ResponseWriter.Section.answer.rawValue)
    let target = lastTarget(in: response, answers: answers)
    let start = response.count
    guard target > 0,
      reply.append(isAnswer: true, name: target, answer: start, time, into: &response)
    else { return false }
    response.set(answers &+ UInt16(reply.answerCount), at: ResponseWriter.Section.answer.rawValue)
    guard isLast else { return true }
    guard appendItems(of: .authority, snapshot, context, into: &response), appendForeignProofs(into: &response),
      reply.append(isAnswer: false, name: target, answer: start, time, into: &response)
    else { return false }
    let authorities = response.octets.u16(at: ResponseWriter.Section.authority.rawValue)
    response.set(authorities &+ UInt16(reply.authorityCount), at: ResponseWriter.Section.authority.rawValue)
    return true
  }
}
