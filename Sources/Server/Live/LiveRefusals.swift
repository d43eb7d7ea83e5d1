internal import Addresses
internal import DNSFormat
internal import Policy

/// The last refusals, at most 100. Those alike are one, with the times of the first and the last and how many they were:
/// alike is the same caller at the same address asking the same name for the same reason.
///
/// Where there is no room, one of the kind that has the most goes, the one that came least lately: neither a few that come
/// all the time nor a flood of names or addresses pushes out what is rare. Order is that of arrival: the wall clock may be
/// set back.
struct LiveRefusals: Sendable {
  static let most = 100
  /// Rows that may be new in a second: in a flood from everywhere the others are only in the counters.
  private static let mostNew = 256

  private struct Question: Equatable {
    let kind: RefusalKind
    let source: IPAddress
    /// In small letters: a resolver may ask with others each time.
    let name: [UInt8]
    let type: RRType
  }

  private struct Item: Sendable {
    /// As it was asked last.
    var question: Question
    var first: UInt64
    var last: UInt64
    /// Counts what is added.
    var arrival: UInt64
    var refusal: LiveState.Refusal
  }

  /// In no order.
  private var items: [Item] = []
  private var arrivals: UInt64 = 0
  /// A second of the wall clock, and how many rows were new in it.
  private var second: UInt64 = 0
  private var newCount = 0

  /// Adds one.
  mutating func add(_ record: DecisionRecord, _ policy: CompiledPolicy) {
    guard let refusal = record.refusal else { return }
    arrivals += 1
    var record = record
    record.wire = record.wire.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
    let question = Question(
      kind: RefusalKind(record, refusal), source: record.evidence.source, name: record.wire, type: record.type)
    if let known = items.firstIndex(where: { $0.question == question }) { return count(record, in: known) }
    if record.time / 1_000_000_000 != second { (second, newCount) = (record.time / 1_000_000_000, 0) }
    newCount += 1
    if newCount > Self.mostNew { return }
    let told = Self.told(record, refusal, policy)
    // After a reload the same has other numbers.
    if let known = items.firstIndex(where: {
      $0.question.kind.generation != question.kind.generation && $0.refusal.isLike(told)
    }) {
      items[known].question = question
      items[known].refusal.reason = told.reason
      return count(record, in: known)
    }
    if items.count == Self.most { makeRoom() }
    items.append(Item(question: question, first: record.time, last: record.time, arrival: arrivals, refusal: told))
  }

  private mutating func count(_ record: DecisionRecord, in index: Int) {
    items[index].refusal.count += 1
    items[index].arrival = arrivals
    // Workers are asked one after the other, so times do not come in order.
    items[index].first = min(items[index].first, record.time)
    items[index].last = max(items[index].last, record.time)
  }

  private mutating func makeRoom() {
    let sizes = items.reduce(into: [:]) { $0[$1.question.kind, default: 0] += 1 }
    let largest = sizes.values.max() ?? 0
    let crowd = items.indices.filter { sizes[items[$0].question.kind] == largest }
    if let going = crowd.min(by: { items[$0].arrival < items[$1].arrival }) { items.remove(at: going) }
  }

  private static func told(
    _ record: DecisionRecord, _ refusal: Refusal, _ policy: CompiledPolicy
  ) -> LiveState.Refusal {
    let caller = record.caller
    let place = policy.reason(refusal.reason)
    return LiveState.Refusal(
      first: "", time: "", name: record.name.description, type: record.type.description,
      source: record.evidence.source.description, context: caller.isPlaced ? policy.shownContext(caller.context) : nil,
      service: caller.service == 0 ? nil : clipped(policy.serviceName(caller.service)),
      target: record.service == 0 ? nil : clipped(policy.serviceName(record.service)), rule: refusal.rule.word,
      place: place.isEmpty ? nil : clipped(place), reason: clipped(policy.text(of: refusal, record.outcome), to: 600),
      isOnlyObserved: record.isOnlyObserved, count: 1)
  }

  /// The newest first.
  var newestFirst: [LiveState.Refusal] {
    items.sorted { $0.arrival > $1.arrival }.map { item in
      var refusal = item.refusal
      (refusal.first, refusal.time) = (timeOfDay(item.first), timeOfDay(item.last))
      return refusal
    }
  }
}

extension LiveState.Refusal {
  /// True for the same but for times, count, and what the reason adds.
  fileprivate func isLike(_ other: Self) -> Bool {
    (name, type, source, rule, isOnlyObserved)
      == (other.name, other.type, other.source, other.rule, other.isOnlyObserved)
      && (context, service, target, place) == (other.context, other.service, other.target, other.place)
  }
}
