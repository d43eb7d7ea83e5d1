import TestSupport

/// Policies that use every rule about names: trees of contexts, tiers, exceptions with dates, rules in shadow.
struct RulePolicy {
  /// Midnights after the days that exceptions last to.
  static let ends: [UInt32] = [1_768_089_600, 1_782_864_000, 1_801_440_000]
  static let days = ["2026-01-10", "2026-06-30", "2027-01-31"]

  private(set) var text = "origin t\n"
  private let contexts: Int
  private let services: Int
  /// Calls against the order that an exception lifts.
  private var lifted: [(caller: Int, service: Int)] = []

  init(_ random: inout SeededGenerator) {
    contexts = random.number(1...8)
    services = random.number(2...12)
    if random.chance(40) { text += "default \(random.chance(50) ? "allow" : "refuse")\n" }
    if random.chance(15) { text += "mode observe\n" }
    let hasTiers = random.chance(80)
    if hasTiers { text += "tiers high > middle > low\n" }
    if hasTiers, random.chance(20) { text += "tier middle\n" }
    if random.chance(80) { text += "acyclic\n" }
    for rule in ["refuse", "require", "allow", "acyclic", "tiers"] where random.chance(12) {
      text += "observe \(rule)\n"
    }
    for number in 1...contexts {
      let parent = number > 1 && random.chance(60) ? " in c\(random.number(1...(number - 1)))" : ""
      let mode = random.chance(25) ? "mode \(random.chance(50) ? "observe" : "enforce")" : ""
      text += "context c\(number)\(parent) { from 10.\(number).0.0/16; \(mode) }\n"
    }
    // Calls go down this order, but for some: most graphs have no cycle, and undeclared calls still close one.
    let order = (1...services).shuffled(using: &random)
    for (place, service) in order.enumerated() {
      addService(service, callers: Array(order[..<place]), hasTiers, &random)
    }
    for (caller, service) in lifted {
      text += "except s\(caller) -> s\(service) until \(Self.days[random.number(0...2)]) because x\n"
    }
    addExceptions(random.number(0...5), &random)
  }

  mutating func addExceptions(_ count: Int, _ random: inout SeededGenerator) {
    for _ in 0..<count {
      let caller = random.chance(70) ? "s\(random.number(1...services))" : "c\(random.number(1...contexts))"
      text += "except \(caller) -> s\(random.number(1...services)) until \(Self.days[random.number(0...2)]) because x\n"
    }
  }

  private mutating func addService(
    _ service: Int, callers: [Int], _ hasTiers: Bool, _ random: inout SeededGenerator
  ) {
    text += "service s\(service) {\n"
    if hasTiers, random.chance(70) { text += "tier \(["high", "middle", "low"][random.number(0...2)])\n" }
    if random.chance(15) { text += "mode \(random.chance(60) ? "observe" : "enforce")\n" }
    if random.chance(25) { text += "require identity\n" }
    var allows: [String] = []
    var refuses: [String] = []
    for caller in callers where random.chance(35) { allows.append("s\(caller)") }
    if random.chance(10) { allows.append("s\(random.number(1...services))") }
    if random.chance(20) {
      lifted.append((random.number(1...services), service))
      allows.append("s\(lifted[lifted.count - 1].caller)")
    }
    if random.chance(30) { allows.append("c\(random.number(1...contexts))") }
    if random.chance(15) { allows.append("*") }
    for _ in 0..<random.number(0...2) {
      refuses.append(random.chance(50) ? "s\(random.number(1...services))" : "c\(random.number(1...contexts))")
    }
    if random.chance(4) { refuses.append("*") }
    refuses.removeAll(where: allows.contains)
    if !refuses.isEmpty, random.chance(50) {
      text += "refuse \(refuses.joined(separator: " "))\n"
    } else {
      refuses = []
    }
    for allow in allows.shuffled(using: &random) { text += "allow \(allow)\n" }
    text += "}\n"
  }
}
