import Addresses
import Answering
import DNSFormat
import Policy
import TestSupport
import Testing
import Zones

@testable import Inspection

/// What a caller of both is told differently.
private struct Tuple: Hashable, CustomStringConvertible {
  let context: String
  let service: String
  let isIdentified: Bool
  let name: DomainName
  let type: RRType

  var description: String { "\(context)/\(service) \(name) \(type)" }
}

/// A configuration from a seed: few names, all kinds of places, and a policy with everything that refuses.
private struct RandomConfiguration {
  var base: [String] = []
  var overlays: [String: [String]] = [:]
  var policy: [String] = []

  static let names = ["a", "b", "c", "d", "x.a", "y.x.a", "w", "*.w", "k.w", "sub", "n.sub", "r", "q.r"]
  static let targets = names + ["no", "m.w", "z.r", "q.q.r"]
  static let contexts = ["one", "two", "in1", "in2"]
  static let services = ["a", "b", "c", "w"]

  /// Lines that a policy may have or not.
  static let lines =
    [
      "observe isolate", "observe allow tiers", "acyclic", "trust proxy from 10.1.0.9", "trust ecs from 10.2.0.0/30",
      "explain off", "nsid x", "version off", "isolate one in1",
    ]
    + ["one", "in1", "two", "a", "b"].flatMap { caller in
      services.filter { $0 != caller }.map { "except \(caller) -> \($0) until 2030-01-01 because x" }
    }

  /// One line of the policy more or less, or an exception that ends on another day.
  mutating func editLine(_ random: inout SeededGenerator) {
    let line = Self.lines[random.number(0...(Self.lines.count - 1))]
    if let index = policy.firstIndex(of: line) {
      if random.chance(50), line.hasPrefix("except") {
        policy[index] = line.replacing("2030", with: "2031")
      } else {
        policy.remove(at: index)
      }
    } else {
      policy.append(line)
    }
  }

  init(_ random: inout SeededGenerator) {
    for name in Self.names where random.chance(70) { base += Self.records(name, &random) }
    for context in Self.contexts where random.chance(50) {
      overlays[context] = Self.names.filter { _ in random.chance(25) }.flatMap {
        random.chance(15) ? ["\($0) CNAME ."] : random.chance(10) ? ["\($0) CNAME *."] : Self.records($0, &random)
      }
    }
    policy = ["origin t.test", "context one { from 10.1.0.0/16 }", "context two { from 10.2.0.0/16 }"]
    policy.append("context in1 in two { from 10.2.1.0/24 \(random.chance(20) ? "; mode observe" : "") }")
    policy.append("context in2 in two { from 10.2.2.0/24; \(random.chance(30) ? "sealed" : "deny-as nxdomain") }")
    if random.chance(70) { policy.append("isolate one two") }
    if random.chance(50) { policy.append("isolate in1 in2") }
    if random.chance(20) { policy.append("default refuse") }
    for (number, service) in Self.services.enumerated() where random.chance(80) {
      var lines = ["runs-at 10.1.0.\(number) 10.2.1.\(number)"]
      let others = ["a", "b", "one", "two"].filter { _ in random.chance(30) }.filter { $0 != service }
      if !others.isEmpty { lines.append("\(random.chance(60) ? "allow" : "refuse") \(others.joined(separator: " "))") }
      if random.chance(15) { lines.append("mode observe") }
      if random.chance(20) { lines.append("deny-as \(random.chance(50) ? "nodata" : "drop")") }
      if random.chance(25) { lines.append("uid \(1000 + number)") }
      if random.chance(25) { lines.append("identity \(service).prod") }
      if random.chance(15) { lines.append("require identity") }
      if random.chance(40) { lines.append("tier \(random.chance(50) ? "high" : "low")") }
      policy.append("service \(service) { \(lines.joined(separator: "; ")) }")
    }
    policy.append("tiers high > low")
    for line in Self.lines where random.chance(15) { policy.append(line) }
    // Words that name no service keep a policy from loading.
    let text = policy.joined(separator: "\n")
    for word in Self.services where !text.contains("service \(word) {") { policy.append("service \(word)") }
  }

