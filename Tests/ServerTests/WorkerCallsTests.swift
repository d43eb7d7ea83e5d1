import LinuxIO
import Policy
import Synchronization
import TestSupport
import Testing

@testable import Answering
@testable import Server

@Suite("Who called whom, as a worker counts it")
struct WorkerCallsTests {
  private func outcome(
    _ service: UInt32, _ target: UInt32, context: UInt16 = 1, refusal: Refusal? = nil, isOnlyObserved: Bool = false
  ) -> Outcome {
    var outcome = Outcome(caller: Caller(context: context, service: service))
    outcome.service = target
    outcome.decision = refusal == nil || isOnlyObserved ? .answered : .refused
    outcome.refusal = refusal
    outcome.isOnlyObserved = isOnlyObserved
    return outcome
  }

  /// All that waits, as after two seconds.
  private func take(_ calls: WorkerCalls) -> (entries: [WorkerCalls.Entry], leftOut: UInt64) {
    var entries: [WorkerCalls.Entry] = []
    var leftOut: UInt64 = 0
    for _ in 0..<2 {
      calls.turn()
      leftOut += calls.take { entries.append($0) } ?? 0
    }
    return (entries, leftOut)
  }

  @Test func `calls are told apart by caller, context, service and snapshot, and counted by what became of them`() {
    let calls = WorkerCalls(seed: 1)
    let refusal = Refusal(.tiers, reason: 9)
    for _ in 0..<5 { calls.count(outcome(1, 2), generation: 1, weight: 1) }
    calls.count(outcome(1, 2), generation: 2, weight: 1)
    calls.count(outcome(1, 2, context: 3), generation: 1, weight: 1)
    calls.count(outcome(2, 1, refusal: refusal), generation: 1, weight: 0)
    calls.count(outcome(2, 1, refusal: refusal, isOnlyObserved: true), generation: 1, weight: 32)
    calls.count(outcome(2, 0), generation: 1, weight: 1)  // a name of no service
    calls.count(outcome(7, 8), generation: 1, weight: 0)  // not drawn
    let entries = take(calls).entries
    #expect(entries.count == 4)
    #expect(entries.first { $0.generation == 1 && $0.service == 1 && $0.context == 1 }?.answered == 5)
    #expect(entries.first { $0.generation == 2 }?.answered == 1)
    let broken = entries.first { $0.service == 2 }
    #expect(broken?.refused == 1 && broken?.wouldRefuse == 1 && broken?.answered == 0 && broken?.refusal == refusal)
    #expect(take(calls).entries.isEmpty)
  }

  @Test func `what failed, and what got silence for another reason than policy, is no call`() {
    let calls = WorkerCalls(seed: 1)
    for decision in [Decision.failed, .silent] {
      var outcome = outcome(1, 2)
      outcome.decision = decision
      calls.count(outcome, generation: 1, weight: 1)
    }
    #expect(take(calls).entries.isEmpty)
  }

  @Test func `a service that fails is counted as refused, drawn or not, by no rule`() {
    let calls = WorkerCalls(seed: 1)
    for weight in [0, 0, 1, 32] as [UInt64] {
      var failed = outcome(1, 2)
      failed.decision = .refused
      calls.count(failed, generation: 1, weight: weight)
    }
    let entries = take(calls).entries
    #expect(entries.map(\.refused) == [4] && entries[0].answered == 0 && entries[0].refusal == nil)
  }

  @Test func `where another service stands in, its call is counted beside the one that was made`() {
    let calls = WorkerCalls(seed: 1)
    var answered = outcome(1, 2)
    answered.standIn = 3
    calls.count(answered, generation: 1, weight: 8)
    calls.count(answered, generation: 1, weight: 0)
    // What a rule in shadow says of the one is not said of the other.
    (answered.refusal, answered.isOnlyObserved) = (Refusal(.tiers, reason: 9), true)
    calls.count(answered, generation: 1, weight: 1)
    let entries = take(calls).entries.sorted { $0.target < $1.target }
    #expect(entries.map(\.target) == [2, 3] && entries.map(\.answered) == [8, 9])
    #expect(entries.map(\.wouldRefuse) == [1, 0] && entries.map(\.squares) == [65, 65])
  }

