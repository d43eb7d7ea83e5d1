import Addresses
import Answering
import DNSFormat
import FlatMemory
import Foundation
import Policy
import TestSupport
import Testing

@testable import Inspection

@Suite("ambit audit: the lines it prints let pass what passed")
struct AuditTests {
  private static let names = ["web", "orders", "stock", "reports", "cart", "far", "info", "_http._tcp.orders", "none"]

  /// A policy of four services by its parts, so that lines can be added to it.
  private struct Parts {
    var allows: [[String]]
    var refuses: [[String]]
    /// 0 for `high`, 1 for `low`, 2 for none.
    var tiers: [Int]
    var isAcyclic: Bool
    var excepts: [String] = []
    var isStrict = false

    init(_ random: inout SeededGenerator) {
      let words = ["web", "orders", "stock", "reports", "prod", "lab", "*"]
      var allows = (0..<4).map { _ in words.filter { _ in Int.random(in: 0..<5, using: &random) == 0 } }
      for own in 0..<4 { allows[own].removeAll { $0 == words[own] } }
      let allowed = Set(allows.joined())
      self.allows = allows
      tiers = (0..<4).map { _ in Int.random(in: 0..<3, using: &random) }
      isAcyclic = Bool.random(using: &random)
      refuses = (0..<4).map { own in
        words.prefix(4).filter { word in
          Int.random(in: 0..<10, using: &random) == 0 && word != words[own] && !allowed.contains(word)
        }
      }
    }

    func load(mode: String) -> LoadedConfiguration {
      var text = """
        origin mesh.test
        mode \(mode)
        default \(isStrict ? "refuse" : "allow")
        context prod { from 10.0.0.0/8 }
        context lab { from 192.168.0.0/16 }
        isolate prod lab
        tiers high > low
        \(isAcyclic ? "acyclic" : "")\n
        """
      for (number, name) in ["web", "orders", "stock", "reports"].enumerated() {
        text += "service \(name) {\nruns-at 10.0.0.\(number + 1) 192.168.0.\(number + 1)\n"
        if !allows[number].isEmpty { text += "allow \(allows[number].joined(separator: " "))\n" }
        if !refuses[number].isEmpty { text += "refuse \(refuses[number].joined(separator: " "))\n" }
        if tiers[number] < 2 { text += "tier \(["high", "low"][tiers[number]])\n" }
        text += "}\n"
      }
      text += excepts.map { $0 + "\n" }.joined()
      let zone =
        apex + "web A 10.0.0.1\norders A 10.0.0.2\norders A 192.168.0.2\nstock A 10.0.0.3\nreports A 192.168.0.4\n"
        + "cart CNAME far\nfar CNAME stock\ninfo TXT x\n_http._tcp.orders SRV 0 0 1 orders\n"
      return loadZone(zone, text)
    }
  }

