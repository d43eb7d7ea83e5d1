/// `endpoints PREFIX...`: where the context's services live, if not in `from`.
func readEndpoints(_ statement: Statement, _ reader: inout PolicyReader) {
  let prefixes = reader.prefixes(statement.words)
  reader.draft.contexts[reader.draft.contexts.count - 1].endpoints += prefixes
}
