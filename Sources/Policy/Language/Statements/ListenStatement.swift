internal import Addresses

/// `listen ADDRESS[:PORT]...`: where the server listens; in a context, whoever asks there is in the context.
func readListen(_ statement: Statement, _ reader: inout PolicyReader) {
  let context = reader.place == .context ? reader.draft.contexts.count - 1 : nil
  for word in statement.words {
    guard let address = SocketAddress(word.text, defaultPort: 53) else {
      reader.diagnostics.error(
        at: word.location,
        "\(quoted(word.text)) is no address to listen on; write for example 127.0.0.1:5300 or [::1]:5300")
      continue
    }
    if address.port == 0 {
      reader.diagnostics.error(at: word.location, "port 0 is no port to listen on; write one from 1 to 65535")
      continue
    }
    let port = word.text.split(separator: ":").last.map(String.init) ?? ""
    if word.text.hasPrefix("::"), UInt16(port).map({ $0 >= 53 }) == true, word.text.filter({ $0 == ":" }).count > 2 {
      reader.diagnostics.warning(
        at: word.location,
        "\(quoted(word.text)) reads as \(address); for port \(port) write [\(word.text.dropLast(port.count + 1))]:\(port)"
      )
    }
    reader.draft.listens.append(.init(address: address, context: context, location: word.location))
  }
}
