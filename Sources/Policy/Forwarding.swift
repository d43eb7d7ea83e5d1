package import Addresses
package import DNSFormat
package import Diagnostics

/// `forward ZONE SERVER...`: who is asked for names that no zone of ours has, or that are below one of ours and are
/// somebody else's to answer. `forward ZONE off`: nobody is.
package struct Forward: Hashable, Sendable {
  /// Names at and below it are asked for there; of several lines the longest counts.
  package let zone: DomainName
  /// Each once, as written, port 53 where none was; none for `off`.
  package let servers: [SocketAddress]
  /// The number of the context whose callers it is for, and those of contexts in it; 0 for all that are in a context.
  package let context: Int
  package let location: SourceLocation

  /// More servers in one line are a mistake: nobody waits until the last of them was tried.
  package static let maximalServerCount = 32

  /// True for `forward ZONE off`.
  package var isOff: Bool { servers.isEmpty }

  /// The line as messages name it: `forward example.com.`.
  package var text: String { "forward \(zone)" }

  /// What becomes of its names.
  package var effect: String {
    isOff ? "not forwarded" : "forwarded to \(servers.map(\.description).joined(separator: ", "))"
  }

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

  /// The sizes that may be written.
  package static let sizes = 1 << 20...64 << 30
  /// The longest time that may be written: a week. RFC 8767 §4 advises against more.
  package static let longestTime: UInt32 = 7 * 86_400

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
