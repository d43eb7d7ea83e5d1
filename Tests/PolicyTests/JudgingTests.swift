import Addresses
import DNSFormat
import FlatMemory
import TestSupport
import Testing

@testable import Policy

@Suite("DESIGN §3.3: may they")
struct JudgingTests {
  @Test(arguments: [
    ("10.30.9.9", "orders", "refuse orders.policy:5"), ("10.30.1.33", "orders", ""),
    ("10.30.1.17", "orders", ""), ("10.30.1.200", "orders", "allow orders.policy:4"), ("10.30.1.200", "web", ""),
  ])
  func `the example's lines are judged as they read`(source: String, target: String, expected: String) throws {
    let compiled = try example()
    let caller = compiled.callers.caller(Evidence(source: try IPAddress(source).orThrow(), listenerContext: nil))
    let target = compiled.serviceNumber(for: try DomainName("_http._tcp.\(target).MESH.test."))
    var said = OctetBuffer(capacity: 100)
    if let refusal = compiled.firstRefusal(caller, target: target) {
      compiled.appendRule(refusal.rule, to: &said)
      said.append(UInt8(ascii: " "))
      compiled.appendReason(refusal.reason, to: &said)
    }
    #expect(text(said) == expected)
  }

  @Test func `a line for the service is named before one for its context, the innermost first, before everyone`() throws
  {
    let head = "origin t; context p; context q in p; context r in q; service me\n"
    let lines = ["*", "p", "q", "me"]
    let caller = Caller(context: 3, service: 1)
    for count in 1...4 {
      let refuses = lines[..<count].map { "refuse \($0)\n" }.joined()
      let compiled = CompiledPolicy(try policy(head + "service s {\n" + refuses + "}"))
      let refusal = compiled.firstRefusal(caller, target: 2)
      #expect(refusal?.rule == .refuse)
      #expect(compiled.reason(refusal?.reason ?? 0) == "p:\(count + 2)")
    }
  }

  @Test func `default refuse closes services without allow lines, but not to themselves`() throws {
    let compiled = CompiledPolicy(try policy("context a\ndefault refuse\nservice x.\nservice y. { allow a }"))
    let stranger = Caller(context: 0, service: 2)
    #expect(compiled.firstRefusal(stranger, target: 1)?.rule == .allow)
    #expect(compiled.reason(compiled.firstRefusal(stranger, target: 1)?.reason ?? 0) == "p:2")
    #expect(compiled.firstRefusal(Caller(context: 0, service: 1), target: 1) == nil)
    #expect(compiled.firstRefusal(Caller(context: 1), target: 2) == nil)
    #expect(compiled.firstRefusal(Caller(context: 0), target: 0) == nil)
  }

  @Test func `a service calls itself whatever group or context a refuse line names`() throws {
    let lines = "origin t; context a; group back web reports; group here a"
    let services = "service web { refuse back here }; service reports { refuse * }; service own { require identity }"
    let compiled = CompiledPolicy(try policy("\(lines); \(services)"))
    func rule(_ caller: UInt32, _ target: UInt32) -> Rule? {
      compiled.firstRefusal(Caller(context: 1, service: caller), target: target)?.rule
    }
    #expect(rule(1, 1) == nil && rule(2, 2) == nil)
    #expect(rule(2, 1) == .refuse && rule(1, 2) == .refuse)
    #expect(rule(3, 3) == .require)
  }

  @Test func `a service's mode goes before its caller's context's, and that before the server's`() throws {
    let compiled = CompiledPolicy(
      try policy(
        """
        mode observe
        context a { mode enforce }
        context b
        service x. { refuse * }
        service y. { refuse *; mode enforce }
        service z. { refuse *; mode observe }
        """))
    func isRefused(_ context: UInt16, _ target: UInt32) -> Bool {
      compiled.judge(Caller(context: context), target: target, at: 0).refusal != nil
    }
    #expect(isRefused(1, 1) && isRefused(1, 2) && !isRefused(1, 3))
    #expect(!isRefused(2, 1) && isRefused(2, 2) && !isRefused(2, 3))
  }

