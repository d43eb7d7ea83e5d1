import TestSupport
import Testing

@testable import Server

@Suite("ambit top: a state as lines")
struct TopScreenTests {
  private func state() -> LiveState {
    LiveState(
      time: "2026-11-21T19:42:00.000Z",
      server: .init(
        version: "1.2", folder: "zones", host: "box", process: 7, started: "2026-11-21T17:00:00.000Z", uptime: 9720,
        listening: ["127.0.0.1:53"], workers: 2, memory: 61 << 20),
      snapshot: .init(
        generation: 4, loaded: "2026-11-21T18:20:00.000Z", version: nil, zones: ["x.test."], zonesLeftOut: 0,
        services: 2,
        mode: "enforce", timed: "all", exampleName: "web", exampleSource: "10.0.0.1", isStale: false, staleSince: nil,
        staleReasons: []),
      window: 10,
      rates: [
        .init(context: "prod", decision: "answered", transport: "udp", perSecond: 2411.9, total: 99),
        .init(context: "prod", decision: "refused", transport: "tcp", perSecond: 12, total: 9),
      ], ratesLeftOut: 0, latenciesLeftOut: 0,
      latencies: [
        .init(
          metric: "residence", context: "prod", decision: "answered", transport: "udp", count: 9, p50: 9.13e-6,
          p95: 4e-5,
          p99: 1.5e-4, max: 1, mean: 1, uncertainty: 3.2e-6, constantUncertainty: 1e-6, buckets: []),
        .init(
          metric: "queue", context: "prod", decision: "answered", transport: "udp", count: 9, p50: 8.5e-7, p95: 1.2e-3,
          p99: 2, max: 2, mean: 1, uncertainty: 1e-6, constantUncertainty: 1e-7, buckets: []),
      ],
      history: [1, 2, 8].map { .init(time: "", answered: $0, forwarded: 0, refused: 0, failed: 0, silent: 0) },
      calls: [
        .init(
          service: "web", context: "prod", target: "orders", answered: 31044, refused: 0, wouldRefuse: 0, rule: nil,
          place: nil, perSecond: 240),
        .init(
          service: nil, context: nil, target: "orders", answered: 0, refused: 12, wouldRefuse: 0, rule: "allow",
          place: "a.policy:5", perSecond: 1.2),
      ], callsLeftOut: 0,
      refusals: [
        .init(
          first: "2026-11-21T19:30:00.100Z", time: "2026-11-21T19:41:59.100Z", name: "orders.x.test.", type: "A",
          source: "127.0.0.9", context: nil,
          service: nil, target: "orders", rule: "allow", place: "a.policy:5", reason: "no: allow (a.policy:5)",
          isOnlyObserved: false, count: 3)
      ],
      contexts: [], contextsLeftOut: 0, health: .init(isWell: true, checks: []),
      endpoints: [], endpointsLeftOut: 0)
  }

  private func text(_ state: LiveState, _ width: Int, _ height: Int? = nil, isUnicode: Bool = true) -> [String] {
    TopScreen(state, width: width, height: height).lines.map {
      $0.text(within: width, hasColors: false, isUnicode: isUnicode)
    }
  }

