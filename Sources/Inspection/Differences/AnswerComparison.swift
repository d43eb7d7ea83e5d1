internal import Answering
internal import DNSFormat
internal import Policy

/// Asks both snapshots about a name, on behalf of every caller that any rule on the way tells apart.
struct AnswerComparison: ~Copyable {
  /// One question that is answered differently to some callers of a context.
  struct Change {
    let name: DomainName
    let type: RRType
    /// True where the answer stands for every other type that is nowhere on the way: all get the same.
    let isOfOthers: Bool
    /// An index into the pair's contexts, and some of its callers.
    let context: Int
    let callers: [Int]
    let old: AnswerDigest
    let new: AnswerDigest
    let oldOutcome: Outcome
    let newOutcome: Outcome
    let oldPath: LookupPath
    let newPath: LookupPath
  }

  /// What two callers were told, where it differs.
  struct Told {
    let oldOutcome: Outcome
    let newOutcome: Outcome
    let old: AnswerDigest
    let new: AnswerDigest
  }

  private struct PathServices: Hashable {
    let context: Int
    let old: [UInt32]
    let new: [UInt32]
  }

  private let pair: SnapshotPair
  private var old: Inquiry
  private var new: Inquiry
  private var classes: [PathServices: [[Int]]] = [:]
  /// Questions asked, of both.
  private(set) var questionCount = 0

  init(_ pair: SnapshotPair) {
    self.pair = pair
    old = Inquiry(pair.old, at: pair.time)
    new = Inquiry(pair.new, at: pair.time)
  }

  /// Everything about a name that differs, in one context.
  ///
  /// Types of which no name on the way has records get one answer, whichever it is; but not addresses, which `isolate`
  /// is about, nor what stands beside an alias or belongs to the side above a zone cut.
  /// - Parameter all: every type there is.
  mutating func compare(_ name: DomainName, context: Int, types all: Set<RRType>, _ body: (Change) -> Void) {
    let contexts = pair.contexts[context]
    let oldPath = LookupPath(name, context: contexts.old, pair.old)
    let newPath = LookupPath(name, context: contexts.new, pair.new)
    let own = oldPath.types.union(newPath.types).union([.a, .aaaa, .cname, .ds, .ns, .soa]).intersection(all)
    let other = all.subtracting(own).min { $0.rawValue < $1.rawValue }
    let types = own.sorted { $0.rawValue < $1.rawValue } + (other.map { [$0] } ?? [])
    for callers in callerClasses(context, oldPath.services, newPath.services) {
      for type in types {
        questionCount += 1
        let asker = contexts.callers[callers[0]]
        guard let told = ask(name, type, asker.old.evidence, asker.new.evidence) else { continue }
        body(
          Change(
            name: name, type: type, isOfOthers: type == other, context: context, callers: callers, old: told.old,
            new: told.new,
            oldOutcome: told.oldOutcome, newOutcome: told.newOutcome, oldPath: oldPath, newPath: newPath))
      }
    }
  }

  /// What two callers get; nil where it is the same.
  mutating func ask(
    _ name: DomainName, _ type: RRType, _ oldEvidence: Evidence, _ newEvidence: Evidence
  ) -> Told? {
    let before = old.ask(name, type, oldEvidence)
    let after = new.ask(name, type, newEvidence)
    let isOthers = before.decision == .forwarded || after.decision == .forwarded
    if !isOthers, old.hasSameResponse(as: new), before.refusal == nil, after.refusal == nil { return nil }
    let oldDigest = AnswerDigest(before, old.message, pair.old)
    let newDigest = AnswerDigest(after, new.message, pair.new)
    if oldDigest == newDigest { return nil }
    return Told(oldOutcome: before, newOutcome: after, old: oldDigest, new: newDigest)
  }

  /// A context's callers by what both policies say of their calling the services.
  private mutating func callerClasses(_ context: Int, _ olds: [UInt32], _ news: [UInt32]) -> [[Int]] {
    let key = PathServices(context: context, old: olds, new: news)
    if let known = classes[key] { return known }
    var found: [[UInt16]: [Int]] = [:]
    let time = pair.time, oldPolicy = pair.old.policy, newPolicy = pair.new.policy
    var order: [[UInt16]] = []
    for (index, asker) in pair.contexts[context].callers.enumerated() {
      var verdicts = olds.map { oldPolicy.verdict(asker.old.caller, $0, at: time) }
      verdicts += news.map { newPolicy.verdict(asker.new.caller, $0, at: time) }
      if found[verdicts] == nil { order.append(verdicts) }
      found[verdicts, default: []].append(index)
    }
    let classes = order.compactMap { found[$0] }
    self.classes[key] = classes
    return classes
  }
}
