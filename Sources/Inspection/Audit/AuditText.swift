extension Audit {
  /// The report for people; the lines to paste stand alone on theirs.
  package var text: String {
    var text = head
    section("calls seen", edges.isEmpty ? [] : [edgeHeader] + edgeRows, &text, right: [2, 3, 4, 5])
    let unused = neverUsed.map { [$0.place, "\($0.service): allow \($0.caller)"] }
    section(sample > 1 ? "permissions not used in the sample" : "permissions never used", unused, &text)
    if sample > 1, !unused.isEmpty {
      text += "  (not known: a use may be among those that the sample has not; ask a log without one in N)\n"
    }
    if isPartial { text += "  (not known: the log has only what was refused, see query-log ... all)\n" }
    if missing > 0, !unused.isEmpty {
      text += "  (perhaps: \(amount(missing, "query", "queries")) of the log are missing)\n"
    }
    section(
      "used but never declared", undeclared.map { ["\($0.caller) -> \($0.target)", "\($0.count)", "by \($0.by)"] },
      &text, right: [1])
    section("passed, and enforce would refuse", rows(wouldBreak), &text, right: [1])
    if !cycles.isEmpty {
      section("cycles of allowed calls, for which enforce would not load: acyclic", cycles.map { [$0] }, &text)
    }
    text += proposal
    return text
  }

  private var head: String {
    var text = "\(amount(queries, "query", "queries"))"
    if !from.isEmpty { text += " from \(from) to \(to)" }
    var notes: [String] = []
    if sample > 1 {
      notes.append(
        "a sample of one query in \(sample), drawn at random: counts are the sample's, and times \(sample) an estimate; "
          + "calls that are rare may be missing")
    }
    if malformed > 0 { notes.append("\(amount(malformed, "line", "lines")) of no query log, passed over") }
    if missing > 0 { notes.append("\(missing) that the log says it lost") }
    if withoutQuestion > 0 { notes.append("\(withoutQuestion) without a question") }
    if foreign > 0 { notes.append("\(foreign) for names in no zone here") }
    if withoutService > 0 { notes.append("\(withoutService) for names of no service, which everyone may look up") }
    if unplaced > 0 {
      notes.append("\(unplaced) from addresses in no context, such as \(unplacedExample): a from line places them")
    }
    return text + "\n" + notes.map { "  \($0)\n" }.joined()
  }

  private var edgeHeader: [String] { ["caller", "calls", "queries", "answered", "would-be", "refused"] }

  /// The calls seen; those of a service from several contexts are one row where the same became of them.
  private var edgeRows: [[String]] {
    runs(edges) { [$0.caller, $0.target ?? "", "\($0.answered > 0) \($0.wouldBe > 0) \($0.refused > 0)"] }.map {
      alike in
      func sum(_ count: (Edge) -> Int) -> String { "\(alike.reduce(0) { $0 + count($1) })" }
      return [
        place(alike[0].caller, alike.map(\.context)), alike[0].target ?? "(no service)", sum(\.count), sum(\.answered),
        sum(\.wouldBe), sum(\.refused),
      ]
    }
  }

  private func rows(_ broken: [Broken]) -> [[String]] {
    runs(broken) { [$0.caller, $0.target ?? "", $0.rule, $0.place] }.map { alike in
      let first = alike[0]
      return [
        "\(place(first.caller, alike.map(\.context))) -> \(first.target ?? "(no service)")",
        "\(alike.reduce(0) { $0 + $1.count })", "\(first.rule)\(first.place.isEmpty ? "" : " (\(first.place))")",
        first.example,
      ]
    }
  }

  /// `web`, `web in shard-a, shard-b`, `web in shard-a, shard-b and 4 more contexts`.
  private func place(_ caller: String, _ contexts: [String]) -> String {
    var places: [String] = []
    for context in contexts where !context.isEmpty && context != caller && !places.contains(context) {
      places.append(context)
    }
    if places.isEmpty { return caller }
    return places.count <= 3
      ? "\(caller) in \(places.joined(separator: ", "))"
      : "\(caller) in \(places[0]), \(places[1]) and \(places.count - 2) more contexts"
  }

  /// What has the same key, together, in the order of the first of each.
  private func runs<Item>(_ items: [Item], _ key: (Item) -> [String]) -> [[Item]] {
    var numbers: [[String]: Int] = [:]
    var runs: [[Item]] = []
    for item in items {
      let key = key(item)
      if let number = numbers[key] {
        runs[number].append(item)
      } else {
        numbers[key] = runs.count
        runs.append([item])
      }
    }
    return runs
  }

  private var proposal: String {
    var text = "\n"
    let isWhole = remaining.isEmpty && remainingCycles.isEmpty
    if lines.isEmpty, excepts.isEmpty {
      text +=
        "no line is missing for mode enforce and default refuse\(sample > 1 ? ", as far as the sample shows" : "")"
      text += isWhole ? "\n" : "; what they refuse all the same, or do not load, no line cures\n"
    } else {
      text += remainingCycles.isEmpty ? "# With" : "# But for the cycles listed below, with"
      text += " these lines mode enforce and default refuse refuse nothing that passed"
      text += remaining.isEmpty ? ".\n" : ", but for what is listed below.\n"
      if sample > 1 {
        text += "# The log is a sample: what is not in it may be refused. Observe with the whole log first.\n"
      }
      if !contexts.isEmpty {
        text += "# \(contexts.joined(separator: ", ")) \(contexts.count == 1 ? "is a context" : "are contexts"), whose "
        text += "name lets every caller there in: where that is too much, give callers a service (runs-at).\n"
      }
      for line in lines {
        text += "\n# \(line.place)\nservice \(line.service) {\n    allow \(line.allow.joined(separator: " "))\n}\n"
      }
      for file in excepts { text += "\n# \(file.file)\n" + file.lines.map { $0 + "\n" }.joined() }
    }
    section("no line cures these: mend the zone, or take the rule away", rows(remaining), &text, right: [1])
    section("no line cures these cycles: take one of their words away", remainingCycles.map { [$0] }, &text)
    return text
  }

  /// A heading and rows in columns; `none` where there are no rows.
  private func section(_ title: String, _ rows: [[String]], _ text: inout String, right: [Int] = []) {
    if rows.isEmpty, title.hasPrefix("no line") { return }
    text += "\n\(title)\(rows.isEmpty ? ": none" : "")\n"
    var widths = [Int](repeating: 0, count: rows.first?.count ?? 0)
    for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) } }
    for row in rows {
      var line = ""
      for (column, cell) in row.enumerated() {
        let blanks = String(repeating: " ", count: widths[column] - cell.count)
        line += "  " + (right.contains(column) ? blanks + cell : cell + blanks)
      }
      while line.last == " " { line.removeLast() }
      text += line + "\n"
    }
  }
}

private func amount(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }
