internal import Diagnostics

/// A comparison as people read it.
extension Differences {
  /// Each cause with the line it rests on, whom it concerns below it, and a closing line.
  /// - Parameter bound: effects told of one cause at the most; nil for all.
  package func text(bound: Int?) -> String {
    var lines: [String] = []
    let shown = bound.map { causes.prefix($0 * 5) } ?? causes[...]
    for cause in shown {
      lines.append(heading(cause))
      var groups = Self.grouped(cause.effects, isBounded: bound != nil)
      let hidden = bound.map { max(0, groups.count - $0) } ?? 0
      groups.removeLast(hidden)
      lines += groups.map { "    \($0)" }
      if hidden + cause.unlistedCount > 0 {
        lines.append("    and \(hidden + cause.unlistedCount) more; --all shows them")
      }
      lines.append("")
    }
    if shown.count < causes.count {
      lines += ["and \(amount(causes.count - shown.count, "more cause")); --all shows them", ""]
    }
    return lines.map { visible($0) + "\n" }.joined() + visible(summary) + "\n"
  }

  /// `2 causes: 12 answers change for 4 of 30 kinds of callers`.
  package var summary: String {
    var text =
      isEmpty
      ? "nothing changes for anyone"
      : "\(amount(causes.count, "cause")): \(amount(changeCount, "answer")) of \(amount(changedNameCount, "name")) change"
        + "\(changeCount == 1 ? "s" : "")"
    if !isEmpty, changeCount == 0 { text = "\(amount(causes.count, "cause")): no answer to a caller of both changes" }
    text += " (\(amount(nameCount, "name")), \(amount(callerCount, "kind")) of callers compared)"
    if let replay {
      text += "; \(percent(replay.changedCount)) of \(grouped(replay.queryCount)) queries"
      if replay.sample > 1 { text += ", a sample of one in \(grouped(replay.sample))" }
      if replay.missingCount > 0 { text += "; \(grouped(replay.missingCount)) more that the log lost" }
      if replay.malformedCount > 0 {
        text += "; \(amount(replay.malformedCount, "line")) of the log "
        text += replay.malformedCount == 1 ? "is no query" : "are no queries"
        if let first = replay.firstMalformedLine { text += " (the first: \(first))" }
      }
    }
    return text
  }

  private func heading(_ cause: Cause) -> String {
    var text = cause.text
    if let place = cause.place { text += "  [\(place)]" }
    var notes: [String] = []
    if cause.kind != .placement, cause.kind != .server { notes.append(amount(cause.changeCount, "answer")) }
    if let queries = cause.queryCount, let replay {
      notes.append("\(percent(queries)) of \(grouped(replay.queryCount)) queries")
    }
    return notes.isEmpty ? text : "\(text)  (\(notes.joined(separator: ", ")))"
  }

  /// `12.4 %`, of the log's queries.
  private func percent(_ count: Int) -> String {
    guard let replay, replay.queryCount > 0 else { return "0 %" }
    let tenths = (count * 2000 / replay.queryCount + 1) / 2
    return tenths == 0 && count > 0 ? "under 0.1 %" : "\(tenths / 10).\(tenths % 10) %"
  }

  /// `81,234`.
  private func grouped(_ count: Int) -> String {
    var text = ""
    for (index, digit) in String(count).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// Effects that say the same of several contexts, or of several types, are one line.
  private static func grouped(_ effects: [Effect], isBounded: Bool) -> [String] {
    struct Key: Hashable {
      let name: String
      let old: String
      let new: String
    }
    var order: [Key] = []
    var types: [Key: [String]] = [:]
    var callers: [Key: [String]] = [:]
    for effect in effects {
      let key = Key(name: effect.name, old: effect.old, new: effect.new)
      if types[key] == nil { order.append(key) }
      if types[key]?.contains(effect.type) != true { types[key, default: []].append(effect.type) }
      let words = effect.words(bound: isBounded ? 6 : nil)
      if callers[key]?.contains(words) != true { callers[key, default: []].append(words) }
    }
    func list(_ words: [String], _ bound: Int) -> String {
      !isBounded || words.count <= bound
        ? words.joined(separator: ", ")
        : words[..<bound].joined(separator: ", ") + " and \(words.count - bound) more (--all)"
    }
    return order.map { key in
      "\(list(callers[key] ?? [], 8)): \(key.name) \(list(types[key] ?? [], 6)) \(key.old) → \(key.new)"
    }
  }
}

extension Differences.Effect {
  /// `callers in shard-a`, `web and batch in shard-a`, `everyone in shard-a except batch and callers of no service`.
  /// - Parameter bound: how many are named at the most; nil for all.
  func words(bound: Int?) -> String {
    let place = context.isEmpty ? "" : " in \(context)"
    func list(_ words: [String]) -> String {
      if let bound, words.count > bound {
        return words[..<(bound - 1)].joined(separator: ", ") + " and \(words.count - bound + 1) more (--all)"
      }
      return words.count < 2
        ? words.joined() : words.dropLast().joined(separator: ", ") + " and \(words[words.count - 1])"
    }
    if others.isEmpty { return "callers\(place)" }
    return callers.count > others.count ? "everyone\(place) except \(list(others))" : "\(list(callers))\(place)"
  }
}
