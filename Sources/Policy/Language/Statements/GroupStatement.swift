internal import Diagnostics

/// `group NAME WORD...`: services, contexts and other groups under one name.
func readGroup(_ statement: Statement, _ reader: inout PolicyReader) {
  let name = statement.words[0]
  if !isPlainName(name.text) {
    reader.diagnostics.error(at: name.location, "\(quoted(name.text)) is no group's name; \(plainNameRemedy)")
  }
  let members = statement.words[1...].map { PolicyDraft.Reference(word: $0, origin: reader.origin) }
  reader.draft.groups.append(.init(name: name, members: members))
}
