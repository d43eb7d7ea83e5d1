/// `from PREFIX...`: who asks from there is in the context.
func readFrom(_ statement: Statement, _ reader: inout PolicyReader) {
  let prefixes = reader.prefixes(statement.words)
  reader.draft.contexts[reader.draft.contexts.count - 1].from += prefixes
}
