/// `include PATH`: another file, or all `*.policy` files of a folder. ``IncludeReader`` opened them before.
func readInclude(_ statement: Statement, _ reader: inout PolicyReader) {
  if statement.words[0].text.isEmpty { return reader.refuseForm(statement, at: statement.words[0]) }
  // As with a zone file's $INCLUDE (RFC 1035 §5.1), an origin that the file says ends with it.
  for file in statement.files { reader.readStatements(file, origin: reader.origin) }
}
