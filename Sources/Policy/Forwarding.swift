package import Addresses
package import DNSFormat
package import Diagnostics

/// `forward ZONE SERVER...`: who is asked for names that no zone of ours has.
package struct Forward: Hashable, Sendable {
  /// Names at and below it are asked for there; of several lines the longest counts.
  package let zone: DomainName
  /// At least one, each once, as written. Port 53 where none was.
  package let servers: [SocketAddress]
  /// The number of the context whose callers it is for, and those of contexts in it; 0 for all that are in a context.
  package let context: Int
  package let location: SourceLocation

  package init(zone: DomainName, servers: [SocketAddress], context: Int = 0, location: SourceLocation) {
    self.zone = zone
    self.servers = servers
    self.context = context
    self.location = location
  }
}

/// What is kept of forwarded answers.
package struct ForwardCache: Hashable, Sendable {
  /// Octets of memory, 0 for none.
  package var size = 32 << 20
  /// How long an answer may be kept at the most, and one that something does not exist, in seconds.
  package var longestTTL: UInt32 = 86_400
  package var longestNegativeTTL: UInt32 = 3600
  /// For how long after its end an answer may stand in where no server can be reached (RFC 8767), in seconds; 0 for never.
  package var staleTime: UInt32 = 86_400

  package init() {}
}

/// Private addresses that names of others may have: all others are taken for an attempt at rebinding, and left out.
package struct PrivateAllowance: Hashable, Sendable {
  /// Names at and below these may.
  package var zones: [DomainName] = []
  /// Anybody's may have these addresses.
  package var prefixes: [LocatedPrefix] = []

  package init() {}
}
