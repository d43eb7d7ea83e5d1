import DNSFormat
import Diagnostics
import TestSupport
import Testing

@testable import Policy

@Suite("DESIGN §3.3: the compiled rules say what a reading of the lines says")
struct RulePropertyTests {
  /// Calls that are judged, 200 of each policy.
  static let count = min(rounds(100_000), 600_000)
  private static let seeds = 5

  @Test(arguments: 1...UInt64(RulePropertyTests.seeds))
  func `the refusal, what would be one, all rules broken and their lines are the same`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let policies = Self.count / Self.seeds / 200
    var seen = Seen()
    for number in 0..<policies {
      let text = RulePolicy(&random).text
      guard let policy = try read(text, "seed \(seed), policy \(number)", &seen) else { continue }
      let compiled = CompiledPolicy(policy)
      let plain = PlainRules(policy)
      for _ in 0..<200 {
        let call = PlainRules.Call(policy, &random)
        let (expected, found) = (plain.judge(call), said(of: call, by: compiled))
        if expected != found {
          Issue.record("seed \(seed), policy \(number): \(call): expected \(expected), found \(found), in\n\(text)")
          return
        }
        seen.note(found)
      }
    }
    // Every rule was seen to refuse, in force and in shadow, and exceptions to lift: the generator reaches them.
    let rules = ["refuse", "require", "allow", "acyclic", "tiers"]
    #expect(Set(rules).isSubset(of: seen.refusing) && Set(rules).isSubset(of: seen.observed), "seed \(seed): \(seen)")
    #expect(seen.excepted > 0 && seen.cycles > 0 && seen.unread * 4 < policies, "seed \(seed): \(seen)")
  }

  @Test(arguments: 1...UInt64(RulePropertyTests.seeds))
  func `without its ended exceptions a policy decides every call the same`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var compared = 0
    for number in 0..<(Self.count / Self.seeds / 50) {
      var rules = RulePolicy(&random)
      rules.addExceptions(random.number(0...6), &random)
      let end = RulePolicy.ends[random.number(0...2)]
      let lines = rules.text.split(separator: "\n", omittingEmptySubsequences: false)
      let kept = lines.map { line in
        let isEnded = zip(RulePolicy.days, RulePolicy.ends).contains { line.contains("until \($0)") && $1 <= end }
        return line.hasPrefix("except") && isEnded ? "" : line
      }.joined(separator: "\n")
      if kept == rules.text { continue }
      let (one, doubts) = Policy.read([(path: "p", text: Array(rules.text.utf8))])
      let (other, otherDoubts) = Policy.read([(path: "p", text: Array(kept.utf8))])
      guard let one, let other else { continue }
      compared += 1
      // Where acyclic is only observed, cycles load; what is observed of their calls may differ.
      let isRound = (doubts + otherDoubts).contains { $0.message.contains("have a cycle") }
      let (with, without) = (CompiledPolicy(one), CompiledPolicy(other))
      for _ in 0..<100 {
        var call = PlainRules.Call(one, &random)
        call.time = end
        var (expected, found) = (said(of: call, by: without), said(of: call, by: with))
        if isRound { (expected.wouldBe, expected.broken, found.wouldBe, found.broken) = (nil, [], nil, []) }
        if expected != found {
          Issue.record(
            "seed \(seed), policy \(number): \(call): expected \(expected), found \(found), in\n\(rules.text)")
          return
        }
      }
    }
    #expect(compared * 4 > Self.count / Self.seeds / 50)
  }

  @Test(arguments: 1...UInt64(RulePropertyTests.seeds))
  func `a call is clear or broken as its facts say, and most need none`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var calls = 0
    var withoutFacts = 0
    var alone: RuleSet = []
    for number in 0..<(Self.count / Self.seeds / 200) {
      let text = RulePolicy(&random).text
      guard let policy = Policy.read([(path: "p", text: Array(text.utf8))]).0 else { continue }
      let compiled = CompiledPolicy(policy)
      for _ in 0..<200 {
        let call = PlainRules.Call(policy, &random)
        let (caller, target) = (call.caller, UInt32(call.target + 1))
        let byFacts = compiled.judgeByFacts(caller, target: target, at: call.time)
        let plain: Permission = !byFacts.broken.isEmpty ? .broken : byFacts.isExcepted ? .excepted : .clear
        let short = compiled.permissionWithoutFacts(caller, target)
        guard short == nil || short == plain, compiled.permission(caller, target: target, at: call.time) == plain,
          !compiled.isOpen(to: caller, target) || plain == .clear,
          compiled.judge(caller, target: target, at: call.time) == byFacts
        else {
          Issue.record("seed \(seed), policy \(number): \(call) is not \(short as Any), but \(byFacts), in\n\(text)")
          return
        }
        calls += 1
        if short != nil { withoutFacts += 1 }
        if let rule = byFacts.broken.first, byFacts.broken == RuleSet(rule) { alone.insert(RuleSet(rule)) }
      }
    }
    // Each rule was told of by itself.
    #expect(alone == ClearCalls.rulesTold, "seed \(seed): \(alone.rules)")
    // What is left are lines that name the caller's service, and exceptions: these policies are full of both.
    #expect(calls > 1000 && withoutFacts * 10 > calls * 6, "seed \(seed): \(withoutFacts) of \(calls)")
  }

  @Test func `what tells that calls are clear knows every rule about names`() {
    // Of these the context, the situation, or the addresses in an answer are asked.
    let others: RuleSet = [
      RuleSet(.none), RuleSet(.placement), RuleSet(.observed), RuleSet(.isolate),
    ]
    #expect(ClearCalls.rulesTold.union(others).rules == Rule.allCases)
    #expect(ClearCalls.rulesTold.isDisjoint(with: others))
  }

  @Test func `the number of tiers, contexts and services leaves clear what is clear`() throws {
    let contexts = (1...200).map { "context c\($0) { from 10.\($0).0.0/16 }" }
    let tiers = (1...300).map { "t\($0)" }
    let services = (1...300).map { "service s\($0) { tier t\($0); allow c\(($0 - 1) % 200 + 1) s1 }" }
    let text = ["origin t", "tiers \(tiers.joined(separator: " > "))"] + contexts + services
    let compiled = CompiledPolicy(try policy(text.joined(separator: "\n")))
    for target in 1...300 as ClosedRange<UInt32> {
      for caller in [0, 1, 2, 254, 255, 256, 300] as [UInt32] {
        for context in [0, 1, 31, 32, 33, 100, 199, 200] as [UInt16] {
          let who = Caller(context: context, service: caller)
          let byFacts = compiled.judgeByFacts(who, target: target, at: 0)
          let plain: Permission = byFacts.broken.isEmpty ? .clear : .broken
          #expect(compiled.permission(who, target: target, at: 0) == plain, "\(caller) in \(context) to \(target)")
          let short = compiled.permissionWithoutFacts(who, target)
          // A line names s1.
          #expect(
            short == plain || short == nil && (target >= 255 || caller == 1), "\(caller) in \(context) to \(target)")
        }
      }
    }
  }

  /// A policy whose calls go round is read with acyclic in shadow; nil for one that is wrong in some other way.
  private func read(_ text: String, _ which: String, _ seen: inout Seen) throws -> Policy? {
    let (policy, diagnostics) = Policy.read([(path: "p", text: Array(text.utf8))])
    if let policy {
      let isProved =
        policy.acyclicLocation != nil && policy.mode == .enforce
        && !policy.observedRules.contains { $0.rule == .acyclic }
      if isProved { #expect(!PlainRules(policy).hasCycle, "\(which): a cycle that was not found in\n\(text)") }
      return policy
    }
    let errors = diagnostics.filter { $0.severity == .error }
    guard errors.allSatisfy({ $0.message.contains("the allowed calls have a cycle") }) else {
      seen.unread += 1
      return nil
    }
    seen.cycles += 1
    let observed = Policy.read([(path: "p", text: Array((text + "observe acyclic\n").utf8))]).0
    let shadowed = try #require(observed, "\(which): in shadow a cycle is no error")
    #expect(PlainRules(shadowed).hasCycle, "\(which): no cycle, but \(errors) in\n\(text)")
    return shadowed
  }

  private func said(of call: PlainRules.Call, by compiled: CompiledPolicy) -> PlainRules.Said {
    let caller = call.caller
    let target = UInt32(call.target + 1)
    let judgement = compiled.judge(caller, target: target, at: call.time)
    func words(_ refusal: Refusal) -> String { "\(refusal.rule.word) \(compiled.reason(refusal.reason))" }
    let all = compiled.judgeAll(caller, target: target, at: call.time)
    var found = PlainRules.Said(
      refusal: judgement.refusal.map(words), wouldBe: judgement.wouldBe.map(words), broken: all.map(words),
      isExcepted: judgement.isExcepted)
    if judgement.broken.rules != all.map(\.rule) { found.broken.append("but \(judgement.broken.rules)") }
    return found
  }

  /// What the calls came to, over all policies of a seed.
  private struct Seen {
    var refusing: Set<String> = []
    var observed: Set<String> = []
    var excepted = 0
    var cycles = 0
    var unread = 0

    mutating func note(_ said: PlainRules.Said) {
      func word(_ text: String) -> String { String(text.prefix { $0 != " " }) }
      if let refusal = said.refusal { refusing.insert(word(refusal)) }
      if let wouldBe = said.wouldBe { observed.insert(word(wouldBe)) }
      if said.isExcepted { excepted += 1 }
    }
  }
}

extension PlainRules.Call {
  /// As the compiled policy knows who calls.
  fileprivate var caller: Caller {
    var caller = Caller(context: UInt16(context), service: UInt32((service ?? -1) + 1))
    caller.identification = identification
    return caller
  }

  init(_ policy: Policy, _ random: inout SeededGenerator) {
    let service = random.chance(20) ? nil : random.number(0...(policy.services.count - 1))
    let ends = RulePolicy.ends + policy.exceptions.map(\.end)
    let end = ends[random.number(0...(ends.count - 1))]
    self.init(
      context: random.number(0...(policy.contexts.nodes.count - 1)), service: service,
      identification: service == nil ? .none : [.address, .certificate, .user][random.number(0...2)],
      target: random.number(0...(policy.services.count - 1)), time: [end - 1, end, 0, .max][random.number(0...3)])
  }
}
