import Foundation
import Metrics
import TestSupport
import Testing

/// A day of queries at some workers, told in intervals as the metrics log tells it.
private struct Day {
  let log: String
  /// All of it, as the table at the end has it.
  let whole: MetricsReport
  /// The sum of the intervals' counts, population by population.
  let sum: MetricCounts
  let total: MetricCounts
  let intervals: Int

  init(seed: UInt64, sampling: [QuerySampling] = [.all]) {
    var random = SeededGenerator(seed: seed)
    let slots = random.number(3...9)
    let names = MetricSlots(capacity: slots)
    var (log, sum, intervals) = ("", MetricCounts(), 0)
    let workers = (0..<random.number(1...2)).map { _ in WorkerMetrics(slots: slots) }
    var samplers = workers.indices.map { QuerySampler(seed: seed &+ UInt64($0)) }
    var before = MetricCounts()
    var time = Date(timeIntervalSince1970: 1_800_000_000)
    let start = time
    var sample: MetricsReport.Sample?
    func total() -> MetricCounts { workers.reduce(into: MetricCounts()) { $0.merge($1.read()) } }
    for _ in 0..<random.number(2...8) {
      // A reload: other contexts, some of them beyond the slots there are; perhaps other queries are timed.
      let contexts = (0..<random.number(1...6)).map { _ in names.slot(for: "context-\(random.number(0...12))") }
      let mode = sampling.randomElement(using: &random) ?? .all
      for _ in 0..<random.number(1...3) {
        for _ in 0..<random.number(0...200) {
          let index = random.number(0...workers.count - 1)
          let population = Population(
            slot: contexts.randomElement(using: &random) ?? 0,
            decision: MetricDecision.allCases.randomElement(using: &random) ?? .answered,
            transport: MetricTransport.allCases.randomElement(using: &random) ?? .udp)
          if population.decision == .silent {
            workers[index].recordSilence(slot: population.slot, transport: population.transport, cause: .dropped)
            continue
          }
          let isTimed =
            switch mode {
            case .all: true
            case .off: false
            case .every(let number): samplers[index].takes(every: number)
            }
          guard isTimed else {
            workers[index].count(population)
            continue
          }
          let residence = UInt64.random(in: 0...1 << UInt64.random(in: 0...38, using: &random), using: &random)
          workers[index].record(
            population, residence: residence,
            queue: population.transport == .udp && random.chance(90) ? .time(residence / 3) : .unstamped)
        }
        workers[0].count(.sendSpan, UInt64.random(in: 0...9000, using: &random))
        let now = total()
        var interval = now
        interval.subtract(before)
        before = now
        sum.merge(interval)
        intervals += 1
        let end = time.addingTimeInterval(10)
        log += MetricsReport(
          interval, from: time, to: end, sample: .is(mode), contextName: { names.name(of: $0) },
          monotonic: (1, 20), realtime: (1, 25)
        ).jsonLines()
        time = end
        sample = sample.map { $0.with(.is(mode)) } ?? .is(mode)
      }
      log += "{\"errors\":0,\"event\":\"reload\",\"generation\":2,\"held\":false,\"loaded\":true,\"time\":\"x\"}\n"
    }
    let all = total()
    (self.log, self.sum, self.intervals, self.total) = (log, sum, intervals, all)
    whole = MetricsReport(
      all, from: start, to: time, sample: sample ?? .is(.all), contextName: { names.name(of: $0) },
      monotonic: (1, 20), realtime: (1, 25))
  }
}

/// A line of the log without what does not add: the maximum is known to 1/32 of an interval's, and the terms of
/// uncertainty and the times of the interval are not of a sum.
private func additive(_ lines: String) throws -> [String] {
  try lines.split(separator: "\n").map { line in
    var object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    for key in ["max", "uncertainty", "start", "end", "sample", "p50", "p95", "p99"] { object[key] = nil }
    return String(decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys), as: UTF8.self)
  }.sorted()
}

@Suite("RFC 2330 §9.2: the intervals of a day add up to the day")
struct IntervalSumTests {
  private static let seeds = 1...UInt64(min(rounds(12), 48))

