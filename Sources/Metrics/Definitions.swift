/// A metric as it is stated before it is measured: RFC 2330's framework, in the columns of an RFC 8911 registry entry.
package struct MetricDefinition: Hashable, Sendable {
  /// The name's first part (RFC 8911 §7.1.2, MetricType); `Priv_` marks a metric of a private registry.
  package let metricType: String
  /// Active or passive, as in RFC 7799.
  package let method: String
  /// The name's last part: raw values, or a statistic of them.
  package let output: String
  /// What one value is: the singleton (RFC 2330 §11).
  package let definition: String
  /// How it is measured, and where it may err.
  package let measurement: String
  /// The unit by name, as it stands in the metric's name: `Seconds` or `Ratio`.
  package let unit: String
  /// The unit's symbol: `s`, or `1` for a ratio.
  package let symbol: String
  /// What values are summed over, and kept apart by.
  package let populations: String
  /// The terms of the uncertainty reported beside every summary (RFC 2330 §6.2).
  package let uncertainty: [String]
  /// How values of parts compose (RFC 2330 §9): in space, and in time.
  package let composition: String

  /// The name in the form of RFC 8911 §7.1.2: MetricType_Method_SubTypeMethod_Spec_Units_Output.
  ///
  /// A type of packet is part of a metric (RFC 2330 §13), so there is one name a transport. The specification is this
  /// file and no RFC, which `RFCnone` says.
  package func name(over transport: MetricTransport) -> String {
    let packets =
      switch transport {
      case .udp: "IP-UDP-DNS"
      case .tcp: "IP-TCP-DNS"
      }
    return "\(metricType)_\(method)_\(packets)_RFCnone_\(unit)_\(output)"
  }
}

extension MetricDefinition {
  /// Every metric Ambit reports. A row states it; one call at the event counts it.
  package static let all: [MetricDefinition] = [residence, queue, noResponse]

  /// The server's own share of a round trip.
  package static let residence = MetricDefinition(
    metricType: "Priv_ResidenceDNS",
    method: "Passive",
    output: "Raw",
    definition:
      "T(response handed to the kernel) - T(query handed to us), host times (RFC 2330 section 10.2); undefined for a "
      + "query that gets no response",
    measurement:
      "CLOCK_MONOTONIC read when the kernel has handed over a batch of queries and again when it has taken their "
      + "responses; every query is timed, with its batch's times; over TCP a query is handed to us with its last octet; "
      + "counted in a log-linear histogram, 32 buckets an octave, whose quantiles are bucket midpoints",
    unit: "Seconds",
    symbol: "s",
    populations: populationsOfTimes,
    uncertainty: [
      "clock resolution (calibrated at start)",
      "clock read cost (calibrated at start)",
      "bucket: at most 1/64 of the value, from midpoint to bound",
      "batching: the mean span of a batch, by which one query's own times may differ from its batch's",
    ],
    composition:
      "space: round trip = network + queue + residence, a conjecture with a test; where a name is forwarded, residence "
      + "= own work + upstream. " + compositionInTime)

  /// How long a query waited for us.
  package static let queue = MetricDefinition(
    metricType: "Priv_QueueDNS",
    method: "Passive",
    output: "Raw",
    definition:
      "T(query handed to us) - T(kernel received it), the latter its receive stamp (SO_TIMESTAMPNS), host times, not "
      + "wire times (RFC 2330 section 10.2); undefined where there is no stamp, so always over TCP",
    measurement:
      "CLOCK_REALTIME, the clock of the stamp, read when the kernel has handed over a batch; a difference below zero (the "
      + "clock was set) is counted and discarded; histogram as for residence",
    unit: "Seconds",
    symbol: "s",
    populations: populationsOfTimes,
    uncertainty: [
      "clock resolution (calibrated at start)",
      "clock read cost (calibrated at start)",
      "bucket: at most 1/64 of the value, from midpoint to bound",
      "clock rate and steps: CLOCK_REALTIME is slewed and set; steps back are counted, steps forward are not seen",
    ],
    composition: "space: round trip = network + queue + residence, a conjecture with a test. " + compositionInTime)

  /// How much of what is asked stays without a response.
  package static let noResponse = MetricDefinition(
    metricType: "Priv_NoResponseDNS",
    method: "Passive",
    output: "Mean",
    definition:
      "1 where a query handed to us gets no response, else 0; reported as their mean: queries without a response over "
      + "queries",
    measurement:
      "counted when the outcome is known, by cause; what the kernel dropped before us (a full socket buffer) is not in "
      + "it, and what it refused to send is counted apart as send failures",
    unit: "Ratio",
    symbol: "1",
    populations: "context x transport",
    uncertainty: ["none in counting; as an estimate of a rate, that of its sample size"],
    composition: "time: numerators and denominators of disjoint intervals add, ratios do not")

  private static let populationsOfTimes = "context x decision (answered, refused, failed) x transport (udp, tcp)"
  private static let compositionInTime =
    "time: histograms of disjoint intervals add exactly; quantiles do not, and are computed from the sum"
}
