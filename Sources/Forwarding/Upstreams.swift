/// Which server of a `forward` line is asked next, and for how long it is waited for.
///
/// Pure: times are handed in, in milliseconds of a clock that only goes forward.
package struct Upstreams: Sendable {
  /// What is known of a server.
  package struct Server: Hashable, Sendable {
    /// Smoothed response time and its deviation, in milliseconds; nil before the first reply.
    package internal(set) var responseTime: Double?
    package internal(set) var deviation = 0.0
    /// Queries in a row without a reply of use.
    package internal(set) var failures = 0
    /// Not asked before this time while others are well.
    package internal(set) var restsUntil: Int64 = 0
    /// It does not take an OPT (RFC 6891 §7).
    package internal(set) var lacksEDNS = false
    /// It does not repeat capitals.
    package internal(set) var lacksCase = false

    /// True where it is taken for dead.
    package var isDown: Bool { failures >= 3 }
  }

  package private(set) var servers: [Server]

  package init(count: Int) { servers = Array(repeating: Server(), count: count) }

  /// The server to ask; those in `tried` only where there is no other.
  package mutating func next(tried: Set<Int> = [], random: UInt64, now: Int64) -> Int { 0 }
  /// How long to wait for a server before another is asked, in milliseconds: 50 to 3000.
  package func timeout(of server: Int) -> Int64 { 1000 }
  package mutating func didReply(_ server: Int, after milliseconds: Double, now: Int64) {}
  package mutating func didFail(_ server: Int, now: Int64) {}
  /// EDNS made it fail: it is asked without.
  package mutating func setLacksEDNS(_ server: Int) {}
  /// It repeats names without their capitals.
  package mutating func setLacksCase(_ server: Int) {}
}
