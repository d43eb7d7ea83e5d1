import Addresses
import DNSFormat
import TestSupport
import Testing

@testable import Policy

@Suite("Which forward line a name goes by")
struct ForwardTableTests {
  private func table(_ text: String) throws -> (table: ForwardTable, policy: Policy) {
    let policy = try policy(text)
    return (ForwardTable(policy), policy)
  }

  /// The line that counts, by walking up from the name and out of the context: the judge.
  private func plainLine(of name: DomainName, context: Int, longerThan labels: Int = -1, _ policy: Policy) -> UInt16 {
    var zone = name
    while zone.labelCount > labels {
      for context in policy.contexts.path(from: context) {
        if let index = policy.forwards.firstIndex(where: { $0.zone == zone && $0.context == context }) {
          return UInt16(index + 1)
        }
      }
      if zone == .root { break }
      zone = zone.parent
    }
    return 0
  }

  @Test func `without a line nothing is forwarded, and off alone forwards nothing`() throws {
    #expect(try table("").table.isEmpty)
    #expect(try table("forward . off").table.isEmpty)
    #expect(try !table("forward . 192.0.2.53").table.isEmpty)
    let empty = try table("").table
    var key = NameKey()
    key.load(try DomainName("www.example."))
    #expect(empty.route(of: key, context: 0) == 0)
  }

  @Test func `the longest zone counts, then the nearer context, and off ends it`() throws {
    let (table, policy) = try table(
      """
      context a { from 10.1.0.0/16; forward . 192.0.2.2; forward corp.example off }
      context b in a { from 10.1.1.0/24 }
      forward . 192.0.2.1
      forward corp.example 192.0.2.3
      """)
    func route(_ name: String, _ context: String?) throws -> UInt16 {
      var key = NameKey()
      key.load(try DomainName(name))
      return table.route(of: key, context: UInt16(context.flatMap { policy.contexts.number(of: $0) } ?? 0))
    }
    #expect(try route("www.example.", nil) == 3)
    #expect(try route("www.example.", "a") == 1)
    #expect(try route("WWW.Example.", "b") == 1)
    #expect(try route("x.corp.EXAMPLE.", nil) == 4)
    #expect(try route("corp.example.", "a") == 0)
    #expect(try route("notcorp.example.", "b") == 1)
    #expect(try route("x.corp.example.", "b") == 0)
    #expect(try route(".", "b") == 1)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `any lines and any names: as found by walking up`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var lines: [String] = []
    var names: [String] = ["."]
    for _ in 0..<24 {
      let base = names.randomElement(using: &random) ?? "."
      names.append("\("abc".randomElement(using: &random) ?? "a")." + (base == "." ? "" : base))
    }
    let contexts = 9
    for number in 1...contexts {
      let parent = Int.random(in: 0..<number, using: &random)
      var inside: [String] = []
      for zone in Set(names) where Int.random(in: 0..<4, using: &random) == 0 {
        inside.append("forward \(zone) \(Bool.random(using: &random) ? "192.0.2.\(number)" : "off")")
      }
      lines.append(
        "context c\(number)\(parent == 0 ? "" : " in c\(parent)") { from 10.\(number).0.0/16; "
          + inside.joined(separator: "; ") + " }")
    }
    for zone in Set(names) where Int.random(in: 0..<3, using: &random) == 0 {
      lines.append("forward \(zone) 192.0.2.99")
    }
    let (table, policy) = try table(lines.joined(separator: "\n"))
    var key = NameKey()
    for name in names.flatMap({ [$0, "x." + ($0 == "." ? "" : $0)] }) {
      let name = try DomainName(name)
      key.load(name)
      for context in 0...contexts {
        for labels in -1...3 {
          let right = plainLine(of: name, context: context, longerThan: labels, policy)
          #expect(table.line(of: key, context: UInt16(context), longerThan: labels) == right, "\(name) in \(context)")
          let isOff = right != 0 && policy.forwards[Int(right) - 1].isOff
          #expect(table.route(of: key, context: UInt16(context), longerThan: labels) == (isOff ? 0 : right))
        }
      }
    }
  }

  @Test func `answers are kept under the servers and their order, and nothing else`() throws {
    let old = try table("forward . 192.0.2.1 192.0.2.2\nforward a 192.0.2.2 192.0.2.1\nforward b 192.0.2.1:5353").table
    let new = try table("forward x off\nforward y 192.0.2.1:53 192.0.2.2").table
    #expect(old.fingerprint(of: 1) == new.fingerprint(of: 2))
    #expect(Set([1, 2, 3].map { old.fingerprint(of: $0) }).count == 3)
    #expect(old.fingerprint(of: 0) == 0)
  }
}
