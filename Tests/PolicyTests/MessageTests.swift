import Testing

/// A policy text and everything that is said of it.
struct MessageCase: CustomTestStringConvertible {
  let text: String
  let findings: String
  var testDescription: String { text }

  init(_ text: String, _ findings: String...) {
    self.text = text
    self.findings = findings.joined(separator: "\n")
  }
}

@Suite("STYLE §4: what is wrong is said with its place, in the user's words, and with a remedy")
struct MessageTests {
  @Test(
    arguments: grammarCases + statementCases + contextCases + serviceCases + prefixCases + transportCases + serverCases
      + tierCases + identityCases + groupCases + networkCases + leaseCases + originCases + doubtCases + healthCases
      + steeringCases + forwardCases)
  func `a policy gets exactly these errors and warnings`(_ golden: MessageCase) {
    #expect(findings(golden.text) == golden.findings)
  }
}
