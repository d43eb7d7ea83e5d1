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
    Arguments.fail(
      "there is no statement \"\(word)\"", among: PolicyReference.keywords, for: word, see: "ambit help policy")
  }
}
