package import Addresses
package import Diagnostics

/// How many responses a client's prefix gets in a second over UDP, of each kind apart.
package struct RateLimiting: Sendable {
  /// Responses a second; 0 for no limit.
  package var rate = 1000
  /// Every so many-th response that is held back goes out empty, with TC set; 0 for none.
  package var slip = 2
  /// Bits that make the prefix of an IPv4 source.
  package var ipv4Length = 24
  /// Bits that make the prefix of an IPv6 source: a site's (RFC 6177).
  package var ipv6Length = 56
  /// False leaves this host's own queries alone.
  package var isLoopbackLimited = false
  /// Sources that are not limited.
  package var exempt: [LocatedPrefix] = []
  /// Where it is written; no place where it is what one gets then.
  package var location: SourceLocation

  package init(location: SourceLocation = SourceLocation(file: "")) { self.location = location }
}

/// How much of the server TCP clients may hold.
package struct TCPLimits: Equatable, Sendable {
  /// Connections at one time, of all clients.
  package var connections = 1024
  /// Connections at one time of one client: an IPv4 address, or the first 64 bits of an IPv6 one.
  package var perClient = 256
  /// Seconds that a connection may go without a whole request read or all its responses taken.
  package var idle: UInt32 = 10
  /// Where it is written; no place where it is what one gets then.
  package var location: SourceLocation

  package init(location: SourceLocation = SourceLocation(file: "")) { self.location = location }

  package static func == (one: Self, other: Self) -> Bool {
    (one.connections, one.perClient, one.idle) == (other.connections, other.perClient, other.idle)
  }
}

/// Where the page and the metrics are served over HTTP.
package struct HTTPService: Hashable, Sendable {
  /// None where the policy says `off`.
  package let addresses: [SocketAddress]
  package let location: SourceLocation

  /// Where it is served when nobody says anything.
  package static let defaultAddress = SocketAddress(IPAddress(v4: 0x7f00_0001), port: defaultPort)
  package static let defaultPort: UInt16 = 8053
}

/// Who the server becomes once its sockets are bound.
package struct ServerUser: Sendable {
  /// A name of the user database.
  package let name: String
  /// A name of the group database; nil for the user's own group.
  package let group: String?
  package let location: SourceLocation

  /// Reads `NAME` or `NAME:GROUP`; nil where a name is missing or there is more.
  package init?(_ text: String, at location: SourceLocation = SourceLocation(file: "")) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(0) }) else { return nil }
    name = parts[0]
    group = parts.count == 2 ? parts[1] : nil
    self.location = location
  }

  /// As it is written.
  package var text: String { group.map { "\(name):\($0)" } ?? name }
}
