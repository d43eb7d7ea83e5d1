internal import Diagnostics

/// `observe RULE...`: rules in shadow, which only log what they would refuse.
func readObserve(_ statement: Statement, _ reader: inout PolicyReader) {
  let known = Rule.allCases.filter { $0 != .none && $0 != .observed }
  for word in statement.words {
    guard let rule = known.first(where: { $0.word == word.text }) else {
      reader.diagnostics.error(
        at: word.location, "no rule is called \(quoted(word.text))", meant: word.text,
        known: known.map { .init(name: $0.word) }, remedy: "the rules are \(known.map(\.word).joined(separator: ", "))")
      continue
    }
    reader.draft.observedRules.append(ObservedRule(rule: rule, location: word.location))
  }
}
