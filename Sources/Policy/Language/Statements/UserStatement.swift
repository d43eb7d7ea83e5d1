/// `user NAME[:GROUP]`: who the server becomes once its sockets are bound.
func readUser(_ statement: Statement, _ reader: inout PolicyReader) {
  let word = statement.words[0]
  guard let user = ServerUser(word.text, at: word.location) else {
    reader.diagnostics.error(
      at: word.location, "\(quoted(word.text)) is no user; write NAME or NAME:GROUP, for example ambit")
    return
  }
  reader.setOnce(\.user, to: user, by: statement)
}
