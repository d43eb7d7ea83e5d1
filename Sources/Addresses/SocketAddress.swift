/// An address and a port: where a server listens, where a caller's datagram came from.
public struct SocketAddress: Hashable, Sendable, BitwiseCopyable {
  /// The host's address.
  public let address: IPAddress
  /// 0 to 65535, in host byte order.
  public let port: UInt16

  /// An address and a port.
  @inlinable public init(_ address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// Parses `127.0.0.1:5300`, `[::1]:5300`, `127.0.0.1` or `::1` (then with `defaultPort`); nil where it is none.
  package init?(_ text: String, defaultPort: UInt16) {
    var host = text[...]
    var port = defaultPort
    // A port follows the last colon, unless the colons are an IPv6 address's own: those come in brackets or alone.
    if IPAddress(text) == nil, let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
      let digits = text[text.index(after: colon)...]
      guard digits.utf8.allSatisfy(isDigit), let written = UInt16(digits) else { return nil }
      host = text[..<colon]
      port = written
      guard !host.contains(":") || host.hasPrefix("[") else { return nil }
    }
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = host.dropFirst().dropLast() }
    guard let address = IPAddress(String(host)), !isBracketed || host.contains(":") else { return nil }
    self.init(address, port: port)
  }
}

extension SocketAddress: CustomStringConvertible {
  /// `127.0.0.1:5300`, `[::1]:5300`.
  public var description: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
