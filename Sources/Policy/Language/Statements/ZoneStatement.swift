internal import DNSFormat

/// `zone NAME file PATH [in CONTEXT]`: a zone's file, or an overlay's, whose own name does not say so.
///
/// The name is absolute with or without its dot, as in the name of a file; `origin` does not matter to it.
func readZone(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  guard words[1].text == "file", !words[1].isQuoted else { return reader.refuseForm(statement, at: words[1]) }
  guard !words[2].text.isEmpty else { return reader.refuseForm(statement, at: words[2]) }
  if words.count > 3 {
    guard words[3].text == "in" else { return reader.refuseForm(statement, at: words[3]) }
    guard words.count == 5 else { return reader.refuseForm(statement) }
  }
  do throws(NameError) {
    reader.draft.zoneFiles.append(
      .init(
        origin: try DomainName(words[0].text), path: words[2].text, context: words.count > 3 ? words[4] : nil,
        location: statement.keyword.location))
  } catch {
    reader.diagnostics.error(at: words[0].location, "\(quoted(words[0].text)) \(error)")
  }
}
