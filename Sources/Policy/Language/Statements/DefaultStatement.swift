/// `default allow|refuse`: what services without `allow` lines do.
func readDefault(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let decision: DefaultDecision = reader.choice(statement.words[0]) else { return }
  reader.setOnce(\.defaultDecision, to: decision, by: statement)
}