  private static func records(_ name: String, _ random: inout SeededGenerator) -> [String] {
    func target() -> String { targets[random.number(0...(targets.count - 1))] }
    func address() -> String { "10.\(random.number(1...2)).\(random.number(0...2)).\(random.number(1...9))" }
    if name == "r", random.chance(60) { return ["r DNAME \(random.chance(50) ? "a" : "w")"] }
    if name == "sub", random.chance(60) { return ["sub NS n.sub", "sub NS a"] }
    if random.chance(25) { return ["\(name) CNAME \(target())"] }
    var lines: [String] = []
    for _ in 0...random.number(0...1) { lines.append("\(name) A \(address())") }
    if random.chance(20) { lines.append("\(name) AAAA 2001:db8::\(random.number(1...3))") }
    if random.chance(25) { lines.append("\(name) MX 10 \(target())") }
    if random.chance(15) { lines.append("\(name) TXT \"\(random.number(1...3))\"") }
    return Array(Set(lines)).sorted()
  }

  /// A few edits.
  mutating func edit(_ random: inout SeededGenerator) {
    let other = RandomConfiguration(&random)
    for _ in 0...random.number(0...1) {
      switch random.number(0...6) {
      case 0: policy = other.policy
      case 5, 6: editLine(&random)
      case 1: overlays = other.overlays
      case 2: if !base.isEmpty { base.remove(at: random.number(0...(base.count - 1))) }
      case 3:
        let owners = Set(base.map { $0.split(separator: " ")[0] })
        base += other.base.filter { !owners.contains($0.split(separator: " ")[0]) }.prefix(2)
      default:
        let name = Self.names[random.number(0...(Self.names.count - 1))]
        base = base.filter { !$0.hasPrefix(name + " ") } + Self.records(name, &random)
      }
    }
  }

  var loaded: LoadedConfiguration {
    var zones = ["t.test.zone": apex + base.joined(separator: "\n") + "\n"]
    for (context, lines) in overlays {
      zones["\(context)/t.test.zone"] = "$TTL 60\n" + lines.joined(separator: "\n") + "\n"
    }
    return load(zones: zones, policy: policy.joined(separator: "\n") + "\n")
  }
}

@Suite("ambit diff: whose answers change")
struct DifferenceTests {
  @Test(arguments: 0..<6)
  func `what it finds is what asking everything finds`(seed: UInt64) throws {
    var compared = 0
    for round in 0..<min(rounds(8), 40) {
      var random = SeededGenerator(seed: seed &* 1000 &+ UInt64(round))
      let before = RandomConfiguration(&random)
      var after = before
      after.edit(&random)
      guard let old = before.loaded.snapshot, let new = after.loaded.snapshot else { continue }
      compared += 1
      let expected = bruteForce(old, new)
      var found: Set<Tuple> = []
      let pair = SnapshotPair(old, new, at: 0)
      let types = ChangedNames.all(pair).types
      forEachDifference(old, new, at: 0) { change in
        for caller in change.callers {
          let context = pair.contexts[change.context]
          let onTheWay = change.oldPath.types.union(change.newPath.types).union([.a, .aaaa, .cname, .ds, .ns, .soa])
          for type in change.isOfOthers ? types.subtracting(onTheWay) : [change.type] {
            found.insert(
              Tuple(
                context: context.name, service: context.callers[caller].service,
                isIdentified: context.callers[caller].isIdentified, name: change.name, type: type))
          }
        }
      }
      let missed = expected.subtracting(found), invented = found.subtracting(expected)
      #expect(missed.isEmpty, "seed \(seed), round \(round): \(missed.prefix(3))\n\(before)\n\(after)")
      #expect(invented.isEmpty, "seed \(seed), round \(round): \(invented.prefix(3))")
      if !missed.isEmpty || !invented.isEmpty { return }
    }
    #expect(compared > 4)
  }

