internal import Answering
internal import DNSFormat
internal import FoundationEssentials
internal import Metrics
internal import Policy

/// Watches the calls that the workers count: which close a cycle among those seen, and which are far above their usual rate.
///
/// Part of the ``LiveBoard``, fed by the control thread. What it knows is by names, which a reload does not change. Texts
/// are made here, in one place.
struct CallWatch: Sendable {
  /// Seconds after which a cycle that goes on is told again.
  private static let tellingAgain: UInt64 = 3600
  /// Lines of one kind in one turn; more are only counted.
  private static let mostLines = 10
  private static let agingEvery: UInt64 = 60

  private(set) var graph = ObservedGraph()
  private(set) var rates = CallRates()
  /// Since the server started.
  private(set) var cycles: UInt64 = 0
  private(set) var stormsBegun: UInt64 = 0
  /// What was seen since the last turn: whether any lookup of a call was answered.
  private var seen: [ObservedGraph.Call: Bool] = [:]
  /// Calls by the numbers of snapshots that are still counted by.
  private var calls: [Numbers: ObservedGraph.Call] = [:]
  /// When each cycle was last told.
  private var told: [ObservedGraph.Call: UInt64] = [:]
  private var lastAging: UInt64 = 0
  private var now = Now(seconds: 0, wall: 0)
  private var window = Window()

  private struct Numbers: Hashable {
    let generation: UInt64
    let services: UInt64
    let context: UInt16
  }

  /// The window of rates that has begun.
  private struct Window: Sendable {
    var start: UInt64?
    /// By call, what the board had counted in all when it began.
    var totals: [LiveCalls.Edge: CallRates.Lookups] = [:]
  }

  /// One moment by both clocks.
  private struct Now: Sendable {
    let seconds: UInt64
    let wall: UInt64
  }

  /// When something was, in seconds since 1970 as the clock is set now, of a time that the graph or a storm has.
  func wall(of seconds: UInt64) -> UInt64 {
    let age = now.seconds - min(now.seconds, seconds)
    return now.wall - min(now.wall, age)
  }

  /// What a turn found.
  struct News: Equatable, Sendable {
    var lines: [String] = []
    /// True where other calls close a cycle than before.
    var hasOtherClosing = false
  }

  /// Takes what a worker counted of one call.
  mutating func add(_ entry: WorkerCalls.Entry, _ policy: CompiledPolicy?) {
    guard let policy, entry.isPlaced, entry.service != 0, entry.service != entry.target, entry.count > 0 else { return }
    let numbers = Numbers(
      generation: entry.generation, services: UInt64(entry.service) << 32 | UInt64(entry.target), context: entry.context
    )
    let call = calls[numbers] ?? policy.call(entry)
    guard let call else { return }
    calls[numbers] = call
    seen[call] = (seen[call] ?? false) || entry.answered &+ entry.wouldRefuse > 0
  }

  /// Once a second.
  /// - Parameters:
  ///   - rows: what the board has counted of each call in all.
  ///   - generations: of the snapshots that entries may still be of.
  ///   - monotonic: in nanoseconds, for all that is reckoned; `wall`: in seconds since 1970, for what people read.
  mutating func turn(
    _ rows: [LiveCalls.Row], generations: some Sequence<UInt64>, _ policy: CompiledPolicy, monotonic: UInt64,
    wall: UInt64
  ) -> News {
    var news = News()
    let known = Set(generations)
    if calls.contains(where: { !known.contains($0.key.generation) }) {
      calls = calls.filter { known.contains($0.key.generation) }
    }
    now = Now(seconds: monotonic / 1_000_000_000, wall: wall)
    watchCycles(policy, at: now.seconds, &news)
    watchRates(rows, monotonic: monotonic, &news)
    return news
  }

  /// The calls that `acyclic observed` refuses, in the numbers of a policy.
  func closingCalls(_ policy: CompiledPolicy) -> CallSet {
    if policy.acyclicObservedReason == 0 { return CallSet() }
    let contexts = policy.policy.contexts
    return CallSet(
      graph.closing.compactMap { closing in
        guard let realm = closing.call.realm.isEmpty ? 0 : contexts.number(of: closing.call.realm),
          let caller = policy.ownNumber(closing.call.caller), let callee = policy.ownNumber(closing.call.callee)
        else { return nil }
        return CallSet.Call(realm: UInt16(realm), caller: caller, callee: callee)
      }, realms: policy.policy.realms)
  }

  // MARK: - Cycles

  private mutating func watchCycles(_ policy: CompiledPolicy, at time: UInt64, _ news: inout News) {
    let closed = graph.see(seen, at: time)
    let replaced = graph.takeGone()
    let seenNow = seen
    seen.removeAll(keepingCapacity: true)
    cycles &+= UInt64(closed.count)
    var lines: [String] = []
    for closing in graph.closing where seenNow[closing.call] != nil {
      guard time >= (told[closing.call] ?? 0) &+ Self.tellingAgain || told[closing.call] == nil else { continue }
      told[closing.call] = time
      lines.append(text(of: closing, policy))
    }
    news.lines += Self.firsts(lines, "cycles among calls seen")
    news.hasOtherClosing = !closed.isEmpty || !replaced.isEmpty
    for closing in replaced { told[closing.call] = nil }
    if time >= lastAging &+ Self.agingEvery {
      lastAging = time
      let gone = graph.age(at: time)
      for closing in gone { told[closing.call] = nil }
      if !gone.isEmpty { news.hasOtherClosing = true }
      news.lines += Self.firsts(
        gone.map { "\(policy.shown($0.cycle)): no longer a cycle among calls seen in the last day" }, "cycles gone")
    }
  }

