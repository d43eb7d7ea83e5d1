internal import Addresses
internal import Answering
internal import FoundationEssentials
internal import Policy

/// Refusals, as lines of the server's log. Of those that are alike, the first of a second is told whole and the others
/// are counted: a client that asks in a loop, or a flood from forged addresses, is two lines a second.
struct RefusalLog {
  /// Kinds told apart within one second; the refusals of others are only counted.
  static let mostKinds = 256
  /// Refusals taken from a ring at a time: those that come meanwhile wait for the next time, so that a flood does not keep
  /// the control thread from signals.
  private static let turn = 1024

  private let write: (String, Date) -> Void
  /// Those of the second that began with the first of them, and the last of each.
  private var repeated: [RefusalKind: (count: Int, last: DecisionRecord, policy: CompiledPolicy)] = [:]
  private var windowStart: UInt64 = 0
  private var uncounted = 0

  /// - Parameter write: takes a line and its time.
  init(_ write: @escaping (String, Date) -> Void) { self.write = write }

  /// The refusals that wait in a worker's ring.
  /// - Parameters:
  ///   - snapshots: those that may have made them, by generation.
  ///   - show: takes each, as the log does.
  mutating func writeRefusals(
    of ring: DecisionRing, _ snapshots: [UInt64: ServedSnapshot],
    show: (DecisionRecord, CompiledPolicy) -> Void = { _, _ in }
  ) {
    for _ in 0..<Self.turn {
      guard let record = ring.pop() else { return }
      guard let served = snapshots[record.generation] else {
        if repeated.isEmpty, uncounted == 0 { windowStart = record.time }
        uncounted += 1
        continue
      }
      add(record, served.snapshot.policy)
      show(record, served.snapshot.policy)
    }
  }

  /// One refusal.
  mutating func add(_ record: DecisionRecord, _ policy: CompiledPolicy) {
    guard let refusal = record.refusal else { return }
    tell(before: record.time)
    let kind = RefusalKind(record, refusal)
    let sameKind = repeated[kind]
    if sameKind == nil, repeated.count >= Self.mostKinds {
      uncounted += 1
      return
    }
    if repeated.isEmpty, uncounted == 0 { windowStart = record.time }
    repeated[kind] = ((sameKind?.count ?? -1) + 1, record, policy)
    if sameKind == nil { write(text(of: record, refusal, policy), date(record.time)) }
  }

  /// Says how many were like the first, where a second has gone by since.
  mutating func tell(before time: UInt64) {
    guard !repeated.isEmpty || uncounted > 0, time &- windowStart >= 1_000_000_000 || time < windowStart else { return }
    tellAll()
  }

  /// Says how many were like the first.
  mutating func tellAll() {
    let end = date(windowStart &+ 1_000_000_000)
    for (kind, (count, last, policy)) in repeated.filter({ $0.value.count > 0 })
      .sorted(by: { $0.value.last.time < $1.value.last.time })
    {
      let text = text(of: last, kind.refusal, policy)
      // Of so many alike the worker may have kept some back.
      let number = count < Int(RefusalThinning.most) ? "\(count)" : "at least \(count)"
      write(count == 1 ? text : "\(number) more within a second, the last: \(text)", count == 1 ? date(last.time) : end)
    }
    if uncounted > 0 { write("\(uncounted) more refusals within a second", end) }
    repeated.removeAll(keepingCapacity: true)
    uncounted = 0
  }

  private func date(_ time: UInt64) -> Date { Date(timeIntervalSince1970: Double(time) / 1e9) }

  private func text(of record: DecisionRecord, _ refusal: Refusal, _ policy: CompiledPolicy) -> String {
    let caller = record.caller
    let who = [
      caller.service == 0 ? nil : policy.serviceName(caller.service),
      caller.context == 0 ? nil : "in \(policy.contextName(caller.context))",
    ].compactMap(\.self).joined(separator: " ")
    let others = record.refusals(policy).filter { $0 != refusal }
    let also = others.map { "\($0.rule.word) (\(policy.reason($0.reason)))" }.joined(separator: ", ")
    let verb = record.wouldLeaveOut ? "would change" : record.isOnlyObserved ? "would refuse" : "refused"
    return
      "\(verb) \(record.name) \(record.type) "
      + "to \(record.evidence.source)\(who.isEmpty ? "" : " (\(who))"): \(policy.text(of: refusal, record.outcome))"
      + (also.isEmpty ? "" : "; also \(also)")
  }
}

/// What is alike: the same caller may not call the same service, by the same line.
struct RefusalKind: Hashable, Sendable {
  let generation: UInt64
  let context: UInt16
  let service: UInt32
  let target: UInt32
  let refusal: Refusal
  let endpointContext: UInt16
  let isOnlyObserved: Bool

  init(_ record: DecisionRecord, _ refusal: Refusal) {
    generation = record.generation
    context = record.caller.context
    service = record.caller.service
    target = record.service
    self.refusal = refusal
    endpointContext = record.endpointContext
    isOnlyObserved = record.isOnlyObserved
  }
}
