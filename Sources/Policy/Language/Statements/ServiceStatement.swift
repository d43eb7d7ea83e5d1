internal import DNSFormat

/// `service NAME { ... }`: a name that is called, and that calls others.
func readService(_ statement: Statement, _ reader: inout PolicyReader) {
  let word = statement.words[0]
  var name = reader.name(word)
  if let written = name, written.isWildcard {
    reader.diagnostics.error(
      at: word.location, "\(quoted(word.text)) is a wildcard; write the service's own name, names below it are its too")
    name = nil
  }
  // A service whose name is wrong stays in the draft, under its text, so that its block is read and it can be named.
  let stand = DomainName(validWire: [0])
  reader.draft.services.append(.init(word: word, name: name ?? stand, isNameGood: name != nil, origin: reader.origin))
  reader.readBlock(of: statement, in: .service)
}
