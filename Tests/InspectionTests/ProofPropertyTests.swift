import Addresses
import Answering
import DNSFormat
import Policy
import TestSupport
import Testing

@testable import Inspection

/// Configurations with contexts in each other, overlays, aliases, wildcards, exceptions, and rules in shadow.
private struct ProvableConfiguration {
  private(set) var policy = "origin p.test\n"
  /// The policy without some of its `isolate` lines.
  private(set) var laxPolicy = ""
  private(set) var zones: [String: String] = [:]
  private(set) var names: [String] = []
  private(set) var isolations: [[Int]] = []
  static let contexts = ["", "a", "a1", "b", "c"]
  private static let prefixes = ["", "10.1.0", "10.1.128", "10.2.0", "10.3.0"]

  init(_ random: inout SeededGenerator) {
    policy += "default \(random.chance(70) ? "allow" : "refuse")\n"
    if random.chance(10) { policy += "observe isolate\n" }
    if random.chance(10) { policy += "observe refuse\n" }
    policy += "context a { from 10.1.0.0/16; \(Self.mode(&random)) }\n"
    policy += "context a1 in a { from 10.1.128.0/17; \(Self.mode(&random)) }\n"
    policy += "context b { from 10.2.0.0/16; \(Self.mode(&random)) }\n"
    policy += "context c { from 10.3.0.0/16; \(Self.mode(&random)) }\n"
    let services = random.number(1...5)
    for service in 0..<services {
      policy += "service s\(service) {\n"
      if random.chance(70) { policy += "runs-at \(Self.prefixes[random.number(1...4)]).\(100 + service)\n" }
      if random.chance(20) { policy += "mode observe\n" }
      if random.chance(30) { policy += "refuse \(Self.subject(services, &random))\n" }
      if random.chance(40) { policy += "allow \(Self.subject(services, &random))\n" }
      policy += "}\n"
    }
    for _ in 0..<random.number(0...2) {
      policy +=
        "except \(Self.subject(services, &random)) -> s\(random.number(0...(services - 1))) until "
        + "\(random.chance(70) ? "2027" : "2025")-01-31 because x\n"
    }
    laxPolicy = policy
    for _ in 0..<random.number(1...2) {
      let pair = Set([[1, 2, 3, 4].randomElement(using: &random) ?? 1, [3, 4].randomElement(using: &random) ?? 3])
      guard pair.count == 2 else { continue }
      let line = "isolate \(pair.sorted().map { Self.contexts[$0] }.joined(separator: " "))\n"
      isolations.append(pair.sorted())
      policy += line
      if random.chance(50) { laxPolicy += line }
    }
    names = (0..<services).map { "s\($0)" } + (0..<3).map { "n\($0)" } + ["x.s0"]
    zones["p.test.zone"] = apex + records(90, &random) + (random.chance(20) ? "* A \(Self.address(&random))\n" : "")
    for context in ["a", "a1", "b"] where random.chance(30) { zones["\(context)/p.test.zone"] = records(30, &random) }
  }

  /// Data of so many of a hundred names.
  private func records(_ percent: Int, _ random: inout SeededGenerator) -> String {
    var text = ""
    for name in names where random.chance(percent) {
      switch random.number(0...9) {
      case 0: text += "\(name) 60 CNAME \(names[random.number(0...(names.count - 1))])\n"
      case 1: text += "\(name) 60 MX 5 \(names[random.number(0...(names.count - 1))])\n"
      case 2: text += "\(name) 60 HTTPS 1 . ipv4hint=\(Self.address(&random))\n"
      case 3: text += "\(name) 60 TXT t\n"
      default: for _ in 0..<random.number(1...2) { text += "\(name) 60 A \(Self.address(&random))\n" }
      }
    }
    return text
  }

  private static func mode(_ random: inout SeededGenerator) -> String { random.chance(12) ? "mode observe" : "" }

  private static func subject(_ services: Int, _ random: inout SeededGenerator) -> String {
    random.chance(50) ? "s\(random.number(0...(services - 1)))" : contexts[random.number(1...4)]
  }

  private static func address(_ random: inout SeededGenerator) -> String {
    random.chance(5) ? "192.0.2.9" : "\(prefixes[random.number(1...4)]).\(random.number(1...9))"
  }

  /// True where some line names both, or what they are in.
  func isIsolated(_ caller: Int, _ endpoint: Int) -> Bool {
    func isIn(_ context: Int, _ outer: Int) -> Bool { context == outer || context == 2 && outer == 1 }
    return isolations.contains { line in
      line.contains { one in isIn(caller, one) && line.contains { $0 != one && isIn(endpoint, $0) } }
    }
  }

  /// The context that an address is in.
  static func context(of address: IPAddress) -> Int {
    let text = address.description
    if text.hasPrefix("10.1.128.") { return 2 }
    return (prefixes.firstIndex { $0 != "" && text.hasPrefix($0 + ".") }) ?? 0
  }
}

/// What every caller there can be gets of every name, by asking for it.
private struct BruteForce {
  struct Finding: Hashable {
    let context: Int
    let service: UInt32
    let owner: DomainName
  }

  /// Endpoints that cross, but for those that may.
  private(set) var crossings: Set<Finding> = []
  private(set) var observed: Set<Finding> = []
  private(set) var excepted: Set<Finding> = []
  /// Services of which someone else, whom no rule refuses, gets an address.
  private(set) var reached: Set<UInt32> = []

