internal import Answering
internal import DNSFormat
internal import HTTP
internal import Inspection
internal import LinuxIO
internal import Metrics
internal import Page
internal import Policy

/// What is served over HTTP: a row a path. All of it only reads.
struct ServerPages: Sendable {
  let version: String
  let holder: SnapshotHolder
  let workers: [Worker]
  /// What the forwarder shows; nil where there is none.
  let upstreams: UpstreamBoard?
  /// What the logs count of their own.
  let logs: [WorkerMetrics]
  let slots: MetricSlots
  let board: LiveBoard
  /// What the checks of endpoints have come to.
  let checking: HealthBoard
  /// When the process started, in nanoseconds since 1970.
  let start: UInt64
  private let clocks = Clock.calibrate()

  init(
    version: String, _ holder: SnapshotHolder, _ workers: [Worker], upstreams: UpstreamBoard? = nil,
    logs: [WorkerMetrics], _ slots: MetricSlots, _ board: LiveBoard, _ checking: HealthBoard, start: UInt64
  ) {
    self.checking = checking
    (self.version, self.holder, self.workers, self.slots) = (version, holder, workers, slots)
    (self.logs, self.board, self.start, self.upstreams) = (logs, board, start, upstreams)
  }

  /// By path.
  /// - Parameter counts: what is counted of HTTP itself.
  func pages(_ counts: HTTPCounts) -> [String: HTTPServer.Page] {
    let document = LivePage.document
    let allowance = ReadingAllowance()
    let page = HTTPResponse(
      type: "text/html; charset=utf-8", document,
      fields: [("Content-Security-Policy", contentPolicy(ofPage: document))])
    return [
      "/": { _ in page },
      "/state.json": { _ in HTTPResponse(type: "application/json", Array(board.json().utf8)) },
      "/metrics": { _ in metrics(counts) },
      "/healthz": { _ in health() },
      "/readyz": { _ in readiness() },
      "/explain.json": { ExplainPage.response(to: $0, holder.served, allowance, at: Clock.monotonicNanoseconds()) },
    ]
  }

  /// Well while every thread that answers takes its turns.
  private func health() -> HTTPResponse {
    let workers = board.workerCheck(at: Clock.monotonicNanoseconds())
    return workers.isWell ? HTTPResponse(text: "ok: \(workers.text)") : HTTPResponse(.unavailable, text: workers.text)
  }

  /// Ready from the first snapshot on, whatever became of later ones, until the server is told to stop.
  private func readiness() -> HTTPResponse {
    if board.isStopping { return HTTPResponse(.unavailable, text: "not ready: the server is stopping") }
    let stale = board.configuration.isStale ? "; the last reload failed or was held back, see the log" : ""
    return HTTPResponse(text: "ok: snapshot \(holder.served.generation) is served\(stale)")
  }

  private func metrics(_ http: HTTPCounts) -> HTTPResponse {
    var counts = CoarseCounts()
    for metrics in workers.map(\.metrics) + logs { counts.add(metrics) }
    let exposition = Exposition(
      counts, facts(http), contextName: { slots.name(of: $0) },
      rcodeName: { RCode(rawValue: UInt16($0))?.mnemonic ?? "RCODE\($0)" },
      ruleName: { UInt8(exactly: $0).flatMap(Rule.init).flatMap { $0 == .none ? nil : $0.word } })
    return HTTPResponse(type: Exposition.mediaType, exposition.text())
  }

  private var checkFacts: Exposition.Checks {
    let contents = checking.now
    var checks = Exposition.Checks()
    checks.endpoints = contents.services.flatMap { service in
      service.endpoints.map { (service: service.name, address: $0.address, isUp: $0.isUp) }
    }
    checks.endpointCount = contents.services.reduce(0) { $0 + $1.count }
    checks.downCount = contents.services.reduce(0) { $0 + $1.downCount }
    checks.brokenCount = contents.services.count(where: \.isBroken)
    checks.results = [
      ("success", contents.succeeded), ("failure", contents.failed), ("undecided", contents.undecided),
    ]
    checks.late = contents.late
    checks.times = contents.times
    return checks
  }

  private func facts(_ http: HTTPCounts) -> Exposition.Facts {
    let (served, state) = (holder.served, board.configuration)
    let policy = served.snapshot.policy.policy
    var facts = Exposition.Facts()
    facts.version = version
    if case .text(let text) = policy.versionText { facts.configurationVersion = text }
    facts.generation = served.generation
    facts.zones = served.snapshot.zones.zones.count
    facts.services = policy.services.count
    facts.contexts = policy.contexts.nodes.count - 1
    facts.workers = workers.count
    facts.timesEvery = served.timesEvery
    (facts.closingCalls, facts.callsStorming) = board.watchedCalls
    facts.isStale = state.isStale
    facts.isLastReloadSuccessful = state.lastStatus == nil || state.lastStatus == .reloaded
    facts.lastReload = Double(state.lastReload ?? state.loaded) / 1e9
    facts.lastSuccess = Double(state.loaded) / 1e9
    facts.reloads = [
      (ControlAnswer.Status.reloaded, state.reloaded), (.failed, state.failed), (.held, state.held),
    ].map { ($0.0.rawValue, $0.1) }
    facts.monotonic = (clocks.monotonic.resolution, clocks.monotonic.readCost)
    facts.realtime = (clocks.realtime.resolution, clocks.realtime.readCost)
    facts.httpRequests = http.byStatus
    facts.httpGivenUp = http.givenUp
    facts.checks = checkFacts
    if let desk = served.forwarding, let shown = upstreams?.state {
      var forwarding = Exposition.Forwarding()
      forwarding.upstreams = shown.upstreams.map {
        Exposition.Upstream(
          server: "\($0.server)", responseTime: $0.responseTime.map { $0 / 1e3 }, failures: $0.failures,
          isDown: $0.isDown, asked: $0.counts.asked, failed: $0.counts.failed,
          unanswered: $0.counts.unanswered, times: $0.counts.times)
      }
      forwarding.cacheEntries = shown.entries
      forwarding.cacheOctets = shown.octets
      forwarding.cacheSize = desk.size
      forwarding.outstanding = shown.outstanding
      forwarding.waiting = shown.waiting
      facts.forwarding = forwarding
    }
    let figures = ProcessFigures.read()
    facts.process.start = Double(start) / 1e9
    facts.process.cpu = Double(figures.cpuTime) / 1e9
    facts.process.residentMemory = figures.residentMemory
    facts.process.addresses = figures.addresses
    facts.process.openFiles = figures.openFiles
    facts.process.mostFiles = figures.mostFiles
    return facts
  }
}
