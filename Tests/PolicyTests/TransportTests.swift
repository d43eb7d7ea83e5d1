import Testing

@testable import Policy

@Suite("What a policy says of messages: nsid, cookies, cookie-secret, answer-order")
struct TransportTests {
  @Test func `without a word: cookies, rotation, no NSID, a secret of the server's own`() throws {
    let policy = try policy("")
    #expect(policy.answerOrder == .rotate && policy.cookieMode == .on)
    #expect(policy.nsid == .off && policy.cookieSecret == nil)
    #expect(CompiledPolicy(policy).rotatesAnswers && CompiledPolicy(policy).cookieMode == .on)
  }

  @Test func `what is written is what is compiled`() throws {
    let fixed = CompiledPolicy(try policy("answer-order fixed; cookies require"))
    #expect(!fixed.rotatesAnswers && fixed.cookieMode == .require)
    #expect(CompiledPolicy(try policy("answer-order rotate; cookies off")).rotatesAnswers)
  }

  @Test(
    arguments: [
      ("nsid ns1", .octets(Array("ns1".utf8))), (#"nsid "ns 1""#, .octets(Array("ns 1".utf8))),
      (#"nsid "a\"b\\c""#, .octets(Array(#"a"b\c"#.utf8))), ("nsid hex:00fF", .octets([0, 255])),
      ("nsid off", .off), ("nsid host-name", .hostName), (#"nsid "off""#, .octets(Array("off".utf8))),
      (#"nsid "hex:00""#, .octets(Array("hex:00".utf8))), ("nsid österreich", .octets(Array("österreich".utf8))),
    ] as [(String, NSID)])
  func `an NSID is a text, octets, the host's name or nothing`(text: String, nsid: NSID) throws {
    #expect(try policy(text).nsid == nsid)
  }

  @Test func `one secret, two of them, or a file`() throws {
    let secret = "e5e973e5a6b2a43f48e7dc849e37bfcf"
    let octets = try #require(hexadecimalOctets(secret))
    #expect(octets.count == 16 && octets[0] == 0xe5 && octets[15] == 0xcf)
    #expect(try policy("cookie-secret \(secret)").cookieSecret?.source == .octets([octets]))
    #expect(
      try policy("cookie-secret \(secret.uppercased()) 445536bcd2513298075a5d379663c962").cookieSecret?.source
        == .octets([octets, try #require(hexadecimalOctets("445536bcd2513298075a5d379663c962"))]))
    #expect(try policy("cookie-secret file secrets/cookie").cookieSecret?.source == .file("secrets/cookie"))
  }
}
