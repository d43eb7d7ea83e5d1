import Addresses
import DNSFormat
import Foundation
import Metrics
import Policy
import TestSupport
import Testing

@testable import Answering
@testable import Server

@Suite("What a running server shows of itself")
struct LiveBoardTests {
  private let second: UInt64 = 1_000_000_000
  private let start: UInt64 = 1_795_255_464_123_456_789

  private func served(_ policy: String, generation: UInt64 = 1, overlays: [String] = [], records: String = "")
    throws -> ServedSnapshot
  {
    let zone =
      "$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 5\n@ NS ns1\nns1 A 192.0.2.53\nOrders A 192.0.2.1\norders A 192.0.2.2\n"
      + records
    let files = ConfigurationFiles(
      policies: [("p.policy", Array("origin x.test\n\(policy)\n".utf8))],
      zones: [.init(path: "x.test.zone", origin: "x.test", context: nil)]
        + overlays.map { .init(path: "\($0)/x.test.zone", origin: "x.test", context: $0) },
      open: { $0 == "x.test.zone" ? .success(Array(zone.utf8)) : .success(Array("$TTL 60\norders A 192.0.2.9\n".utf8)) }
    )
    let loaded = SnapshotBuilder.build(files, seed: 7)
    return ServedSnapshot(
      try #require(loaded.snapshot, "\(loaded.diagnostics)"), generation: generation, listeners: [],
      slots: MetricSlots())
  }

  private func board(_ served: ServedSnapshot, _ slots: MetricSlots = MetricSlots(), workers: [String] = ["udp"])
    -> LiveBoard
  {
    LiveBoard(LiveBoard.Facts(folder: "zones", workers: workers), served, slots: slots, at: 0, wall: start)
  }

  private func record(
    _ name: String, at time: UInt64, caller: UInt32 = 1, target: UInt32 = 2, reason: UInt32 = 0
  ) throws -> DecisionRecord {
    var record = DecisionRecord()
    (record.generation, record.time, record.type, record.service) = (1, time, .a, target)
    record.wire = try DomainName(name).wire
    record.caller = Caller(context: 1, service: caller)
    record.refusal = Refusal(.refuse, reason: reason)
    record.decision = .refused
    return record
  }

  private let policy = """
    context prod { from 10.0.0.0/8; mode observe }
    context shard in prod { from 10.1.0.0/16; deny-as nxdomain }
    context lab { from 127.0.0.0/8; sealed }
    isolate prod lab
    service web { runs-at 10.1.0.0/16 }
    service orders { refuse web }
    """

