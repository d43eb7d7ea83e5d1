/// `mode enforce|observe`: whether what the rules refuse is refused, or only logged.
func readMode(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let mode: Mode = reader.choice(statement.words[0]) else { return }
  switch reader.place {
  case .top: reader.setOnce(\.mode, to: mode, by: statement)
  case .context: reader.setOnce(\.contexts[reader.draft.contexts.count - 1].mode, to: mode, by: statement)
  case .service: reader.setOnce(ofService: \.mode, to: mode, by: statement)
  }
}
