/// `query-log PATH [all|refused] [one in N] [rotate SIZE keep N]` or `query-log off`: where queries are logged.
func readQueryLog(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  if words[0].text == "off", !words[0].isQuoted {
    if words.count > 1 { return reader.refuseSurplus(statement, from: 1) }
    return reader.setOnce(\.queryLog, to: nil, by: statement)
  }
  guard !words[0].text.isEmpty else { return reader.refuseForm(statement, at: words[0]) }
  guard let parts = reader.logParts(statement, from: 1, [.all, .refused, .one, .rotate]) else { return }
  var log = QueryLog(path: words[0].text, location: statement.keyword.location)
  (log.choice, log.rotation) = (parts.choice, parts.rotation)
  reader.setOnce(\.queryLog, to: log, by: statement)
}
