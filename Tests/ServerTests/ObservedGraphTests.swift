import DNSFormat
import TestSupport
import Testing

@testable import Server

@Suite("Cycles among calls that were seen")
struct ObservedGraphTests {
  private typealias Call = ObservedGraph.Call

  private func call(_ caller: String, _ callee: String, in realm: String = "prod") throws -> Call {
    Call(realm: realm, caller: try DomainName(caller + "."), callee: try DomainName(callee + "."))
  }

  private func words(_ closing: ObservedGraph.Closing) -> String {
    closing.cycle.map { $0.description.dropLast() }.joined(separator: " ")
  }

  /// Sees one call a turn, a second after the other.
  private func see(_ graph: inout ObservedGraph, _ calls: [(String, String)], from time: UInt64 = 1) throws -> [String]
  {
    var closed: [String] = []
    for (second, (caller, callee)) in calls.enumerated() {
      closed += graph.see([try call(caller, callee): true], at: time + UInt64(second)).map(words)
    }
    return closed
  }

  @Test func `the call that was first seen last closes the cycle, and the way is the shortest`() throws {
    var graph = ObservedGraph()
    let closed = try see(
      &graph, [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("b", "d"), ("a", "b"), ("e", "a"), ("e", "a")])
    #expect(closed == ["e a b d e"])
    #expect(graph.count == 5)
    #expect(graph.closing.map(\.sight) == [.init(first: 7, last: 8)])
  }

  @Test func `of calls first seen in the same turn the last by names closes the cycle`() throws {
    for _ in 0..<10 {
      var graph = ObservedGraph()
      let calls = [try call("b", "a"): true, try call("a", "b"): true, try call("c", "c"): true]
      #expect(graph.see(calls, at: 1).map(words) == ["b a b"])
      #expect(graph.count == 1)
    }
  }

  @Test func `contexts have nothing to do with each other`() throws {
    var graph = ObservedGraph()
    #expect(graph.see([try call("a", "b", in: "prod"): true, try call("b", "a", in: "test"): true], at: 1).isEmpty)
    #expect(graph.see([try call("b", "a", in: "prod"): true], at: 2).map(words) == ["b a b"])
  }

  @Test func `what was only refused is no call`() throws {
    var graph = ObservedGraph()
    #expect(graph.see([try call("a", "b"): true], at: 1).isEmpty)
    #expect(graph.see([try call("b", "a"): false], at: 2).isEmpty)
    #expect(graph.sight(of: try call("b", "a")) == nil)
    #expect(graph.see([try call("b", "a"): true], at: 3).map(words) == ["b a b"])
    #expect(graph.see([try call("b", "a"): false], at: 4).isEmpty)
    #expect(graph.sight(of: try call("b", "a")) == .init(first: 3, last: 4), "a refused one keeps a closing call known")
  }

  @Test func `a day without a lookup and a call is forgotten, and with it what it closed`() throws {
    var graph = ObservedGraph()
    let day = ObservedGraph.lifetime
    _ = try see(&graph, [("a", "b"), ("b", "c"), ("a", "c"), ("c", "a")])
    #expect(graph.closing.map(words) == ["c a c"])
    // a → c is not seen again: the way by b is left.
    _ = graph.see([try call("a", "b"): true, try call("b", "c"): true, try call("c", "a"): false], at: day)
    #expect(graph.age(at: day + 3).isEmpty)
    #expect(graph.closing.map(words) == ["c a b c"])
    #expect(graph.age(at: 2 * day - 1).isEmpty)
    _ = graph.see([try call("a", "b"): true, try call("c", "a"): false], at: 2 * day - 1)
    #expect(graph.age(at: 2 * day).map(words) == ["c a b c"])
    #expect(graph.closing.isEmpty && graph.count == 1)
    // The other way round now: c → a is there first.
    #expect(graph.see([try call("c", "a"): true], at: 2 * day).isEmpty)
    #expect(graph.see([try call("b", "c"): true], at: 2 * day + 1).map(words) == ["b c a b"])
  }

  /// The plain version: every new call asks the whole graph.
  private struct Plain {
    var calls: [Call: UInt64] = [:]
    var closing: Set<Call> = []

    func leads(_ first: DomainName, to last: DomainName, _ realm: String) -> Bool {
      var found: Set = [first]
      var queue = [first]
      while let next = queue.popLast() {
        if next == last { return true }
        for call in calls.keys where call.caller == next && call.realm == realm && found.insert(call.callee).inserted {
          queue.append(call.callee)
        }
      }
      return false
    }

    mutating func see(_ seen: [Call: Bool], at time: UInt64) -> [Call] {
      var closed: [Call] = []
      for call in seen.keys.sorted() where call.caller != call.callee && !closing.contains(call) {
        if calls[call] == nil, leads(call.callee, to: call.caller, call.realm) {
          closing.insert(call)
          closed.append(call)
        } else {
          calls[call] = time
        }
      }
      return closed
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `closing calls are those that a search of everything finds`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var graph = ObservedGraph()
    var plain = Plain()
    for turn in 1...60 as ClosedRange<UInt64> {
      var seen: [Call: Bool] = [:]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let (caller, callee) = (Int.random(in: 0..<12, using: &random), Int.random(in: 0..<12, using: &random))
        seen[try call("s\(caller)", "s\(callee)", in: Bool.random(using: &random) ? "x" : "y")] = true
      }
      let closed = graph.see(seen, at: turn)
      #expect(closed.map(\.call) == plain.see(seen, at: turn), "seed \(seed), turn \(turn)")
      for closing in closed {
        #expect(closing.way.first == closing.call.callee && closing.way.last == closing.call.caller)
        for (caller, callee) in zip(closing.way, closing.way.dropFirst()) {
          #expect(plain.calls[Call(realm: closing.call.realm, caller: caller, callee: callee)] != nil)
        }
      }
    }
    #expect(Set(graph.closing.map(\.call)) == plain.closing && graph.count == plain.calls.count)
  }

