import Foundation
import Metrics
import TestSupport
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
    metrics.record(Population(slot: 1, decision: .answered, transport: .udp), residence: 2048, queue: .time(64))
    metrics.record(
      Population(slot: 2, decision: .refused, transport: .tcp), residence: 137_000_000_000, queue: .unstamped)
    metrics.recordSilence(slot: 1, transport: .udp, cause: .dropped)
    metrics.count(.batches, 2)
    metrics.count(.sendSpan, 3000)
    metrics.count(.timedDatagrams)
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
        {"context":"shard-a","count":1,"decision":"answered","end":"2023-11-14T22:14:20.250Z","histogram":\
        {"buckets":[[2048,1]],"sum":2048},"max":2.048e-06,\
        "mean":2.048e-06,"metric":"Priv_ResidenceDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw","p50":2.048e-06,\
        "p95":2.048e-06,"p99":2.048e-06,"queries":1,"sample":"all","start":"2023-11-14T22:13:20.000Z",\
        "transport":"udp","uncertainty":{"bucket":3.2e-08,"clockRead":2e-08,"clockResolution":1e-09,\
        "sampling":0,"samplingOfMean":0,"sending":3e-06,"total":3.053e-06},"unit":"s"}
        """)
    #expect(lines[1].contains("\"metric\":\"Priv_ResidenceDNS_Passive_IP-TCP-DNS_RFCnone_Seconds_Raw\""))
    #expect(lines[2].contains("\"metric\":\"Priv_QueueDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw\""))
    #expect(
      lines[3] == """
        {"context":"shard-a","count":2,"decisions":{"answered":1,"silent":1},"end":"2023-11-14T22:14:20.250Z",\
        "metric":"Priv_NoResponseDNS_Passive_IP-UDP-DNS_RFCnone_Ratio_Mean","ratio":0.5,\
        "start":"2023-11-14T22:13:20.000Z","transport":"udp","unanswered":1,"unit":"1"}
        """)
  }

  @Test func `the table fits in 100 columns`() {
    let table = report(counts).table()
    #expect(
      table == """
        residence         decision  transport      count       p50       p95       p99       max  ± at p99
        shard-a           answered  udp               1   2.05 µs   2.05 µs   2.05 µs   2.05 µs   3.05 µs
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

@Suite("RFC 2330 §6.3: what a summary may be off by")
struct UncertaintyTests {
  @Test func `uncertainty is the sum of its terms, the bucket's in proportion to the value`() {
    let terms = Uncertainty.nanoseconds(resolution: 1, readCost: 20, sendSpan: 500)
    #expect(abs(terms.total(at: 0) - 521e-9) < 1e-15)
    #expect(abs(terms.total(at: 64e-6) - terms.total(at: 0) - 1e-6) < 1e-15)
  }

  @Test func `sending is the mean of the queries timed over UDP, and none of TCP's`() {
    let metrics = WorkerMetrics(slots: 2)
    for _ in 0..<4 {
      metrics.record(Population(slot: 1, decision: .answered, transport: .udp), residence: 9000, queue: .unstamped)
      metrics.record(Population(slot: 1, decision: .answered, transport: .tcp), residence: 9000, queue: .unstamped)
    }
    metrics.count(.sendSpan, 2000 * 3)
    metrics.count(.timedDatagrams, 4)
    let report = MetricsReport(
      metrics.read(), from: .distantPast, to: .distantPast, contextName: { _ in "c" }, monotonic: (1, 20),
      realtime: (1, 25))
    let lines = report.jsonLines().split(separator: "\n")
    #expect(lines[0].contains("IP-UDP") && lines[0].contains("\"sending\":1.5e-06"))
    #expect(lines[1].contains("IP-TCP") && lines[1].contains("\"sending\":0,"))
  }

