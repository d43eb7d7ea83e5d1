internal import Addresses
internal import Forwarding
internal import Metrics
internal import Synchronization

/// What is known of one server that names are asked of.
struct UpstreamState: Equatable, Sendable {
  var server: SocketAddress
  /// Smoothed response time and its deviation, in milliseconds; nil before the first reply.
  var responseTime: Double?
  var deviation: Double
  /// Queries in a row without a reply of use.
  var failures: Int
  var isDown: Bool
  /// Since the start: queries sent, and those that came to nothing.
  var asked: UInt64
  var failed: UInt64
  /// How long its replies took.
  var times = UpstreamTimes()
}

/// How long the replies of one server took, by what carried them.
struct UpstreamTimes: Equatable, Sendable {
  /// Nil where there was none.
  private(set) var datagrams: HistogramCounts?
  private(set) var streams: HistogramCounts?

  /// Takes a time, in nanoseconds.
  mutating func record(_ time: UInt64, isStream: Bool) {
    if isStream {
      if streams?.record(time) == nil { streams = HistogramCounts(of: time) }
    } else {
      if datagrams?.record(time) == nil { datagrams = HistogramCounts(of: time) }
    }
  }

  /// Those that there are.
  var byTransport: [(transport: MetricTransport, times: HistogramCounts)] {
    [(.udp, datagrams), (.tcp, streams)].compactMap { transport, times in times.map { (transport, $0) } }
  }
}

extension HistogramCounts {
  /// A first time.
  fileprivate init(of time: UInt64) {
    self.init()
    record(time)
  }
}

/// The servers of a line, and what is known of each.
struct UpstreamLine {
  let servers: [SocketAddress]
  var upstreams: Upstreams
  var asked: [UInt64]
  var failed: [UInt64]

  init(_ servers: [SocketAddress]) {
    self.servers = servers
    upstreams = Upstreams(count: servers.count)
    asked = Array(repeating: 0, count: servers.count)
    failed = asked
  }

  var states: [UpstreamState] {
    servers.indices.map { index in
      let server = upstreams.servers[index]
      return UpstreamState(
        server: servers[index], responseTime: server.responseTime, deviation: server.deviation,
        failures: server.failures, isDown: server.isDown, asked: asked[index], failed: failed[index])
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
    _ states: [UpstreamState], _ times: [SocketAddress: UpstreamTimes] = [:], lookups: [Lookups] = [],
    entries: Int, octets: Int, outstanding: Int, waiting: Int
  ) {
    var merged: [SocketAddress: UpstreamState] = [:]
    for state in states {
      // A server of several lines is one row: what it did last weighs most where it did most.
      guard var before = merged[state.server] else {
        merged[state.server] = state
        continue
      }
      if state.asked > before.asked {
        (before.responseTime, before.deviation) = (state.responseTime, state.deviation)
      }
      before.failures = max(before.failures, state.failures)
      before.isDown = before.isDown || state.isDown
      before.asked += state.asked
      before.failed += state.failed
      merged[state.server] = before
    }
    let rows = Self.shown(of: Array(merged.keys)).compactMap { server in
      merged[server].map { state in
        var state = state
        state.times = times[server] ?? UpstreamTimes()
        return state
      }
    }
    let state = State(
      upstreams: rows, entries: entries, octets: octets, lookups: lookups,
      outstanding: outstanding, waiting: waiting)
    shown.withLock { $0 = state }
  }
}
