internal import DNSFormat

/// `origin NAME`: what relative names in the rest of the file are relative to.
func readOrigin(_ statement: Statement, _ reader: inout PolicyReader) {
  do throws(NameError) {
    reader.origin = try DomainName(statement.words[0].text)
  } catch {
    reader.diagnostics.error(at: statement.words[0].location, "\(quoted(statement.words[0].text)) \(error)")
  }
}

/// The name an `origin` says, without complaint where it says none: for finding the origin of other files beforehand.
func originName(_ statement: Statement) -> DomainName? {
  guard statement.keyword.text == "origin", let word = statement.words.first else { return nil }
  return try? DomainName(word.text)
}
