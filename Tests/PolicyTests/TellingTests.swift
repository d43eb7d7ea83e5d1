import FlatMemory
import TestSupport
import Testing

@testable import Policy

@Suite("DESIGN §4: the policy's lines in the words of an answer")
struct TellingTests {
  @Test func `who may call is told in the words that are written`() throws {
    let compiled = CompiledPolicy(
      try policy(
        """
        origin t; context shard; service web; service reports; service other
        group store web reports shard
        group big \((0..<30).map { "s\($0)" }.joined(separator: " "))
        \((0..<30).map { "service s\($0)" }.joined(separator: "\n"))
        service a { allow store other
          allow shard }
        service b { allow big
          allow * }
        service c { allow \((0..<20).map { "s\($0)" }.joined(separator: " ")) }
        """))
    func grants(_ service: UInt32) -> String {
      var buffer = OctetBuffer(capacity: 1000)
      compiled.telling.appendGrants(service, to: &buffer)
      return text(buffer)
    }
    #expect(grants(34) == "store, other (p:34), shard (p:35)")
    #expect(grants(35) == "big (p:36), * (p:37)")
    #expect(grants(36).hasSuffix("s15 (p:38) and 4 more"))
  }

  @Test(arguments: 0..<rounds(20))
  func `the line that allows a caller is the first that means it`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let names = ["c0", "c1", "c2", "c3", "s0", "s1", "s2", "s3", "g"]
    var lines = "origin t\ncontext c0\ncontext c1 in c0\ncontext c2 in c1\ncontext c3 in c0\ngroup g s1 c3\n"
    for service in 0..<4 {
      lines += "service s\(service) {\n"
      for _ in 0..<random.number(0...4) {
        lines += "  allow \(random.chance(10) ? "*" : names[random.number(0...8)]) \(names[random.number(0...8)])\n"
      }
      lines += "}\n"
    }
    let policy = try policy(lines)
    let compiled = CompiledPolicy(policy)
    for context in 0...4 {
      for service in 0...4 {
        let caller = Caller(context: UInt16(context), service: UInt32(service))
        for target in 1...4 {
          let first = policy.services[target - 1].allows.first { grant in
            switch grant.subject {
            case .everyone: true
            case .service(let index): index + 1 == service
            case .context(let number): context != 0 && policy.contexts.isContext(context, in: number)
            }
          }
          var buffer = OctetBuffer(capacity: 100)
          let line = compiled.telling.allowingLine(caller, service: UInt32(target))
          compiled.telling.appendPlace(line, to: &buffer)
          #expect(text(buffer) == first?.location.short ?? "", "\(caller) \(target)\n\(lines)")
        }
      }
    }
  }
}
