import DNSFormat
import Diagnostics
import TestSupport
import Testing

@testable import Policy

@Suite("DESIGN §3.3: acyclic, the graph of declared calls")
struct CallGraphTests {
  private static let head = "acyclic\n"

  @Test func `a cycle is told as a path of file:lines, from its first word on`() {
    let services = "origin t; acyclic\nservice web { allow orders }\nservice checkout {\n allow web }"
    let found = read(("ambit.policy", services), ("orders.policy", "origin t; service orders {\n\n  allow checkout }"))
    #expect(found.policy == nil)
    #expect(
      found.diagnostics.map(\.description) == [
        "ambit.policy:2:21: error: the allowed calls have a cycle, against acyclic (ambit.policy:1): orders calls web "
          + "(ambit.policy:2), web calls checkout (ambit.policy:4), checkout calls orders (orders.policy:3); remove "
          + "one of them, or lift the rule for one by an except, for a time"
      ])
  }

  @Test(arguments: ["observe acyclic", "mode observe"])
  func `where acyclic is only observed a cycle is a warning`(line: String) {
    let found = read(("p", "acyclic; \(line)\nservice a. { allow b. }\nservice b. { allow a. }"))
    #expect(found.policy != nil)
    #expect(
      found.diagnostics.map(\.description) == [
        "p:2:20: warning: the allowed calls have a cycle, against acyclic (p:1): b. calls a. (p:2), a. calls b. (p:3); "
          + "acyclic is only observed, so remove one of them before it is enforced"
      ])
  }

  @Test(
    arguments: [
      "service a. { allow b. }\nservice b. { allow a.; refuse a. }",
      "service a. { allow b. }\nservice b. { allow a.; refuse * }",
      "service a. { allow b. }\nservice b. { allow a. }\nexcept a. -> b. until 2020-01-01 because x",
      "service a. { allow b. }\nservice b. { allow c }\ncontext c",
      "service a. { allow b. }\nservice b. { allow * }", "service a. { allow a. }",
    ])
  func `what is refused, excepted, said of contexts or of oneself closes no cycle`(lines: String) {
    // Whether such lines are otherwise good is said elsewhere.
    #expect(!findings("acyclic\n" + lines).contains("cycle"))
  }

  @Test(
    arguments: [
      ("context prod { mode enforce }", #"context "prod" (p:2)"#),
      ("service c. { mode enforce }", #"service "c." (p:2)"#),
    ])
  func `where something enforces acyclic though the server observes, a cycle is an error`(line: String, part: String) {
    let found = findings("acyclic; mode observe\n\(line)\nservice a. { allow b. }\nservice b. { allow a. }")
    #expect(found.contains("error: the allowed calls have a cycle"))
    #expect(found.contains(", and \(part) enforces it, though the server only observes; remove one of them"))
  }

  @Test(arguments: ["2020-01-01", "2027-01-01"])
  func `an exception, ended or not, opens no call in the other direction`(day: String) throws {
    let lines = "acyclic\nservice web. { allow * }\nservice reports. { allow web. }\n"
    let compiled = CompiledPolicy(try policy(lines + "except web. -> reports. until \(day) because \"old\"\n"))
    #expect(compiled.judge(Caller(context: 0, service: 2), target: 1, at: 1_790_000_000).refusal?.rule == .acyclic)
    #expect(compiled.judge(Caller(context: 0, service: 1), target: 2, at: 1_790_000_000).refusal == nil)
  }

  @Test func `of a declared cycle the excepted call is refused when its time is over, the other never`() throws {
    let lines = "acyclic\nservice a. { allow b. }\nservice b. { allow a. }\nservice c. { allow * }\n"
    let compiled = CompiledPolicy(try policy(lines + "except a. -> b. until 2026-06-30 because \"INC-1\"\n"))
    let end: UInt32 = 1_782_864_000
    func rule(_ caller: UInt32, _ target: UInt32, _ time: UInt32) -> Rule? {
      compiled.judge(Caller(context: 0, service: caller), target: target, at: time).refusal?.rule
    }
    #expect(rule(1, 2, end - 1) == nil && rule(1, 2, end) == .acyclic && rule(1, 2, .max) == .acyclic)
    #expect(rule(2, 1, end - 1) == nil && rule(2, 1, end) == nil && rule(2, 3, end) == nil)
  }

  @Test func `a long chain and a broad tree of calls take little memory`() throws {
    for parent in [{ $0 - 1 }, { $0 / 3 }] as [(Int) -> Int] {
      for isUpwards in [false, true] {
        let calls = (1..<20_000).map { service in
          let (one, other) = (service, parent(service))
          return CallGraph.Call(
            caller: isUpwards ? one : other, callee: isUpwards ? other : one, location: SourceLocation(file: ""))
        }
        let graph = CallGraph(calls, serviceCount: 20_000)
        let reachability = try #require(Reachability(graph, graph.components))
        #expect(reachability.words.count < 20_000 * 16)
      }
    }
  }

  @Test func `each part that goes round is told once, by a short cycle`() {
    var lines = "acyclic\n"
    for service in 0..<6 { lines += "service s\(service). { allow s\((service + 1) % 6). }\n" }
    lines = lines.replacing("{ allow s3. }", with: "{ allow s3. s1. }")
    lines += "service x. { allow y. }\nservice y. { allow x. s0. }\n"
    let errors = findings(lines).split(separator: "\n")
    #expect(errors.count == 2)
    #expect(errors[0].contains("s2. calls s1. (p:3), s1. calls s2. (p:4); remove"))
    #expect(errors[1].contains("y. calls x. (p:8), x. calls y. (p:9); remove"))
  }

  @Test func `a long cycle is told in part`() {
    let lines = (0..<100).map { "service s\($0). { allow s\(($0 + 1) % 100). }\n" }.joined()
    let text = findings("acyclic\n" + lines)
    #expect(text.contains(", ..., ") && text.contains("s1. calls s0. (p:2)") && text.utf8.count < 1000)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `who reaches whom, the path there, and where it goes round are as a search finds them`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<rounds(1) {
      let count = random.number(1...300)
      let density = random.number(0...3)
      let isDirected = random.chance(60)
      var callers = Array(repeating: [Int](), count: count)
      for _ in 0..<(count * density) {
        let (one, other) = (random.number(0...(count - 1)), random.number(0...(count - 1)))
        callers[isDirected ? max(one, other) : one].append(isDirected ? min(one, other) : other)
      }
      let services = try callers.enumerated().map { number, callers in
        var service = Service(name: try DomainName("s\(number)."), display: "", location: SourceLocation(file: ""))
        service.allows = callers.enumerated().map {
          Grant(subject: .service($0.element), location: SourceLocation(file: "p", line: number + 1, column: $0.offset))
        }
        return service
      }
      try check(CallGraph(services), callers, "seed \(seed), \(count) services")
    }
  }

  private func check(_ graph: CallGraph, _ callers: [[Int]], _ which: String) throws {
    let components = graph.components
    let reachability = try #require(Reachability(graph, components))
    let rule = AcyclicRule(reachability)
    let count = callers.count
    var round: Set<Int> = []
    for start in 0..<count {
      let distances = distances(from: start, callers)
      let row = reachability.rows[start]
      for end in 0..<count {
        let isReached = rule.contains(
          reachability.bits[end], first: UInt32(row.lowerBound), count: UInt32(row.count))
        if isReached != (distances[end] != nil) { Issue.record("\(which): \(start) to \(end)") }
        guard (start + end) % 7 == 0 || start == end else { continue }
        let path = graph.path(from: start, to: end)
        #expect(path.count == distances[end] ?? 0, "\(which)")
        #expect(path.isEmpty || path[0].caller == start && path[path.count - 1].callee == end)
        #expect(zip(path, path.dropFirst()).allSatisfy { $0.callee == $1.caller })
      }
      if distances[start] != nil { round.insert(components.number[start]) }
    }
    let cycles = graph.cycles(components)
    #expect(Set(cycles.map { components.number[$0[0].caller] }) == round && cycles.count == round.count, "\(which)")
    for cycle in cycles {
      #expect(cycle.count > 1 && cycle[cycle.count - 1].callee == cycle[0].caller)
      #expect(cycle.allSatisfy { callers[$0.callee].contains($0.caller) && $0.location >= cycle[0].location })
    }
  }

  /// Calls it takes to come to each service; from a service to itself, round.
  private func distances(from start: Int, _ callers: [[Int]]) -> [Int?] {
    var distances = [Int?](repeating: nil, count: callers.count)
    var edge = [start]
    var steps = 0
    while !edge.isEmpty {
      steps += 1
      let last = Set(edge)
      edge = callers.indices.filter { callee in
        distances[callee] == nil && callers[callee].contains { last.contains($0) && $0 != callee }
      }
      for callee in edge { distances[callee] = steps }
    }
    return distances
  }

  @Test func `rows beyond the bound are refused, not made`() throws {
    let text = "acyclic\n" + (0..<70).map { "service s\($0). { \($0 == 0 ? "" : "allow s\($0 - 1).") }\n" }.joined()
    let graph = CallGraph(try policy(text))
    // 64 rows of one word, 5 of two; the row of the one that calls nobody is empty.
    #expect(Reachability(graph, graph.components, limit: 74 * 12 - 1) == nil)
    #expect(Reachability(graph, graph.components, limit: 74 * 12) != nil)
  }

  @Test func `equal rows are kept once`() throws {
    let text =
      "acyclic\nservice t. { allow " + (0..<500).map { "s\($0)." }.joined(separator: " ") + " }\n"
      + (0..<500).map { "service s\($0).\n" }.joined()
    let reachability = try policy(text).reachability.orThrow()
    #expect(reachability.words.count == 1)
  }
}