  init(_ snapshot: Snapshot, _ configuration: ProvableConfiguration, at time: UInt32) throws {
    var probe = Probe(snapshot, at: time)
    let written = snapshot.policy.policy
    let types: [RRType] = [.a, .aaaa, .mx, .https, .cname, .any]
    for member in CallerCensus(snapshot.policy).members.values {
      let caller = member.caller
      let context = Int(caller.context)
      for label in configuration.names + ["none", "*"] {
        let name = try DomainName("\(label).p.test.")
        let service = snapshot.policy.serviceNumber(for: name)
        for type in types {
          guard let message = probe.ask(name, type, by: member.evidence).1 else { continue }
          var hasEndpoint = false
          for record in message.answer + message.authority + message.additional {
            for address in IsolationReading.endpoints(record.type, record.rdata) {
              hasEndpoint = true
              let endpoint = ProvableConfiguration.context(of: address)
              guard context != 0, configuration.isIsolated(context, endpoint) else { continue }
              let owning = snapshot.policy.serviceNumber(for: record.owner)
              let finding = Finding(context: context, service: owning, owner: record.owner)
              if Self.isObserved(written, context, owning) {
                observed.insert(finding)
              } else if Self.isExcepted(written, caller, owning, time) {
                excepted.insert(finding)
              } else {
                crossings.insert(finding)
              }
            }
          }
          if hasEndpoint, service != 0, caller.service != service, message.rcode == 0,
            [.a, .aaaa, .https].contains(type),
            snapshot.policy.judge(caller, target: service, at: time).refusal == nil
          {
            reached.insert(service)
          }
        }
      }
    }
  }

  private static func isObserved(_ policy: Policy, _ context: Int, _ service: UInt32) -> Bool {
    let mode = policy.contextDetails[context].mode ?? (context == 2 ? policy.contextDetails[1].mode : nil)
    return (mode ?? policy.mode) == .observe || service != 0 && policy.services[Int(service) - 1].mode == .observe
      || policy.observedRules.contains { $0.rule == .isolate }
  }

  private static func isExcepted(_ policy: Policy, _ caller: Caller, _ service: UInt32, _ time: UInt32) -> Bool {
    policy.exceptions.contains { exception in
      guard exception.service + 1 == Int(service), time < exception.end else { return false }
      switch exception.caller {
      case .everyone: return true
      case .service(let index): return index + 1 == Int(caller.service)
      case .context(let number): return number == Int(caller.context) || number == 1 && caller.context == 2
      }
    }
  }
}

@Suite("ambit check: what is proved is what asking for everything finds")
struct ProofPropertyTests {
  private let time: UInt32 = 1_767_225_600  // 2026-01-01

  @Test func `proved means that nobody gets anything across, and found that somebody does`() throws {
    var random = SeededGenerator(seed: 61)
    var counts = (observed: 0, excepted: 0, crossing: 0)
    for _ in 0..<min(rounds(150), 600) {
      let configuration = ProvableConfiguration(&random)
      let comment = Comment(rawValue: "\(configuration.policy)\(configuration.zones)")
      let loaded = load(zones: configuration.zones, policy: configuration.policy)
      guard !loaded.diagnostics.hasErrors, let snapshot = loaded.snapshot, !configuration.isolations.isEmpty else {
        continue
      }
      let proof = Proof.run(snapshot, at: time).proof
      let found = try BruteForce(snapshot, configuration, at: time)
      let said = try #require(proof.proved.first { $0.hasPrefix("no answer crosses an isolation") }, comment)
      #expect(found.crossings.isEmpty, comment)
      if !found.observed.isEmpty { #expect(said.contains("that is enforced"), comment) }
      if !found.excepted.isEmpty { #expect(said.contains("but by exception"), comment) }
      counts.observed += found.observed.isEmpty ? 0 : 1
      counts.excepted += found.excepted.isEmpty ? 0 : 1

      // The same of a server that knows only some of the lines.
      let lax = load(zones: configuration.zones, policy: configuration.laxPolicy)
      let laxSnapshot = try #require(lax.snapshot, comment)
      let isolation = IsolationProof(
        laxSnapshot, snapshot.policy.policy, CallerCensus(laxSnapshot.policy), at: time)
      let laxFound = try BruteForce(laxSnapshot, configuration, at: time)
      #expect(isolation.crossings.isEmpty == laxFound.crossings.isEmpty, comment)
      counts.crossing += laxFound.crossings.isEmpty ? 0 : 1
    }
    #expect(counts.observed > 3 && counts.excepted > 3 && counts.crossing > 3, "\(counts)")
  }

  @Test func `in reach means that somebody else gets an address, and out of reach that nobody does`() throws {
    var random = SeededGenerator(seed: 62)
    var counts = (reached: 0, unreachable: 0, without: 0)
    for _ in 0..<min(rounds(150), 600) {
      let configuration = ProvableConfiguration(&random)
      let loaded = load(zones: configuration.zones, policy: configuration.policy)
      guard !loaded.diagnostics.hasErrors, let snapshot = loaded.snapshot else { continue }
      let reach = ServiceReach(snapshot, CallerCensus(snapshot.policy), at: time)
      let found = try BruteForce(snapshot, configuration, at: time)
      for index in snapshot.policy.policy.services.indices {
        let service = UInt32(index + 1)
        let comment = Comment(rawValue: "s\(index) \(configuration.policy)\(configuration.zones)")
        if reach.unreachable.contains(service) {
          counts.unreachable += 1
          #expect(!found.reached.contains(service), comment)
        } else if reach.withoutAddress.contains(service) {
          counts.without += 1
          #expect(!found.reached.contains(service), comment)
        } else {
          counts.reached += 1
          #expect(found.reached.contains(service), comment)
        }
      }
      #expect(reach.untried.isEmpty)
    }
    #expect(counts.reached > 100 && counts.unreachable > 20 && counts.without > 20, "\(counts)")
  }
}