  @Test(arguments: 0..<4)
  func `where it finds nothing, everyone who can ask either is told the same`(seed: UInt64) throws {
    var compared = 0, same = 0
    for round in 0..<min(rounds(20), 80) {
      var random = SeededGenerator(seed: seed &* 7919 &+ UInt64(round))
      let before = RandomConfiguration(&random)
      var after = before
      // Another order of lines is no change.
      let isEdited = round % 4 != 0
      if isEdited { after.editLine(&random) }
      if !isEdited || random.chance(50) { after.policy = [after.policy[0]] + after.policy.dropFirst().reversed() }
      let oldLoaded = before.loaded, newLoaded = after.loaded
      guard let old = oldLoaded.snapshot, let new = newLoaded.snapshot else { continue }
      compared += 1
      let found = Differences(oldLoaded, old, newLoaded, new, at: 0)
      let told = bruteForce(old, new)
      #expect(
        found.changeCount == 0 ? told.isEmpty : !told.isEmpty, "seed \(seed), round \(round)\n\(before)\n\(after)")
      guard found.isEmpty else { continue }
      same += 1
      let pair = SnapshotPair(old, new, at: 0)
      let askers = pair.contexts.reduce(0) { $0 + $1.callers.count }
      #expect(pair.oldCensus.members.count == askers && pair.newCensus.members.count == askers)
      #expect(old.policy.policy.exceptions.map(\.end).sorted() == new.policy.policy.exceptions.map(\.end).sorted())
      #expect(old.policy.policy.trustedProxies.map(\.prefix) == new.policy.policy.trustedProxies.map(\.prefix))
    }
    #expect(compared > 12 && same > 2, "\(compared) \(same)")
  }

  /// Every caller, every name, every type, asked of both.
  private func bruteForce(_ old: Snapshot, _ new: Snapshot) -> Set<Tuple> {
    let pair = SnapshotPair(old, new, at: 0)
    var names: Set<DomainName> = []
    var types: Set<RRType> = [.a]
    for zone in old.zones.zones + new.zones.zones {
      for record in zone.recordOffsets {
        names.insert(zone.name(ofRecord: record))
        for context in zone.firstContexts(ofRecord: record) {
          types.formUnion(zone.node(ofRecord: record, context: context).rrsets(zone.memory).map(\.type))
        }
      }
    }
    var oldInquiry = Inquiry(old, at: 0), newInquiry = Inquiry(new, at: 0)
    var changed: Set<Tuple> = []
    for context in pair.contexts {
      for asker in context.callers {
        for name in names {
          for type in types {
            let before = AnswerDigest(oldInquiry.ask(name, type, asker.old.evidence), oldInquiry.message, old)
            let after = AnswerDigest(newInquiry.ask(name, type, asker.new.evidence), newInquiry.message, new)
            if before != after {
              changed.insert(
                Tuple(
                  context: context.name, service: asker.service, isIdentified: asker.isIdentified, name: name,
                  type: type))
            }
          }
        }
      }
    }
    return changed
  }
}

@Suite("ambit diff: what it says")
struct DifferenceTextTests {
  private let zone = apex + "orders A 10.1.0.1\ncart CNAME orders\nother A 10.1.0.9\n"
  private let policy = """
    origin example.test
    context near { from 10.1.0.0/16 }
    context far { from 10.2.0.0/16 }
    service orders
    service web { runs-at 10.1.0.10 10.2.0.10 }
    service batch { runs-at 10.1.0.66 }

    """

