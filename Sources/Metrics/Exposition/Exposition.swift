/// The page that Prometheus scrapes: all counts, and what is to be known beside them. Every set of labels is bounded: contexts
/// by ``MetricSlots``, rules, RCODEs and causes by their tables.
package struct Exposition {
  /// What a server knows beside its workers' counts; times of day are seconds since 1970.
  package struct Facts: Sendable {
    package var version = ""
    /// What the policy's `version` says; empty where it says nothing.
    package var configurationVersion = ""
    package var generation: UInt64 = 1
    package var zones = 0
    package var services = 0
    package var contexts = 0
    package var workers = 0
    /// 1 for all queries, one in so many, 0 for none.
    package var timesEvery: UInt32 = 1
    /// Calls that close a cycle among those seen, and calls far above their usual rate.
    package var closingCalls = 0
    package var callsStorming = 0
    package var isStale = false
    package var isLastReloadSuccessful = true
    package var lastReload = 0.0
    package var lastSuccess = 0.0
    /// By what became of them, in order.
    package var reloads: [(result: String, count: UInt64)] = []
    /// Resolution and read cost in nanoseconds, of CLOCK_MONOTONIC and CLOCK_REALTIME.
    package var monotonic = (resolution: 0.0, readCost: 0.0)
    package var realtime = (resolution: 0.0, readCost: 0.0)
    /// By status, in order.
    package var httpRequests: [(status: Int, count: UInt64)] = []
    package var httpGivenUp: UInt64 = 0
    package var process = Process()
    package var checks = Checks()
    /// What is asked of other servers; nil where nothing is forwarded.
    package var forwarding: Forwarding?

    package init() {}
  }

  /// Names of others: who is asked for them, and what is kept.
  package struct Forwarding: Sendable {
    /// At most 64.
    package var upstreams: [Upstream] = []
    package var cacheEntries = 0
    package var cacheOctets = 0
    package var cacheSize = 0
    package var outstanding = 0
    package var waiting = 0

    package init() {}
  }

  /// A server that is asked for names of others.
  package struct Upstream: Sendable {
    /// Address and port.
    package var server: String
    /// Smoothed, in seconds; nil before its first reply.
    package var responseTime: Double?
    /// Rounds in a row without a reply.
    package var failures: Int
    package var isDown: Bool
    /// Since it is in a line: queries sent, and how often it failed one.
    package var asked: UInt64
    package var failed: UInt64
    /// Queries that have ended without a reply.
    package var unanswered: [NoReply: UInt64]
    /// How long its replies took; those of which there are none left out.
    package var times: [(transport: MetricTransport, times: HistogramCounts)]

    package init(
      server: String, responseTime: Double? = nil, failures: Int = 0, isDown: Bool = false, asked: UInt64 = 0,
      failed: UInt64 = 0, unanswered: [NoReply: UInt64] = [:],
      times: [(transport: MetricTransport, times: HistogramCounts)] = []
    ) {
      (self.server, self.responseTime, self.failures, self.isDown) = (server, responseTime, failures, isDown)
      (self.asked, self.failed, self.unanswered, self.times) = (asked, failed, unanswered, times)
    }
  }

  /// What is known of the endpoints that are checked.
  package struct Checks: Sendable {
    /// Bounded by who makes it.
    package var endpoints: [(service: String, address: String, isUp: Bool)] = []
    package var endpointCount = 0
    package var downCount = 0
    package var brokenCount = 0
    /// By how they ended, in order.
    package var results: [(result: String, count: UInt64)] = []
    /// Checks that began late.
    package var late: UInt64 = 0
    /// How long those took that succeeded.
    package var times = HistogramCounts()

    package init() {}
  }

  /// What the system says of the process; nil for what it does not say.
  package struct Process: Sendable {
    package var start = 0.0
    package var cpu = 0.0
    package var residentMemory: UInt64?
    package var addresses: UInt64?
    package var openFiles: Int?
    package var mostFiles: Int?

    package init() {}
  }

  /// The media type of the page.
  package static var mediaType: String { ExpositionWriter.mediaType }

  /// The name of every sample that may be exposed: of a histogram, those of its parts.
  package static var sampleNames: Set<String> {
    ExpositionFamily.all.reduce(into: []) { names, family in
      if family.kind == .histogram {
        names.formUnion(["_bucket", "_sum", "_count"].map { family.name + $0 })
      } else {
        names.insert(family.name)
      }
    }
  }

  private let counts: CoarseCounts
  private let facts: Facts
  private let contextName: (UInt16) -> String
  private let rcodeName: (Int) -> String
  /// The words of the rules that refuse, by number; nil for a number that none has.
  private let ruleName: (Int) -> String?

  /// - Parameters:
  ///   - contextName: the name of a context's slot.
  ///   - rcodeName: an RCODE's mnemonic.
  ///   - ruleName: the word of a rule by its number; nil for a number that no rule has.
  package init(
    _ counts: CoarseCounts, _ facts: Facts, contextName: @escaping (UInt16) -> String,
    rcodeName: @escaping (Int) -> String, ruleName: @escaping (Int) -> String?
  ) {
    (self.counts, self.facts) = (counts, facts)
    (self.contextName, self.rcodeName, self.ruleName) = (contextName, rcodeName, ruleName)
  }

  /// The page.
  package func text() -> [UInt8] {
    var writer = ExpositionWriter()
    writePopulations(&writer)
    writeTallies(&writer)
    for counter in MetricCounter.allCases {
      let family = ExpositionFamily.event(counter)
      writer.begin(family)
      let count = counts.events[counter]
      writer.add(family.name, counter == .sendSpan ? secondsText(count) : "\(count)")
    }
    writeUncertainty(&writer)
    writeConfiguration(&writer)
    writeChecks(&writer)
    writeForwarding(&writer)
    writeProcess(&writer)
    return writer.octets
  }

  // MARK: - What is counted

  private func writePopulations(_ writer: inout ExpositionWriter) {
    let populations = counts.populations.sorted { $0.key < $1.key }
    let labels = populations.map { population, _ in
      ExpositionWriter.labels([
        "context": contextName(population.slot), "decision": "\(population.decision)",
        "transport": "\(population.transport)",
      ])
    }
    writer.begin(.queries)
    for (labels, (_, counts)) in zip(labels, populations) {
      writer.add(ExpositionFamily.queries.name, labels, "\(counts.count)")
    }
    for (family, part) in [(ExpositionFamily.residence, \CoarsePopulation.residence), (.queue, \.queue)] {
      writer.begin(family)
      for (labels, (_, counts)) in zip(labels, populations) {
        write(counts[keyPath: part], family, labels, &writer)
      }
    }
  }

  private static let bounds = CoarseHistogram.bounds.map { Array(",le=\"\(secondsText($0))\"".utf8) }
  private static let noBound = Array(",le=\"+Inf\"".utf8)

  /// Buckets add up (Prometheus' histograms are cumulative). A histogram of nothing is left out: silence has no residence,
  /// and TCP no queue time.
  private func write(
    _ histogram: CoarseHistogram, _ family: ExpositionFamily, _ labels: [UInt8], _ writer: inout ExpositionWriter
  ) {
    let total = histogram.count
    if total == 0 { return }
    let bucket = Array("\(family.name)_bucket".utf8)
    var sum: UInt64 = 0
    for (bound, count) in zip(Self.bounds, histogram.counts) {
      sum &+= count
      writer.add(bucket, labels, bound, sum)
    }
    writer.add(bucket, labels, Self.noBound, total)
    writer.add("\(family.name)_sum", labels, secondsText(histogram.sum))
    writer.add("\(family.name)_count", labels, "\(total)")
  }

  private func writeTallies(_ writer: inout ExpositionWriter) {
    let events = counts.events
    for (family, tally) in [
      (ExpositionFamily.refusals, events.refusals), (.wouldBeRefusals, events.wouldBeRefusals),
    ] {
      writer.begin(family)
      for (rule, count) in tally.enumerated() {
        guard let name = ruleName(rule) else { continue }
        writer.add(family.name, ExpositionWriter.labels(["rule": name]), "\(count)")
      }
    }
    writer.begin(.responses)
    for (rcode, count) in events.rcodes.enumerated() where count > 0 || Self.usualRCodes.contains(rcode) {
      let name = rcode == 31 ? "other" : rcodeName(rcode)
      writer.add(ExpositionFamily.responses.name, ExpositionWriter.labels(["rcode": name]), "\(count)")
    }
    writer.begin(.silences)
    for cause in SilenceCause.allCases {
      let labels = ExpositionWriter.labels(["cause": snakeCase("\(cause)")])
      writer.add(ExpositionFamily.silences.name, labels, "\(events[cause])")
    }
  }

  /// NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP and REFUSED are there from the start, so that their rates are.
  private static let usualRCodes = 0...5

  // MARK: - What is known beside

  private func writeUncertainty(_ writer: inout ExpositionWriter) {
    let clocks = [("monotonic", facts.monotonic), ("realtime", facts.realtime)]
    writer.begin(.clockResolution)
    for (clock, figures) in clocks {
      writer.add(
        ExpositionFamily.clockResolution.name, ExpositionWriter.labels(["clock": clock]),
        numberText(figures.resolution / 1e9))
    }
    writer.begin(.clockRead)
    for (clock, figures) in clocks {
      writer.add(
        ExpositionFamily.clockRead.name, ExpositionWriter.labels(["clock": clock]), numberText(figures.readCost / 1e9))
    }
    let residence = Uncertainty.nanoseconds(
      resolution: facts.monotonic.resolution, readCost: facts.monotonic.readCost,
      sendSpan: counts.events.meanSendSpan)
    let queue = Uncertainty.nanoseconds(
      resolution: facts.realtime.resolution, readCost: facts.realtime.readCost, sendSpan: 0)
    writer.begin(.uncertainty)
    let upstream = Uncertainty.nanoseconds(
      resolution: facts.monotonic.resolution, readCost: facts.monotonic.readCost, sendSpan: 0)
    for (metric, terms) in [("residence", residence), ("queue", queue), ("upstream", upstream)] {
      for (term, value) in [
        ("clock_resolution", terms.clockResolution), ("clock_read", terms.clockRead), ("sending", terms.sending),
      ] {
        writer.add(
          ExpositionFamily.uncertainty.name, ExpositionWriter.labels(["metric": metric, "term": term]),
          numberText(value))
      }
    }
  }

  private func writeConfiguration(_ writer: inout ExpositionWriter) {
    func one(_ family: ExpositionFamily, _ value: String, _ labels: [UInt8] = []) {
      writer.begin(family)
      writer.add(family.name, labels, value)
    }
    one(.buildInfo, "1", ExpositionWriter.labels(["version": facts.version]))
    one(
      .snapshotInfo, "1",
      ExpositionWriter.labels(["version": facts.configurationVersion, "generation": "\(facts.generation)"]))
    one(.generation, "\(facts.generation)")
    one(.zones, "\(facts.zones)")
    one(.services, "\(facts.services)")
    one(.contexts, "\(facts.contexts)")
    one(.workers, "\(facts.workers)")
    one(.timedOneIn, "\(facts.timesEvery)")
    one(.closingCalls, "\(facts.closingCalls)")
    one(.callsStorming, "\(facts.callsStorming)")
    one(.stale, facts.isStale ? "1" : "0")
    writer.begin(.reloads)
    for (result, count) in facts.reloads {
      writer.add(ExpositionFamily.reloads.name, ExpositionWriter.labels(["result": result]), "\(count)")
    }
    one(.lastReloadSuccessful, facts.isLastReloadSuccessful ? "1" : "0")
    one(.lastReload, numberText(facts.lastReload))
    one(.lastSuccess, numberText(facts.lastSuccess))
    writer.begin(.httpRequests)
    for (status, count) in facts.httpRequests {
      writer.add(ExpositionFamily.httpRequests.name, ExpositionWriter.labels(["code": "\(status)"]), "\(count)")
    }
    one(.httpGivenUp, "\(facts.httpGivenUp)")
  }

  private func writeChecks(_ writer: inout ExpositionWriter) {
    let checks = facts.checks
    writer.begin(.endpointUp)
    for endpoint in checks.endpoints {
      let labels = ExpositionWriter.labels(["service": endpoint.service, "address": endpoint.address])
      writer.add(ExpositionFamily.endpointUp.name, labels, endpoint.isUp ? "1" : "0")
    }
    for (family, count) in [
      (ExpositionFamily.endpoints, checks.endpointCount), (.endpointsDown, checks.downCount),
      (.servicesBroken, checks.brokenCount),
    ] {
      writer.begin(family)
      writer.add(family.name, "\(count)")
    }
    writer.begin(.checks)
    for (result, count) in checks.results {
      writer.add(ExpositionFamily.checks.name, ExpositionWriter.labels(["result": result]), "\(count)")
    }
    writer.begin(.checksLate)
    writer.add(ExpositionFamily.checksLate.name, "\(checks.late)")
    writer.begin(.checkTimes)
    write(CoarseHistogram(checks.times), .checkTimes, ExpositionWriter.labels(["result": "success"]), &writer)
  }

  private func writeForwarding(_ writer: inout ExpositionWriter) {
    guard let forwarding = facts.forwarding else { return }
    for (family, count) in [
      (ExpositionFamily.cacheEntries, forwarding.cacheEntries), (.cacheOctets, forwarding.cacheOctets),
      (.cacheSize, forwarding.cacheSize), (.outstanding, forwarding.outstanding), (.waiting, forwarding.waiting),
    ] {
      writer.begin(family)
      writer.add(family.name, "\(count)")
    }
    writer.begin(.upstreamTimes)
    for one in forwarding.upstreams {
      for (transport, times) in one.times {
        let labels = ExpositionWriter.labels(["server": one.server, "transport": "\(transport)"])
        write(CoarseHistogram(times), .upstreamTimes, labels, &writer)
      }
    }
    for (family, part) in [
      (ExpositionFamily.upstreamQueries, \Upstream.asked), (.upstreamFailed, \.failed),
    ] {
      writer.begin(family)
      for one in forwarding.upstreams {
        writer.add(family.name, ExpositionWriter.labels(["server": one.server]), "\(one[keyPath: part])")
      }
    }
    writer.begin(.upstreamUnanswered)
    for one in forwarding.upstreams {
      for reason in NoReply.allCases {
        writer.add(
          ExpositionFamily.upstreamUnanswered.name,
          ExpositionWriter.labels(["server": one.server, "reason": snakeCase("\(reason)")]),
          "\(one.unanswered[reason, default: 0])")
      }
    }
    writer.begin(.upstreamTime)
    for one in forwarding.upstreams {
      guard let time = one.responseTime else { continue }
      writer.add(
        ExpositionFamily.upstreamTime.name, ExpositionWriter.labels(["server": one.server]), numberText(time))
    }
    writer.begin(.upstreamUp)
    for one in forwarding.upstreams {
      writer.add(
        ExpositionFamily.upstreamUp.name, ExpositionWriter.labels(["server": one.server]), one.isDown ? "0" : "1")
    }
    writer.begin(.upstreamFailures)
    for one in forwarding.upstreams {
      writer.add(
        ExpositionFamily.upstreamFailures.name, ExpositionWriter.labels(["server": one.server]), "\(one.failures)")
    }
  }

  private func writeProcess(_ writer: inout ExpositionWriter) {
    let process = facts.process
    let figures: [(ExpositionFamily, String?)] = [
      (.processStart, numberText(process.start)), (.processCPU, numberText(process.cpu)),
      (.processMemory, process.residentMemory.map { "\($0)" }), (.processAddresses, process.addresses.map { "\($0)" }),
      (.processFiles, process.openFiles.map { "\($0)" }), (.processMostFiles, process.mostFiles.map { "\($0)" }),
    ]
    for (family, value) in figures {
      guard let value else { continue }
      writer.begin(family)
      writer.add(family.name, value)
    }
  }
}
