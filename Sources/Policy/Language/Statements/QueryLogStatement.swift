/// `query-log PATH [all|refused]` or `query-log off`: where queries are logged.
func readQueryLog(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  if words[0].text == "off", !words[0].isQuoted {
    if words.count > 1 { return reader.refuseSurplus(statement, from: 1) }
    return reader.setOnce(\.queryLog, to: nil, by: statement)
  }
  guard !words[0].text.isEmpty else { return reader.refuseForm(statement, at: words[0]) }
  var scope = QueryLog.Scope.all
  if words.count > 1 {
    guard let written: QueryLog.Scope = reader.choice(words[1]) else { return }
    scope = written
  }
  reader.setOnce(
    \.queryLog, to: QueryLog(path: words[0].text, scope: scope, location: statement.keyword.location), by: statement)
}
