package import Addresses
internal import Metrics
internal import Randomness

/// What a measurement is told: the registered metric's run-time parameters (RFC 8912 §6.3.5), and where ours may differ.
package struct ProbePlan: Sendable {
  /// One server, or the two to compare; an ID modulo their number says which stream it is of.
  package let servers: [SocketAddress]
  package let query: ProbeQuery
  package let stream: PoissonStream
  /// How many queries to each server at the most.
  package let count: Int
  /// Tf − T0, in nanoseconds.
  package let duration: UInt64
  /// Tmax, in nanoseconds.
  package let threshold: UInt64
  /// T0, in nanoseconds since 1970-01-01 UTC; nil begins at once.
  package let start: UInt64?
  /// The address that queries come from, and the port; of another family than the server's: none.
  package let source: SocketAddress?
  package let seed: UInt64

  package init(
    servers: [SocketAddress], query: ProbeQuery, stream: PoissonStream, count: Int, duration: UInt64, threshold: UInt64,
    start: UInt64?, source: SocketAddress?, seed: UInt64
  ) {
    self.servers = servers
    self.query = query
    self.stream = stream
    self.count = count
    self.duration = duration
    self.threshold = threshold
    self.start = start
    self.source = source
    self.seed = seed
  }

  /// Tmax as it is registered, in nanoseconds.
  package static var registeredThreshold: UInt64 { UInt64(ActiveMeasurement.maximumWait * 1e9) }

  /// The times and IDs of each stream. Independent: each has a generator of its own, seeded by the plan's.
  package func schedules() -> [(times: [UInt64], ids: QueryIDs)] {
    var seeds = SplitMix64(seed: seed)
    return servers.indices.map { index in
      var random = SplitMix64(seed: seeds.next())
      let times = stream.times(count: count, until: duration, random: &random)
      return (times, QueryIDs(stream: index, of: servers.count, random: &random))
    }
  }
}

/// What was measured: everything that its texts tell.
package struct Measurement: Sendable {
  package let plan: ProbePlan
  /// One a server, in the plan's order.
  package let records: [StreamRecord]
  /// T0, in nanoseconds since 1970-01-01 UTC.
  package let start: UInt64
  /// When the last query could have been sent, likewise: Tf, or when it was ended.
  package let end: UInt64
  package let wasEndedEarly: Bool
  package let calibration: Calibration
  /// Between two servers; nil of one.
  package let comparison: Comparison?

  package init(
    plan: ProbePlan, records: [StreamRecord], start: UInt64, end: UInt64, wasEndedEarly: Bool, calibration: Calibration
  ) {
    self.plan = plan
    self.records = records
    self.start = start
    self.end = end
    self.wasEndedEarly = wasEndedEarly
    self.calibration = calibration
    comparison =
      records.count == 2
      ? Comparison(
        records[0].points, records[1].points, instrument: calibration.betweenStreams, seed: plan.seed)
      : nil
  }

  /// In what the measurement is not the registered one, whose parameters RFC 8912 §6.2.2 fixes.
  package func deviations(of record: StreamRecord) -> [String] {
    var deviations: [String] = []
    let (fixedPort, tmax) = (ActiveMeasurement.port, ActiveMeasurement.maximumWait)
    if let port = record.singletons.first?.port, port != fixedPort {
      deviations.append("source port \(port), not \(fixedPort)")
    }
    if record.server.port != fixedPort { deviations.append("destination port \(record.server.port), not \(fixedPort)") }
    if !plan.query.isRecursive { deviations.append("RD 0, not 1") }
    if let size = plan.query.payloadSize { deviations.append("an OPT record (EDNS, payload size \(size)), not none") }
    if ![1, 28].contains(plan.query.type.rawValue) { deviations.append("QTYPE \(plan.query.type), not A or AAAA") }
    if plan.threshold != ProbePlan.registeredThreshold {
      deviations.append("Tmax \(exactSeconds(plan.threshold)) s, not \(timeText(seconds: tmax))")
    }
    return deviations
  }
}

extension StreamRecord {
  /// The responses told apart by RCODE, most frequent first: an error is analyzed apart from an answer (RFC 8912 §6.4.2).
  package var populations: [(rcode: UInt8, delays: [UInt64])] {
    var delays: [UInt8: [UInt64]] = [:]
    for singleton in singletons {
      if case .received(let delay, let response) = singleton.outcome {
        delays[response.rcode, default: []].append(delay)
      }
    }
    return delays.map { (rcode: $0.key, delays: $0.value) }
      .sorted { ($1.delays.count, $0.rcode) < ($0.delays.count, $1.rcode) }
  }

  /// RLDNS over the sample.
  package var loss: Estimate? { ratio(singletons.count { $0.isLost }, of: singletons.count) }

  /// For a comparison: delays of the most frequent RCODE only.
  package var points: [Comparison.Point] {
    let rcode = populations.first?.rcode
    return singletons.map { singleton in
      let counts = singleton.response?.rcode == rcode
      return Comparison.Point(
        due: singleton.due, delay: counts ? singleton.delay.map { Double($0) * 1e-9 } : nil, isLost: singleton.isLost)
    }
  }

  /// The longest that a query was sent after it was due, in nanoseconds.
  package var longestLag: UInt64 { singletons.reduce(0) { max($0, $1.lag) } }
}
