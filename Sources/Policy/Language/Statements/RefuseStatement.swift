/// `refuse NAME...`: these may not call the service, whatever else is said.
func readRefuse(_ statement: Statement, _ reader: inout PolicyReader) {
  let references = statement.words.map { PolicyDraft.Reference(word: $0, origin: reader.origin) }
  reader.draft.services[reader.draft.services.count - 1].refuses += references
}
