package import Addresses
package import DNSFormat
package import Diagnostics

// What a service says of its endpoints: how their health is found out, and which of them callers are given.

/// `health ...`: how it is found out whether an endpoint of a service is well.
package struct HealthCheck: Hashable, Sendable {
  package enum Probe: Hashable, Sendable {
    /// A connection to the port is accepted.
    case tcp(port: UInt16)
    /// `http [HOST]:PORT/PATH [STATUS]`: a GET is answered with the status, 200 to 399 where none is said.
    case http(host: String?, port: UInt16, path: String, status: ClosedRange<Int>)
    /// A query for the name over UDP to the port is answered NOERROR.
    case dns(name: DomainName, port: UInt16)
    /// The command exits with 0; the address is its last argument.
    case exec(command: [String])
  }

  package var probe: Probe
  /// Milliseconds between two checks of an endpoint, without jitter, and until one counts as failed.
  package var interval: UInt32 = 5000
  package var timeout: UInt32 = 2000
  /// How many checks in a row have to succeed, or fail, until an endpoint is up, or down.
  package var up = 2
  package var down = 3
  package let location: SourceLocation

  package init(_ probe: Probe, location: SourceLocation) {
    self.probe = probe
    self.location = location
  }
}

/// `fail ...`: what is answered for a service none of whose endpoints is well.
package enum FailureAnswer: Hashable, Sendable {
  /// All endpoints.
  case open
  /// REFUSED, with an Extended DNS Error.
  case refuse
  /// The endpoints of another service, an index into the policy's.
  case fallback(Int)
}

/// What a service says of its endpoints; addresses that it does not name are as they would be without it.
package struct Steering: Hashable, Sendable {
  package var health: HealthCheck?
  package var failure = FailureAnswer.open
  /// Percent of the endpoints that have to be well: with fewer, all are answered. 0 for none.
  package var floor = 0
  /// Relative shares of the addresses that have one; 1 for others, 0 for those that get no new callers while there are
  /// any others.
  package var weights: [IPAddress: UInt32] = [:]
  /// Addresses that are given to nobody any more.
  package var drained: Set<IPAddress> = []
  /// Addresses for a share of the callers, always the same ones; in thousandths of them.
  package var canaries: [IPAddress: UInt32] = [:]
  /// `blue ADDR...`, `green ADDR...`: sets of addresses of which one is live.
  package var colours: [String: Set<IPAddress>] = [:]
  /// Nil where no colour is said to be live: all are.
  package var live: String?
  /// How many addresses of one type an answer has at the most; nil for all.
  package var mostAnswers: Int?
  /// Those in the caller's own context only, where there are any that are well, then those in its parent's, and so on.
  package var prefersNear = false

  package init() {}

  /// True where nothing is said: answers are as the zone has them.
  package var isEmpty: Bool { self == Steering() }
}
