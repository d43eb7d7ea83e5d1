import Testing

@testable import Policy

@Suite("except: one for a call that no allow line allows")
struct ExceptionDoubtTests {
  private func doubts(_ policy: String) -> String {
    findings(
      "origin t; tiers a > b; context c; service x { tier a }; service w { tier a }\n" + policy
        + "\nexcept x -> y until 2026-12-31 because \"z\"\n")
  }

  @Test func `is doubted, since it lifts no allow`() {
    #expect(
      doubts("service y { tier b; allow w }").contains(
        "p:3:1: warning: \"x\" is not allowed to call \"y\" by its allow lines (p:2), which no exception lifts; allow it, or remove this"
      ))
    #expect(
      doubts("service y { tier b }; default refuse").contains("by default refuse (p:2), which no exception lifts"))
  }

  @Test(arguments: ["allow w x", "allow *", "allow c", ""])
  func `is none where the call may be allowed`(line: String) {
    #expect(!doubts("service y { tier b; \(line) }").contains("which no exception lifts"))
  }
}
