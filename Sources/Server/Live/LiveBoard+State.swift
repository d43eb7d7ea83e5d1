internal import Addresses
internal import Answering
internal import FoundationEssentials
internal import LinuxIO
internal import Metrics
internal import Policy

extension LiveBoard.Live {
  private static let mostRates = 512
  private static let mostCalls = 256
  private static let mostZones = 256
  private static let mostWatched = 64

  /// What is to be shown.
  mutating func state() -> LiveState {
    let contexts = contexts ?? LiveContexts.rows(served.snapshot)
    self.contexts = contexts
    let rates = window.rates
    let latencies = window.latencies(
      monotonic: (clocks.monotonic.resolution, clocks.monotonic.readCost),
      realtime: (clocks.realtime.resolution, clocks.realtime.readCost), isWhole: served.timesEvery == 1)
    let busiest = Set(
      rates.sorted { ($0.perSecond, $1.population) > ($1.perSecond, $0.population) }.prefix(Self.mostRates)
        .map(\.population))
    let calls = calls.shown(atMost: Self.mostCalls)
    let seconds = window.seconds
    let checks = health.checks(
      at: now.monotonic, seconds: UInt32(truncatingIfNeeded: now.wall / 1_000_000_000), configuration,
      served.snapshot.layers)
    let endpoints = LiveState.CheckedService.rows(checking.now)
    return LiveState(
      time: timeOfDay(now.wall), server: server, snapshot: snapshot, window: milli(seconds),
      rates: rates.filter { busiest.contains($0.population) }.map { rate($0) },
      ratesLeftOut: max(0, rates.count - Self.mostRates), latenciesLeftOut: window.withoutPlace,
      latencies: latencies.map { latency($0) }, history: window.history.map(Self.second),
      calls: calls.rows.map { Self.call($0, seconds) }, callsLeftOut: calls.leftOut, cycles: cycles, storms: storms,
      refusals: refusals.newestFirst, contexts: contexts,
      contextsLeftOut: max(0, served.snapshot.contexts.nodes.count - LiveContexts.most),
      health: LiveState.Health(isWell: checks.allSatisfy(\.isWell), checks: checks),
      endpoints: endpoints.rows, endpointsLeftOut: endpoints.leftOut, leases: leases, forwarding: forwarding)
  }

  private var forwarding: LiveState.Forwarding? {
    guard served.forwarding != nil, let shown = upstreams?.state else { return nil }
    return LiveState.Forwarding(
      upstreams: shown.upstreams.map {
        LiveState.Upstream(
          server: "\($0.server)", responseTime: $0.responseTime.map { pico($0 / 1e3) }, failures: $0.failures,
          isDown: $0.isDown, asked: $0.counts.asked, failed: $0.counts.failed)
      }, cacheEntries: shown.entries, cacheOctets: shown.octets,
      lookups: shown.lookups.map {
        LiveState.Lookup(service: clipped($0.service), servers: clipped($0.servers, to: 200), times: $0.times)
      }, outstanding: shown.outstanding,
      waiting: shown.waiting)
  }

  private var server: LiveState.Server {
    LiveState.Server(
      version: facts.version, folder: clipped(facts.folder), host: clipped(facts.host), process: processNumber,
      started: timeOfDay(start.wall), uptime: milli(Double(now.monotonic &- start.monotonic) / 1e9),
      listening: Array(facts.listening.prefix(64)), workers: facts.cores, memory: health.resident)
  }

  private var snapshot: LiveState.Snapshot {
    let policy = served.snapshot.policy.policy
    let zones = Set(served.snapshot.zones.zones.map(\.origin)).map { $0.description }.sorted()
    let version: String? =
      switch policy.versionText {
      case .text(let text): clipped(text)
      case .own, .off: nil
      }
    return LiveState.Snapshot(
      generation: configuration.generation, loaded: timeOfDay(configuration.loaded), version: version,
      zones: Array(zones.prefix(Self.mostZones)), zonesLeftOut: max(0, zones.count - Self.mostZones),
      services: policy.services.count, mode: policy.mode.rawValue, timed: served.timed,
      exampleName: clipped(policy.services.first?.display ?? zones.first ?? "."), exampleSource: "\(exampleSource)",
      isStale: configuration.isStale,
      staleSince: configuration.staleSince.map(timeOfDay), staleReasons: configuration.staleReasons)
  }

  /// The first address that makes a caller somebody.
  private var exampleSource: IPAddress {
    let policy = served.snapshot.policy.policy
    let prefix =
      policy.services.lazy.compactMap(\.runsAt.first).first ?? policy.contextDetails.lazy.compactMap(\.from.first).first
    return prefix?.prefix.someHost ?? IPAddress(v4: 0x7f00_0001)
  }

  private func rate(_ rate: MetricWindow.Rate) -> LiveState.Rate {
    LiveState.Rate(
      context: clipped(slots.name(of: rate.population.slot)), decision: "\(rate.population.decision)",
      transport: "\(rate.population.transport)", perSecond: milli(rate.perSecond), total: rate.total)
  }

  private func latency(_ latency: MetricWindow.Latency) -> LiveState.Latency {
    let (population, summary) = (latency.population, latency.summary)
    return LiveState.Latency(
      metric: latency.metric == .residence ? "residence" : "queue", context: clipped(slots.name(of: population.slot)),
      decision: "\(population.decision)", transport: "\(population.transport)", count: summary.count,
      p50: pico(summary.p50), p95: pico(summary.p95), p99: pico(summary.p99), max: pico(summary.max),
      mean: pico(summary.mean), uncertainty: pico(summary.uncertainty),
      constantUncertainty: pico(summary.terms.total(at: 0)),
      buckets: latency.buckets.map {
        LiveState.Bucket(from: pico(Double($0.from) / 1e9), to: pico(Double($0.to) / 1e9), count: $0.count)
      })
  }