  @Test(arguments: seeds)
  func `histograms, counts and events of disjoint intervals add exactly`(seed: UInt64) throws {
    let day = Day(seed: seed, sampling: [.all, .every(3), .off])
    #expect(day.sum.populations.keys.sorted() == day.total.populations.keys.sorted())
    for (population, counts) in day.total.populations {
      let sum = try #require(day.sum.populations[population])
      #expect(sum.count == counts.count, "seed \(seed)")
      for (part, all) in [(sum.residence, counts.residence), (sum.queue, counts.queue)] {
        #expect(part.buckets == all.buckets && part.sum == all.sum, "seed \(seed)")
        // The longest of a day is the longest of some interval, which is told to 1/32.
        #expect(part.max <= all.max && Double(part.max) >= Double(all.max) * (1 - 1.0 / 32), "seed \(seed)")
        for quantile in [0, 0.5, 0.95, 0.99] {
          #expect(
            abs(Double(part.quantile(quantile)) - Double(all.quantile(quantile))) <= Double(all.quantile(quantile))
              / 32,
            "seed \(seed)")
        }
      }
    }
    for counter in MetricCounter.allCases { #expect(day.sum[counter] == day.total[counter], "seed \(seed)") }
    for cause in SilenceCause.allCases { #expect(day.sum[cause] == day.total[cause], "seed \(seed)") }
  }

  @Test(arguments: seeds)
  func `the metrics log read back adds up to the same`(seed: UInt64) throws {
    let day = Day(seed: seed, sampling: [.all, .every(2)])
    var sum = MetricsLogSum()
    for line in day.log.split(separator: "\n") { sum.add(Array(line.utf8).span) }
    #expect(sum.malformedCount == 0 && sum.withoutHistogramCount == 0)
    #expect(try additive(sum.report().jsonLines()) == additive(day.whole.jsonLines()), "seed \(seed)")
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `sums add up too: hours to a day`(seed: UInt64) throws {
    let day = Day(seed: seed)
    let lines = day.log.split(separator: "\n")
    var whole = MetricsLogSum(), morning = MetricsLogSum(), afternoon = MetricsLogSum(), both = MetricsLogSum()
    for (index, line) in lines.enumerated() {
      let octets = Array(line.utf8)
      whole.add(octets.span)
      if index < lines.count / 2 { morning.add(octets.span) } else { afternoon.add(octets.span) }
    }
    for half in [morning, afternoon] {
      for line in half.report().jsonLines().split(separator: "\n") { both.add(Array(line.utf8).span) }
    }
    #expect(try additive(both.report().jsonLines()) == additive(whole.report().jsonLines()), "seed \(seed)")
    #expect(both.report().interval == whole.report().interval)
  }

  @Test func `what is no line of a metrics log is counted and left out, whatever it is`() {
    var random = SeededGenerator(seed: 11)
    let lines = Day(seed: 4).log.split(separator: "\n").map { Array($0.utf8) }
    var sum = MetricsLogSum()
    for _ in 0..<3000 {
      var line = lines.randomElement(using: &random)!
      for _ in 0..<random.number(1...4) {
        let place = random.number(0...line.count - 1)
        switch random.number(0...3) {
        case 0: line[place] = UInt8.random(in: 0...255, using: &random)
        case 1: line.insert(contentsOf: Array("99999999999999999999".utf8.prefix(random.number(1...20))), at: place)
        case 2: line.removeLast(line.count - place - 1)
        default: line.remove(at: place)
        }
        if line.isEmpty { break }
      }
      sum.add(line.span)
    }
    for text in [
      "", "{}", "[]", "null", "{\"metric\":\"events\"}", "{\"event\":\"reload\"}",
      "{\"metric\":\"Priv_NoResponseDNS_Passive_IP-UDP-DNS_RFCnone_Ratio_Mean\",\"start\":\"a\",\"end\":\"b\",\"context\":\"c\",\"count\":1,\"unanswered\":2}",
    ] { sum.add(Array(text.utf8).span) }
    #expect(sum.malformedCount > 1000)
    #expect(!sum.report().table().isEmpty)
    #expect(!sum.report().jsonLines().contains("\"decision\":\"\""))
  }

  @Test func `a line from before there were histograms is left out, and said`() {
    var sum = MetricsLogSum()
    let line = """
      {"context":"a","count":1,"decision":"answered","end":"2","max":1,"mean":1,"metric":\
      "Priv_ResidenceDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw","p50":1,"p95":1,"p99":1,"start":"1","transport":"udp",\
      "uncertainty":{"sending":0,"bucket":0,"clockRead":0,"clockResolution":0,"total":0},"unit":"s"}
      """
    sum.add(Array(line.utf8).span)
    #expect(sum.withoutHistogramCount == 1 && sum.malformedCount == 0)
    #expect(sum.report().jsonLines() == "")
  }

  @Test func `where some intervals timed none, the sum is of a sample, and says what that may be off by`() {
    let metrics = WorkerMetrics(slots: 2)
    let population = Population(slot: 1, decision: .answered, transport: .udp)
    func lines(_ sampling: QuerySampling, since before: MetricCounts) -> String {
      var counts = metrics.read()
      counts.subtract(before)
      return MetricsReport(
        counts, from: .distantPast, to: .distantPast, sample: .is(sampling), contextName: { _ in "c" },
        monotonic: (1, 20), realtime: (1, 25)
      ).jsonLines()
    }
    for time in 1...1000 as ClosedRange<UInt64> {
      metrics.record(population, residence: time * 1000, queue: .unstamped)
    }
    let first = lines(.all, since: MetricCounts())
    let before = metrics.read()
    for _ in 0..<1_000_000 { metrics.count(population) }
    var sum = MetricsLogSum()
    for line in (first + lines(.off, since: before)).split(separator: "\n") { sum.add(Array(line.utf8).span) }
    let times = sum.report().jsonLines().split(separator: "\n").first ?? ""
    #expect(times.contains("\"queries\":1001000") && times.contains("\"count\":1000"))
    #expect(times.contains("\"sample\":\"mixed\"") && !times.contains("\"samplingOfMean\":0,"))
  }
}
