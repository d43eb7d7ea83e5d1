import Testing

@testable import Page

@Suite("The page is one document, and works under a strict Content-Security-Policy")
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
