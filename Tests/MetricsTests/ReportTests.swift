import Foundation
import Metrics
import Testing

@Suite("DESIGN §6: what is told of the measures")
struct ReportTests {
  private func report(_ counts: MetricCounts) -> MetricsReport {
    MetricsReport(
      counts, from: Date(timeIntervalSince1970: 1_700_000_000), to: Date(timeIntervalSince1970: 1_700_000_060.25),
      contextName: { $0 == 1 ? "shard-a" : "a-context-with-a-very-long-name" }, monotonic: (1, 20), realtime: (1, 25))
  }

  private var counts: MetricCounts {
    let metrics = WorkerMetrics(slots: 4)
    metrics.record(Population(slot: 1, decision: .answered, transport: .udp), residence: 2048, queue: 64)
    metrics.record(Population(slot: 2, decision: .refused, transport: .tcp), residence: 137_000_000_000, queue: nil)
    metrics.recordSilence(slot: 1, transport: .udp, cause: .dropped)
    metrics.count(.batches, 2)
    metrics.count(.batchSpan, 3000)
    return metrics.read()
  }

  @Test func `JSON has a line for each metric and population with a count, and a ratio`() {
    let lines = report(counts).jsonLines().split(separator: "\n").map(String.init)
    #expect(lines.count == 6)
    #expect(
      lines[5] == """
        {"end":"2023-11-14T22:14:20.250Z","events":{"silent_dropped":1},"metric":"events",\
        "start":"2023-11-14T22:13:20.000Z","unit":"1"}
        """)
    #expect(
      lines[0] == """
        {"context":"shard-a","count":1,"decision":"answered","end":"2023-11-14T22:14:20.250Z","max":2.048e-06,\
        "mean":2.048e-06,"metric":"Priv_ResidenceDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw","p50":2.048e-06,\
        "p95":2.048e-06,"p99":2.048e-06,"start":"2023-11-14T22:13:20.000Z","transport":"udp","uncertainty":\
        {"batching":1.5e-06,"bucket":3.2e-08,"clockRead":2e-08,"clockResolution":1e-09,"total":1.553e-06},"unit":"s"}
        """)
    #expect(lines[1].contains("\"metric\":\"Priv_ResidenceDNS_Passive_IP-TCP-DNS_RFCnone_Seconds_Raw\""))
    #expect(lines[2].contains("\"metric\":\"Priv_QueueDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw\""))
    #expect(
      lines[3] == """
        {"context":"shard-a","count":2,"end":"2023-11-14T22:14:20.250Z",\
        "metric":"Priv_NoResponseDNS_Passive_IP-UDP-DNS_RFCnone_Ratio_Mean","ratio":0.5,\
        "start":"2023-11-14T22:13:20.000Z","transport":"udp","unanswered":1,"unit":"1"}
        """)
  }

  @Test func `the table fits in 100 columns`() {
    let table = report(counts).table()
    #expect(
      table == """
        residence         decision  transport      count       p50       p95       p99       max  ± at p99
        shard-a           answered  udp               1   2.05 µs   2.05 µs   2.05 µs   2.05 µs   1.55 µs
        a-context-with-a… refused   tcp               1     136 s     136 s     136 s     137 s    2.13 s

        queue             decision  transport      count       p50       p95       p99       max  ± at p99
        shard-a           answered  udp               1     64 ns     64 ns     64 ns     64 ns     27 ns

        no response: 1 of 3 queries (33.33 %)
        events: silent_dropped 1

        """)
    for line in table.split(separator: "\n") { #expect(line.count <= 100) }
  }

  @Test func `nothing measured is said so`() {
    #expect(report(MetricCounts()).jsonLines() == "")
    #expect(report(MetricCounts()).table() == "no response: 0 of 0 queries\n")
  }

  @Test(arguments: [
    (0, "0 ns"), (1e-9, "1 ns"), (850e-9, "850 ns"), (999.6e-9, "1.00 µs"), (12.34e-6, "12.3 µs"),
    (999.6e-6, "1.00 ms"), (1.2e-3, "1.20 ms"), (9.996e-3, "10.0 ms"), (0.1234, "123 ms"), (1.5, "1.50 s"),
    (137.4, "137 s"), (99.96, "100 s"),
  ])
  func `a time is three digits and a unit`(seconds: Double, text: String) {
    #expect(timeText(seconds: seconds) == text)
  }
}

@Suite("RFC 8911 §7.1.2: a metric's name")
struct DefinitionTests {
  @Test func `every name has the six parts of a registry entry and ends in its unit and output`() {
    #expect(MetricDefinition.all.count == 3)
    for metric in MetricDefinition.all {
      for transport in MetricTransport.allCases {
        let name = metric.name(over: transport)
        #expect(name.hasPrefix("Priv_"))
        #expect(name.dropFirst(5).split(separator: "_").count == 6)
        #expect(name.hasSuffix("_\(metric.unit)_\(metric.output)"))
      }
      #expect(!metric.definition.isEmpty && !metric.measurement.isEmpty && !metric.uncertainty.isEmpty)
    }
    #expect(
      MetricDefinition.residence.name(over: .udp) == "Priv_ResidenceDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw")
  }

  @Test func `uncertainty is the sum of its terms, the bucket's in proportion to the value`() {
    let terms = Uncertainty.nanoseconds(resolution: 1, readCost: 20, batchSpan: 500)
    #expect(abs(terms.total(at: 0) - 521e-9) < 1e-15)
    #expect(abs(terms.total(at: 64e-6) - terms.total(at: 0) - 1e-6) < 1e-15)
  }
}
