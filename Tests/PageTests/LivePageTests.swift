import Testing

@testable import Page

@Suite("The page is one document that a browser can hold to a policy")
struct LivePageTests {
  let document = String(decoding: LivePage.document, as: UTF8.self)

  @Test
  func `the document has style and script where page html has their places, once each`() {
    #expect(document.hasPrefix("<!doctype html>"))
    #expect(document.split(separator: "<style>", omittingEmptySubsequences: false).count == 2)
    #expect(document.split(separator: "<script>", omittingEmptySubsequences: false).count == 2)
    #expect(document.contains("<style>\(LivePage.style)</style>"))
    #expect(document.contains("<script>\(LivePage.script)</script>"))
    #expect(!document.contains("/*page."))
    #expect(document.hasSuffix("</html>\n"))
  }

  @Test
  func `nothing in style or script ends its element`() {
    #expect(!LivePage.style.contains("</"))
    #expect(!LivePage.script.lowercased().contains("</script"))
    #expect(!LivePage.script.contains("<!--"))
  }

  @Test
  func `nothing is fetched but from this server`() {
    // Names of XML's vocabularies are no addresses to fetch from.
    let text = document.replacing("http://www.w3.org/2000/svg", with: "")
    for word in ["http:", "https:", "src=", "@import", "url(http", "//cdn"] { #expect(!text.contains(word), "\(word)") }
  }

  @Test
  func `data never becomes markup`() {
    for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
      #expect(!LivePage.script.contains(word), "\(word)")
    }
  }

  @Test
  func `no markup carries style or script of its own, which the policy forbids`() {
    #expect(!document.contains(" style="))
    #expect(document.firstMatch(of: /<[^>]* on[a-z]+=/) == nil)
  }

  @Test
  func `the policy allows what is in the document and nothing else`() {
    let policy = LivePage.contentSecurityPolicy
    #expect(policy.hasPrefix("default-src 'none'; script-src 'sha256-"))
    #expect(!policy.contains("unsafe") && !policy.contains("*"))
    // 32 octets as Base64 are 44 characters.
    #expect(policy.matches(of: /'sha256-[A-Za-z0-9+\/]{43}='/).count == 2)
  }

  @Test
  func `what the script looks up is in the document`() {
    for match in LivePage.script.matches(of: /byID\('([a-z0-9-]+)'\)/) {
      #expect(document.contains("id=\"\(match.1)\""), "\(match.1)")
    }
  }

  @Test
  func `no two elements have one id`() {
    let ids = document.matches(of: /\sid="([^"]+)"/).map(\.1)
    #expect(ids.count > 30)
    #expect(Set(ids).count == ids.count)
  }
}

@Suite("FIPS 180-4 §6.2: SHA-256")
struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 100_000), "6d1cf22d7cc09b085dfc25ee1a1f3ae0265804c607bc2074ad253bcc82fd81ee"
    ),
  ])
  func `known messages have their known hashes`(message: String, hash: String) {
    let digest = SHA256.digest(of: Array(message.utf8))
    #expect(digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == hash)
  }

  /// Padding takes one block or two: 55 octets are the most that leave room for the length.
  @Test(arguments: [
    (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
    (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
    (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
  ])
  func `a message at the end of a block is padded`(count: Int, hash: String) {
    let digest = SHA256.digest(of: [UInt8](repeating: 0x61, count: count))
    #expect(digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == hash)
  }
}
