package import Answering
internal import DNSFormat
internal import Policy

/// Compares two configurations and asks both again what a query log's lines asked, one by one: a log of any length.
package struct QueryReplay: ~Copyable {
  private var search: DifferenceSearch
  private var comparison: AnswerComparison
  private var replay = Differences.Replay()
  private var lineCount = 0
  /// The causes of questions that are answered differently: the same are asked again and again.
  private var known: [LoggedQuestion: Int] = [:]

  /// Compares two configurations, both of which have a snapshot; see ``Differences``.
  package init(
    _ old: LoadedConfiguration, _ oldSnapshot: Snapshot, _ new: LoadedConfiguration, _ newSnapshot: Snapshot,
    at time: UInt32, limit: Int = 10_000
  ) {
    search = DifferenceSearch(old, new, SnapshotPair(oldSnapshot, newSnapshot, at: time), limit: limit)
    search.run()
    for index in search.result.causes.indices { search.result.causes[index].queryCount = 0 }
    comparison = AnswerComparison(search.pair)
  }

  /// Adds a line of the log.
  package mutating func add(_ line: Span<UInt8>) {
    lineCount += 1
    if line.isBlank { return }
    switch QueryLogLine(line) {
    case .query(let entry):
      // A request without a question can't be asked again.
      if let name = entry.question.name { add(entry.question, name) }
    case .dropped(let count): replay.missingCount = replay.missingCount.addingReportingOverflow(count).partialValue
    case .scope(let choice):
      if choice.scope == .refused { replay.isPartial = true }
      replay.sample = max(replay.sample, Int(choice.sample))
    case nil:
      replay.malformedCount += 1
      if replay.firstMalformedLine == nil { replay.firstMalformedLine = lineCount }
    }
  }

  /// Counts lines that are too long to be a query log's.
  package mutating func addMalformed(_ count: Int) { replay.malformedCount += count }

  /// What was found, each cause weighed by the lines added so far.
  package var differences: Differences {
    var result = search.result
    result.replay = replay
    return result
  }

  private mutating func add(_ question: LoggedQuestion, _ name: DomainName) {
    replay.queryCount += 1
    let number: Int
    if let cause = known[question] {
      number = cause
    } else {
      let old = question.evidence(search.pair.old.policy), new = question.evidence(search.pair.new.policy)
      guard let cause = search.cause(name, question.type, old, new, &comparison) else { return }
      number = search.number(of: cause)
      if known.count < Self.mostKnown { known[question] = number }
    }
    replay.changedCount += 1
    search.result.causes[number].queryCount = (search.result.causes[number].queryCount ?? 0) + 1
  }

  /// Questions remembered: more are asked each time.
  private static var mostKnown: Int { 100_000 }
}

extension Span<UInt8> {
  /// True for spaces, tabs and a carriage return alone.
  fileprivate var isBlank: Bool {
    for index in indices where self[index] != 0x20 && self[index] != 0x09 && self[index] != 0x0d { return false }
    return true
  }
}

extension DifferenceSearch {
  /// Nil where both say the same.
  fileprivate func cause(
    _ name: DomainName, _ type: RRType, _ oldEvidence: Evidence, _ newEvidence: Evidence,
    _ comparison: inout AnswerComparison
  ) -> Key? {
    // The server does not come as far as an answer.
    if let trust = trusts.first(where: { $0.concerns(newEvidence) }) { return trust.key }
    guard let told = comparison.ask(name, type, oldEvidence, newEvidence) else { return nil }
    let before = told.oldOutcome.caller, after = told.newOutcome.caller
    let oldName = pair.old.policy.contextName(before.context), newName = pair.new.policy.contextName(after.context)
    let isSameContext = before.isPlaced == after.isPlaced && oldName == newName
    let isSameService = pair.old.policy.serviceName(before.service) == pair.new.policy.serviceName(after.service)
    guard isSameContext, isSameService, let context = pair.contexts.firstIndex(where: { $0.name == newName }) else {
      let isByAddress =
        oldEvidence.listenerContext == nil && newEvidence.listenerContext == nil && !isSameContext
        || !isSameService && !before.isIdentified && !after.isIdentified && oldEvidence.certificateService == nil
      return (isByAddress ? placements.range(of: newEvidence.source)?.key : nil)
        ?? Key(kind: .placement, text: "callers who are someone else by their listener or identity", place: nil)
    }
    return cause(
      old: told.old, new: told.new, told.oldOutcome, told.newOutcome,
      LookupPath(name, context: before.context, pair.old), LookupPath(name, context: after.context, pair.new),
      context: context, before, after)
  }
}
