import FlatMemory
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
}
