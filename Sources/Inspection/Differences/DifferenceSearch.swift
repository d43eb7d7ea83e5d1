internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import Policy

/// Finds what differs and puts it down to causes.
struct DifferenceSearch {
  /// What makes two effects one cause's.
  struct Key: Hashable {
    let kind: Differences.Cause.Kind
    let text: String
    let place: String?
  }

  let old: LoadedConfiguration
  let new: LoadedConfiguration
  let pair: SnapshotPair
  let limit: Int
  private let names: ChangedNames
  private let oldPlaces: RecordPlaces
  private let newPlaces: RecordPlaces
  /// Addresses that are someone else than before, in order.
  let placements: [PlacementRange]
  let trusts: [TrustChange]
  private let exceptions: [ExceptionChange]
  var result = Differences()
  private var numbers: [Key: Int] = [:]
  /// Lists of callers that effects share, by context and indices.
  private var lists: [[Int]: [String]] = [:]

  init(_ old: LoadedConfiguration, _ new: LoadedConfiguration, _ pair: SnapshotPair, limit: Int) {
    self.old = old
    self.new = new
    self.pair = pair
    self.limit = limit
    names = ChangedNames.all(pair)
    let owners = Set(names.own.keys)
    oldPlaces = RecordPlaces(old, pair.old, only: owners)
    newPlaces = RecordPlaces(new, pair.new, only: owners)
    placements = placementRanges(pair)
    trusts = TrustChange.all(pair)
    exceptions = ExceptionChange.all(pair)
  }

  mutating func run() {
    result.nameCount = names.nameCount
    result.callerCount = pair.contexts.reduce(0) { $0 + $1.callers.count }
    var comparison = AnswerComparison(pair)
    for name in names.inOrder {
      var changes: [AnswerComparison.Change] = []
      comparison.compareAll(name, names) { changes.append($0) }
      if !changes.isEmpty { result.changedNameCount += 1 }
      // One caller's answers of several types are one answer that changes.
      var callers: [Int: [Int: Set<Int>]] = [:]
      for change in changes {
        let number = add(change)
        callers[change.context, default: [:]][number, default: []].formUnion(change.callers)
      }
      for causes in callers.values {
        for (number, callers) in causes { result.causes[number].changeCount += callers.count }
        result.changeCount += causes.values.reduce(into: Set()) { $0.formUnion($1) }.count
      }
    }
    let others =
      placements.map(\.key) + trusts.map(\.key) + callerChanges(pair) + serverChanges(pair) + steeringChanges(pair)
    for key in others { result.causes[number(of: key)].changeCount += 1 }
    for exception in exceptions where numbers[exception.key] == nil {
      result.causes[number(of: exception.key)].changeCount += 1
    }
    sort()
  }

  /// What most people are concerned by comes first, each kind for itself.
  private mutating func sort() {
    let kinds = Differences.Cause.Kind.allCases
    func rank(_ cause: Differences.Cause) -> (Int, Int, String) {
      (kinds.firstIndex(of: cause.kind) ?? 0, -cause.changeCount, cause.text)
    }
    let order = result.causes.indices.sorted { rank(result.causes[$0]) < rank(result.causes[$1]) }
    let causes = order.map { result.causes[$0] }
    result.causes = causes
    for (number, cause) in causes.enumerated() {
      numbers[Key(kind: cause.kind, text: cause.text, place: cause.place)] = number
    }
  }

  /// - Returns: the number of its cause.
  private mutating func add(_ change: AnswerComparison.Change) -> Int {
    let number = number(of: cause(of: change))
    let words = AnswerDigest.change(change.old, change.new, change.type)
    guard result.causes[number].effects.count < limit else {
      result.causes[number].unlistedCount += 1
      return number
    }
    let others = Set(pair.contexts[change.context].callers.indices).subtracting(change.callers).sorted()
    result.causes[number].effects.append(
      Differences.Effect(
        context: pair.contexts[change.context].name, callers: list(change.callers, in: change.context),
        others: list(others, in: change.context), callerCount: change.callers.count,
        name: change.name.description, type: change.isOfOthers ? "others" : change.type.description,
        old: words.before, new: words.after))
    return number
  }

  /// The number of a cause, which is new or known.
  mutating func number(of key: Key) -> Int {
    if let number = numbers[key] { return number }
    numbers[key] = result.causes.count
    result.causes.append(Differences.Cause(kind: key.kind, text: key.text, place: key.place))
    return result.causes.count - 1
  }

  /// What callers of a context are called.
  private mutating func list(_ callers: [Int], in context: Int) -> [String] {
    let key = [context] + callers
    if let list = lists[key] { return list }
    let list = callers.map { index -> String in
      let asker = pair.contexts[context].callers[index]
      return asker.service.isEmpty
        ? "callers of no service" : asker.service + (asker.isIdentified ? " (identified)" : "")
    }
    lists[key] = list
    return list
  }

  // MARK: - Causes

  /// What a change is put down to: the policy where it says something else of the caller and the services on the way or of
  /// their endpoints; else the first name on the way that has other records.
  func cause(of change: AnswerComparison.Change) -> Key {
    let context = pair.contexts[change.context]
    let asker = context.callers[change.callers[0]]
    return cause(
      old: change.old, new: change.new, change.oldOutcome, change.newOutcome, change.oldPath, change.newPath,
      context: change.context, asker.old.caller, asker.new.caller)
  }

