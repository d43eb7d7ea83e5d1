internal import Diagnostics
internal import Metrics

/// A server's state as lines for a terminal: what `ambit top` draws. Pure: the same state and size give the same lines.
package struct TopScreen {
  private let state: LiveState
  /// Places in a line.
  private let width: Int
  /// Lines; nil for as many as it takes.
  private let height: Int?
  /// Rows of each list where there is no height.
  private static let rowsWithoutHeight = 20
  /// Where the table of rates ends: what is beyond has bars.
  private static let tableWidth = 80

  /// - Parameters:
  ///   - width: places in a line; narrower than 20 is taken for 20.
  ///   - height: lines there is room for; nil for a report of whatever length.
  package init(_ state: LiveState, width: Int, height: Int? = nil) {
    self.state = state
    self.width = max(20, width)
    self.height = height
  }

  /// The lines, no more than the height, none wider than the width once cut to it.
  package var lines: [TopLine] {
    var lines = head
    let sections = [rateSection, endpointSection, callSection, refusalSection].compactMap(\.self)
    let room = height.map { max(0, $0 - lines.count) }
    let counts = Self.share(sections.map { ($0.head.count, $0.rows.count) }, room: room)
    for (section, count) in zip(sections, counts) {
      guard let count else { continue }
      if height == nil { lines.append(TopLine()) }
      lines += section.lines(showing: count)
    }
    return height.map { Array(lines.prefix($0)) } ?? lines
  }

  /// A list with a title that says how much of it is to be seen.
  private struct Section {
    var title: String
    /// What stands beside the title, and from which place on.
    var aside = ""
    var asidePlace = 0
    /// Lines above the rows, beside the title.
    var head: [TopLine] = [TopLine()]
    var rows: [TopLine]
    /// Rows that there would be beside these.
    var more: UInt64 = 0
    var empty: String

    func lines(showing count: Int) -> [TopLine] {
      var first = TopLine(title, .title)
      let all = UInt64(rows.count) &+ more
      let share = all > UInt64(count) ? "  \(count) of \(grouped(all))" : ""
      first.add(share, width: max(columns(of: share), asidePlace - columns(of: title)), .faint)
      if !aside.isEmpty { first.add(asidePlace > 0 ? aside : "  \(aside)", .faint) }
      if rows.isEmpty { first.add("  \(empty)", .faint) }
      return [first] + head.dropFirst() + rows.prefix(count)
    }
  }

  /// Shares lines out among sections: each gets its head, then rows in turn; nil for one there is no room for.
  static func share(_ sections: [(head: Int, rows: Int)], room: Int?) -> [Int?] {
    guard var room else { return sections.map { min($0.rows, rowsWithoutHeight) } }
    var counts: [Int?] = []
    for section in sections {
      let needed = section.head + min(1, section.rows)
      counts.append(needed <= room ? min(1, section.rows) : nil)
      if needed <= room { room -= needed }
    }
    var isGiving = true
    while room > 0, isGiving {
      isGiving = false
      for index in sections.indices where room > 0 {
        guard let count = counts[index], count < sections[index].rows else { continue }
        counts[index] = count + 1
        room -= 1
        isGiving = true
      }
    }
    return counts
  }

  // MARK: - The server

  private var head: [TopLine] {
    var lines = [serverLine, snapshotLine] + staleLines + leaseLines
    for check in state.health.checks where !check.isWell && check.name != "configuration" {
      lines.append(TopLine("\(check.name): \(check.text)", .bad))
    }
    lines += watchedLines
    lines.append(rateLine)
    lines += upstreamLines
    return lines
  }

  /// Cycles and storms: on a screen the first of each, and how many there are.
  private var watchedLines: [TopLine] {
    let most = height == nil ? Self.rowsWithoutHeight : 1
    var lines: [TopLine] = []
    for cycle in state.cycles.prefix(most) {
      var line = TopLine("cycle", cycle.isJudged ? .bad : .doubtful)
      line.add(" " + cycle.services.joined(separator: " → "))
      line.add(cycle.context.map { " in \($0)" } ?? "")
      if state.cycles.count > most { line.add("  1 of \(state.cycles.count)", .faint) }
      lines.append(line)
    }
    for storm in state.storms.prefix(most) {
      var line = TopLine("storm", .bad)
      line.add(" \(storm.service ?? "callers in \(storm.context ?? "(none)")") → \(storm.target): ")
      line.add("\(rateText(storm.perSecond))/s, usual \(rateText(storm.usual)), since \(clockText(storm.since))Z")
      if state.storms.count > most { line.add("  1 of \(state.storms.count)", .faint) }
      lines.append(line)
    }
    return lines
  }

  private var serverLine: TopLine {
    let server = state.server
    var line = TopLine("ambit \(server.version)", .title)
    line.add("  \(server.folder) on \(server.host), process \(server.process), up \(spanText(server.uptime)), ")
    line.add("\(server.workers) worker\(server.workers == 1 ? "" : "s"), \(server.memory >> 20) MiB  ")
    line.add(clockText(state.time) + "Z", .faint)
    return line
  }

  private var snapshotLine: TopLine {
    let snapshot = state.snapshot
    var line = TopLine("snapshot \(snapshot.generation) of \(clockText(snapshot.loaded))Z")
    if let version = snapshot.version { line.add(" (\(version))") }
    let zones = snapshot.zones.count + snapshot.zonesLeftOut
    line.add(": \(zones) zone\(zones == 1 ? "" : "s"), \(snapshot.services) service")
    line.add(snapshot.services == 1 ? ", " : "s, ")
    line.add(snapshot.mode, snapshot.mode == "enforce" ? .plain : .doubtful)
    line.add("  ")
    let unwell = state.health.checks.filter { !$0.isWell }
    line.add(
      unwell.isEmpty ? "well" : "not well: \(unwell.map(\.name).joined(separator: ", "))", unwell.isEmpty ? .good : .bad
    )
    if snapshot.timed != "all" { line.add("  \(snapshot.timed) timed", .doubtful) }
    return line
  }

  private var staleLines: [TopLine] {
    guard state.snapshot.isStale else { return [] }
    var first = TopLine("stale", .bad)
    first.add(" since \(clockText(state.snapshot.staleSince ?? ""))Z: ")
    first.add(state.snapshot.staleReasons.first ?? "a reload did not go into service")
    let more = state.snapshot.staleReasons.dropFirst().prefix(height == nil ? 10 : 1)
    var lines = [first] + more.map { TopLine("  \($0)") }
    for index in lines.indices { lines[index].isUncut = height == nil }
    return lines
  }

  /// What is leased: answers are not what files say.
  private var leaseLines: [TopLine] {
    guard let leases = state.leases else { return [] }
    var lines = leases.overrides.prefix(height == nil ? 64 : 3).map { override in
      var line = TopLine("override", .doubtful)
      line.add(" \(override.name) is \(override.addresses.joined(separator: ", ")) in \(override.context), by ")
      line.add("\(override.user) until \(clockText(override.until))Z")
      return line
    }
    if !leases.runs.isEmpty {
      let names = Set(leases.runs.map(\.context)).sorted().joined(separator: ", ")
      lines.append(TopLine("\(leases.runs.count) run by a lease, in \(names)"))
    }
    return lines
  }

  /// Servers that names of others are asked of: in one line where all are well, else one for each that is not.
  private var upstreamLines: [TopLine] {
    guard let forwarding = state.forwarding else { return [] }
    var first = TopLine("upstreams", .title)
    let times = forwarding.upstreams.prefix(3).map { one in
      "\(one.server) \(one.responseTime.map(shortTime) ?? "-")"
    }
    first.add("  \(times.joined(separator: "  "))")
    if forwarding.upstreams.count > 3 { first.add("  \(forwarding.upstreams.count - 3) more", .faint) }
    first.add("  \(countText(UInt64(forwarding.cacheEntries))) kept, \(forwarding.outstanding) asked now", .faint)
    return [first]
      + forwarding.upstreams.filter(\.isDown).prefix(3).map { TopLine("  \($0.server) is taken for dead", .bad) }
  }

  private var rateLine: TopLine {
    var line = TopLine("queries/s", .title)
    line.add(" over \(windowText)", .faint)
    for (decision, style) in [
      ("answered", TopLine.Style.plain), ("forwarded", .plain), ("refused", .bad), ("failed", .doubtful),
      ("silent", .doubtful),
    ] where decision != "forwarded" || state.forwarding != nil {
      let rate = state.rates.reduce(0) { $0 + ($1.decision == decision ? $1.perSecond : 0) }
      line.add("  \(rateText(rate)) \(decision)", rate > 0 ? style : .plain)
    }
    line.add("  ")
    let room = max(0, min(MetricWindow.historyLength, width - (state.forwarding == nil ? 68 : 84)))
    line.add(
      sparkline(state.history.suffix(room).map { $0.answered + $0.forwarded + $0.refused + $0.failed + $0.silent }))
    return line
  }

  // MARK: - Rates and times

  /// A population.
  private struct Key: Hashable {
    let context: String
    let decision: String
    let transport: String
  }

  /// One of the times.
  private struct Column {
    static let width = 6
    let metric: MetricDefinition
    let name: String
    let value: any KeyPath<LiveState.Latency, Double> & Sendable
    /// From 0, which is the last to be left out.
    let rank: Int

    /// In the order in which they stand. What p99 may be off by is what is told of uncertainty.
    static let all = [
      Column(metric: .residence, name: "p50", value: \.p50, rank: 1),
      Column(metric: .residence, name: "p95", value: \.p95, rank: 4),
      Column(metric: .residence, name: "p99", value: \.p99, rank: 0),
      Column(metric: .residence, name: "±p99", value: \.uncertainty, rank: 3),
      Column(metric: .queue, name: "p50", value: \.p50, rank: 5),
      Column(metric: .queue, name: "p95", value: \.p95, rank: 6),
      Column(metric: .queue, name: "p99", value: \.p99, rank: 2),
      Column(metric: .queue, name: "±p99", value: \.uncertainty, rank: 7),
    ]
  }

  /// Those there is room for, the most important ones.
  private var timeColumns: [Column] { Column.all.filter { $0.rank < (width - Self.countsWidth) / Column.width } }

  /// What stands before the times.
  private static let countsWidth = 32

  private var windowText: String { "\(Int(state.window.isFinite ? min(max(state.window, 0), 1e6).rounded() : 0)) s" }

  private var rateSection: Section {
    var times: [String: [Key: LiveState.Latency]] = [:]
    for latency in state.latencies {
      let key = Key(context: latency.context, decision: latency.decision, transport: latency.transport)
      times[latency.metric, default: [:]][key] = latency
    }
    let busiest = state.rates.map(\.perSecond).max() ?? 0
    let rows = state.rates.sorted { $0.perSecond > $1.perSecond }.map { rate in
      let key = Key(context: rate.context, decision: rate.decision, transport: rate.transport)
      return row(rate, times["residence"]?[key], times["queue"]?[key], busiest)
    }
    var names = TopLine()
    names.add("context", width: 13, .faint)
    names.add("decision", width: 9, .faint)
    names.add("tr", width: 3, .faint)
    names.add(right: "/s", width: 7, .faint)
    for column in timeColumns { names.add(right: column.name, width: Column.width, .faint) }
    var aside = TopLine("   residence")
    let residences = timeColumns.count { $0.metric == .residence }
    if residences < timeColumns.count {
      aside = TopLine()
      aside.add("   residence", width: residences * Column.width)
      aside.add(timeColumns.count - residences == 1 ? " queue" : "   queue")
    }
    return Section(
      title: "the last \(windowText)", aside: timeColumns.isEmpty ? "" : aside.pieces.map(\.text).joined(),
      asidePlace: Self.countsWidth, head: [TopLine(), names], rows: rows, more: UInt64(max(0, state.ratesLeftOut)),
      empty: "no queries")
  }

  private func row(
    _ rate: LiveState.Rate, _ residence: LiveState.Latency?, _ queue: LiveState.Latency?, _ busiest: Double
  ) -> TopLine {
    let style = Self.style(ofDecision: rate.decision)
    var line = TopLine()
    line.add(rate.context, width: 12)
    line.add(" ")
    line.add(rate.decision, width: 9, style)
    line.add(rate.transport, width: 3)
    line.add(right: rateText(rate.perSecond), width: 7)
    for column in timeColumns {
      let latency = column.metric == .residence ? residence : queue
      let isFaint = latency == nil || column.value == \.uncertainty
      line.add(
        right: latency.map { shortTime($0[keyPath: column.value]) } ?? "-", width: Column.width,
        isFaint ? .faint : .plain)
    }
    let room = min(40, width - Self.tableWidth - 1)
    let share = rate.perSecond / busiest
    if room >= 4, share >= 0, share <= 1 {
      let length = Int((share * Double(room)).rounded())
      line.add(" " + String(repeating: "█", count: length), style == .plain ? .good : style)
    }
    return line
  }

  private static func style(ofDecision decision: String) -> TopLine.Style {
    switch decision {
    case "answered", "forwarded": .plain
    case "refused": .bad
    default: .doubtful
    }
  }

  // MARK: - Endpoints

  /// Services whose endpoints are checked, those that are not well first; nil where none is.
  private var endpointSection: Section? {
    if state.endpoints.isEmpty { return nil }
    let rows = state.endpoints.flatMap { service -> [TopLine] in
      let style: TopLine.Style = service.isBroken ? .bad : service.downCount > 0 ? .doubtful : .plain
      var line = TopLine(service.isBroken ? "✗ " : service.downCount > 0 ? "· " : "  ", style)
      line.add(service.service, width: 24, style)
      line.add(right: "\(service.count - service.downCount)/\(service.count)", width: 8, style)
      line.add("  \(service.isBroken ? "broken  " : "")\(service.check)", .faint)
      return [line]
        + service.down.map { endpoint in
          var line = TopLine("    ")
          line.add(endpoint.address, width: 22, .bad)
          line.add(" down since \(moment(endpoint.since))  \(endpoint.reason)")
          return line
        }
    }
    var names = TopLine("  ", .faint)
    names.add("service", width: 24, .faint)
    names.add(right: "up", width: 8, .faint)
    names.add("  check", .faint)
    return Section(
      title: "endpoints", head: [TopLine(), names], rows: rows, more: UInt64(max(0, state.endpointsLeftOut)), empty: "")
  }

  // MARK: - Calls

  private var callSection: Section {
    let rows = state.calls.sorted { isBusier($0, $1) }.map { call in
      let isRefused = call.refused > 0
      let style: TopLine.Style = isRefused ? .bad : call.wouldRefuse > 0 ? .doubtful : .plain
      var line = TopLine(isRefused ? "✗ " : call.wouldRefuse > 0 ? "· " : "  ", style)
      line.add(caller(call), width: callerWidth, style)
      line.add(" → ", style)
      line.add(call.target, width: targetWidth, style)
      line.add(right: rateText(call.perSecond), width: 7)
      line.add(right: countText(call.answered), width: 9)
      line.add(right: countText(call.refused &+ call.wouldRefuse), width: 8, style)
      if let rule = call.rule { line.add("  \(call.place.map { "\($0) \(rule)" } ?? rule)", style) }
      return line
    }
    var names = TopLine("  ", .faint)
    names.add("caller", width: callerWidth, .faint)
    names.add("   service", width: 3 + targetWidth, .faint)
    for (name, width) in [("/s", 7), ("answered", 9), ("refused", 8)] { names.add(right: name, width: width, .faint) }
    let leftOut = state.callsLeftOut > 0 ? "queries in no row: \(countText(state.callsLeftOut))" : ""
    return Section(
      title: "calls", aside: leftOut, head: [TopLine(), names], rows: rows, empty: "no service was asked for")
  }

  /// Two thirds of what numbers leave are for names, the rest for rule and place.
  private var namesWidth: Int { max(16, min(72, (width - 29) * 2 / 3)) }
  private var callerWidth: Int { namesWidth * 16 / 25 }
  private var targetWidth: Int { namesWidth - callerWidth }

  private func isBusier(_ a: LiveState.Call, _ b: LiveState.Call) -> Bool {
    // What goes on now, then what was ever; refused ones first among equals.
    (a.perSecond, a.refused, a.answered, b.target) > (b.perSecond, b.refused, b.answered, a.target)
  }

  private func caller(_ call: LiveState.Call) -> String {
    let context = call.context ?? "(none)"
    return call.service.map { "\($0) in \(context)" } ?? "in \(context)"
  }

  // MARK: - Refusals

  private var refusalSection: Section {
    let rows = state.refusals.map { refusal in
      let style: TopLine.Style = refusal.isOnlyObserved ? .doubtful : .bad
      var line = TopLine()
      line.add(moment(refusal.time), width: 9, .faint)
      let count = refusal.count > 1 ? " ×\(countText(refusal.count))" : ""
      let isWide = width >= 120
      let room = isWide ? 36 : max(12, width - 52)
      let name = cut(visible("\(refusal.name) \(refusal.type)"), to: room - columns(of: count))
      line.add(name + count, width: room, style)
      line.add(" ")
      line.add(refusal.source, width: 15)
      line.add(" ")
      if isWide {
        line.add(refusal.isOnlyObserved ? "would refuse: " : "", style)
        line.add(refusal.reason)
      } else {
        line.add(refusal.isOnlyObserved ? "would " : "", style)
        line.add(refusal.place.map { "\($0) \(refusal.rule)" } ?? refusal.rule, style)
      }
      if isWide, refusal.count > 1 { line.add("  since \(moment(refusal.first))", .faint) }
      return line
    }
    return Section(title: "last refusals", rows: rows, empty: "none")
  }

  /// The time of day; of another day than the state's, the day.
  private func moment(_ time: String) -> String {
    time.prefix(10) == state.time.prefix(10) ? clockText(time) : String(time.prefix(10).dropFirst(5))
  }
}
