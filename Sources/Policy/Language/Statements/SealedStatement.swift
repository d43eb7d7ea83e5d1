/// `sealed`: the context inherits nothing but the zones' apexes.
func readSealed(_ statement: Statement, _ reader: inout PolicyReader) {
  reader.setOnce(\.contexts[reader.draft.contexts.count - 1].isSealed, to: true, by: statement)
}
