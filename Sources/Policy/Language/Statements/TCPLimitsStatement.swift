/// `tcp-limits [connections N] [per-client N] [idle SECONDS]`: how many connections there may be, and how long one may be
/// quiet.
func readTCPLimits(_ statement: Statement, _ reader: inout PolicyReader) {
  var limits = TCPLimits(location: statement.keyword.location)
  var perClient: Int?
  var rest = statement.words[...]
  var said: Set<String> = []
  while let word = rest.popFirst() {
    guard ["connections", "per-client", "idle"].contains(word.text) else {
      return reader.refuseForm(statement, at: word)
    }
    guard said.insert(word.text).inserted else {
      return reader.refuseAgain(word)
    }
    guard let value = rest.popFirst() else { return reader.refuseForm(statement) }
    switch word.text {
    case "connections":
      guard let number = reader.number(value, in: 1...1_000_000, example: "1024") else { return }
      limits.connections = number
    case "per-client":
      guard let number = reader.number(value, in: 1...1_000_000, example: "256") else { return }
      perClient = number
    default:
      guard let seconds = reader.seconds(value, in: 1...3600) else { return }
      limits.idle = seconds
    }
  }
  if let perClient, perClient > limits.connections {
    reader.diagnostics.warning(
      at: statement.keyword.location,
      "per-client \(perClient) limits nothing, there are \(limits.connections) connections in all; write a smaller one")
  }
  limits.perClient = min(perClient ?? max(1, limits.connections / 4), limits.connections)
  reader.setOnce(\.tcpLimits, to: limits, by: statement)
}