  @Test func `all failing rules are told in the order of judging`() throws {
    let compiled = CompiledPolicy(try policy("context a; service x. { refuse *\nallow a }"))
    let caller = Caller(context: 0, isPlaced: false)
    #expect(compiled.judgeAll(caller, target: 1, at: 0).map(\.rule) == [.placement, .refuse, .allow])
    #expect(compiled.judgeAll(Caller(context: 1), target: 1, at: 0).map(\.rule) == [.refuse])
    #expect(compiled.judgeAll(Caller(context: 1), target: 0, at: 0).isEmpty)
  }

  @Test func `mode and deny-as are inherited, and a service's deny-as comes first`() throws {
    let compiled = CompiledPolicy(
      try policy(
        """
        deny-as drop
        context a { mode observe; deny-as nxdomain ttl 9 }
        context b in a
        context c in b { mode enforce }
        context d
        service s. { deny-as nodata }
        service t.
        """))
    #expect((0...4).map { compiled.mode($0) } == [.enforce, .observe, .observe, .enforce, .enforce])
    let inherited = DenyAs(.nxdomain, ttl: 9)
    #expect(
      (0...4).map { compiled.denyAs(context: $0, service: 2) }
        == [DenyAs(.drop), inherited, inherited, inherited, DenyAs(.drop)])
    #expect(compiled.denyAs(context: 2, service: 0) == inherited)
    #expect(compiled.denyAs(context: 2, service: 1) == DenyAs(.nodata))
  }

  @Test func `a name is of the longest service above it`() throws {
    let compiled = CompiledPolicy(try policy("origin t; service a; service b.a"))
    let numbers = try ["a.t.", "x.a.t.", "b.a.t.", "_x.B.a.t.", "t.", "."].map {
      compiled.serviceNumber(for: try DomainName($0))
    }
    #expect(numbers == [1, 1, 2, 2, 0, 0])
  }

  @Test func `codes and words are those of the design`() {
    #expect(
      Rule.allCases.map(\.word) == [
        "none", "placement", "refuse", "require", "allow", "acyclic", "acyclic observed", "tiers", "isolate",
      ])
    #expect(Rule.allCases.map(\.infoCode) == [0, 18, 18, 18, 18, 15, 15, 15, 15])
  }
}

@Suite("The compiled policy says what a plain reading of the policy says")
struct CompiledAgainstPlainTests {
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `judge and isIsolated agree with a search of all lines`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let text = RandomPolicy.text(&random)
    let policy = try policy(text)
    let compiled = CompiledPolicy(policy)
    let contexts = policy.contexts.nodes.count
    let services = policy.services.count
    for _ in 0..<300 {
      let context = Int.random(in: 0..<contexts, using: &random)
      let service = Int.random(in: 0...services, using: &random)
      let target = Int.random(in: 0...services, using: &random)
      let caller = Caller(context: UInt16(context), service: UInt32(service))
      let refusal = compiled.firstRefusal(caller, target: UInt32(target))
      let said = refusal.map { "\($0.rule.word) \(compiled.reason($0.reason))" }
      #expect(said == plain(policy, context, service, target), "seed \(seed): \(caller) to \(target) in\n\(text)")
      #expect(compiled.judgeAll(caller, target: UInt32(target), at: 0).first == refusal)
    }
    for context in 0..<contexts {
      for other in 0..<contexts {
        let line = isolation(policy, context, other)
        let endpoint = IPAddress(v4: 0x0a00_0001 | UInt32(other) << 16)
        #expect(compiled.endpoints.context(of: endpoint) == UInt16(other))
        #expect(compiled.isIsolated(callerContext: UInt16(context), endpoint: endpoint) == !line.isEmpty)
        let reason = compiled.isolationReason(callerContext: UInt16(context), endpointContext: UInt16(other))
        #expect(
          line.isEmpty ? reason == 0 : line.contains(compiled.reason(reason)), "seed \(seed), \(context) \(other)")
      }
    }
  }

  /// What judging should say, read off the lines one by one.
  private func plain(_ policy: Policy, _ context: Int, _ service: Int, _ target: Int) -> String? {
    guard target > 0 else { return nil }
    let lines = policy.services[target - 1]
    if service == target { return nil }
    let path = policy.contexts.path(from: context).dropLast()
    let subjects =
      (service == 0 ? [] : [Grant.Subject.service(service - 1)]) + path.map { Grant.Subject.context($0) } + [.everyone]
    for subject in subjects {
      if let line = lines.refuses.first(where: { $0.subject == subject }) { return "refuse \(line.location.short)" }
    }
    if let first = lines.allows.first {
      return lines.allows.contains { subjects.contains($0.subject) } ? nil : "allow \(first.location.short)"
    }
    return policy.defaultDecision == .allow ? nil : "allow \(policy.defaultLocation?.short ?? "")"
  }

  /// The places of all lines that isolate two contexts.
  private func isolation(_ policy: Policy, _ one: Int, _ other: Int) -> Set<String> {
    var places: Set<String> = []
    for line in policy.isolations {
      let mine = line.contexts.filter { policy.contexts.isContext(one, in: $0) }
      let theirs = line.contexts.filter { policy.contexts.isContext(other, in: $0) }
      if let mine = mine.first, let theirs = theirs.first, mine != theirs { places.insert(line.location.short) }
    }
    return places
  }
}