  @Test func `what the workers counted is told by context, and comes back from its JSON`() throws {
    let slots = MetricSlots()
    let served = try served(policy)
    let worker = try Worker(SnapshotHolder(served))
    let board = board(served, slots)
    let population = Population(slot: slots.slot(for: "prod"), decision: .answered, transport: .udp)
    for time in UInt64(1)...100 { worker.metrics.record(population, residence: time * 1000, queue: .time(time)) }
    var outcome = Outcome(caller: Caller(context: 2, service: 1))
    (outcome.decision, outcome.service) = (.answered, 2)
    worker.calls.count(outcome, generation: 1, weight: 1)
    for turn in UInt64(1)...2 {
      worker.calls.turn()
      board.feed([worker], [1: served], datagrams: [], at: turn * second, wall: start + turn * second)
    }
    let state = board.state()
    #expect(state.window == 2 && state.server.uptime == 2)
    #expect(state.rates == [.init(context: "prod", decision: "answered", transport: "udp", perSecond: 50, total: 100)])
    #expect(state.latencies.map(\.metric) == ["residence", "queue"])
    #expect(state.latencies.allSatisfy { $0.count == 100 && $0.p50 <= $0.p99 && $0.uncertainty > 0 })
    #expect(abs(state.latencies[0].p50 - 50e-6) <= 50e-6 / 64 + 1e-9)
    #expect(state.history.map(\.answered) == [100, 0])
    #expect(
      state.calls.map(\.target) == ["orders"] && state.calls[0].service == "web" && state.calls[0].context == "shard")
    #expect(state.calls[0].answered == 1 && state.calls[0].rule == nil && state.callsLeftOut == 0)
    #expect(state.time.hasSuffix(".123Z"))
    let read = try JSONDecoder().decode(LiveState.self, from: Data(board.json().utf8))
    #expect(read == state)
  }

  @Test func `contexts say what they inherit, whom they are kept from, and how they refuse`() throws {
    let board = board(try served(policy, overlays: ["prod", "shard", "lab"]))
    let contexts = board.state().contexts
    #expect(contexts.map(\.name) == ["(everyone)", "prod", "shard", "lab"])
    #expect(contexts.map(\.parent) == [nil, "(everyone)", "prod", "(everyone)"])
    #expect(contexts.map(\.mode) == ["enforce", "observe", "observe", "enforce"])
    #expect(contexts.map(\.denyAs) == ["refused", "refused", "nxdomain", "refused"])
    #expect(contexts.map(\.isSealed) == [false, false, false, true])
    #expect(contexts.map(\.isolatedFrom) == [[], ["lab"], ["lab"], ["prod"]])
    #expect(contexts[2].overlays.map(\.file) == ["shard/x.test.zone", "prod/x.test.zone", "x.test.zone"])
    #expect(contexts[3].overlays.map(\.file) == ["lab/x.test.zone"])
    // Case makes no other name.
    #expect(contexts[2].overlays.map(\.names) == [1, 1, 3])
    #expect(contexts[1].from == ["10.0.0.0/8"])
  }

  @Test func `a base has as many names as its zone is said to have, empty non-terminals among them`() throws {
    let served = try served("", records: "a.b.c A 192.0.2.1\nd.b.c A 192.0.2.1\n*.w A 192.0.2.1\n")
    #expect(board(served).state().contexts[0].overlays.map(\.names) == [9])
    #expect(served.snapshot.zones.zones.map(\.nameCount) == [9])
  }

  @Test func `refusals that are alike are one, with the first and the last of them; the newest first`() throws {
    let served = try served(policy)
    let policy = served.snapshot.policy
    let board = board(served)
    board.note(try record("a.test", at: start + second), policy)
    board.note(try record("b.test", at: start + 2), policy)
    board.note(try record("a.test", at: start + 60 * second), policy)
    // Another worker's, of before.
    board.note(try record("a.test", at: start), policy)
    var elsewhere = try record("a.test", at: start + 1)
    elsewhere.evidence = Evidence(source: try #require(IPAddress("10.9.9.9")))
    board.note(elsewhere, policy)
    let refusals = board.state().refusals
    #expect(refusals.map(\.name) == ["a.test.", "a.test.", "b.test."])
    #expect(refusals.map(\.count) == [1, 3, 1])
    #expect(refusals[1].first == timeOfDay(start) && refusals[1].time == timeOfDay(start + 60 * second))
    #expect(refusals[1].rule == "refuse" && refusals[1].service == "web" && refusals[1].target == "orders")
    #expect(refusals[1].reason == "web may not call orders: refuse")
    #expect(refusals[0].source == "10.9.9.9")
  }

  @Test func `a refusal stays the same through a reload that gives services other numbers`() throws {
    let first = try served(policy)
    let next = try served("service first\n" + policy, generation: 2)
    let board = board(first)
    board.note(try record("a.test", at: start), first.snapshot.policy)
    for turn in UInt64(1)...2 {
      var record = try record("a.test", at: start + turn, caller: 2, target: 3)
      record.generation = 2
      board.note(record, next.snapshot.policy)
    }
    #expect(board.state().refusals.map(\.count) == [3])
  }

  @Test func `a rare refusal outlasts busy ones, and floods of names, of addresses and of kinds`() throws {
    let served = try served(policy)
    let policy = served.snapshot.policy
    var ring = LiveRefusals()
    ring.add(try record("quiet.test", at: start, caller: 0), policy)
    for turn in UInt64(1)...200 {
      for name in ["a", "b", "c"] { ring.add(try record("\(name).test", at: start + turn * second), policy) }
    }
    #expect(ring.newestFirst.map(\.count).sorted() == [1, 200, 200, 200])
    for number in UInt32(0)..<3000 {
      var record = try record("n\(number).test", at: start + 300 * second + UInt64(number) * 10_000_000)
      if number % 2 == 0 { record.evidence = Evidence(source: IPAddress(v4: number)) }
      ring.add(record, policy)
    }
    let refusals = ring.newestFirst
    #expect(refusals.count == LiveRefusals.most && refusals.contains { $0.name == "quiet.test." })
    #expect(refusals[0].name == "n2999.test.")
    for number in UInt32(0)..<300 {
      let time = start + 400 * second + UInt64(number)
      ring.add(try record("k\(number).test", at: time, caller: number % 2, target: number / 2 % 3), policy)
    }
    #expect(ring.newestFirst.count == LiveRefusals.most)
  }

  @Test func `the wall clock set back hides no refusal, and letters in another case make no other`() throws {
    let served = try served(policy)
    let policy = served.snapshot.policy
    var ring = LiveRefusals()
    for number in 0..<LiveRefusals.most {
      ring.add(try record("n\(number).test", at: start + 3600 * second + UInt64(number) * second), policy)
    }
    for name in ["late.test", "LaTe.tEst", "later.test"] { ring.add(try record(name, at: start), policy) }
    let refusals = ring.newestFirst
    #expect(refusals.prefix(2).map(\.name) == ["later.test.", "late.test."] && refusals[1].count == 2)
    #expect(refusals.count == LiveRefusals.most)
  }

  @Test func `which queries are timed is said, and times of others go when it changes`() throws {
    let slots = MetricSlots()
    let all = try served(policy), some = try served("measure every 10\n" + policy, generation: 2)
    let none = try served("measure off\n" + policy, generation: 3)
    let worker = try Worker(SnapshotHolder(all))
    let board = board(all, slots)
    let population = Population(slot: slots.slot(for: "prod"), decision: .answered, transport: .udp)
    worker.metrics.record(population, residence: 1000, queue: .time(1))
    board.feed([worker], [1: all], datagrams: [], at: second, wall: start)
    #expect(board.state().snapshot.timed == "all" && !board.state().latencies.isEmpty)
    board.note(.reloaded, [], try served(policy, generation: 4), at: start)
    #expect(!board.state().latencies.isEmpty)
    board.note(.reloaded, [], some, at: start)
    #expect(board.state().snapshot.timed == "one in 10" && board.state().latencies.isEmpty)
    #expect(board.state().rates.map(\.total) == [1])
    board.note(.reloaded, [], none, at: start)
    #expect(board.state().snapshot.timed == "none")
  }

  @Test func `examples are of the configuration in service`() throws {
    #expect(board(try served(policy)).state().snapshot.exampleName == "web")
    #expect(board(try served(policy)).state().snapshot.exampleSource == "10.1.0.1")
    let bare = board(try served("")).state().snapshot
    #expect(bare.exampleName == "x.test." && bare.exampleSource == "127.0.0.1")
    let wide = board(try served("context c { from 2001:db8::/32 }\nservice w { runs-at 192.0.2.7 }")).state().snapshot
    #expect(wide.exampleSource == "192.0.2.7")
    #expect(board(try served("context c { from 2001:db8::/32 }")).state().snapshot.exampleSource == "2001:db8::1")
  }

  @Test func `a reload that fails or is held makes the configuration stale until one goes into service`() throws {
    let first = try served(policy), next = try served(policy, generation: 2)
    let board = board(first)
    #expect(!board.state().snapshot.isStale && board.state().health.isWell)
    board.note(.failed, ["p.policy:1:1: error: no", String(repeating: "x", count: 9999)], first, at: start + 1)
    board.note(.held, ["held back"], first, at: start + second)
    let stale = board.state()
    #expect(stale.snapshot.isStale && stale.snapshot.generation == 1 && !stale.health.isWell)
    #expect(stale.snapshot.staleSince == timeOfDay(start + 1) && stale.snapshot.staleReasons == ["held back"])
    #expect(board.configuration.failed == 1 && board.configuration.held == 1)
    board.note(.reloaded, [], next, at: start + 2 * second)
    let fresh = board.state()
    #expect(!fresh.snapshot.isStale && fresh.snapshot.generation == 2 && fresh.health.isWell)
    #expect(fresh.snapshot.staleReasons.isEmpty && fresh.snapshot.staleSince == nil)
    #expect(board.configuration.reloaded == 1 && board.configuration.loaded == start + 2 * second)
  }

  @Test func `a worker that takes no turn for five seconds is not well`() throws {
    let served = try served(policy)
    let worker = try Worker(SnapshotHolder(served)), stuck = try Worker(SnapshotHolder(served))
    let board = board(served, workers: ["ambit-udp-0", "ambit-udp-1"])
    for turn in UInt64(1)...6 {
      worker.calls.turn()
      if turn < 2 { stuck.calls.turn() }
      board.feed([worker, stuck], [1: served], datagrams: [], at: turn * second, wall: start)
    }
    #expect(board.state().health.isWell)
    for turn in UInt64(7)...9 {
      worker.calls.turn()
      board.feed([worker, stuck], [1: served], datagrams: [], at: turn * second, wall: start)
    }
    let check = try #require(board.state().health.checks.first { !$0.isWell })
    #expect(check.name == "workers" && check.text.contains("ambit-udp-1") && !check.text.contains("ambit-udp-0"))
  }

  @Test(arguments: [
    ("query log", MetricCounter.queryRecordsDropped), ("query log", .queryRecordsLost),
    ("dnstap", .dnstapRecordsDropped), ("dnstap", .dnstapRecordsLost), ("metrics log", .metricsLinesLost),
  ])
  func `a log that misses records is not well, until none went missing lately`(log: String, counter: MetricCounter)
    throws
  {
    let served = try served(policy)
    let worker = try Worker(SnapshotHolder(served)), writer = WorkerMetrics(slots: 2)
    let board = board(served)
    func unwell(at turn: UInt64) -> [LiveState.Check] {
      worker.calls.turn()
      board.feed([worker], logs: [writer], [1: served], datagrams: [], at: turn * second, wall: start + turn * second)
      return board.state().health.checks.filter { !$0.isWell }
    }
    #expect(unwell(at: 1).isEmpty)
    writer.count(counter, 3)
    #expect(unwell(at: 2).map(\.name) == [log])
    #expect(unwell(at: 3).first?.text.hasPrefix("3 records missing: ") == true)
    for turn in UInt64(4)...12 { _ = unwell(at: turn) }
    #expect(unwell(at: 13).isEmpty)
  }

  @Test func `calls keep their names through a reload, and those of a snapshot that is gone are left out`() throws {
    let first = try served(policy)
    let next = try served("service first\n" + policy, generation: 2)  // every service has another number
    let worker = try Worker(SnapshotHolder(first))
    let board = board(first)
    func call(_ service: UInt32, _ target: UInt32, generation: UInt64) {
      var outcome = Outcome(caller: Caller(context: 1, service: service))
      (outcome.decision, outcome.service) = (.answered, target)
      worker.calls.count(outcome, generation: generation, weight: 1)
    }
    call(1, 2, generation: 1)
    call(2, 3, generation: 2)
    call(1, 2, generation: 7)
    for turn in UInt64(1)...2 {
      worker.calls.turn()
      board.feed([worker], [1: first, 2: next], datagrams: [], at: turn * second, wall: start)
    }
    let state = board.state()
    #expect(state.calls.map(\.answered) == [2] && state.calls[0].service == "web" && state.calls[0].target == "orders")
    #expect(state.callsLeftOut == 1)
  }

  @Test func `however much there is, the JSON has its bound and says what it leaves out`() throws {
    let names = (0..<700).map { "c\($0)-" + String(repeating: "x", count: 40) }
    let services = (0..<300).map {
      "service s\($0)-\(String(repeating: "y", count: 40)) { refuse s0-\(String(repeating: "y", count: 40)) }"
    }
    let contexts = names.enumerated().map { "context \($1) { from 10.\($0 / 250).\($0 % 250).0/24 }" }
    let served = try served((contexts + services).joined(separator: "\n"))
    let slots = MetricSlots()
    let worker = try Worker(SnapshotHolder(served))
    let board = board(served, slots)
    for name in names {
      for decision in MetricDecision.allCases where decision != .silent {
        let population = Population(slot: slots.slot(for: name), decision: decision, transport: .udp)
        for exponent in 0..<36 {
          worker.metrics.record(population, residence: 1 << exponent, queue: .time(1 << exponent))
        }
      }
    }
    for caller in UInt32(1)...300 {
      for target in UInt32(1)...20 {
        var outcome = Outcome(caller: Caller(context: 1, service: caller))
        (outcome.decision, outcome.service) = (.answered, target)
        worker.calls.count(outcome, generation: 1, weight: 1)
      }
    }
    for turn in UInt64(1)...3 {
      worker.calls.turn()
      board.feed([worker], [1: served], datagrams: [], at: turn * second, wall: start)
    }
    let json = board.json()
    #expect(json.utf8.count <= LiveBoard.longestJSON)
    let state = try JSONDecoder().decode(LiveState.self, from: Data(json.utf8))
    #expect(state.contexts.count + state.contextsLeftOut == 701)
    #expect(state.ratesLeftOut > 0 && state.latenciesLeftOut > 0)
    // Every population is in a row or counted as left out, of rates and of latencies, however much is cut off.
    let populations = board.state().rates.count + board.state().ratesLeftOut
    func expectSums(_ state: LiveState) {
      let timed = Set(state.latencies.map { [$0.context, $0.decision, $0.transport] })
      #expect(state.rates.count + state.ratesLeftOut == populations)
      #expect(timed.count + state.latenciesLeftOut == populations)
    }
    expectSums(board.state())
    expectSums(state)
    #expect(state.calls.reduce(state.callsLeftOut) { $0 + $1.answered } == 6000)
    var tight = board.state()
    #expect(tight.encoded(atMost: 20_000).utf8.count <= 20_000)
    expectSums(tight)
  }

  @Test func `a population that is not timed is not one that found no room`() throws {
    let served = try served("measure off\n" + policy)
    let slots = MetricSlots()
    let worker = try Worker(SnapshotHolder(served))
    let board = board(served, slots)
    var tally = PopulationTally(for: worker.metrics)
    for context in ["prod", "shard", "lab"] {
      tally.add(Population(slot: slots.slot(for: context), decision: .answered, transport: .udp))
    }
    worker.metrics.count(&tally)
    board.feed([worker], [1: served], datagrams: [], at: second, wall: start + second)
    let state = board.state()
    #expect(state.rates.count == 3 && state.latencies.isEmpty)
    #expect(state.ratesLeftOut == 0 && state.latenciesLeftOut == 0)
  }

  @Test func `the JSON has what is noted between two seconds`() throws {
    let served = try served(policy)
    let board = board(served)
    func state() throws -> LiveState { try JSONDecoder().decode(LiveState.self, from: Data(board.json().utf8)) }
    #expect(try state().health.isWell)
    board.note(brokenZones: ["x.test."])
    #expect(try state().health.checks.contains { $0.text == "SERVFAIL: x.test." })
    board.note(.failed, ["p.policy:1:1: error: no"], served, at: start)
    #expect(try state().snapshot.isStale)
    board.note(.reloaded, [], served, at: start)
    #expect(try !state().snapshot.isStale && state().health.isWell)
  }

  @Test func `calls nobody makes any more make room, and the sum stays`() throws {
    let count = 200
    let names = (1...count).map { "service s\($0)" }.joined(separator: "\n")
    let policy = try served("context c { from 10.0.0.0/8 }\n" + names).snapshot.policy
    var calls = LiveCalls()
    var sum: UInt64 = 0
    for turn in 0..<60 {
      calls.begin(generations: [1])
      for number in 0..<500 {
        let edge = UInt32(turn * 500 + number)
        calls.add(
          WorkerCalls.Entry(
            generation: 1, service: 1 + edge % UInt32(count), context: 1, isPlaced: true,
            target: 1 + edge / UInt32(count), answered: 1, refused: 0, wouldRefuse: 0), policy)
        sum += 1
      }
      #expect(calls.rows.count <= LiveCalls.mostRows)
      #expect(calls.rows.reduce(calls.leftOut) { $0 + $1.total } == sum)
    }
    #expect(calls.rows.contains { $0.recent > 0 })
    let shown = calls.shown(atMost: 10)
    #expect(shown.rows.reduce(shown.leftOut) { $0 + $1.total } == sum && shown.rows.count == 10)
  }

  @Test func `busy answers do not hide refused calls`() {
    let policy = CompiledPolicy(Policy.read([("p", Array("origin x.test\nservice a\nservice b".utf8))]).policy!)
    var calls = LiveCalls()
    calls.begin(generations: [1])
    for context in UInt16(0)..<1 {
      for target in UInt32(1)...2 {
        calls.add(
          WorkerCalls.Entry(
            generation: 1, service: 1, context: context, isPlaced: true, target: target,
            answered: target == 1 ? 900 : 0,
            refused: target == 2 ? 1 : 0, wouldRefuse: 0, refusal: Refusal(.allow, reason: 0)), policy)
      }
    }
    calls.add(
      WorkerCalls.Entry(
        generation: 1, service: 2, context: 0, isPlaced: true, target: 1, answered: 500, refused: 0, wouldRefuse: 0),
      policy)
    let shown = calls.shown(atMost: 2).rows
    #expect(shown.map(\.total) == [900, 1])
  }
}