  @Test(arguments: 1...4)
  func `batches of up to 4 are counted whole; of a larger one, one query stands for all`(seed: UInt64) {
    let calls = WorkerCalls(seed: seed)
    for count in 0...4 { #expect((0..<count).allSatisfy { calls.sample(of: count).weight(of: $0) == 1 }) }
    for count in 5...64 {
      for _ in 0..<50 {
        let sample = calls.sample(of: count)
        #expect((0..<count).reduce(0) { $0 + sample.weight(of: $1) } == UInt64(count))
        #expect((0..<count).count { sample.weight(of: $0) > 0 } == 1)
      }
    }
  }

  @Test(arguments: 1...4)
  func `the estimate has no bias, and the stated spread`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let calls = WorkerCalls(seed: seed)
    let batches = 20_000, size = 32
    var counts: [UInt64] = [0, 0, 0]
    for _ in 0..<batches {
      let sample = calls.sample(of: size)
      for index in 0..<size {
        // The last in each batch is another's: a choice by place would miss it, or take only it.
        let service: UInt32 = index == size - 1 ? 3 : random.chance(30) ? 1 : 2
        counts[Int(service - 1)] += 1
        calls.count(outcome(service, 9), generation: 1, weight: sample.weight(of: index))
      }
    }
    let entries = take(calls).entries
    #expect(entries.count == 3)
    #expect(entries.reduce(0) { $0 + $1.answered } == UInt64(batches * size))
    for entry in entries {
      let truth = Double(counts[Int(entry.service - 1)])
      let share = truth / Double(batches * size)
      let spread = (Double(size) * (1 - share) / truth).squareRoot()
      #expect(abs(Double(entry.answered) / truth - 1) < 5 * spread)
    }
  }

  @Test(arguments: 1...4)
  func `refusals are exact whatever the batches are, and the epochs add up`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let calls = WorkerCalls(seed: seed)
    var truth: [UInt32: UInt64] = [:], seen: [UInt32: UInt64] = [:]
    for _ in 0..<500 {
      if random.chance(40) { calls.turn() }
      if random.chance(40) { _ = calls.take { seen[$0.target, default: 0] += $0.refused } }
      let sample = calls.sample(of: 32)
      for index in 0..<32 where random.chance(20) {
        let target = UInt32(random.number(1...50))
        truth[target, default: 0] += 1
        calls.count(
          outcome(1, target, refusal: Refusal(.allow, reason: 1)), generation: 1, weight: sample.weight(of: index))
      }
    }
    for _ in 0..<2 {
      calls.turn()
      _ = calls.take { seen[$0.target, default: 0] += $0.refused }
    }
    #expect(seen == truth)
  }

  @Test func `where there is no room, what is left out is counted`() {
    let calls = WorkerCalls(seed: 5)
    let count = WorkerCalls.capacity * 3
    for target in 1...count { calls.count(outcome(1, UInt32(target)), generation: 1, weight: 2) }
    let (entries, leftOut) = take(calls)
    #expect(entries.count <= WorkerCalls.capacity && entries.count > WorkerCalls.capacity / 2)
    #expect(Set(entries.map(\.target)).count == entries.count)
    #expect(entries.reduce(leftOut) { $0 + $1.answered } == UInt64(count * 2))
    calls.count(outcome(1, 1), generation: 1, weight: 1)
    #expect(take(calls).entries.map(\.answered) == [1])
  }

  @Test func `a worker that does not turn is not read, and is said not to have turned`() {
    let calls = WorkerCalls(seed: 1)
    #expect(calls.take { _ in } == 0)
    calls.count(outcome(1, 2), generation: 1, weight: 1)
    #expect(calls.take { _ in Issue.record("nothing is passed on yet") } == nil)
    #expect(take(calls).entries.map(\.answered) == [1])
  }

  @Test func `a reader on another thread misses nothing and sees nothing twice`() throws {
    let calls = WorkerCalls(seed: 3)
    let isDone = Atomic<Bool>(false)
    let outcomes = (1...200).map { outcome(UInt32($0), UInt32($0), refusal: Refusal(.allow, reason: UInt32($0))) }
    let batches = 500
    let writer = try WorkerThread.start(name: "writer") {
      for _ in 0..<batches {
        calls.turn()
        for outcome in outcomes { calls.count(outcome, generation: 1, weight: 1) }
      }
      isDone.store(true, ordering: .releasing)
    }
    var sums: [UInt32: UInt64] = [:]
    var areWhole = true
    func read(_ entry: WorkerCalls.Entry) {
      areWhole = areWhole && entry.service == entry.target && entry.refusal?.reason == entry.target && entry.refused > 0
      sums[entry.target, default: 0] += entry.refused
    }
    while !isDone.load(ordering: .acquiring) { _ = calls.take(read) }
    writer.join()
    for _ in 0..<2 {
      calls.turn()
      _ = calls.take(read)
    }
    #expect(areWhole)
    #expect(sums.count == 200 && sums.values.allSatisfy { $0 == UInt64(batches) })
  }
}
