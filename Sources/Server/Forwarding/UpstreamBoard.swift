internal import Addresses
internal import Forwarding
internal import Synchronization

/// What is known of one server that names are asked of.
struct UpstreamState: Equatable, Sendable {
  var server: SocketAddress
  /// Smoothed response time and its deviation, in milliseconds; nil before the first reply.
  var responseTime: Double?
  var deviation: Double
  /// Rounds in a row without a reply, see ``Upstreams/Server/failures``.
  var failures: Int
  var isDown: Bool
  /// When it last said anything, in milliseconds.
  var lastReply: Int64
  /// Of all lines that it is in.
  var counts = UpstreamCounts()
}

/// The servers of a line, and what is known of each.
struct UpstreamLine {
  let servers: [SocketAddress]
  var upstreams: Upstreams

  init(_ servers: [SocketAddress]) {
    self.servers = servers
    upstreams = Upstreams(count: servers.count)
  }

  var states: [UpstreamState] {
    servers.indices.map { index in
      let server = upstreams.servers[index]
      return UpstreamState(
        server: servers[index], responseTime: server.responseTime, deviation: server.deviation,
        failures: server.failures, isDown: server.isDown, lastReply: server.lastReply)
    }
  }
}

extension SocketAddress {
  /// In the order of addresses, those of IPv4 first.
  fileprivate var sortKey: (Int, UInt64, UInt64, UInt16) { (address.isIPv4 ? 0 : 1, address.high, address.low, port) }
}

/// What the forwarder shows of itself, once a second; any thread reads it.
final class UpstreamBoard: Sendable {
  /// Servers shown at the most.
  static let most = 64

  struct State: Equatable, Sendable {
    /// In the order of their addresses.
    var upstreams: [UpstreamState] = []
    /// Replies in the cache, and the octets that they take.
    var entries = 0
    var octets = 0
    /// Services that are elsewhere, whom their names are asked of, and what `_timeout` says of that.
    var lookups: [Lookups] = []
    /// Questions that are being asked, and queries that wait for them.
    var outstanding = 0
    var waiting = 0
  }

  struct Lookups: Equatable, Sendable {
    var service: String
    var servers: String
    var times: String
  }

  private let shown = Mutex(State())

  /// What was shown last.
  var state: State { shown.withLock { $0 } }

  /// Those of the servers that are shown, in order.
  static func shown(of servers: [SocketAddress]) -> [SocketAddress] {
    Array(Set(servers).sorted { $0.sortKey < $1.sortKey }.prefix(most))
  }

  func show(
    _ states: [UpstreamState], _ counts: [SocketAddress: UpstreamCounts] = [:], lookups: [Lookups] = [],
    entries: Int, octets: Int, outstanding: Int, waiting: Int
  ) {
    var merged: [SocketAddress: UpstreamState] = [:]
    for state in states {
      // A server of several lines is one row, with the times of the line that it answered last.
      guard var before = merged[state.server] else {
        merged[state.server] = state
        continue
      }
      if state.lastReply > before.lastReply {
        (before.responseTime, before.deviation, before.lastReply) = (
          state.responseTime, state.deviation, state.lastReply
        )
      }
      before.failures = max(before.failures, state.failures)
      before.isDown = before.isDown || state.isDown
      merged[state.server] = before
    }
    let rows = Self.shown(of: Array(merged.keys)).compactMap { server in
      merged[server].map { state in
        var state = state
        state.counts = counts[server] ?? UpstreamCounts()
        return state
      }
    }
    let state = State(
      upstreams: rows, entries: entries, octets: octets, lookups: lookups,
      outstanding: outstanding, waiting: waiting)
    shown.withLock { $0 = state }
  }
}
