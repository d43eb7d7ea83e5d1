internal import Diagnostics

/// `reload guard N%`: a reload that changes more of the answers recently given waits to be forced.
func readReload(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  guard words[0].text == "guard" else { return reader.refuseForm(statement, at: words[0]) }
  guard words[1].text.hasSuffix("%"), let percent = reader.number(words[1].text.dropLast(), in: 0...99) else {
    reader.diagnostics.error(
      at: words[1].location, "\(quoted(words[1].text)) is no share; write 0% to 99%, for example reload guard 20%")
    return
  }
  reader.setOnce(
    \.reloadGuard, to: ReloadGuard(percent: percent, location: statement.keyword.location), by: statement)
}