  @Test func `where all are timed there is no error of sampling, and none where the sample is all there is`() {
    var histogram = HistogramCounts()
    for time in 1...1000 as ClosedRange<UInt64> { histogram.record(time * 100) }
    #expect(Summary(histogram, .nanoseconds(resolution: 0, readCost: 0, sendSpan: 0)).sampling == .none)
    #expect(SamplingError(of: histogram, from: 1000) == .none)
    #expect(SamplingError(of: histogram, from: 990) == .none)
    #expect(SamplingError(of: HistogramCounts(), from: 5) == .none)
  }

  @Test func `a sample too small for its p99 says so, in numbers that can be written`() {
    var histogram = HistogramCounts()
    for _ in 0..<300 { histogram.record(5000) }
    let error = SamplingError(of: histogram, from: 100_000)
    #expect(error.p99 == nil)
    let summary = Summary(histogram, .nanoseconds(resolution: 1, readCost: 20, sendSpan: 0), sampling: error)
    #expect(!summary.isBounded && summary.uncertainty > 137 && summary.uncertainty.isFinite)
    var one = HistogramCounts()
    one.record(7)
    #expect(SamplingError(of: one, from: 9).mean == nil)
  }

  /// Draws samples as the server does, and counts how often p99 and the mean of all are nearer than the error says.
  @Test(arguments: [5, 20] as [UInt32])
  func `of a hundred samples some ninety-five are as near as their error says`(number: UInt32) {
    var random = SeededGenerator(seed: UInt64(number))
    var nearQuantile = 0, nearMean = 0
    let runs = 60
    for run in 0..<runs {
      var all = HistogramCounts(), sample = HistogramCounts()
      var sampler = QuerySampler(seed: UInt64(run))
      for _ in 0..<20_000 {
        // A bulk and a long tail, as response times have.
        let time =
          random.chance(3)
          ? UInt64.random(in: 20_000...400_000, using: &random) : UInt64.random(in: 2000...9000, using: &random)
        all.record(time)
        if sampler.takes(every: number) { sample.record(time) }
      }
      let error = SamplingError(of: sample, from: all.count)
      let bucket = Double(all.quantile(0.99)) / 32
      if let p99 = error.p99, abs(Double(sample.quantile(0.99)) - Double(all.quantile(0.99))) <= p99 * 1e9 + bucket {
        nearQuantile += 1
      }
      if let mean = error.mean, abs(sample.mean - all.mean) <= mean * 1e9 { nearMean += 1 }
    }
    #expect(nearQuantile >= runs * 85 / 100)
    #expect((runs * 85 / 100...runs).contains(nearMean))
  }

  @Test func `the sample stands beside each summary, in both forms`() {
    let metrics = WorkerMetrics(slots: 2)
    let population = Population(slot: 1, decision: .answered, transport: .udp)
    for _ in 0..<990 { metrics.count(population) }
    for time in 1...10 as ClosedRange<UInt64> { metrics.record(population, residence: time * 1000, queue: .time(time)) }
    func report(_ sample: MetricsReport.Sample) -> MetricsReport {
      MetricsReport(
        metrics.read(), from: .distantPast, to: .distantPast, sample: sample, contextName: { _ in "c" },
        monotonic: (1, 20), realtime: (1, 25))
    }
    let line = report(.is(.every(100))).jsonLines().split(separator: "\n")[0]
    for part in [
      "\"count\":10,", "\"queries\":1000,", "\"sample\":\"one in 100\"", "\"sampling\":null", "\"total\":null",
    ] { #expect(line.contains(part), "\(part) in \(line)") }
    let table = report(.is(.every(100))).table()
    #expect(table.contains("timed: one query in 100, at random: 10 of 1000 of these\n"))
    #expect(table.contains("unknown"))
    #expect(report(.mixed).table().contains("timed: now all, now some (measure was changed): 10 of 1000 of these\n"))
    #expect(!report(.is(.all)).table().contains("timed:"))
    for line in table.split(separator: "\n") { #expect(line.count <= 100) }
  }
}
