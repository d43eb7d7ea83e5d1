package import Addresses

/// For whom a request is meant: what a Host field, or a target in absolute form, says (RFC 9110 §7.2).
///
/// A page of elsewhere can make its reader's browser ask us under a name of its own that it lets lead here (DNS
/// rebinding), and read what we say. The name it then sends is what gives it away: so only names of ours are served.
package struct HTTPHost: Equatable, Sendable {
  /// A name without its final dot, in lower case; or an address as it is written.
  package let name: String
  /// Nil for a name.
  package let address: IPAddress?

  /// Reads `NAME`, `ADDRESS` or `[ADDRESS]`, each perhaps with `:PORT`; nil where it is none.
  package init?(_ text: String) {
    var host = text[...]
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]"), HTTPHost.isPort(host[host.index(after: end)...]) else { return nil }
      host = host[host.index(after: host.startIndex)..<end]
      guard let address = IPAddress(String(host)), host.contains(":") else { return nil }
      (name, self.address) = (address.description, address)
      return
    }
    if let colon = host.firstIndex(of: ":") {
      guard HTTPHost.isPort(host[colon...]) else { return nil }
      host = host[..<colon]
    }
    if host.hasSuffix(".") { host = host.dropLast() }
    let isName = host.utf8.allSatisfy { octet in
      switch octet {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard isName, !host.isEmpty, host.utf8.count <= 253 else { return nil }
    name = host.lowercased()
    address = IPAddress(String(host))
  }

  /// Nothing, `:` or `:` and a port.
  private static func isPort(_ text: Substring) -> Bool {
    if text.isEmpty || text == ":" { return true }
    return text.first == ":" && text.utf8.count <= 6
      && text.dropFirst().utf8.allSatisfy { octet in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet)
      }
  }

  /// True for names and addresses that only this host itself can have: they lead nowhere else (RFC 6761 §6.3).
  package var isLoopback: Bool {
    if let address { return address.isIPv4 ? address.low >> 24 == 127 : address.high == 0 && address.low == 1 }
    return name == "localhost" || name.hasSuffix(".localhost")
  }
}
