package import Answering
internal import Contexts
internal import DNSFormat
package import Policy

/// Who called whom, and how often, by a query log: added line by line. Memory grows with the calls that differ.
package struct CallTally: ~Copyable {
  /// A caller as rules see it, and the service it calls.
  package struct Edge: Hashable, Sendable {
    package let caller: Caller
    /// A service's number; 0 for a name of no service whose endpoints are isolated from the caller.
    package let target: UInt32

    /// True where a service calls itself.
    var isOfItself: Bool { target != 0 && caller.service == target }
  }

  /// What became of one edge's queries when they were asked.
  package struct Counts: Sendable {
    package var answered = 0
    /// Answered although a rule forbids it.
    package var wouldBe = 0
    package var refused = 0
    /// Of all these, those whose endpoints an isolation keeps from the caller, and the line that says so.
    package var isolated = 0
    package var isolation: String?
    /// One of the queries.
    package var example: (source: String, name: String, type: String)

    package var count: Int { answered + wouldBe + refused }
    /// Those that did not end in a refusal.
    package var passed: Int { answered + wouldBe }
  }

  package let policy: CompiledPolicy
  package private(set) var edges: [Edge: Counts] = [:]
  package private(set) var queryCount = 0
  /// Lines that are none of a query log's, requests without a question, queries that the log lost.
  package private(set) var malformedCount = 0
  /// Lines that are.
  package private(set) var lineCount = 0
  package private(set) var withoutQuestion = 0
  package private(set) var droppedCount = 0
  /// Queries of names in no zone here, and of names that belong to no service.
  package private(set) var foreignCount = 0
  package private(set) var openCount = 0
  /// Queries of callers in no context, how many of them passed, and one of their addresses.
  package private(set) var unplaced: (count: Int, passed: Int, example: String) = (0, 0, "")
  /// True where some of the log has refusals only.
  package private(set) var isPartial = false
  /// More than 1 where some of the log is a sample: one query in at most so many.
  package private(set) var sample = 1
  package private(set) var firstTime = ""
  package private(set) var lastTime = ""
  private var replay: CallReplay
  private let now: UInt32

  /// - Parameter now: seconds since 1970, for exceptions.
  package init(_ snapshot: Snapshot, at now: UInt32) {
    policy = snapshot.policy
    replay = CallReplay(snapshot)
    self.now = now
  }

  /// Counts a line that is too long to be one of a query log's.
  package mutating func addMalformed(_ count: Int = 1) { malformedCount += count }

  /// Adds a line of the log.
  package mutating func add(_ text: Span<UInt8>) {
    if text.isEmpty { return }
    let line = QueryLogLine(text)
    lineCount += line == nil ? 0 : 1
    switch line {
    case nil: malformedCount += 1
    case .dropped(let count): droppedCount = droppedCount.addingReportingOverflow(count).partialValue
    case .scope(let choice):
      if choice.scope == .refused { isPartial = true }
      sample = max(sample, Int(choice.sample))
    case .query(let entry): add(entry)
    }
  }

  private mutating func add(_ entry: QueryLogEntry) {
    queryCount += 1
    if !entry.time.isEmpty {
      if firstTime.isEmpty || entry.time < firstTime { firstTime = entry.time }
      if entry.time > lastTime { lastTime = entry.time }
    }
    guard let name = entry.question.name else {
      withoutQuestion += 1
      return
    }
    let evidence = entry.question.evidence(policy)
    let caller = policy.callers.caller(evidence)
    guard caller.isPlaced else {
      let isPassed = !entry.isBroken || entry.isOnlyObserved
      unplaced = (unplaced.count + 1, unplaced.passed + (isPassed ? 1 : 0), evidence.source.description)
      return
    }
    let calls = replay.calls(name, entry.question.type, evidence, caller, at: now)
    guard calls.isOurs else {
      foreignCount += 1
      return
    }
    var targets = calls.targets
    if let isolated = calls.isolated, !targets.contains(isolated.service) { targets.append(isolated.service) }
    if targets.isEmpty { openCount += 1 }
    let isRefused = entry.isBroken && !entry.isOnlyObserved
    for target in targets {
      // A query that was refused at one name of its way passed none behind it.
      if isRefused, let refusedTarget = entry.target, targets.count > 1,
        targets.contains(where: { named($0, refusedTarget) }),
        !named(target, refusedTarget)
      {
        continue
      }
      var rulesSee = Caller(context: caller.context, isPlaced: true, service: caller.service)
      rulesSee.identification = caller.identification
      let edge = Edge(caller: rulesSee, target: target)
      var counts =
        edges[edge]
        ?? Counts(example: (evidence.source.description, name.description, entry.question.type.description))
      if isRefused { counts.refused += 1 } else if entry.isBroken { counts.wouldBe += 1 } else { counts.answered += 1 }
      if let isolated = calls.isolated, isolated.service == target {
        counts.isolated += 1
        counts.isolation = isolated.place
      }
      edges[edge] = counts
    }
  }

  private func named(_ service: UInt32, _ text: String) -> Bool { service != 0 && policy.serviceName(service) == text }
}