  private func differences(
    _ oldZones: [String: String]? = nil, _ oldPolicy: String? = nil, _ newZones: [String: String]? = nil,
    _ newPolicy: String? = nil, log: [String]? = nil
  ) throws -> Differences {
    let old = load(zones: oldZones ?? ["example.test.zone": zone], policy: oldPolicy ?? policy)
    let new = load(zones: newZones ?? ["example.test.zone": zone], policy: newPolicy ?? policy)
    guard let log else { return Differences(old, try #require(old.snapshot), new, try #require(new.snapshot), at: 0) }
    var replay = QueryReplay(old, try #require(old.snapshot), new, try #require(new.snapshot), at: 0)
    for line in log { replay.add(Array(line.utf8).span) }
    return replay.differences
  }

  @Test func `nothing changes between a configuration and itself, whatever its order and serial`() throws {
    let other = zone.replacing("hostmaster 1 ", with: "hostmaster 2 ")
      .replacing("other A 10.1.0.9\n", with: "").replacing("orders A", with: "other A 10.1.0.9\norders A")
    let found = try differences(nil, nil, newZones(other))
    #expect(found.text(bound: 10) == "nothing changes for anyone (7 names, 5 kinds of callers compared)\n")
  }

  private func newZones(_ zone: String) -> [String: String] { ["example.test.zone": zone] }

  @Test func `an endpoint that moves concerns the callers who see it, and the aliases that lead to it`() throws {
    let found = try differences(
      nil, nil, ["example.test.zone": zone, "far/example.test.zone": "orders 60 A 10.2.0.1\n"])
    #expect(
      found.text(bound: 10) == """
        orders.example.test. has other records  [far/example.test.zone:1]  (4 answers)
            callers in far: cart.example.test. A 10.1.0.1 → 10.2.0.1
            callers in far: orders.example.test. A 10.1.0.1 → 10.2.0.1

        1 cause: 4 answers of 2 names change (7 names, 5 kinds of callers compared)

        """)
  }

  @Test func `a refusal concerns whom it refuses, and no one else`() throws {
    let found = try differences(
      nil, nil, nil, policy.replacing("service orders\n", with: "service orders { refuse batch }\n"))
    let decisions = found.causes.filter { $0.kind == .decision }
    #expect(decisions.map(\.text) == ["calls of orders are refused by refuse"])
    #expect(decisions.first?.place == "p.policy:4")
    #expect(Set(decisions.first?.effects.map { $0.words(bound: nil) } ?? []) == ["batch in near"])
    #expect(found.causes.count == 1)
    let effect = try #require(decisions.first?.effects.first { $0.name == "orders.example.test." && $0.type == "A" })
    #expect(effect.old == "10.1.0.1" && effect.new == "refused refuse")
  }

  @Test func `every caller is named where all are asked for, and who is not concerned is told apart`() throws {
    let many = (1...9).map { "service s\($0) { runs-at 10.1.1.\($0) }\n" }.joined()
    let names = (1...9).map { "s\($0)" }
    let found = try differences(
      nil, policy + many, nil,
      policy.replacing("service orders\n", with: "service orders { refuse \(names.joined(separator: " ")) }\n") + many)
    let effect = try #require(found.causes.first?.effects.first)
    #expect(effect.callers == names && effect.context == "near" && !effect.others.isEmpty)
    #expect(effect.words(bound: nil).contains("s9") || effect.others.allSatisfy(effect.words(bound: nil).contains))
    #expect(!found.text(bound: nil).contains("more"))
    let most = Differences.Effect(
      context: "dev", callers: ["a", "b", "c"], others: ["web", "callers of no service"], callerCount: 3, name: "",
      type: "",
      old: "", new: "")
    #expect(most.words(bound: 6) == "everyone in dev except web and callers of no service")
    let few = Differences.Effect(
      context: "dev", callers: (1...8).map { "s\($0)" }, others: (1...9).map { "t\($0)" }, callerCount: 8, name: "",
      type: "", old: "", new: "")
    #expect(few.words(bound: 6) == "s1, s2, s3, s4, s5 and 3 more (--all) in dev")
    #expect(few.words(bound: nil) == "s1, s2, s3, s4, s5, s6, s7 and s8 in dev")
  }

  @Test func `a log's own lines are no defects, and its callers are known as it tells them`() throws {
    let log = [
      #"{"time":"x","scope":"all"}"#, #"{"time":"x","dropped":3}"#, #"{"source":"10.1.0.1","name":"","type":""}"#,
      #"{"source":"10.1.0.1","name":"orders.example.test.","type":"A","listener":"near","certificate":null}"#,
      #"{"source":"10.1.0.1","name":"orders.example.test.","type":"A","listener":"127.0.0.1:53"}"#,
    ]
    let found = try differences(nil, nil, newZones(zone.replacing("10.1.0.1\n", with: "10.1.0.2\n")), log: log)
    #expect(found.replay?.queryCount == 2 && found.replay?.changedCount == 2)
    #expect(found.replay?.malformedCount == 0 && found.replay?.missingCount == 3)
    #expect(found.summary.hasSuffix("; 100.0 % of 2 queries; 3 more that the log lost"))
  }

  @Test func `a TTL is a cause of its own`() throws {
    let found = try differences(nil, nil, newZones(zone.replacing("other A", with: "other 30 A")))
    #expect(found.causes.map(\.kind) == [.ttl])
    #expect(found.causes.first?.effects.first?.new == "TTL 30")
  }

  @Test func `addresses that are someone else are told as ranges`() throws {
    let found = try differences(nil, nil, nil, policy.replacing("10.1.0.66", with: "10.1.0.66/31"))
    #expect(found.causes.map(\.kind) == [.placement])
    #expect(found.causes.first?.text == "10.1.0.67: no service in near → batch in near")
    #expect(found.causes.first?.place == "p.policy:6")
    #expect(found.changeCount == 0)
  }

  private let isolated = """
    origin example.test
    context near { from 10.1.0.0/16 }
    context far { from 10.2.0.0/16 }
    isolate near far
    service orders
    service web { runs-at 10.1.0.10 10.2.0.10 }

    """

  @Test(arguments: ["far", "far web"])
  func `an exception for a context lets answers cross, and is their cause`(callers: String) throws {
    let lines = callers.split(separator: " ").map { "except \($0) -> orders until 2030-01-01 because x\n" }
    let found = try differences(nil, isolated, nil, isolated + lines.joined())
    let cause = try #require(found.causes.first)
    #expect(cause.kind == .server && cause.place == "p.policy:7")
    #expect(cause.text == "except \(lines[0].split(separator: " ")[1]) -> orders: none → until 2030-01-01")
    #expect(found.changeCount > 0 && found.causes.allSatisfy { $0.kind == .server })
    let effect = try #require(cause.effects.first { $0.name == "orders.example.test." && $0.type == "A" })
    #expect(effect.old == "refused isolate" && effect.new == "10.1.0.1" && effect.context == "far")
  }

  @Test func `an exception that ends on another day is a cause`() throws {
    let before = isolated + "except far -> orders until 2029-12-31 because x\n"
    let found = try differences(nil, before, nil, before.replacing("2029", with: "2030"))
    #expect(found.causes.map(\.text) == ["except far -> orders: until 2029-12-31 → until 2030-12-31"])
    #expect(found.causes.first?.place == "p.policy:7" && found.changeCount == 0)
    #expect(try differences(nil, before, nil, before.replacing("because x", with: "because y")).isEmpty)
  }

  @Test func `who is believed is a cause, whichever prefixes say so`() throws {
    let trusting = policy + "trust proxy from 10.9.0.0/30\ntrust ecs from 10.9.0.60\n"
    let found = try differences(nil, trusting, nil, policy)
    #expect(
      found.causes.map(\.text) == [
        "10.9.0.0 to 10.9.0.3: a proxy, who says who asks → no proxy",
        "10.9.0.60: a forwarder, whose client subnets are believed → no forwarder",
      ])
    #expect(found.causes.map(\.kind) == [.placement, .placement])
    #expect(found.causes.map(\.place) == ["p.policy:7", "p.policy:8"])
    #expect(
      try differences(nil, trusting, nil, trusting.replacing("10.9.0.0/30", with: "10.9.0.0/31 10.9.0.2/31")).isEmpty)
    #expect(try differences(nil, policy, nil, trusting).causes.count == 2)
  }

