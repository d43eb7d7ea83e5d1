internal import Addresses
internal import DNSFormat

/// `forward ZONE SERVER[:PORT]...` or `forward ZONE off`: whom to ask for names that are not ours.
///
/// The zone's name is absolute with or without its dot, as after `zone`; `origin` does not matter to it.
func readForward(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  guard let zone = reader.absoluteName(words[0]) else { return }
  var servers: [Located<SocketAddress>] = []
  if words[1].text == "off", !words[1].isQuoted {
    if words.count > 2 { return reader.refuseSurplus(statement, from: 2) }
  } else {
    for word in words[1...] {
      guard let server = SocketAddress(word.text, defaultPort: 53), server.port != 0, server.address.isOneHost else {
        reader.diagnostics.error(
          at: word.location,
          "\(quoted(word.text)) is no address of a server; write for example 192.0.2.53, [2001:db8::53]:53 or off")
        return
      }
      if servers.contains(where: { $0.value == server }) {
        reader.diagnostics.error(at: word.location, "\(quoted(word.text)) is there twice; keep one")
        return
      }
      if servers.count == Forward.maximalServerCount {
        reader.diagnostics.error(
          at: word.location,
          "there are more than \(Forward.maximalServerCount) servers in this line; write the nearest of them")
        return
      }
      servers.append(Located(server, at: word.location))
    }
  }
  let context = reader.place == .context ? reader.draft.contexts.count - 1 : nil
  reader.draft.forwards.append(
    .init(zone: zone, servers: servers, context: context, location: statement.keyword.location))
}

/// `allow-private NAME|PREFIX...`: whose names may have which private addresses.
func readAllowPrivate(_ statement: Statement, _ reader: inout PolicyReader) {
  for word in statement.words {
    if Prefix(word.text) != nil || reader.networks.prefixes(of: word.text) != nil {
      reader.draft.privateAllowance.prefixes += reader.prefixes([word])
    } else if word.text.contains("/") {
      refusePrefix(word, known: reader.networks.known, &reader.diagnostics)
    } else if let zone = reader.absoluteName(word) {
      reader.draft.privateAllowance.zones.append(zone)
    }
  }
}

/// `local-zones on|off`: whether names that have no business outside are answered here.
func readLocalZones(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let isOn = reader.onOrOff(statement.words[0]) else { return }
  reader.setOnce(\.hasLocalZones, to: isOn, by: statement)
}

/// `reverse-zones on|off`: whether reverse zones are made of our own addresses.
func readReverseZones(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let isOn = reader.onOrOff(statement.words[0]) else { return }
  reader.setOnce(\.reverseZones, to: isOn, by: statement)
}

extension PolicyReader {
  /// A name that is absolute with or without its final dot.
  fileprivate mutating func absoluteName(_ word: Word) -> DomainName? {
    do throws(NameError) {
      return try DomainName(word.text)
    } catch {
      diagnostics.error(at: word.location, "\(quoted(word.text)) \(error)")
      return nil
    }
  }

  fileprivate mutating func onOrOff(_ word: Word) -> Bool? {
    switch word.text {
    case "on": return true
    case "off": return false
    default:
      diagnostics.error(at: word.location, "\(quoted(word.text)) is not understood here; write on or off")
      return nil
    }
  }
}

extension IPAddress {
  /// False for the address of no host and for those of groups: `0.0.0.0`, `::`, `224.0.0.0/4`, `255.255.255.255`,
  /// `ff00::/8`.
  fileprivate var isOneHost: Bool {
    if isIPv4 { return low != 0 && low >> 28 != 0xe && low != 0xffff_ffff }
    return (high != 0 || low != 0) && high >> 56 != 0xff
  }
}
