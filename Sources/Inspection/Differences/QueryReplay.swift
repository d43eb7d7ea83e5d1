internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import FoundationEssentials
internal import Policy

/// One line of a query log, as far as it says what was asked by whom.
private struct LoggedQuery: Decodable, Hashable {
  let source: String
  let name: String
  let type: String
  /// The address asked.
  let listener: String?
  /// A certificate's common name.
  let certificate: String?
  /// A user's number.
  let user: UInt32?
}

extension DifferenceSearch {
  /// Asks both snapshots what a log's queries asked, and weighs each cause by them.
  mutating func replay(_ lines: [[UInt8]]) {
    var replay = Differences.Replay()
    var counts: [LoggedQuery: Int] = [:]
    let decoder = JSONDecoder()
    for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) {
      if let query = try? decoder.decode(LoggedQuery.self, from: Data(line)), LoggedQuestion(query) != nil {
        counts[query, default: 0] += 1
        replay.queryCount += 1
      } else {
        replay.malformedCount += 1
        if replay.firstMalformedLine == nil { replay.firstMalformedLine = index + 1 }
      }
    }
    for index in result.causes.indices { result.causes[index].queryCount = 0 }
    var comparison = AnswerComparison(pair)
    for (query, count) in counts {
      guard let question = LoggedQuestion(query), let cause = cause(of: question, &comparison) else { continue }
      replay.changedCount += count
      let number = number(of: cause)
      result.causes[number].queryCount = (result.causes[number].queryCount ?? 0) + count
    }
    result.replay = replay
  }

  /// Nil where both say the same.
  private func cause(of question: LoggedQuestion, _ comparison: inout AnswerComparison) -> Key? {
    let oldEvidence = question.evidence(pair.old.policy), newEvidence = question.evidence(pair.new.policy)
    guard let told = comparison.ask(question.name, question.type, oldEvidence, newEvidence) else { return nil }
    let before = told.oldOutcome.caller, after = told.newOutcome.caller
    let oldName = pair.old.policy.contextName(before.context), newName = pair.new.policy.contextName(after.context)
    let isSameCaller =
      before.isPlaced == after.isPlaced && oldName == newName
      && pair.old.policy.serviceName(before.service) == pair.new.policy.serviceName(after.service)
    guard isSameCaller, let context = pair.contexts.firstIndex(where: { $0.name == newName }) else {
      return placement(before, after, question.source)
    }
    return cause(
      old: told.old, new: told.new, told.oldOutcome, told.newOutcome,
      LookupPath(question.name, context: before.context, pair.old),
      LookupPath(question.name, context: after.context, pair.new), context: context, before, after)
  }

  /// The range of addresses, among the causes, that is someone else.
  private func placement(_ before: Caller, _ after: Caller, _ source: IPAddress) -> Key {
    let ranges = placementRanges(pair)
    if let range = ranges.first(where: { $0.contains(source) }) { return range.key }
    return Key(kind: .placement, text: "callers who are someone else by their listener or identity", place: nil)
  }
}

/// A logged query that can be asked again.
private struct LoggedQuestion {
  let name: DomainName
  let type: RRType
  let source: IPAddress
  private let listener: SocketAddress?
  private let certificate: String?
  private let user: UInt32?

  init?(_ query: LoggedQuery) {
    guard let name = try? DomainName(query.name), let type = RRType(mnemonic: query.type),
      let source = IPAddress(query.source)
    else { return nil }
    self.name = name
    self.type = type
    self.source = source
    listener = query.listener.flatMap { SocketAddress($0, defaultPort: 53) }
    certificate = query.certificate
    user = query.user
    if query.listener != nil, listener == nil { return nil }
  }

  /// What a policy's server would have known of who asked.
  func evidence(_ policy: CompiledPolicy) -> Evidence {
    let listen = listener.flatMap { address in policy.policy.listens.first { $0.address == address } }
    var service: UInt32?
    if let certificate {
      let index = policy.policy.services.firstIndex { $0.identities.contains { $0.commonName == certificate } }
      service = index.map { UInt32($0 + 1) } ?? 0
    }
    return Evidence(
      source: source, addressSource: certificate == nil ? .packet : .proxy,
      listenerContext: listen?.context.map { UInt16($0) }, certificateService: service, user: user)
  }
}
