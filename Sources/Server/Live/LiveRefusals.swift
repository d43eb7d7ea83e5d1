internal import DNSFormat
internal import Policy

/// The last refusals. Those alike within a second are one: the first of them is told, the others are counted. Alike is the
/// same caller asking the same name for the same reason; of one reason and second no more than 8 names are told apart, so
/// that a flood of names does not push out all else.
struct LiveRefusals: Sendable {
  static let most = 100
  private static let namesOfKind = 8

  private struct Question: Hashable {
    let kind: RefusalKind
    let name: [UInt8]
    let type: RRType
  }

  private struct Item: Sendable {
    let time: UInt64
    var refusal: LiveState.Refusal
  }

  /// In the order in which they came to be known.
  private var items: [Item] = []
  /// Items that have gone, so that a number means one item for good.
  private var goneCount = 0
  /// The numbers of the second's items; of a kind all of its items, the first one first.
  private var ofSecond: [Question: Int] = [:]
  private var ofKind: [RefusalKind: (first: Int, count: Int)] = [:]
  private var second: UInt64 = 0

  /// Adds one. In a flood of kinds, the first 100 of a second are told and the others are not.
  mutating func add(_ record: DecisionRecord, _ policy: CompiledPolicy) {
    guard let refusal = record.refusal else { return }
    let time = record.time / 1_000_000_000
    // Workers are asked one after the other: one's refusals of the second before may come behind another's of this one.
    if time != second, time &+ 1 != second {
      second = time
      ofSecond.removeAll(keepingCapacity: true)
      ofKind.removeAll(keepingCapacity: true)
    }
    let kind = RefusalKind(record, refusal)
    let question = Question(kind: kind, name: record.wire, type: record.type)
    let known = ofKind[kind]
    if let number = ofSecond[question] ?? (known?.count == Self.namesOfKind ? known?.first : nil) {
      if number >= goneCount { items[number - goneCount].refusal.count += 1 }
      return
    }
    if ofSecond.count >= Self.most { return }
    let number = goneCount + items.count
    ofSecond[question] = number
    ofKind[kind] = (known?.first ?? number, (known?.count ?? 0) + 1)
    items.append(Item(time: record.time, refusal: Self.told(record, refusal, policy)))
    if items.count > Self.most {
      items.removeFirst()
      goneCount += 1
    }
  }

  private static func told(
    _ record: DecisionRecord, _ refusal: Refusal, _ policy: CompiledPolicy
  ) -> LiveState.Refusal {
    let caller = record.caller
    let place = policy.reason(refusal.reason)
    return LiveState.Refusal(
      time: timeOfDay(record.time), name: record.name.description, type: record.type.description,
      source: record.evidence.source.description, context: caller.isPlaced ? policy.shownContext(caller.context) : nil,
      service: caller.service == 0 ? nil : clipped(policy.serviceName(caller.service)),
      target: record.service == 0 ? nil : clipped(policy.serviceName(record.service)), rule: refusal.rule.word,
      place: place.isEmpty ? nil : clipped(place), reason: clipped(policy.text(of: refusal, record.outcome), to: 600),
      isOnlyObserved: record.isOnlyObserved, count: 1)
  }

  /// The newest first.
  var newestFirst: [LiveState.Refusal] { items.sorted { $0.time > $1.time }.map(\.refusal) }
}