/// Policies without errors, of all shapes.
enum RandomPolicy {
  static func text(_ random: inout SeededGenerator) -> String {
    var text = "origin t\n"
    if random.chance(50) { text += "default \(random.chance(50) ? "allow" : "refuse")\n" }
    let tree = contexts(Int.random(in: 0...20, using: &random), &random)
    for (number, node) in tree.enumerated().dropFirst() {
      text += "context c\(number)\(node.parent == 0 ? "" : " in c\(node.parent)") { from 10.\(number).0.0/16 }\n"
    }
    for _ in 0..<(tree.count / 3) {
      let members = isolated(tree, &random)
      if members.count > 1 { text += "isolate " + members.map { "c\($0)" }.joined(separator: " ") + "\n" }
    }
    let services = Int.random(in: 1...8, using: &random)
    for service in 1...services {
      text += "service s\(service) {\n"
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let names = (0..<Int.random(in: 1...3, using: &random)).map { _ in
          random.chance(8)
            ? "*"
            : random.chance(40) || tree.count == 1
              ? "s\(Int.random(in: 1...services, using: &random))"
              : "c\(Int.random(in: 1..<tree.count, using: &random))"
        }
        text += "\(random.chance(50) ? "allow" : "refuse") \(names.joined(separator: " "))\n"
      }
      text += "}\n"
    }
    return text
  }

  /// Contexts in pre-order, so that their numbers are those the policy gives them; index 0 is the root.
  private static func contexts(_ count: Int, _ random: inout SeededGenerator) -> [(parent: Int, path: [Int])] {
    var nodes: [(parent: Int, path: [Int])] = [(0, [0])]
    for number in 0..<count {
      let parent = nodes[nodes.count - 1].path.randomElement(using: &random) ?? 0
      nodes.append((parent, [number + 1] + nodes[parent].path))
    }
    return nodes
  }

  private static func isolated(_ tree: [(parent: Int, path: [Int])], _ random: inout SeededGenerator) -> [Int] {
    var members: [Int] = []
    for _ in 0..<4 {
      let candidate = Int.random(in: 1..<tree.count, using: &random)
      let isRelated = members.contains { tree[$0].path.contains(candidate) || tree[candidate].path.contains($0) }
      if !isRelated { members.append(candidate) }
    }
    return members
  }
}

extension CompiledPolicy {
  /// The first rule that a call breaks, in shadow or not.
  fileprivate func firstRefusal(_ caller: Caller, target: UInt32) -> Refusal? {
    let judgement = judge(caller, target: target, at: 0)
    return judgement.refusal ?? judgement.wouldBe
  }
}
