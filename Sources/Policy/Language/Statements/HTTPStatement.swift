internal import Addresses
internal import DNSFormat

/// `http ADDRESS[:PORT]...` or `http off`: where the page and the metrics are served.
func readHTTP(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  var addresses: [SocketAddress] = []
  if words[0].text == "off" {
    if words.count > 1 { return reader.refuseSurplus(statement, from: 1) }
  } else {
    for word in words {
      guard let address = SocketAddress(word.text, defaultPort: HTTPService.defaultPort), address.port != 0 else {
        reader.diagnostics.error(
          at: word.location,
          "\(quoted(word.text)) is no address to serve HTTP at; write for example 127.0.0.1:8053 or off")
        return
      }
      if addresses.contains(address) {
        reader.diagnostics.error(at: word.location, "\(quoted(word.text)) is there twice; keep one")
        return
      }
      addresses.append(address)
    }
  }
  reader.setOnce(
    \.http, to: HTTPService(addresses: addresses, location: statement.keyword.location), by: statement)
}

/// `http-host NAME...`: by which names browsers may ask for the page.
func readHTTPHost(_ statement: Statement, _ reader: inout PolicyReader) {
  for word in statement.words {
    let name = word.text.hasSuffix(".") ? String(word.text.dropLast()) : word.text
    let isHost = name.utf8.allSatisfy { octet in
      switch octet {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard isHost, !name.isEmpty, (try? DomainName(name + ".")) != nil else {
      reader.diagnostics.error(
        at: word.location,
        "\(quoted(word.text)) is no name of a host; write it as browsers do, without port, for example ambit.internal.test"
      )
      continue
    }
    reader.draft.httpHosts.append(name.lowercased())
  }
}
