import Testing

@testable import HTTP

@Suite("Content Security Policy: a page's own script and style, and no other")
struct ContentPolicyTests {
  private func hex(_ octets: [UInt8]) -> String {
    octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (String(repeating: "a", count: 1_000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
    ])
  func `SHA-256 is FIPS 180-4's`(text: String, digest: String) { #expect(hex(sha256(Array(text.utf8))) == digest) }

  @Test func `each inline part is allowed by its hash`() {
    let page = "<html><style>p{}</style><script>\nalert(1)\n</script><script type=\"text/plain\"></script></html>"
    let policy = contentPolicy(ofPage: Array(page.utf8))
    #expect(policy.contains("style-src 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y=';"))
    #expect(policy.contains("script-src 'sha256-J8+4/wmqNoqVGih0Xof49bzVEIwR8aHhR5HvZK1wlzY=' "))
    #expect(policy.contains("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"), "the empty script's: \(policy)")
    #expect(contentPolicy(ofPage: []).hasPrefix("default-src 'none'; script-src 'none'; style-src 'none'; "))
    #expect(contentPolicy(ofPage: Array("<script>".utf8)).contains("script-src 'none'"))
  }
}
