/// `explain on`, `explain off`, `explain to CONTEXT...`: who is told why.
func readExplain(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  switch (words[0].text, words.count) {
  case ("on", 1), ("off", 1): reader.setOnce(\.explaining, to: words, by: statement)
  case ("to", 2...): reader.setOnce(\.explaining, to: words, by: statement)
  case ("to", _): reader.refuseForm(statement)
  case ("on", _), ("off", _): reader.refuseSurplus(statement, from: 1)
  default: reader.refuseForm(statement, at: words[0])
  }
}

/// `version TEXT` or `version off`: what `dig CH TXT version.bind` is told.
func readVersion(_ statement: Statement, _ reader: inout PolicyReader) {
  let word = statement.words[0]
  guard word.text.utf8.count <= 255 else { return reader.refuseForm(statement, at: word) }
  reader.setOnce(\.versionText, to: word.text == "off" && !word.isQuoted ? .off : .text(word.text), by: statement)
}
