/// `allow NAME...`: these may call the service, others may not.
func readAllow(_ statement: Statement, _ reader: inout PolicyReader) {
  let references = statement.words.map { PolicyDraft.Reference(word: $0, origin: reader.origin) }
  reader.draft.services[reader.draft.services.count - 1].allows += references
}