  @Test(arguments: 0..<150) func `whatever the policy, nothing that passed is refused with them`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var parts = Parts(&random)
    let observed = try #require(parts.load(mode: "observe").snapshot)
    var probe = Probe(observed, at: 0)
    var asked: [(source: IPAddress, name: DomainName, type: RRType, rules: RuleSet)] = []
    var lines: [String] = []
    for _ in 0..<60 {
      let host =
        "\(["10.0.0", "192.168.0"].randomElement(using: &random) ?? "").\(Int.random(in: 1...6, using: &random))"
      let source = try #require(IPAddress(host))
      let name = try DomainName("\(Self.names.randomElement(using: &random) ?? "").mesh.test.")
      let type = [RRType.a, .aaaa, .srv, .txt].randomElement(using: &random) ?? .a
      let (outcome, _) = probe.ask(name, type, from: source)
      let rules = outcome.refusal.map { outcome.brokenRules.union(RuleSet($0.rule)) } ?? []
      asked.append((source, name, type, rules))
      lines.append(
        logLine(
          host, name.description, type.description, target: observed.policy.serviceName(outcome.service),
          rules: rules.rules.map(\.word), observed: outcome.isOnlyObserved))
    }
    let audit = Audit(tally(lines, observed), at: 0, until: "2030-01-01")
    let services = ["web", "orders", "stock", "reports"]
    for line in audit.lines {
      let index = try #require(services.firstIndex(of: line.service))
      #expect(Set(line.allow).isDisjoint(with: parts.allows[index]))
      parts.allows[index] += line.allow
    }
    parts.excepts = audit.excepts.flatMap(\.lines)
    parts.isStrict = true
    let loaded = parts.load(mode: "enforce")
    #expect((loaded.snapshot == nil) == !audit.remainingCycles.isEmpty, "\(loaded.diagnostics)")
    guard let enforced = loaded.snapshot else { return }
    var again = Probe(enforced, at: 0)
    for (source, name, type, _) in asked {
      let (outcome, _) = again.ask(name, type, from: source)
      guard let refusal = outcome.refusal else { continue }
      let caller = enforced.policy.callerName(outcome.caller), target = enforced.policy.targetName(outcome.service)
      #expect(
        audit.remaining.contains { $0.caller == caller && $0.target == target && $0.rule == refusal.rule.word },
        "\(name) from \(source): \(refusal.rule)")
      #expect(refusal.rule != .tiers && refusal.rule != .acyclic && refusal.rule != .allow)
    }
  }

  /// The lines that an audit proposes of calls, by who calls whom.
  private func proposal(_ policies: [String: String], _ calls: [(source: String, name: String)]) throws -> Audit {
    let zones = ["t.zone": apex + "a A 127.0.0.1\nb A 127.0.0.1\n", "u.zone": apex + "c A 127.0.0.1\n"]
    let loaded = load(zones: zones, policies: policies)
    let snapshot = try #require(loaded.snapshot, "\(loaded.diagnostics)")
    return Audit(tally(calls.map { logLine($0.source, $0.name) }, snapshot), at: 0, until: "2030-01-01")
  }

  @Test func `an allow word that makes acyclic refuse another call comes with its exception`() throws {
    let policy = "origin t\nacyclic\nservice a { runs-at 127.0.5.1 }\nservice b { runs-at 127.0.5.2; allow * }\n"
    let audit = try proposal(["p.policy": policy], [("127.0.5.1", "b.t."), ("127.0.5.2", "a.t.")])
    #expect(audit.lines.map(\.allow) == [["b"]] && audit.remaining.isEmpty && audit.isEnforceable)
    #expect(audit.excepts.map(\.file) == ["p.policy"])
    #expect(audit.excepts.first?.lines.first?.hasPrefix("except a -> b until 2030-01-01 because ") == true)
  }

  @Test func `a declared cycle that nobody called is told, since nothing loads with it`() throws {
    let policy = """
      origin t
      acyclic
      mode observe
      service a { runs-at 127.0.5.1; allow b }
      service b { runs-at 127.0.5.2; allow a }
      """
    let audit = try proposal(["p.policy": policy], [])
    let cycle = "b calls a (p.policy:4), a calls b (p.policy:5)"
    #expect(audit.cycles == [cycle] && audit.remainingCycles == [cycle] && !audit.isEnforceable)
    #expect(audit.text.contains(cycle) && audit.text.contains("no line cures these cycles"))
    let seen = try proposal(["p.policy": policy], [("127.0.5.1", "b.t.")])
    #expect(seen.remainingCycles.isEmpty && seen.excepts.first?.lines.first?.hasPrefix("except a -> b ") == true)
  }

  @Test func `names of another zone are in full, and lines say their file`() throws {
    let policies = [
      "p.policy": "origin t\ntiers high > low\nservice a { runs-at 127.0.5.1; tier low }\n",
      "q.policy": "origin u\nservice c { runs-at 127.0.5.4; tier high }\n",
    ]
    let audit = try proposal(policies, [("127.0.5.4", "a.t."), ("127.0.5.1", "c.u.")])
    #expect(audit.lines.map(\.service) == ["a", "c.u."] && audit.lines.map(\.allow) == [["c.u."], ["a.t."]])
    #expect(audit.lines.map(\.place) == ["p.policy:3", "q.policy:2"])
    #expect(audit.excepts.map(\.file) == ["p.policy"])
    #expect(audit.excepts.first?.lines.first?.hasPrefix("except c.u. -> a.t. until ") == true)
  }

  @Test func `calls from several contexts of which the same became are one line, and others are not`() throws {
    let contexts = (1...6).map { "context s\($0) { from 10.\($0).0.0/16 }\n" }.joined()
    let addresses = (1...6).map { "10.\($0).0.1" }
    let policy =
      "origin t\nmode observe\n\(contexts)service a { allow b }\nservice web { runs-at \(addresses.joined(separator: " ")) }\n"
    let loaded = load(zones: ["t.zone": apex + "a A 10.1.0.9\n"], policy: policy + "service b\n")
    let lines = addresses.map { logLine($0, "a.t.", target: "a", rules: ["allow"], observed: true) }
    let audit = Audit(tally(lines + [lines[5]], try #require(loaded.snapshot)), at: 0, until: "")
    #expect(audit.edges.count == 6 && audit.wouldBreak.count == 6)
    #expect(audit.text.contains("  web in s1, s2 and 4 more contexts  a            7         0         7        0\n"))
    #expect(audit.text.contains("  web in s1, s2 and 4 more contexts -> a  7  allow (p.policy:9)"))
    let mixed = Audit(
      tally(
        lines.dropLast(4) + [logLine(addresses[2], "a.t.", target: "a", rules: ["allow"])],
        try #require(loaded.snapshot)),
      at: 0, until: "")
    #expect(mixed.text.contains("  web in s1, s2  a ") && mixed.text.contains("  web in s3      a "))
  }

  @Test func `a service that calls itself breaks no refuse line`() throws {
    let policy = "origin t\nmode observe\ncontext p { from 127.0.5.0/24 }\nservice a { runs-at 127.0.5.1; refuse p }\n"
    let audit = try proposal(["p.policy": policy], [("127.0.5.1", "a.t.")])
    #expect(audit.remaining.isEmpty && audit.lines.isEmpty && audit.isEnforceable)
  }

  @Test func `callers in no context that passed would break`() throws {
    let policy = "origin t\nmode observe\ncontext p { from 10.0.0.0/8 }\nservice a { runs-at 10.0.0.1 }\n"
    let loaded = load(zones: ["t.zone": apex + "a A 10.0.0.1\n"], policy: policy)
    let line = logLine("192.0.2.1", "a.t.", rules: ["placement"], observed: true)
    let audit = Audit(tally([line], try #require(loaded.snapshot)), at: 0, until: "")
    #expect(audit.remaining.map(\.rule) == ["placement"] && !audit.isEnforceable)
  }

  @Test func `an allow word that a query needed is used, by whatever way the query came`() throws {
    let snapshot = try #require(shop.snapshot)
    let all = Audit(tally([], snapshot), at: 0, until: "")
    #expect(all.neverUsed.map(\.caller) == ["web", "stock", "orders", "prod", "stock"])
    let alias = Audit(tally([logLine("10.1.0.1", "cart.mesh.test.")], snapshot), at: 0, until: "")
    #expect(!alias.neverUsed.contains { $0.service == "orders" && $0.caller == "web" })
    // A refused query has needed nothing.
    let refused = Audit(
      tally([logLine("10.1.0.1", "cart.mesh.test.", target: "orders", rules: ["tiers"])], snapshot), at: 0, until: "")
    #expect(refused.neverUsed.count == all.neverUsed.count && refused.edges.map(\.refused) == [1])
  }

  @Test func `how a caller is known counts, in the policy's own words`() throws {
    let loaded = loadZone(
      apex + "a A 192.0.2.1\n",
      """
      origin mesh.test
      context one { from 192.0.2.0/24 }
      context two { listen 127.0.0.2:53 }
      service a { allow b }
      service b { identity b.example }
      """)
    let snapshot = try #require(loaded.snapshot, "\(loaded.diagnostics)")
    var entry: QueryLogEntry?
    let line = logLine("192.0.2.7", "a.mesh.test.", more: ",\"listener\":\"two\",\"certificate\":\"b\",\"user\":33")
    if case .query(let found)? = QueryLogLine(Array(line.utf8).span) { entry = found }
    let evidence = try #require(entry).question.evidence(snapshot.policy)
    #expect(evidence.listenerContext == 2 && evidence.certificateService == 2 && evidence.user == 33)
  }
}

/// A configuration of one zone.
private func loadZone(_ zone: String, _ policy: String) -> LoadedConfiguration {
  load(zones: ["mesh.test.zone": zone], policy: policy)
}

@Suite("A line of a query log: any octets are a line or none")
struct QueryLogLineTests {
  @Test func `strings, numbers and what is nested are read as JSON has them`() throws {
    let text = #" { "a" : "q\"\\\/\b\f\n\r\té😀" , "b":-12,"c":true,"d":null,"e":[],"f":[{"x":"]"}],"g":1.5 } "#
    let found = FlatJSON.object(Array(text.utf8).span)
    let members = try #require(found)
    #expect(members["a"] == .string("q\"\\/\u{8}\u{c}\n\r\té😀"))
    #expect(members["b"] == .number(-12) && members["c"] == .bool(true) && members["d"] == .null)
    #expect(members["e"] == .other(isEmpty: true) && members["f"] == .other(isEmpty: false))
    #expect(members["g"] == .other(isEmpty: false) && members.count == 7)
    let escaped = #"{"a":"\u00e9\ud83d\ude00\ud800"}"#
    let unescaped = FlatJSON.object(Array(escaped.utf8).span)?["a"]
    #expect(unescaped == .string("é😀\u{fffd}"))
  }

  @Test func `a sample is said, and nothing is called never used by it`() throws {
    let now: UInt32 = 1_795_255_464
    let snapshot = try #require(shop.snapshot)
    for (scope, sample) in [("\"all\"", 1), ("\"all\",\"sample\":100", 100)] {
      let lines = ["{\"time\":\"2026-11-21T09:00:00.000000Z\",\"scope\":\(scope)}"] + shopLog
      let audit = Audit(tally(lines, snapshot), at: now, until: "2026-12-31")
      #expect(audit.sample == sample)
      #expect(audit.malformed == Audit(tally(shopLog, snapshot), at: now, until: "2026-12-31").malformed)
      #expect(audit.text.contains("permissions never used") == (sample == 1))
      #expect(audit.text.contains("a sample of one query in 100, drawn at random") == (sample > 1))
    }
    for text in ["0", "-1", "\"x\"", "true"] {
      let isLine = QueryLogLine(Array("{\"scope\":\"all\",\"sample\":\(text)}".utf8).span) != nil
      #expect(!isLine)
    }
  }

  @Test(arguments: [
    "", "{", "{}x", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":\"b}", "{\"a\":[}", "{\"a\":tru}", "[1]",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u12\"}", "null", "{\"dropped\":-1}", "{\"scope\":\"some\"}", "{\"source\":\"1.2.3.4\"}",
    "{\"source\":\"1.2.3\",\"name\":\"a.\",\"type\":\"A\"}", "{\"source\":\"1.2.3.4\",\"name\":\"a..\",\"type\":\"A\"}",
    "{\"source\":\"1.2.3.4\",\"name\":\"a.\",\"type\":\"B\"}",
  ]) func `what is no line of a query log is none`(text: String) {
    let isLine = QueryLogLine(Array(text.utf8).span) != nil
    #expect(!isLine)
  }

  @Test(arguments: [
    ("2026-11-21T10:00:00.000000Z", true), ("2026-11-21T10:00:00Z", true), ("2026-12-31T23:59:60.123456789Z", true),
    ("\\u001b]0;owned\\u0007\\u001b[31m2026", false), ("z", false), ("", false), ("2026-11-21T10:00:00", false),
    ("2026-11-21T10:00:00.Z", false), ("2026-11-21T10:00:00.1\\u001bZ", false), ("2026-13-21T10:00:00Z", false),
    ("2026-11-21T24:00:00Z", false), ("2026-11-21t10:00:00Z", false), ("2026-11-21T10:00:00+01:00", false),
    ("2026-11-21T10:00:00.0000000000Z", false),
  ]) func `a line's time is RFC 3339 text in UTC, or the line is none`(time: String, isTime: Bool) throws {
    let tally = tally([logLine("10.1.0.1", "web.mesh.test.", time: time)], try #require(shop.snapshot))
    #expect((tally.queryCount, tally.malformedCount) == (isTime ? (1, 0) : (0, 1)))
  }

  @Test func `any change of a line is a line or none`() throws {
    var random = SeededGenerator(seed: 7)
    let line = Array(logLine("10.1.0.1", "a\\\\.b\\\\000.test.", rules: ["allow"], more: ",\"user\":1").utf8)
    var lines = 0
    for _ in 0..<20_000 {
      var changed = line
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: changed.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: changed[at] = UInt8.random(in: 0...255, using: &random)
        case 1: changed.remove(at: at)
        default: changed.insert(changed[Int.random(in: changed.indices, using: &random)], at: at)
        }
      }
      if QueryLogLine(changed.span) != nil { lines += 1 }
    }
    #expect(lines > 0 && lines < 20_000)
  }
}
