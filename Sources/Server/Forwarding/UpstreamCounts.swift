internal import Metrics

/// What became of the queries to one server, over all lines that it is in: each that was sent is on its way, or has a
/// time, or is unanswered for one reason.
struct UpstreamCounts: Equatable, Sendable {
  /// Queries sent.
  var asked: UInt64 = 0
  /// How often it failed one, by silence or by what it said.
  var failed: UInt64 = 0
  /// Queries that have ended without a reply.
  private(set) var unanswered: [NoReply: UInt64] = [:]
  /// How long its replies took, by what carried them; nil where there was none.
  private(set) var datagrams: HistogramCounts?
  private(set) var streams: HistogramCounts?

  /// A query has ended without a reply.
  mutating func record(_ reason: NoReply) { unanswered[reason, default: 0] += 1 }

  /// Takes the time of a reply, in nanoseconds.
  mutating func record(_ time: UInt64, isStream: Bool) {
    if isStream {
      if streams?.record(time) == nil { streams = HistogramCounts(of: time) }
    } else {
      if datagrams?.record(time) == nil { datagrams = HistogramCounts(of: time) }
    }
  }

  /// The times that there are.
  var times: [(transport: MetricTransport, times: HistogramCounts)] {
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

/// The counts of one server in a box: a query that is on its way when its server is forgotten, and comes back in a line,
/// ends in the counts that it began in.
final class UpstreamTally {
  var counts = UpstreamCounts()
}
