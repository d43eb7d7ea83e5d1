internal import Addresses
internal import DNSFormat

/// `forward ZONE SERVER[:PORT]...` or `forward ZONE off`: whom to ask for names that are not ours.
///
/// The zone's name is absolute with or without its dot, as after `zone`; `origin` does not matter to it.
func readForward(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  guard let zone = reader.forwardedZone(statement) else { return }
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
  /// The zone of a `forward` line. What reads as a name and is hardly one is refused: nothing would ever be asked there.
  fileprivate mutating func forwardedZone(_ statement: Statement) -> DomainName? {
    let word = statement.words[0]
    if let prefix = Prefix(word.text), word.text.contains("/") {
      diagnostics.error(
        at: word.location,
        "\(quoted(word.text)) are addresses, and a zone belongs here; for their reverse names write "
          + prefix.reverseZones.map { "forward \($0)" }.joined(separator: " up to ")
          + (prefix.reverseZones.count > 1 ? ", a line each" : ""))
      return nil
    }
    if let slash = word.text.firstIndex(of: "/"), IPAddress(String(word.text[..<slash])) != nil {
      refusePrefix(word, known: networks.known, &diagnostics)
      return nil
    }
    if let server = SocketAddress(word.text, defaultPort: 53) {
      let reverse = Prefix(server.address, length: server.address.width).reverseZones[0]
      diagnostics.error(
        at: word.location,
        "\(quoted(word.text)) is an address, and the zone comes first; for every name write forward . \(word.text), for the "
          + "address's reverse name forward \(reverse)")
      return nil
    }
    guard let zone = absoluteName(word) else { return nil }
    let labels = word.text.split(separator: ".")
    if labels.contains("*") {
      // Below a star in the middle is far less than below what follows it.
      let isMeant = labels.lastIndex(of: "*") == 0
      let rest = labels.dropFirst().joined(separator: ".")
      let remedy = isMeant ? "write forward \(rest.isEmpty ? "." : rest)" : "write a line for each zone that is meant"
      diagnostics.error(
        at: word.location, "\(quoted(word.text)) is one name, a zone has all names below it; \(remedy)")
      return nil
    }
    return zone
  }

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

extension Prefix {
  /// The reverse zone of the addresses, as it is written (RFC 1035 §3.5, RFC 3596 §2.5); the first and the last where the
  /// length is not that of a label, and there are several.
  fileprivate var reverseZones: [String] {
    let bits = address.isIPv4 ? 8 : 4
    let labels = (length + bits - 1) / bits
    // All digits of an address, 8 or 4 bits each, the first first.
    let digits = address.octets.flatMap { bits == 8 ? [$0] : [$0 >> 4, $0 & 15] }.prefix(labels)
    func name(_ digits: some Sequence<UInt8>) -> String {
      let suffix = address.isIPv4 ? "in-addr.arpa" : "ip6.arpa"
      return digits.reversed().map { String($0, radix: bits == 8 ? 10 : 16) + "." }.joined() + suffix
    }
    let free = labels * bits - length
    guard free > 0, let digit = digits.last else { return [name(digits)] }
    return [name(digits), name(digits.dropLast() + [digit | ((1 << UInt8(free)) - 1)])]
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
