import Testing

@testable import Diagnostics

@Suite("What a person reads: place, severity, message")
struct DiagnosticTests {
  private func place(_ file: String, _ line: Int = 0, _ column: Int = 0) -> Diagnostics.SourceLocation {
    Diagnostics.SourceLocation(file: file, line: line, column: column)
  }

  @Test func `a place says no more than is known`() {
    #expect(place("zones/a.zone", 6, 9).description == "zones/a.zone:6:9")
    #expect(place("zones/a.zone", 6).description == "zones/a.zone:6")
    #expect(place("zones/a.zone").description == "zones/a.zone")
    #expect(place("zones/orders.policy", 6, 3).short == "orders.policy:6")
    #expect(place("orders.policy").short == "orders.policy")
  }

  @Test func `of two places that differ one is before the other`() {
    let one = place("zones/a.policy", 1, 1)
    var other = one
    other.folderLength = 6
    #expect(one != other && (one < other) != (other < one))
  }

  @Test func `the form is that of editors and compilers`() {
    #expect(Diagnostic.error(at: place("a", 1, 2), "no; yes").description == "a:1:2: error: no; yes")
    #expect(Diagnostic.warning(at: place("a"), "hm").description == "a: warning: hm")
  }

  @Test func `what a file holds steers no terminal and fakes no line`() {
    let written = "\u{1b}[2J\n\u{7f}\u{85}\u{2028}\u{202e}é\u{b}"
    #expect(
      Diagnostic.error(at: place("a\r", 1), "\"\(written)\"; no").description
        == #"a\x0d:1: error: "\x1b[2J\x0a\x7f\x85\u{2028}\u{202e}é\x0b"; no"#)
  }

  @Test func `a list is shown in order of place, each once, and of one place as found`() {
    let found: [Diagnostic] = [
      .error(at: place("b", 1, 1), "z"), .error(at: place("a", 10, 1), "y"), .warning(at: place("a", 9, 2), "b"),
      .error(at: place("a", 9, 2), "a"), .error(at: place("b", 1, 1), "z"),
    ]
    #expect(
      found.inOrder.map(\.description) == [
        "a:9:2: warning: b", "a:9:2: error: a", "a:10:1: error: y", "b:1:1: error: z",
      ])
  }

  @Test func `only an error stops a load`() {
    #expect(![Diagnostic.warning(at: place("a"), "x")].hasErrors)
    #expect([Diagnostic.warning(at: place("a"), "x"), .error(at: place("a"), "y")].hasErrors)
    #expect(![Diagnostic]().hasErrors)
  }
}

@Suite("The word that was meant")
struct SuggestionTests {
  private let known = ["checkout", "orders", "web", "A", "AAAA"]

  @Test(arguments: [
    ("chekout", "checkout"), ("ordres", "orders"), ("ORDERS", "orders"), ("wbe", "web"), ("webb", "web"),
    ("AAA", "AAAA"),
    ("order", "orders"),
  ])
  func `a near word is suggested`(written: String, meant: String) {
    #expect(nearest(to: written, in: known) == meant)
    #expect(didYouMean(written, in: known) == "; did you mean \"\(meant)\"?")
  }

  @Test(arguments: ["billing", "wxyz", "checkpointed", ""])
  func `a far word is not`(written: String) {
    #expect(nearest(to: written, in: ["checkout", "orders", "web"]) == nil)
    #expect(didYouMean(written, in: ["checkout"]) == "")
  }

  @Test func `of two near words the nearer is meant`() {
    #expect(nearest(to: "shard-bb", in: ["shard-a", "shard-b"]) == "shard-b")
  }
}
