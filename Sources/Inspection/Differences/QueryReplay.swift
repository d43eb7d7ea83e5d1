internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import Policy

extension DifferenceSearch {
  /// Asks both snapshots what a log's queries asked, and weighs each cause by them.
  mutating func replay(_ lines: [[UInt8]]) {
    var replay = Differences.Replay()
    var counts: [LoggedQuestion: Int] = [:]
    for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) {
      switch QueryLogLine(line.span) {
      case .query(let entry):
        // A request without a question is answered by no zone and no rule.
        if entry.question.name == nil { continue }
        counts[entry.question, default: 0] += 1
        replay.queryCount += 1
      case .scope: break
      case .dropped(let count):
        replay.missingCount = replay.missingCount.addingReportingOverflow(count).partialValue
      case nil:
        replay.malformedCount += 1
        if replay.firstMalformedLine == nil { replay.firstMalformedLine = index + 1 }
      }
    }
    for index in result.causes.indices { result.causes[index].queryCount = 0 }
    var comparison = AnswerComparison(pair)
    for (question, count) in counts {
      guard let cause = cause(of: question, &comparison) else { continue }
      replay.changedCount += count
      let number = number(of: cause)
      result.causes[number].queryCount = (result.causes[number].queryCount ?? 0) + count
    }
    result.replay = replay
  }

  /// Nil where both say the same.
  private func cause(of question: LoggedQuestion, _ comparison: inout AnswerComparison) -> Key? {
    let oldEvidence = question.evidence(pair.old.policy), newEvidence = question.evidence(pair.new.policy)
    guard let name = question.name, let told = comparison.ask(name, question.type, oldEvidence, newEvidence) else {
      return nil
    }
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
      LookupPath(name, context: before.context, pair.old),
      LookupPath(name, context: after.context, pair.new), context: context, before, after)
  }

  /// The range of addresses, among the causes, that is someone else.
  private func placement(_ before: Caller, _ after: Caller, _ source: IPAddress) -> Key {
    let ranges = placementRanges(pair)
    if let range = ranges.first(where: { $0.contains(source) }) { return range.key }
    return Key(kind: .placement, text: "callers who are someone else by their listener or identity", place: nil)
  }
}
