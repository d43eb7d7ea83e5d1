extension MetricDefinition {
  /// Every metric Ambit reports. A row states it; one call at the event counts it.
  package static let all: [MetricDefinition] = passive + active + forwarding

  /// What the server measures of the queries it gets: in its logs, its tables and its exposition.
  package static let passive: [MetricDefinition] = [residence, queue, noResponse]

  /// What `ambit measure` finds of any server, by asking it.
  package static let active: [MetricDefinition] = [responseTime, responseLoss]

  /// What the server measures of the servers that it asks itself: in its exposition.
  package static let forwarding: [MetricDefinition] = [upstream]

  /// The server's own share of a round trip.
  package static let residence = MetricDefinition(
    word: "residence", metricType: "Priv_ResidenceDNS", method: "Passive", unit: "Seconds", symbol: "s", output: "Raw",
    transports: MetricTransport.allCases,
    help: "Time from a query handed to the server to its response handed to the kernel",
    reference: "RFC 2330 §§6, 9, 10 and 11; RFC 7799 §3.6 (passive methods)",
    definition: """
      T(response handed to the kernel) - T(query handed to the server), both host times (RFC 2330 §10.2). Undefined for a \
      query that gets no response.
      """,
    fixedParameters: passiveParameters + [
      Parameter("Clock", "CLOCK_MONOTONIC"),
      Parameter(
        "Histogram", "log-linear, 32 buckets an octave from 64 ns on, 1 ns below, to 137 s; quantiles are midpoints"),
    ],
    measurement: """
      The clock is read when the kernel has handed over a batch of datagrams, and again when it has taken their responses; \
      the difference is the time of each query of the batch. Over TCP a query is handed over with its last octet, and \
      those read together are answered by one write. Not in it: what a request waits while the peer reads no responses, and what of \
      a response the kernel did not take at once. Counted in a histogram; sum, and over all time the maximum, are exact.
      """,
    stream: passiveStream, filter: filterOfResponded, sampling: samplingOfTimes, runTimeParameters: [measureStatement],
    roles: passiveRoles,
    outputType: typeOfTimes, outputs: outputsOfTimes, calibration: clockCalibration,
    remarks: """
      Queries of one batch have one time, so they are not independent: an interval for a quantile that supposes they are \
      is too narrow under load.
      """,
    populations: populationsOfTimes,
    uncertainty: termsOfClock + [
      bucketTerm,
      Parameter(
        "sending",
        """
        UDP only: the mean, over the queries timed, of how long the call took that sent the response. The response left \
        somewhere within that call, so residence as a client could see it is that much shorter at the most, and never \
        longer. The bound of the mean, and the expected one of a quantile. Over TCP it is not known.
        """),
    ] + samplingTerms,
    conjectures: [
      Conjecture(
        kind: .spatial,
        statement:
          "round trip = network + queue + residence, where round trip and network are seen by the client's host",
        test: "on loopback and over a link with a known delay: docs/metrics.md, \"Spatial composition\""),
      temporalOfTimes,
    ])

  /// How long a query waited for us.
  package static let queue = MetricDefinition(
    word: "queue", metricType: "Priv_QueueDNS", method: "Passive", unit: "Seconds", symbol: "s", output: "Raw",
    transports: [.udp],
    help: "Time from the kernel's receipt of a query to its being handed to the server",
    reference: "RFC 2330 §§6, 9, 10 and 11; RFC 7799 §3.6 (passive methods)",
    definition: """
      T(query handed to the server) - T(kernel received it), the latter the kernel's receive stamp, both host times and \
      not wire times (RFC 2330 §10.2). Undefined where there is no stamp: always over TCP. Undefined across a step of the \
      clock.
      """,
    fixedParameters: passiveParameters + [
      Parameter("Clock", "CLOCK_REALTIME, that of the stamp (SO_TIMESTAMPNS)"),
      Parameter("Histogram", "as of residence"),
      Parameter(
        "Reading",
        "both clocks within 250 ns (or 4 times what reading them takes), else again, up to 3 times; then as they are"),
      Parameter(
        "Step",
        "a change of CLOCK_REALTIME - CLOCK_MONOTONIC from batch to batch by more than 100 µs and 1/2048 of the time between"
      ),
      Parameter("Distrust", "1 s after a step, and after stamping was switched on"),
    ],
    measurement: """
      The clock is read when the kernel has handed over a batch of datagrams. A difference below zero is counted \
      (negativeDifferences) and discarded. Both clocks are read for every batch: where the wall clock was set, all queue \
      times of the next second, and of every datagram stamped before, are counted (queueTimesDistrusted) and discarded.
      """,
    stream: passiveStream, filter: filterOfResponded + " It carries a stamp.", sampling: samplingOfTimes,
    runTimeParameters: [measureStatement], roles: passiveRoles,
    outputType: typeOfTimes, outputs: outputsOfTimes, calibration: clockCalibration,
    remarks: """
      A step that is smaller than the bound is not seen, and a datagram that waited across it is off by as much; one that \
      waited for more than a second across a step back is off by the step. With measure off the kernel stamps nothing.
      """,
    populations: populationsOfTimes,
    uncertainty: termsOfClock + [bucketTerm, Parameter("sending", "0: nothing is sent")]
      + samplingTerms,
    conjectures: [
      Conjecture(
        kind: .spatial,
        statement:
          "round trip = network + queue + residence, where round trip and network are seen by the client's host",
        test: "as of residence"),
      temporalOfTimes,
    ])

  /// How much of what is asked stays without a response.
  package static let noResponse = MetricDefinition(
    word: "no-response", metricType: "Priv_NoResponseDNS", method: "Passive", unit: "Ratio", symbol: "1",
    output: "Mean", transports: MetricTransport.allCases,
    help: "Queries handed to the server that get no response, over all queries",
    reference: "RFC 2330 §§6, 9 and 11; RFC 7799 §3.6 (passive methods)",
    definition: """
      1 where a query handed to the server gets no response, else 0; reported as the mean: queries without a response over \
      queries.
      """,
    fixedParameters: passiveParameters,
    measurement: """
      Counted when the outcome is known, by cause. Not in it: what the kernel dropped before it came to us (a full socket \
      buffer), and responses that the kernel refused to send, which are counted as sendFailures.
      """,
    stream: passiveStream, filter: "Every datagram, and every request on a connection.",
    sampling: "All of them, whatever measure says.", runTimeParameters: [], roles: passiveRoles,
    outputType: "Ratio of counts",
    outputs: [
      Parameter("count", "queries"), Parameter("unanswered", "those without a response"),
      Parameter("ratio", "unanswered over count"), Parameter("decisions", "queries by what became of them"),
      Parameter("start, end", "of the interval: UTC, ISO 8601 with milliseconds"),
    ],
    calibration: "None: counts.",
    remarks: "",
    populations: [Parameter("context", contextPopulation), Parameter("transport", "udp, tcp")],
    uncertainty: [
      Parameter("none", "counts are exact; as an estimate of a rate, the ratio has that of its sample size")
    ],
    conjectures: [
      Conjecture(
        kind: .temporal, statement: "numerators and denominators of disjoint intervals add exactly; ratios do not",
        test: "IntervalSumTests, from a seed")
    ])

  // MARK: - What several rows say

  private static let passiveParameters = [
    Parameter("Type-P", "DNS queries over IPv4 or IPv6 to an address the server listens on, UDP or TCP"),
    Parameter("Observation point", "the server's process, above its sockets"),
  ]
  private static let passiveStream = "None: the queries that come (passive)."
  private static let filterOfResponded =
    "Queries that get a response, refusals and errors among them, each its own population."
  private static let samplingOfTimes = """
    measure all: every one. measure every N: gaps between timed queries drawn uniformly from 1 to 2N - 1, in each worker \
    (random additive sampling, RFC 2330 §11.1), so that every query is as likely to be timed, one in N. The sample \
    stands beside each summary.
    """
  private static let measureStatement = Parameter(
    "measure", "all, every N or off (policy; at a reload, for an interval of its own)")
  private static let passiveRoles = [Parameter("server", "Ambit, which observes itself")]
  private static let typeOfTimes = "Histogram, and its summary: count, p50, p95, p99, max, mean"
  private static let outputsOfTimes = [
    Parameter("start, end", "of the interval: UTC, ISO 8601 with milliseconds"),
    Parameter("count", "times measured"), Parameter("queries", "of the population, timed or not"),
    Parameter("sample", "all, one in N, off, or mixed"),
    Parameter("p50, p95, p99", "the smallest time that so many hundredths are no longer than (RFC 2330 §11.3)"),
    Parameter("max, mean", "the longest, and the arithmetic mean"),
    Parameter("uncertainty", "the terms below in seconds, and their total at p99"),
    Parameter("histogram", "sum in ns; buckets as [lower bound in ns, count], empty ones left out"),
  ]
  private static let clockCalibration = """
    At start: the resolution that the kernel states (clock_getres), and the median of 101 runs of 200 reads as the cost of \
    one. docs/metrics.md, "Verified from outside", compares with capture times.
    """
  private static let contextPopulation = "the caller's; (none), (everyone) for the base, (other) beyond 510 names"
  private static let populationsOfTimes = [
    Parameter("context", contextPopulation),
    Parameter(
      "decision",
      "answered, forwarded, refused, failed: neither refusals nor other servers change the latency of answers"),
    Parameter("transport", "udp, tcp"),
  ]
  private static let termsOfClock = [
    Parameter("clockResolution", "the smallest difference the clock can show"),
    Parameter("clockRead", "the cost of one reading, within which the moment lies"),
  ]
  private static let bucketTerm = Parameter(
    "bucket", "at most 1/64 of the value, from a bucket's midpoint to its bound; quantiles only")
  private static let samplingTerms = [
    Parameter(
      "sampling",
      """
      half the width of the interval that holds p99 of all queries in about 95 of 100 samples, from the ranks about it; 0 where \
      all are timed
      """),
    Parameter("samplingOfMean", "1.96 standard errors of the mean; 0 where all are timed; not in the total"),
  ]
  private static let temporalOfTimes = Conjecture(
    kind: .temporal,
    statement: """
      histograms of disjoint intervals add exactly: each bucket, the count and the sum; quantiles do not, and are computed \
      from the sum of the histograms. The maximum of an interval is known to 1/32.
      """,
    test: "IntervalSumTests, from a seed: a day's intervals against the day, also read back from the metrics log")
}
