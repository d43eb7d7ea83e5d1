import DNSFormat
import Diagnostics
import TestSupport
import Testing

@testable import Answering
@testable import Policy
@testable import Server

@Suite("What the watch of calls tells")
struct CallWatchTests {
  private func compiled(_ more: String = "") throws -> CompiledPolicy {
    let text = """
      origin mesh.test
      context prod { from 10.30.0.0/16 }
      context shard in prod { from 10.30.1.0/24 }
      service web { }
      service orders { }
      \(more)

      """
    let read = Policy.read([("a.policy", Array(text.utf8))])
    return CompiledPolicy(try #require(read.policy))
  }

  private func entry(_ service: UInt32, _ target: UInt32, context: UInt16 = 1, refused: Bool = false)
    -> WorkerCalls.Entry
  {
    WorkerCalls.Entry(
      generation: 1, service: service, context: context, isPlaced: true, target: target, answered: refused ? 0 : 1,
      refused: refused ? 1 : 0, wouldRefuse: 0, refusal: nil)
  }

  private func turn(_ watch: inout CallWatch, _ policy: CompiledPolicy, at wall: UInt64) -> CallWatch.News {
    watch.turn([], generations: [1], policy, monotonic: wall * 1_000_000_000, wall: wall)
  }

  @Test func `a cycle is told once, again after an hour where it goes on, and its call is in the set`() throws {
    let policy = try compiled("acyclic observed")
    var watch = CallWatch()
    watch.add(entry(1, 2, context: 2), policy)
    #expect(turn(&watch, policy, at: 1_000_000_000) == CallWatch.News())
    watch.add(entry(2, 1), policy)
    let news = turn(&watch, policy, at: 1_000_000_060)
    #expect(
      news.lines == [
        "orders → web → orders: a cycle among calls seen in prod; first seen: web → orders since 2001-09-09T01:46:40Z, "
          + "last orders → web since 2001-09-09T01:47:40Z (a.policy:4, a.policy:5); acyclic observed (a.policy:6) is "
          + "against the last of them"
      ])
    #expect(news.hasOtherClosing && watch.cycles == 1)
    let set = watch.closingCalls(policy)
    #expect(set.contains(context: 1, caller: 2, callee: 1) && set.contains(context: 2, caller: 2, callee: 1))
    #expect(!set.contains(context: 1, caller: 1, callee: 2))
    watch.add(entry(2, 1, refused: true), policy)
    #expect(turn(&watch, policy, at: 1_000_003_600).lines.isEmpty)
    watch.add(entry(2, 1, refused: true), policy)
    #expect(turn(&watch, policy, at: 1_000_003_660).lines.count == 1)
    // By names: in another policy the numbers are others.
    let other = try compiled("acyclic observed\nservice aaa { }")
    let renumbered = watch.closingCalls(other)
    #expect(renumbered.contains(context: 1, caller: 2, callee: 1))
    #expect(watch.closingCalls(try compiled()).isEmpty, "nobody says acyclic observed")
  }

  @Test func `a wall clock that is set forgets no call, and tells no cycle again`() throws {
    let policy = try compiled("acyclic observed")
    var watch = CallWatch()
    func turn(_ second: UInt64, wall: UInt64) -> CallWatch.News {
      watch.turn([], generations: [1], policy, monotonic: second * 1_000_000_000, wall: wall)
    }
    watch.add(entry(1, 2), policy)
    _ = turn(100, wall: 1_000_000_000)
    watch.add(entry(2, 1), policy)
    #expect(turn(160, wall: 1_000_000_060).lines.count == 1)
    // Two days on, then a year back.
    for (second, wall) in [(230, 1_000_172_930), (300, 970_000_000)] as [(UInt64, UInt64)] {
      watch.add(entry(2, 1, refused: true), policy)
      #expect(turn(second, wall: wall) == CallWatch.News())
      #expect(watch.graph.closing.count == 1 && watch.graph.count == 1)
    }
    #expect(watch.wall(of: 160) == 969_999_860)
  }

  @Test func `numbers that a policy has not are no calls`() throws {
    let policy = try compiled()
    var watch = CallWatch()
    for (service, target, context) in [(9, 1, 1), (1, 9, 1), (1, 0, 1), (0, 1, 1), (1, 2, 99)]
      as [(UInt32, UInt32, UInt16)]
    {
      watch.add(entry(service, target, context: context), policy)
    }
    watch.add(entry(1, 2), nil)
    _ = turn(&watch, policy, at: 5)
    #expect(watch.graph.count == 0)
  }

  @Test func `a storm is told at its beginning and its end`() throws {
    let policy = try compiled()
    var watch = CallWatch()
    var calls = LiveCalls()
    var lines: [String] = []
    for second in 0..<1000 as Range<UInt64> {
      calls.begin(generations: [1])
      var entry = entry(1, 2)
      entry.answered = (601..<801).contains(second) ? 480 : 40
      calls.add(entry, policy)
      lines +=
        watch.turn(
          calls.rows, generations: [1], policy, monotonic: second * 1_000_000_000, wall: 1_000_000_000 + second
        ).lines
    }
    #expect(
      lines == [
        "web → orders: 480 lookups/s, 12 times its usual 40.0 (5-minute baseline): a retry storm?",
        "web → orders: back to 40.0 lookups/s after 3 min 20 s, peak 480, usual before 40.0",
      ])
    #expect(watch.stormsBegun == 1 && watch.rates.stormCount == 0)
  }
}
