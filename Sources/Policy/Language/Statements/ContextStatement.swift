/// `context NAME [in PARENT] { ... }`: a place where callers stand.
func readContext(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  if words.count > 1, words[1].text != "in" { return reader.refuseForm(statement, at: words[1]) }
  if words.count == 2 { return reader.refuseForm(statement) }
  let name = words[0]
  if !isPlainName(name.text) {
    reader.diagnostics.error(
      at: name.location,
      "\(quoted(name.text)) is no context's name; \(plainNameRemedy)")
  }
  reader.draft.contexts.append(.init(name: name, parent: words.count == 3 ? words[2] : nil))
  reader.readBlock(of: statement, in: .context)
}
