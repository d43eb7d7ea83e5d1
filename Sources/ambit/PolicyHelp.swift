internal import Policy

/// `ambit help policy [STATEMENT]`: the policy language's reference.
enum PolicyHelp {
  static func text(_ words: ArraySlice<String>) -> String {
    guard let word = words.first else {
      return """
        The statements of *.policy files. One in full: ambit help policy STATEMENT

        \(PolicyReference.overview)
        """
    }
    if word == "--markdown" { return PolicyReference.markdown }
    if let text = PolicyReference.text(of: word) { return text }
    // A word of another statement, such as "fallback" in "fail fallback SERVICE".
    let statement = PolicyReference.keywords.first { keyword in
      let usage = PolicyReference.text(of: keyword)?.prefix { $0 != "\n" } ?? ""
      return usage.split { !$0.isLetter && $0 != "-" }.contains { $0 == word }
    }
    if let statement {
      Arguments.fail(
        "\"\(word)\" is no statement, but a word of \(statement)", among: [], for: word,
        see: "ambit help policy \(statement)")
    }
    Arguments.fail(
      "there is no statement \"\(word)\"", among: PolicyReference.keywords, for: word, see: "ambit help policy")
  }
}