  /// Hubs that are all called by `root`, and call it back: a closing call each.
  private func hubs(_ range: Range<Int>) throws -> (there: [Call: Bool], back: [Call: Bool]) {
    var there: [Call: Bool] = [:], back: [Call: Bool] = [:]
    for hub in range {
      there[try call("root", "s\(hub)")] = true
      back[try call("s\(hub)", "root")] = true
    }
    return (there, back)
  }

  /// Services that call each other, two and two: a closing call each.
  private func pairs(_ range: Range<Int>) throws -> (there: [Call: Bool], back: [Call: Bool]) {
    var there: [Call: Bool] = [:], back: [Call: Bool] = [:]
    for pair in range {
      there[try call("r\(pair)", "s\(pair)")] = true
      back[try call("s\(pair)", "r\(pair)")] = true
    }
    return (there, back)
  }

  @Test func `of closing calls the longest unseen make room, and are told`() throws {
    var graph = ObservedGraph()
    let first = try pairs(0..<ObservedGraph.mostClosing)
    _ = graph.see(first.there, at: 1)
    #expect(graph.see(first.back, at: 2).count == ObservedGraph.mostClosing)
    // All but s7's were seen since.
    let seven = try call("s7", "r7")
    _ = graph.see(first.back.filter { $0.key != seven }, at: 3)
    let next = try pairs(5000..<5002)
    _ = graph.see(next.there, at: 4)
    #expect(graph.see([try call("s5000", "r5000"): true], at: 5).map(words) == ["s5000 r5000 s5000"])
    #expect(graph.takeGone().map(\.call) == [seven] && graph.takeGone().isEmpty)
    #expect(graph.closing.count == ObservedGraph.mostClosing)
    // Where all were seen in this very turn the new one finds no room.
    var all = first.back
    all[try call("s5000", "r5000")] = true
    all[try call("s5001", "r5001")] = true
    all[seven] = nil
    let before = graph.leftOut
    #expect(graph.see(all, at: 6).isEmpty && graph.leftOut == before + 1 && graph.takeGone().isEmpty)
  }

  @Test func `a call that closes nothing any more is told, where its way made room for others`() throws {
    var graph = ObservedGraph()
    _ = try see(&graph, [("a", "b"), ("b", "a")])
    #expect(graph.closing.map(words) == ["b a b"])
    let names = try (0..<400).map { try DomainName("s\($0).") }
    var time: UInt64 = 10
    for caller in 0..<250 {
      time += 1
      var seen = [try call("b", "a"): false]
      for callee in (caller + 1)..<400 { seen[Call(realm: "", caller: names[caller], callee: names[callee])] = true }
      _ = graph.see(seen, at: time)
    }
    #expect(graph.closing.isEmpty && graph.takeGone().map(words) == ["b a b"])
  }

  @Test func `what ways are looked for again in one turn is bounded, and the rest follows in the next`() throws {
    var graph = ObservedGraph()
    // From root to each hub, which calls others; and to a thicket of calls that leads nowhere near one.
    let count = 200
    let (there, back) = try hubs(0..<count)
    var thicket: [Call: Bool] = [:]
    let names = (0..<110).map { "t\($0)" }
    for one in 0..<110 {
      for other in (one + 1)..<110 { thicket[try call(names[one], names[other])] = true }
    }
    thicket[try call("root", names[0])] = true
    _ = graph.see(thicket, at: 1)
    for hub in 0..<count { thicket[try call("s\(hub)", "z")] = true }
    _ = graph.see(thicket.merging(there) { one, _ in one }, at: 1)
    _ = graph.see(back, at: 2)
    #expect(graph.closing.count == count)
    // The calls of hubs are not seen again; all others are.
    let day = ObservedGraph.lifetime
    let kept = thicket.merging(back.mapValues { _ in false }) { one, _ in one }
    _ = graph.see(kept, at: day)
    let gone = graph.age(at: day + 1).count
    #expect(gone > 0 && gone < count, "\(gone)")
    var turns = 0
    while !graph.closing.isEmpty, turns < 100 {
      turns += 1
      _ = graph.see([:], at: day + 1 + UInt64(turns))
    }
    #expect(graph.closing.isEmpty && graph.takeGone().count == count - gone)
  }

  @Test func `there are never more calls than the bound, and the longest unseen go`() throws {
    var graph = ObservedGraph()
    let names = try (0..<400).map { try DomainName("s\($0).") }
    var time: UInt64 = 0
    for caller in 0..<250 {
      time += 1
      var seen: [Call: Bool] = [:]
      for callee in (caller + 1)..<400 { seen[Call(realm: "", caller: names[caller], callee: names[callee])] = true }
      #expect(graph.see(seen, at: time).isEmpty)
      #expect(graph.count <= ObservedGraph.mostCalls)
    }
    #expect(graph.leftOut > 0)
    #expect(graph.sight(of: Call(realm: "", caller: names[0], callee: names[1])) == nil)
    #expect(graph.sight(of: Call(realm: "", caller: names[249], callee: names[399])) != nil)
  }
}
