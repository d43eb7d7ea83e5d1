import Foundation
import Testing

@testable import Metrics

@Suite("DESIGN §6: what Prometheus is told (text format 0.0.4)")
struct ExpositionTests {
  private static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "Golden/exposition.txt")

  private func page(_ workers: [WorkerMetrics], contexts: [String] = ["(none)", "laptop", #"a"b\c"#]) -> String {
    var counts = CoarseCounts()
    for worker in workers { counts.add(worker) }
    var facts = Exposition.Facts()
    facts.version = "0.9.9"
    facts.configurationVersion = "2026-07-01 \"a\""
    (facts.generation, facts.zones, facts.services, facts.contexts, facts.workers) = (3, 2, 8, 5, 4)
    (facts.isStale, facts.isLastReloadSuccessful) = (true, false)
    (facts.lastReload, facts.lastSuccess) = (1_790_000_002.5, 1_790_000_001)
    facts.timesEvery = 10
    facts.reloads = [("reloaded", 2), ("failed", 1), ("held", 0)]
    facts.monotonic = (resolution: 1, readCost: 23.5)
    facts.realtime = (resolution: 1, readCost: 24)
    facts.httpRequests = [(200, 7), (404, 1)]
    var times = HistogramCounts()
    for time in [900_000, 1_100_000, 80_000_000] as [UInt64] { times.record(time) }
    var forwarding = Exposition.Forwarding()
    forwarding.upstreams = [
      .init(
        server: "192.0.2.53:53", responseTime: 0.0125, failures: 0, asked: 4, failed: 1,
        unanswered: [.givenUp: 1], times: [(transport: .udp, times: times)]),
      .init(
        server: "[2001:db8::53]:53", failures: 3, isDown: true, asked: 3, failed: 3,
        unanswered: [.silent: 2, .unreachable: 1]),
    ]
    (forwarding.cacheEntries, forwarding.cacheOctets, forwarding.cacheSize) = (3, 700, 1 << 20)
    (forwarding.outstanding, forwarding.waiting) = (1, 2)
    facts.forwarding = forwarding
    facts.process.start = 1_790_000_000
    facts.process.cpu = 1.25
    facts.process.residentMemory = 1 << 24
    facts.process.openFiles = 40
    facts.process.mostFiles = 1024
    let exposition = Exposition(
      counts, facts, contextName: { contexts[Int($0)] }, rcodeName: { "RC\($0)" },
      ruleName: { $0 == 0 || $0 > 3 ? nil : "rule\($0)" })
    return String(decoding: exposition.text(), as: UTF8.self)
  }

  private func workers() -> [WorkerMetrics] {
    let (one, other) = (WorkerMetrics(slots: 4), WorkerMetrics(slots: 4))
    let laptop = Population(slot: 1, decision: .answered, transport: .udp)
    one.record(laptop, residence: 1023, queue: .time(700))
    other.record(laptop, residence: 1024, queue: .time(20_000_000_000))
    other.record(laptop, residence: 3_000_000, queue: .negative)
    other.record(Population(slot: 2, decision: .refused, transport: .tcp), residence: 10_000_000_000, queue: .unstamped)
    one.recordSilence(slot: 0, transport: .udp, cause: .badSource)
    one.count(refusalBy: 2)
    other.count(wouldBeRefusalBy: 3)
    other.count(rcode: 3)
    other.count(rcode: 4000)
    one.count(.batches, 2)
    one.count(.sendSpan, 3000)
    one.count(.timedDatagrams, 2)
    return [one, other]
  }

  @Test func `the page is as written down`() throws {
    let page = page(workers())
    let written = try String(contentsOf: Self.golden, encoding: .utf8)
    if ProcessInfo.processInfo.environment["AMBIT_WRITE_GOLDEN"] != nil {
      try page.write(to: Self.golden, atomically: true, encoding: .utf8)
    }
    #expect(page == written, "AMBIT_WRITE_GOLDEN=1 writes it anew")
  }

  @Test func `every sample is of the family it stands in, whose buckets add up to its count`() throws {
    var family = "", kind = ""
    var last: UInt64 = 0
    var seen: Set<Substring> = []
    for line in page(workers()).split(separator: "\n") {
      if line.hasPrefix("# TYPE ") {
        let words = line.split(separator: " ")
        (family, kind) = (String(words[2]), String(words[3]))
        #expect(ExpositionFamily.all.contains { $0.name == family })
        continue
      }
      if line.hasPrefix("#") { continue }
      let name = line.prefix { $0 != "{" && $0 != " " }
      let value = try #require(line.split(separator: " ").last)
      #expect(Exposition.sampleNames.contains(String(name)), "\(line)")
      #expect(seen.insert(line.prefix(line.count - value.count)).inserted, "once: \(line)")
      #expect(Double(value) != nil)
      if kind == "histogram" {
        #expect(name.hasPrefix(family))
        if name.hasSuffix("_bucket") {
          let count = try #require(UInt64(value))
          #expect(count >= last || line.contains("le=\"1.024e-06\""), "\(line)")
          last = count
        } else if name.hasSuffix("_count") {
          #expect(UInt64(value) == last)
        }
      } else {
        #expect(name == family)
        #expect((kind == "counter") == name.hasSuffix("_total"))
      }
    }
  }

  @Test func `the bounds are the layout's: no bucket of it lies on both sides of one`() {
    for bound in CoarseHistogram.bounds {
      let bucket = HistogramLayout.bucket(of: bound)
      #expect(HistogramLayout.lowerBound(of: bucket) == bound)
    }
  }

  @Test func `counts are the histogram's, bound by bound`() {
    let worker = WorkerMetrics(slots: 2)
    let population = Population(slot: 0, decision: .answered, transport: .udp)
    var times: [UInt64] = []
    for shift in 0..<37 as Range<UInt64> {
      times += [1 << shift, (1 << shift) - 1, (1 << shift) + 1, (3 << shift) / 2]
    }
    for time in times { worker.record(population, residence: time, queue: .unstamped) }
    var counts = CoarseCounts()
    counts.add(worker)
    let histogram = counts.populations[population]?.residence
    var below: UInt64 = 0
    for (index, bound) in CoarseHistogram.bounds.enumerated() {
      below += histogram?.counts[index] ?? 0
      #expect(Int(below) == times.count { $0 < bound }, "\(bound)")
    }
    #expect(histogram?.count == UInt64(times.count) && histogram?.sum == times.reduce(0, +))
  }

  @Test func `no name is there twice`() {
    let names = ExpositionFamily.all.map(\.name)
    #expect(Set(names).count == names.count)
    for name in names { #expect(name.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") }, "\(name)") }
  }

  @Test func `512 contexts are one page of bounded size`() {
    let worker = WorkerMetrics()
    for slot in 0..<512 as Range<UInt16> {
      for decision in [MetricDecision.answered, .refused, .failed] {
        for transport in MetricTransport.allCases {
          worker.record(
            Population(slot: slot, decision: decision, transport: transport), residence: 5000,
            queue: transport == .udp ? .time(300) : .unstamped)
        }
      }
    }
    let long = (0..<512).map { "context-of-a-long-name-\($0)" }
    let size = page([worker], contexts: long).utf8.count
    #expect((10 << 20..<22 << 20).contains(size), "\(size)")
  }
}
