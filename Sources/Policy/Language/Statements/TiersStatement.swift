internal import Diagnostics

/// `tiers A > B > C`: the most important first; a service may not depend on one of a lower tier.
func readTiers(_ statement: Statement, _ reader: inout PolicyReader) {
  var names: [Word] = []
  // `critical>standard` is the same as `critical > standard`: cut every word at its signs.
  var expectsName = true
  for word in statement.words {
    var column = word.location.column
    for part in word.isQuoted ? [word.text[...]] : word.text.split(separator: ">", omittingEmptySubsequences: false) {
      if column > word.location.column {
        if expectsName { return reader.refuseForm(statement, at: word) }
        expectsName = true
      }
      if !part.isEmpty {
        guard expectsName else { return reader.refuseForm(statement, at: word) }
        var place = word.location
        place.column = column
        names.append(Word(String(part), at: place))
        expectsName = false
      }
      column += part.utf8.count + 1
    }
  }
  guard names.count >= 2, !expectsName else { return reader.refuseForm(statement) }
  reader.setOnce(\.tiers, to: names, by: statement)
}

/// `tier NAME`: how important a service is; at the top level, the services that say none.
func readTier(_ statement: Statement, _ reader: inout PolicyReader) {
  if reader.place == .service {
    reader.setOnce(ofService: \.tier, to: statement.words[0], by: statement)
  } else {
    reader.setOnce(\.defaultTier, to: statement.words[0], by: statement)
  }
}