  @Test func `a terminal of 80 by 24 shows all of it`() {
    #expect(
      text(state(), 80, 24) == [
        "ambit 1.2  zones on box, process 7, up 2 h 42 min, 2 workers, 61 MiB  19:42:00Z",
        "snapshot 4 of 18:20:00Z: 1 zone, 2 services, enforce  well",
        "queries/s over 10 s  2,412 answered  12.0 refused  0 failed  0 silent  ▂▃█",
        "the last 10 s                      residence               queue",
        "context      decision tr      /s   p50   p95   p99  ±p99   p50   p95   p99  ±p99",
        "prod         answered udp  2,412 9.13µ 40.0µ  150µ 3.20µ  850n 1.20m 2.00s 1.00µ",
        "prod         refused  tcp   12.0     -     -     -     -     -     -     -     -",
        "calls",
        "  caller                  service           /s answered refused",
        "  web in prod           → orders           240   31,044       0",
        "✗ in (none)             → orders          1.20        0      12  a.policy:5 all…",
        "last refusals",
        "19:41:59 orders.x.test. A ×3          127.0.0.9       a.policy:5 allow",
      ])
  }

  @Test func `a small window has the most important times, whole`() {
    var state = state()
    state.refusals[0].first = "2026-11-20T19:30:00.100Z"
    #expect(
      text(state, 50, 12)[2...6]
        == [
          "queries/s over 10 s  2,412 answered  12.0 refused…",
          "the last 10 s                      residence queue",
          "context      decision tr      /s   p50   p99   p99",
          "prod         answered udp  2,412 9.13µ  150µ 2.00s",
          "prod         refused  tcp   12.0     -     -     -",
        ])
    #expect(text(state, 38, 12)[4] == "context      decision tr      /s   p99")
    #expect(text(state, 30, 12)[4] == "context      decision tr     …")
    #expect(text(state, 150).last?.hasSuffix("no: allow (a.policy:5)  since 11-20") == true)
    state.refusals[0].name = String(repeating: "long.", count: 40)
    #expect(text(state, 80).last?.contains("long… ×3 127.0.0.9") == true)
  }

  @Test func `where not all queries are timed, the head says so`() {
    var state = state()
    #expect(!text(state, 80)[1].contains("timed"))
    state.snapshot.timed = "one in 10"
    #expect(text(state, 80)[1].hasSuffix("enforce  well  one in 10 timed"))
  }

  @Test func `what is not well is said first, and a stale configuration with its reason`() {
    var state = state()
    state.snapshot.isStale = true
    state.snapshot.staleSince = "2026-11-21T19:00:00.000Z"
    state.snapshot.staleReasons = ["a.policy:1:1: error: \(String(repeating: "long ", count: 30))", "two"]
    state.health.checks = [
      .init(name: "configuration", isWell: false, text: "…"), .init(name: "workers", isWell: false, text: "stuck"),
    ]
    let lines = text(state, 80, 24)
    #expect(lines[1].hasSuffix("enforce  not well: configuration, …"))
    #expect(lines[2].hasPrefix("stale since 19:00:00Z: a.policy:1:1: error: long") && lines[2].hasSuffix("…"))
    #expect(lines[3] == "  two" && lines[4] == "workers: stuck")
    // A report is for keeping: it cuts no message.
    #expect(text(state, 80)[2].hasSuffix("long long ") || text(state, 80)[2].hasSuffix("long long"))
  }

  @Test func `colours mark what is refused, and nothing else is sent to the terminal`() {
    let line = TopScreen(state(), width: 80).lines.first {
      $0.text(within: 80, hasColors: false, isUnicode: true).hasPrefix("✗")
    }
    let shown = line?.text(within: 80, hasColors: true, isUnicode: true) ?? ""
    #expect(shown.hasPrefix("\u{1b}[31m✗ \u{1b}[0m") && !shown.contains("\u{1b}[2J"))
    let plain = text(state(), 80, isUnicode: false)
    #expect(plain.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } })
    #expect(plain.contains { $0.hasPrefix("x in (none)             >") })
  }

  @Test(arguments: 1...3)
  func `whatever the names and the size, lines fit and steer no terminal`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    func name() -> String {
      let letters = [
        "a", "\u{1b}[2J", "\u{9b}1m", "日本", "é", "e\u{301}", "\u{202e}", "\n", "🦊", "\0", "→", "<b>", "\\",
      ]
      return (0..<random.number(0...12)).map { _ in letters[random.number(0...(letters.count - 1))] }.joined()
    }
    for _ in 0..<rounds(60) {
      var state = state()
      state.server.folder = name()
      state.snapshot.version = name()
      state.snapshot.isStale = random.chance(50)
      state.snapshot.staleReasons = [name(), name()]
      state.window = [0, 10, .infinity, .nan, -1, 1e300][random.number(0...5)]
      for index in state.rates.indices {
        state.rates[index].context = name()
        state.rates[index].perSecond = [0, 1e300, .nan, 5, -1][random.number(0...4)]
      }
      for index in state.latencies.indices {
        state.latencies[index].p99 = [0, -1, .nan, 1e300, 1e9][random.number(0...4)]
      }
      for index in state.calls.indices {
        (state.calls[index].target, state.calls[index].place) = (name(), name())
        state.calls[index].answered = random.next()
      }
      for index in state.refusals.indices {
        (state.refusals[index].name, state.refusals[index].reason) = (name(), name())
        (state.refusals[index].time, state.refusals[index].count) = (name(), random.next())
      }
      state.server.uptime = [1e300, .nan, -5, 3][random.number(0...3)]
      let (width, height) = (random.number(1...200), random.number(1...60))
      let lines = TopScreen(state, width: width, height: height).lines
      #expect(lines.count <= height)
      for isUnicode in [true, false] {
        for line in lines {
          let shown = line.text(within: width, hasColors: false, isUnicode: isUnicode)
          #expect(columns(of: shown) <= width, "\(shown)")
          #expect(!shown.unicodeScalars.contains { $0.value < 0x20 || 0x7f...0x9f ~= $0.value || $0.value == 0x202e })
        }
      }
    }
  }

  @Test func `every list gets room, and what there is no room for is counted`() {
    #expect(TopScreen.share([(2, 10), (2, 10), (1, 10)], room: 14) == [3, 3, 3])
    #expect(TopScreen.share([(2, 1), (2, 10), (1, 10)], room: 14) == [1, 4, 4])
    #expect(TopScreen.share([(2, 10), (2, 10), (1, 10)], room: 4) == [2, nil, nil])
    #expect(TopScreen.share([(2, 0), (2, 0), (1, 0)], room: 24) == [0, 0, 0])
    #expect(TopScreen.share([(2, 30), (2, 3)], room: nil) == [20, 3])
    var state = state()
    state.calls = (0..<100).map {
      .init(
        service: "s\($0)", context: "c", target: "t", answered: 1, refused: 0, wouldRefuse: 0, rule: nil, place: nil,
        perSecond: 1)
    }
    let lines = text(state, 80, 24)
    #expect(lines.count == 24 && lines.contains { $0.hasPrefix("calls  ") && $0.hasSuffix(" of 100") })
  }

  @Test func `numbers stay in their columns`() {
    for value in [0, 0.001, 9.994, 9.996, 99.94, 99.96, 999.4, 999.6, 99_999, 999_999.4, 1e6, 9.996e6, 1e8] as [Double]
    {
      #expect(rateText(value).count <= 7, "\(value) \(rateText(value))")
    }
    for seconds in [0, 1e-12, 9.9949e-7, 9.996e-7, 1e-6, 9.995e-6, 9.996e-4, 0.9996, 999, 1e4, 1e9] as [Double] {
      #expect(shortTime(seconds).count <= 5, "\(seconds) \(shortTime(seconds))")
    }
    for count in [0, 999_999, 1_000_000, 9_994_999, 9_995_000, 999_949_999, 999_950_000, .max] as [UInt64] {
      #expect(countText(count).count <= 7, "\(count) \(countText(count))")
    }
    #expect(shortTime(9.13e-6) == "9.13µ" && shortTime(137) == "137s" && rateText(61.4) == "61.4")
    #expect(sparkline([0, 1, 8]) == " ▂█" && sparkline([]).isEmpty && sparkline([0, 0]) == "  ")
  }
}