  private static func second(_ second: MetricWindow.Second) -> LiveState.Second {
    LiveState.Second(
      time: timeOfDay(second.time), answered: milli(second.answered), forwarded: milli(second.forwarded),
      refused: milli(second.refused),
      failed: milli(second.failed), silent: milli(second.silent), p50: second.p50.map(pico),
      p99: second.p99.map(pico))
  }

  private var cycles: [LiveState.Cycle] {
    let policy = served.snapshot.policy
    return watch.graph.closing.prefix(Self.mostWatched).map { closing in
      LiveState.Cycle(
        services: closing.cycle.prefix(20).map { policy.shown([$0]) },
        context: closing.call.realm.isEmpty ? nil : clipped(closing.call.realm),
        first: timeOfDay(watch.wall(of: closing.sight.first) * 1_000_000_000),
        last: timeOfDay(watch.wall(of: closing.sight.last) * 1_000_000_000),
        isJudged: policy.acyclicObservedReason != 0)
    }
  }

  private var storms: [LiveState.Storm] {
    watch.rates.storms.prefix(Self.mostWatched).map { storm in
      LiveState.Storm(
        service: storm.edge.service, context: storm.edge.context, target: storm.edge.target,
        perSecond: milli(storm.rate), peak: milli(storm.peak), usual: milli(storm.usual),
        since: timeOfDay(watch.wall(of: storm.start) * 1_000_000_000))
    }
  }

  private static func call(_ row: LiveCalls.Row, _ seconds: Double) -> LiveState.Call {
    LiveState.Call(
      service: row.edge.service, context: row.edge.context, target: row.edge.target, answered: row.answered,
      refused: row.refused, wouldRefuse: row.wouldRefuse, rule: row.rule, place: row.place,
      perSecond: seconds > 0 ? milli(Double(row.recent) / seconds) : 0)
  }
}

extension ServedSnapshot {
  /// Which queries are timed, in words.
  fileprivate var timed: String {
    switch timesEvery {
    case 0: "none"
    case 1: "all"
    case let number: "one in \(number)"
    }
  }
}

extension Prefix {
  /// The only address, or the one after the first, which is a network's own.
  fileprivate var someHost: IPAddress {
    if length == address.width { return address }
    return address.isIPv4
      ? IPAddress(v4: UInt32(truncatingIfNeeded: address.low) | 1)
      : IPAddress(high: address.high, low: address.low | 1)
  }
}

/// No digits that nobody measured: a thousandth.
private func milli(_ value: Double) -> Double { (value * 1e3).rounded() / 1e3 }

/// Seconds to the picosecond.
private func pico(_ seconds: Double) -> Double { (seconds * 1e12).rounded() / 1e12 }

extension LiveState.Latency {
  fileprivate struct Key: Hashable, Comparable {
    let context, decision, transport: String
    static func < (one: Key, other: Key) -> Bool {
      (one.context, one.decision, one.transport) < (other.context, other.decision, other.transport)
    }
  }

  fileprivate var population: Key { Key(context: context, decision: decision, transport: transport) }
}

extension LiveState {
  /// As JSON. Where that is longer than a limit, lists lose their halves until it fits.
  mutating func encoded(atMost limit: Int) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    while true {
      // Numbers are finite and keys are text: there is nothing here that cannot be encoded.
      guard let data = try? encoder.encode(self) else { preconditionFailure("what is shown can be encoded") }
      if data.count <= limit || !shrink() { return String(decoding: data, as: UTF8.self) }
    }
  }

  /// Leaves out about half.
  /// - Returns: false where nothing is left to be left out.
  private mutating func shrink() -> Bool {
    let before =
      latencies.count + calls.count + refusals.count + contexts.count + rates.count + history.count
      + endpoints.count + cycles.count + storms.count
    let timed = latencies.reduce(into: Set()) { $0.insert($1.population) }.sorted()
    let kept = Set(timed.prefix(timed.count / 2))
    latencies = latencies.filter { kept.contains($0.population) }
    latenciesLeftOut += timed.count - kept.count
    let gone = calls.dropFirst(calls.count / 2)
    endpointsLeftOut += endpoints.count - endpoints.count / 2
    endpoints = Array(endpoints.prefix(endpoints.count / 2))
    callsLeftOut = gone.reduce(callsLeftOut) { $0 &+ $1.answered &+ $1.refused &+ $1.wouldRefuse }
    calls = Array(calls.prefix(calls.count / 2))
    refusals = Array(refusals.prefix(refusals.count / 2))
    cycles = Array(cycles.prefix(cycles.count / 2))
    storms = Array(storms.prefix(storms.count / 2))
    contextsLeftOut += contexts.count - contexts.count / 2
    contexts = Array(contexts.prefix(contexts.count / 2))
    for index in contexts.indices {
      let overlays = contexts[index].overlays
      contexts[index].overlaysLeftOut += overlays.count - overlays.count / 2
      contexts[index].overlays = Array(overlays.prefix(overlays.count / 2))
    }
    ratesLeftOut += rates.count - rates.count / 2
    rates = Array(rates.prefix(rates.count / 2))
    history = Array(history.suffix(history.count / 2))
    return before > 0
  }
}