  func cause(
    old before: AnswerDigest, new after: AnswerDigest, _ oldOutcome: Outcome, _ newOutcome: Outcome,
    _ oldPath: LookupPath, _ newPath: LookupPath, context: Int, _ oldCaller: Caller, _ newCaller: Caller
  ) -> Key {
    let isRuleOther = before.rule != after.rule || before.isOnlyObserved != after.isOnlyObserved
    let exception = exception(oldPath.services, newPath.services, oldCaller, newCaller)
    if isRuleOther, let exception { return exception }
    if isRuleOther, let key = decision(before, after, oldOutcome, newOutcome, oldCaller, newCaller) { return key }
    let path = oldPath.names + newPath.names.filter { !oldPath.names.contains($0) }
    if let name = path.first(where: { names.own[$0]?.contains(context) == true }) {
      return data(name, before, after, context)
    }
    // Nothing is there itself: something above decides.
    for name in path {
      var above = name
      while above != .root {
        above = above.parent
        if names.own[above]?.contains(context) == true { return data(above, before, after, context) }
      }
    }
    if let exception { return exception }
    if let key = decision(before, after, oldOutcome, newOutcome, oldCaller, newCaller) { return key }
    return isolation(oldOutcome, newOutcome, context)
  }

  /// The exception that holds in one of the policies for calls of a service on the way.
  private func exception(_ olds: [UInt32], _ news: [UInt32], _ oldCaller: Caller, _ newCaller: Caller) -> Key? {
    if exceptions.isEmpty { return nil }
    let old = pair.old.policy, new = pair.new.policy
    let services =
      olds.map { old.policy.services[Int($0) - 1].name } + news.map { new.policy.services[Int($0) - 1].name }
    return exceptions.first { exception in
      services.contains(exception.service) && exception.concerns(oldCaller, newCaller, pair)
        && old.judge(oldCaller, target: old.ownNumber(of: exception.service), at: pair.time).isExcepted
          != new.judge(newCaller, target: new.ownNumber(of: exception.service), at: pair.time).isExcepted
    }?.key
  }

  private func data(_ name: DomainName, _ before: AnswerDigest, _ after: AnswerDigest, _ context: Int) -> Key {
    let place = RecordPlaces.difference(
      name, oldPlaces, pair.contexts[context].old, newPlaces, pair.contexts[context].new)
    let isTTL = before.withoutTTLs == after.withoutTTLs
    if isTTL {
      // Most often that of a whole file.
      return Key(kind: .ttl, text: "records last another time", place: place?.place.file)
    }
    let verb = place?.verb ?? "is something else"
    return Key(kind: .data, text: "\(name) \(verb)", place: place.map { $0.place.description })
  }

  /// The rule that one of the policies refuses by, where they do not say the same of this call.
  private func decision(
    _ before: AnswerDigest, _ after: AnswerDigest, _ oldOutcome: Outcome, _ newOutcome: Outcome, _ oldCaller: Caller,
    _ newCaller: Caller
  ) -> Key? {
    let (refusal, outcome, policy, isNew) =
      newOutcome.refusal != nil
      ? (newOutcome.refusal, newOutcome, pair.new.policy, true)
      : (oldOutcome.refusal, oldOutcome, pair.old.policy, false)
    guard let refusal, refusal.rule != .isolate else { return nil }
    let name = outcome.service == 0 ? nil : policy.policy.services[Int(outcome.service) - 1].name
    let oldNumber = name.map { pair.old.policy.ownNumber(of: $0) } ?? 0
    let newNumber = name.map { pair.new.policy.ownNumber(of: $0) } ?? 0
    let isRuleSame = before.rule == after.rule && before.isOnlyObserved == after.isOnlyObserved
    let isVerdictSame =
      pair.old.policy.verdict(oldCaller, oldNumber, at: pair.time)
      == pair.new.policy.verdict(newCaller, newNumber, at: pair.time)
    if isVerdictSame, !isRuleSame { return nil }  // the data leads to another service
    let service = policy.serviceName(outcome.service)
    let verb: String
    if !isNew {
      verb = "no longer refused by \(refusal.rule.word)"
    } else if after.isOnlyObserved {
      verb =
        before.isRefused ? "no longer refused, only observed: \(refusal.rule.word)" : "observed: \(refusal.rule.word)"
    } else {
      verb =
        before.rule == after.rule && before.isRefused ? "refused in another way" : "refused by \(refusal.rule.word)"
    }
    let reason = refusal.reason == 0 ? nil : policy.reason(refusal.reason)
    return Key(
      kind: .decision, text: "calls of \(service) are \(verb)", place: reason.map { isNew ? $0 : "\($0), before" })
  }

  /// The line that keeps endpoints from callers; the policy as a whole where no one line is to be told.
  private func isolation(_ oldOutcome: Outcome, _ newOutcome: Outcome, _ context: Int) -> Key {
    if let refusal = newOutcome.refusal, refusal.reason != 0 {
      return Key(
        kind: .isolation, text: "callers in \(pair.contexts[context].name): other endpoints are kept from them",
        place: pair.new.policy.reason(refusal.reason))
    }
    let reason = oldOutcome.refusal.map { pair.old.policy.reason($0.reason) }.flatMap { $0.isEmpty ? nil : $0 }
    return Key(
      kind: .isolation, text: "callers in \(pair.contexts[context].name): other endpoints are kept from them",
      place: reason.map { "\($0), before" })
  }
}
