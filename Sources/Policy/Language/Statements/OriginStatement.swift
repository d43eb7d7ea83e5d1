internal import DNSFormat

/// `origin NAME`: what relative names are relative to, in the rest of the file or of the block; with `{ }`, within it.
func readOrigin(_ statement: Statement, _ reader: inout PolicyReader) {
  let word = statement.words[0]
  var origin = reader.origin
  do throws(NameError) {
    origin = try DomainName(word.text)
  } catch {
    reader.diagnostics.error(at: word.location, "\(quoted(word.text)) \(error)")
  }
  if let block = statement.block {
    reader.readStatements(block.statements, origin: origin)
  } else {
    reader.origin = origin
  }
}

/// The name an `origin` says for its file, without complaint where it says none: for finding that of other files beforehand.
func originName(_ statement: Statement) -> DomainName? {
  guard statement.keyword.text == "origin", statement.block == nil, let word = statement.words.first else { return nil }
  return try? DomainName(word.text)
}
