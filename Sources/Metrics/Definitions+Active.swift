/// What RFC 8912 §6 fixes for the two metrics of DNS response: `ambit measure` takes it from here.
package enum ActiveMeasurement {
  /// Tmax: a response that comes later than so many seconds is lost (RFC 8912 §6.2.2).
  package static let maximumWait = 5.0
  /// DSCP, TTL or hop limit, and the server's port.
  package static let trafficClass = 0
  package static let hopLimit = 255
  package static let port: UInt16 = 53
}

/// The two rows that are not ours: names, parameters and outputs are those of IANA's entries 4 and 5, RFC 8912 §6. They
/// differ in nothing but identifier, name, description, reference and output.
extension MetricDefinition {
  /// What `ambit measure` reports of each query that got a response.
  package static let responseTime = MetricDefinition(
    word: "response-time", identifier: 4, metricType: "RTDNS", method: "Active", specification: "RFC8912sec6",
    unit: "Seconds", symbol: "s", output: "Raw", transports: [.udp],
    help: "Response time: the interval from the transmission of a query to its response",
    reference: "RFC 8912 §6", changeController: "IETF",
    definition: """
      The round-trip delay of RFC 2681 §2.4 (singleton) and §3.4 (sample), where Src is the host that asks and Dst the name \
      server (RFC 1035). Undefined where no response comes within Tmax.
      """,
    fixedParameters: fixedOfActive,
    measurement: """
      RFC 2681 §2.6 and §3.6 with the Type-P and the Tmax of this entry. The ID tells responses apart, is kept for each \
      query and differs from that of every other one outstanding; RFC 6673 §8 holds too. The server does all it takes to \
      respond, so its time is part of the delay. The response's header is read and reported.
      """,
    stream: streamOfActive, filter: "None.", sampling: "None.", runTimeParameters: runTimeOfActive,
    roles: rolesOfActive,
    outputType: "Raw: a row for each query sent",
    outputs: outputsOfActive + [
      Parameter("dT", "the delay in seconds, to 9 decimals; undefined where lost"),
      Parameter("RCODE", "of the response; a number other than 0 is an error, and a response all the same"),
    ],
    calibration: calibrationOfActive, remarks: remarksOfActive, populations: populationsOfActive,
    uncertainty: [
      Parameter("clockResolution", "the smallest difference the clock can show"),
      Parameter("clockRead", "the cost of one reading, within which the moment lies"),
      Parameter("calibration", "what the instrument adds of its own, measured over loopback"),
      Parameter("sampling", "of a statistic: the width of its 95 % interval from the number of singletons"),
    ],
    conjectures: [
      Conjecture(
        kind: .spatial,
        statement: "RTDNS = network + queue + residence, the last two measured by a server that is Ambit",
        test: "docs/metrics.md, \"Spatial composition\""),
      Conjecture(
        kind: .temporal,
        statement:
          "singletons of disjoint intervals are one sample: statistics are computed from all, none from statistics",
        test: "by definition of the output, which is raw"),
    ])

  /// What `ambit measure` reports of every query.
  package static let responseLoss = MetricDefinition(
    word: "response-loss", identifier: 5, metricType: "RLDNS", method: "Active", specification: "RFC8912sec6",
    unit: "Logical", symbol: "1", output: "Raw", transports: [.udp],
    help: "Loss: 1 where the response did not come within the maximum waiting time, else 0",
    reference: "RFC 8912 §6", changeController: "IETF",
    definition: """
      The round-trip loss of RFC 6673 §4.3 with Src and Dst as for the response time: 1 where no response comes within \
      Tmax, else 0.
      """,
    fixedParameters: fixedOfActive, measurement: "That of the response time.", stream: streamOfActive, filter: "None.",
    sampling: "None.", runTimeParameters: runTimeOfActive, roles: rolesOfActive,
    outputType: "Raw: a row for each query sent",
    outputs: outputsOfActive + [Parameter("Logical", "1 = lost, 0 = received")],
    calibration: calibrationOfActive, remarks: remarksOfActive, populations: populationsOfActive,
    uncertainty: [Parameter("sampling", "of the ratio: the width of its 95 % interval from the number of singletons")],
    conjectures: [
      Conjecture(
        kind: .temporal, statement: "losses and queries of disjoint intervals add exactly; ratios do not",
        test: "by definition of the output, which is raw")
    ])

  private static let fixedOfActive = [
    Parameter(
      "IPv4, IPv6",
      """
      DSCP \(ActiveMeasurement.trafficClass), TTL or hop limit \(ActiveMeasurement.hopLimit), protocol or next header 17 \
      (UDP), flow label 0, no extension headers
      """),
    Parameter("UDP", "source port 53, destination port \(ActiveMeasurement.port), a checksum other than zero"),
    Parameter(
      "DNS header", "QR 0, OPCODE 0, RD 1, QDCOUNT 1, all else 0; the ID is a run-time parameter"),
    Parameter("DNS question", "QNAME and QTYPE are run-time parameters; QCLASS 1 (IN)"),
    Parameter("DNS sections", "no records"),
    Parameter("Tmax", "\(ActiveMeasurement.maximumWait) s, after which a response is lost"),
  ]
  private static let streamOfActive = """
    Poisson (RFC 2330 §11.1.3, method 3): from T0 on, all send times are computed before the measurement from \
    exponentially distributed gaps with mean Reciprocal_lambda; a gap longer than Trunc is Trunc.
    """
  private static let runTimeOfActive = [
    Parameter("Src", "address of the host that asks"), Parameter("Dst", "address of the name server"),
    Parameter("T0", "begin of the interval (RFC 3339, UTC); all zeros where it is not told, and Tf then is a duration"),
    Parameter("Tf", "end of the interval (RFC 3339, UTC)"),
    Parameter("Reciprocal_lambda", "mean gap between queries in seconds, to 0.1 ms"),
    Parameter("Trunc", "longest gap in seconds, to 0.1 ms"),
    Parameter("ID", "16 bits, another one in each of successive queries"),
    Parameter("QNAME", "the domain name asked for"), Parameter("QTYPE", "1 (A) or 28 (AAAA)"),
  ]
  private static let rolesOfActive = [
    Parameter("Src", "sends each query and waits for its response"),
    Parameter("Dst", "waits for each query and responds to Src"),
  ]
  private static let outputsOfActive = [Parameter("T", "when the query was sent (RFC 3339, UTC)")]
  private static let calibrationOfActive = """
    RFC 2681 §2.7.3: the same measurement over a loopback within the source host, reported in the same form and marked as \
    calibration.
    """
  private static let remarksOfActive = "What ambit measure does otherwise, it says with its results."
  private static let populationsOfActive = [Parameter("server", "Dst, QNAME and QTYPE of the run")]
}