  /// `reports → batch → reports: a cycle among calls seen in prod; …`
  private func text(of closing: ObservedGraph.Closing, _ policy: CompiledPolicy) -> String {
    let realm = closing.call.realm.isEmpty ? "" : " in \(clipped(closing.call.realm))"
    var calls = zip(closing.way, closing.way.dropFirst()).prefix(Self.mostLines).map { caller, callee in
      let sight = graph.sight(of: ObservedGraph.Call(realm: closing.call.realm, caller: caller, callee: callee))
      return "\(policy.shown([caller, callee])) since \(moment(wall(of: sight?.first ?? 0)))"
    }
    calls.append(
      "last \(policy.shown([closing.call.caller, closing.call.callee])) since \(moment(wall(of: closing.sight.first)))")
    let places = Set(closing.way.compactMap { policy.declared($0) }).sorted()
    let line = policy.reason(policy.acyclicObservedReason)
    let remedy =
      line.isEmpty
      ? "to have such a call refused, write acyclic observed"
      : "acyclic observed (\(line)) is against the last of them"
    return
      "\(policy.shown(closing.cycle)): a cycle among calls seen\(realm); first seen: \(calls.joined(separator: ", "))"
      + (places.isEmpty ? "" : " (\(places.prefix(Self.mostLines).joined(separator: ", ")))") + "; \(remedy)"
  }

  // MARK: - Rates

  private mutating func watchRates(_ rows: [LiveCalls.Row], monotonic: UInt64, _ news: inout News) {
    let begun = window.start ?? 0
    let seconds = monotonic < begun ? 0 : Double(monotonic &- begun) / 1e9
    if window.start != nil, seconds < CallRates.windowSeconds - 0.5 { return }
    var counts: [LiveCalls.Edge: CallRates.Lookups] = [:]
    var totals: [LiveCalls.Edge: CallRates.Lookups] = [:]
    for row in rows {
      var before = window.totals[row.edge] ?? CallRates.Lookups(0)
      // A row that made room and came again counts from 0.
      if row.total < before.count || row.squares < before.squares { before = CallRates.Lookups(0) }
      totals[row.edge] = CallRates.Lookups(row.total, squares: row.squares)
      if row.total == before.count { continue }
      counts[row.edge] = CallRates.Lookups(row.total - before.count, squares: row.squares - before.squares)
    }
    let isFirst = window.start == nil
    window = Window(start: monotonic, totals: totals)
    if isFirst { return }
    var begins: [String] = []
    var ends: [String] = []
    for event in rates.take(counts, seconds: seconds, at: monotonic / 1_000_000_000) {
      switch event {
      case .begins(let storm):
        stormsBegun &+= 1
        begins.append(
          "\(storm.edge.text): \(rateText(storm.rate)) lookups/s, \(storm.times) its usual \(rateText(storm.usual)) "
            + "(5-minute baseline): a retry storm?")
      case .ends(let storm, let isUsualNow):
        ends.append(
          "\(storm.edge.text): \(isUsualNow ? "taken for usual" : "back to \(rateText(storm.rate)) lookups/s") after "
            + "\(durationText(storm.end &- min(storm.start, storm.end))), peak \(rateText(storm.peak)), usual before "
            + rateText(storm.usual))
      }
    }
    news.lines += Self.firsts(begins, "calls far above their usual rate") + Self.firsts(ends, "storms over")
  }

  private static func firsts(_ lines: [String], _ what: String) -> [String] {
    lines.count <= mostLines ? lines : lines.prefix(mostLines) + ["and \(lines.count - mostLines) more: \(what)"]
  }
}

/// `3 min 20 s`
func durationText(_ seconds: UInt64) -> String {
  if seconds < 60 { return "\(seconds) s" }
  return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds / 60) min \(seconds % 60) s"
}

/// To the second, UTC.
private func moment(_ seconds: UInt64) -> String {
  Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
}

extension CallRates.Storm {
  /// `12 times`; of what had no rate to speak of, `far above`.
  fileprivate var times: String {
    let times = rate / usual
    return times.isFinite && times < 10_000 ? "\(Int(times.rounded())) times" : "far above"
  }
}

extension LiveCalls.Edge {
  /// `checkout → payments`; `callers in test → payments`.
  var text: String { "\(service ?? context.map { "callers in \($0)" } ?? "callers nowhere") → \(target)" }
}

extension CompiledPolicy {
  /// An entry's call, by names; nil for numbers that are none of this policy's.
  fileprivate func call(_ entry: WorkerCalls.Entry) -> ObservedGraph.Call? {
    let services = policy.services
    guard Int(entry.service) <= services.count, Int(entry.target) <= services.count, entry.target > 0,
      Int(entry.context) < policy.contexts.nodes.count
    else { return nil }
    var realm = Int(entry.context)
    while realm != 0, policy.contexts.nodes[realm].parent != 0 { realm = policy.contexts.nodes[realm].parent }
    return ObservedGraph.Call(
      realm: policy.contexts.nodes[realm].name, caller: services[Int(entry.service) - 1].name,
      callee: services[Int(entry.target) - 1].name)
  }

  /// The number of the service of exactly this name; nil where there is none.
  fileprivate func ownNumber(_ name: DomainName) -> UInt32? {
    let number = serviceNumber(for: name)
    return number != 0 && policy.services[Int(number) - 1].name == name ? number : nil
  }

  /// Services on their way: `reports → batch`.
  func shown(_ names: [DomainName]) -> String {
    names.map { name in ownNumber(name).map { clipped(serviceName($0)) } ?? clipped(name.description) }
      .joined(separator: " → ")
  }

  /// Where a service is declared: `orders.policy:3`.
  fileprivate func declared(_ name: DomainName) -> String? {
    ownNumber(name).map { policy.services[Int($0) - 1].location.short }
  }
}
