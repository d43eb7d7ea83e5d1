internal import Addresses

/// How an `expect` is written.
let expectUsage =
  "expect from ADDRESS [at LISTENER] [as identity NAME|as uid USER] NAME [TYPE] -> refused [RULE] | nxdomain | nodata | dropped | forwarded [SERVER...] | RDATA..."

/// `expect from ADDRESS [at LISTENER] [as …] NAME [TYPE] -> OUTCOME`: a test that lives in the policy. Type and outcome are
/// judged elsewhere.
func readExpect(_ statement: Statement, _ reader: inout PolicyReader) {
  var words = statement.words
  var listener: SocketAddress?
  if words.count > 3, words[2].text == "at" {
    listener = SocketAddress(words[3].text, defaultPort: 53)
    if listener == nil {
      let written = quoted(words[3].text)
      reader.diagnostics.error(
        at: words[3].location, "\(written) is no address to listen on; write for example 127.0.0.1:5300")
    }
    words.removeSubrange(2...3)
  }
  var identity: Expectation.Identity?
  if words.count > 5, words[2].text == "as" {
    switch words[3].text {
    case "identity": identity = .certificate(words[4].text)
    case "uid": identity = .user(words[4].text)
    default: return reader.refuseForm(statement, at: words[3])
    }
    words.removeSubrange(2...4)
  }
  guard words[0].text == "from" else { return reader.refuseForm(statement, at: words[0]) }
  guard let arrow = words.firstIndex(where: { $0.text == "->" && !$0.isQuoted }) else {
    reader.diagnostics.error(at: statement.keyword.location, "this \"expect\" has no \"->\"; write \(expectUsage)")
    return
  }
  guard arrow >= 3 else { return reader.refuseForm(statement, at: words[arrow]) }
  guard arrow <= 4 else { return reader.refuseForm(statement, at: words[4]) }
  guard arrow + 1 < words.count else { return reader.refuseForm(statement) }
  let source = IPAddress(words[1].text)
  if source == nil {
    reader.diagnostics.error(
      at: words[1].location, "\(quoted(words[1].text)) is no address; write for example 10.20.0.1 or ::1")
  }
  guard let name = reader.name(words[2]), let source else { return }
  let type = arrow == 4 ? words[3] : Word("A", at: words[2].location)
  reader.draft.expectations.append(
    Expectation(
      location: statement.keyword.location, source: source, listener: listener, identity: identity, name: name,
      typeText: type.text,
      typeLocation: type.location, outcome: Array(words[(arrow + 1)...])))
}
