/// `trust ecs from PREFIX...`, `trust proxy from PREFIX...`: who may speak for callers.
func readTrust(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  guard words[1].text == "from" else { return reader.refuseForm(statement, at: words[1]) }
  switch words[0].text {
  case "ecs": reader.draft.trustedForwarders += reader.prefixes(Array(words[2...]))
  case "proxy": reader.draft.trustedProxies += reader.prefixes(Array(words[2...]))
  default: reader.refuseForm(statement, at: words[0])
  }
}