  @Test(arguments: [
    ("rate-limit off", "rate-limit: 1000 a second of /24 and /56, slip 2 → off"),
    ("nsid abc", "nsid: off → \"abc\""),
    ("version off", "version: ambit's → off"),
    ("cookies off", "cookies: on → off"),
    (
      "cookie-secret 00112233445566778899aabbccddeeff",
      "cookie-secret is another: cookies made before are not known again"
    ),
  ])
  func `a setting of the server is a cause`(line: String, text: String) throws {
    #expect(try differences(nil, nil, nil, policy + line + "\n").causes.map(\.text) == [text])
  }

  @Test func `a log weighs what changes, and its broken lines are counted`() throws {
    let log = [
      #"{"source":"10.1.0.1","name":"other.example.test.","type":"A"}"#,
      #"{"source":"10.1.0.1","name":"orders.example.test.","type":"A","context":"near"}"#, "", "{oops",
      #"{"source":"10.1.0.1","name":"orders.example.test.","type":"NONE"}"#,
      #"{"source":"10.2.0.1","name":"cart.example.test.","type":"A"}"#,
    ]
    let found = try differences(nil, nil, newZones(zone.replacing("10.1.0.1\n", with: "10.1.0.2\n")), log: log)
    #expect(found.replay?.queryCount == 3)
    #expect(found.replay?.changedCount == 2)
    #expect(found.replay?.malformedCount == 2)
    #expect(found.causes.map(\.queryCount) == [2])
    #expect(found.summary.hasSuffix("; 66.7 % of 3 queries; 2 lines of the log are no queries (the first: 4)"))
  }
}
