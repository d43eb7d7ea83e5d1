/// `dnstap PATH [all|refused] [one in N] [rotate SIZE keep N]`, `dnstap unix PATH [all|refused] [one in N]` or
/// `dnstap off`: where queries and responses are handed to collectors.
func readDnstap(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  if words[0].text == "off", !words[0].isQuoted {
    if words.count > 1 { return reader.refuseSurplus(statement, from: 1) }
    return reader.setOnce(\.dnstap, to: nil, by: statement)
  }
  let isSocket = words[0].text == "unix" && !words[0].isQuoted
  if isSocket, words.count == 1 { return reader.refuseForm(statement) }
  let path = words[isSocket ? 1 : 0]
  guard !path.text.isEmpty else { return reader.refuseForm(statement, at: path) }
  if isSocket, path.text.utf8.count > Dnstap.Destination.longestSocketPath {
    reader.diagnostics.error(
      at: path.location,
      "the path of a socket has at most \(Dnstap.Destination.longestSocketPath) octets and this one has "
        + "\(path.text.utf8.count); put the socket somewhere else, or start the server nearer to it and write it relative"
    )
    return
  }
  let allowed: Set<LogParts.Part> = isSocket ? [.all, .refused, .one] : [.all, .refused, .one, .rotate]
  guard let parts = reader.logParts(statement, from: isSocket ? 2 : 1, allowed) else { return }
  var tap = Dnstap(isSocket ? .socket(path.text) : .file(path.text), location: statement.keyword.location)
  (tap.choice, tap.rotation) = (parts.choice, parts.rotation)
  reader.setOnce(\.dnstap, to: tap, by: statement)
}
