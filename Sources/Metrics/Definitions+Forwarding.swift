/// What the server measures of other servers, by the queries that it has to send them anyway.
extension MetricDefinition {
  /// How long a server takes that names of others are asked of.
  package static let upstream = MetricDefinition(
    word: "upstream", metricType: "Priv_UpstreamDNS", method: "Passive", unit: "Seconds", symbol: "s", output: "Raw",
    transports: MetricTransport.allCases,
    help: "Time from asking another server for a name of others to its reply",
    reference: "RFC 2330 §§6, 9, 10 and 11; RFC 7799 §3.6 (passive methods); RFC 2681 §2 (round-trip delay)",
    definition: """
      T(reply handed to the server) - T(query about to be sent), both host times (RFC 2330 §10.2), of one query to one \
      server. Undefined where it ends without a reply, which ambit_upstream_unanswered_total counts by reason. Two are \
      informally infinite (RFC 2681 §2.4): silent, nothing came within the waiting time; unreachable, an ICMP error came, or \
      the connection failed or broke. One is unknown: given_up, the reply was waited for no longer. At any moment queries \
      sent = values + these three + queries on their way, for each server. What is asked once more, or of another server, is \
      another value.
      """,
    fixedParameters: [
      Parameter("Type-P", "DNS queries over IPv4 or IPv6 to a server of a forward line, UDP or TCP, with RD"),
      Parameter("Observation point", "the forwarder's thread, above its sockets"),
      Parameter("Clock", "CLOCK_MONOTONIC"),
      Parameter("Histogram", "as of residence"),
      Parameter(
        "Waiting time",
        "the loss threshold (RFC 2681 §2.6): over UDP 3 s from the query, and longer while its question is open, "
          + "which is 4.8 s; over TCP 2 s"
      ),
    ],
    measurement: """
      The clock is read before a socket is opened for the query, and when the forwarder has read the reply and found that it \
      is one: ID, question, capitals, port and address are those of the query. So opening the socket is in it, over TCP the \
      connection too, and what the reply waited for its turn. A reply that comes after another server was asked instead, or \
      over UDP after another has answered, counts as any. Given up is what no longer has a socket before that: the oldest \
      where one question has more than three or all have more than there is room for; over TCP, once another has answered; \
      over UDP, what is asked over TCP instead since no reply to it came but wrong datagrams. The smoothed time that servers \
      are chosen by (ambit_upstream_response_seconds, RFC 6298) is made of the same values.
      """,
    stream: "None: what is asked for and is in no zone and not in the cache (passive), and what is fetched in advance.",
    filter: "Queries that get a reply, whatever its RCODE; one with TC set too.",
    sampling: "All of them, whatever measure says.", runTimeParameters: [],
    roles: [
      Parameter("Src", "Ambit, which observes its own queries"), Parameter("Dst", "a server of a forward line"),
    ],
    outputType: "Histogram: count and sum, in the exposition; not in the metrics log",
    outputs: [
      Parameter("count", "replies"), Parameter("sum", "of all times; exact"),
      Parameter("histogram", "times up to each power of two of a nanosecond from 1.024 µs to 8.6 s"),
    ],
    calibration: """
      At start: the resolution that the kernel states (clock_getres), and the median of 101 runs of 200 reads as the cost of \
      one.
      """,
    remarks: """
      A resolver has two kinds of times, those of its cache and those of what it asks for itself, so a mean says little. \
      What it is asked is what callers ask for: times of two servers compare only where chance decides who is asked. The \
      share that it lost is silent to asked. What was given up is censored: such queries had been on their way for long as a \
      rule, so where they are not few beside count the values are biased to the quick, and the share lost is a lower bound. \
      ambit_upstream_failed_total and upstreamTimeouts count when another was asked, not what has no value. How long callers \
      wait for names of others is residence with the decision forwarded.
      """,
    populations: [
      Parameter("server", "address and port, of 64 servers at the most; those of several forward lines are one"),
      Parameter("transport", "udp, tcp: what the query to the server went over"),
    ],
    uncertainty: [
      Parameter("clockResolution", "the smallest difference the clock can show"),
      Parameter("clockRead", "the cost of one reading, within which the moment lies"),
      Parameter("bucket", "a quantile lies between two bounds, a factor of 2 apart"),
    ],
    conjectures: [
      Conjecture(
        kind: .spatial,
        statement:
          "upstream = network + queue + residence, the last two measured by a server that is Ambit, and the turn of "
          + "the forwarder",
        test: "as an inequality: a reply that is held back by a known time takes at least that, scripts/interop/forward"
      ),
      Conjecture(
        kind: .temporal, statement: "histograms of disjoint intervals add exactly: each bucket, the count and the sum",
        test: "IntervalSumTests, of the same histograms"),
    ])
}
