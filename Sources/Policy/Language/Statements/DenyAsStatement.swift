/// `deny-as refused|nxdomain|nodata|drop [ttl SECONDS]`: what a refused caller gets, of the server, a context, a service.
func readDenyAs(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let kind: DenyAs.Kind = reader.choice(statement.words[0]) else { return }
  var denyAs = DenyAs(kind)
  if statement.words.count > 1 {
    guard statement.words[1].text == "ttl" else { return reader.refuseForm(statement, at: statement.words[1]) }
    guard statement.words.count == 3 else { return reader.refuseForm(statement) }
    guard kind == .nxdomain || kind == .nodata else {
      reader.diagnostics.error(
        at: statement.words[1].location,
        "\(quoted(kind.rawValue)) has no TTL; only nxdomain and nodata send one")
      return
    }
    guard let ttl = reader.seconds(statement.words[2], in: 0...86_400) else { return }
    denyAs.ttl = ttl
  }
  switch reader.place {
  case .top: reader.setOnce(\.denyAs, to: denyAs, by: statement)
  case .context: reader.setOnce(\.contexts[reader.draft.contexts.count - 1].denyAs, to: denyAs, by: statement)
  case .service: reader.setOnce(ofService: \.denyAs, to: denyAs, by: statement)
  }
}
