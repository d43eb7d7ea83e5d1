internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import FoundationEssentials
internal import Inspection
internal import LinuxIO
internal import Policy

/// What a reload came to: for the log, for who asked for it, and for the metrics log.
struct ReloadResult {
  let status: ControlAnswer.Status
  let folder: String
  /// What the load found.
  var diagnostics: [Diagnostic] = []
  /// Why there was nothing to look at; nil where there was.
  var problem: String?
  /// What it changes, where `reload guard` is in force.
  var impact: ReloadImpact?
  /// What is served, where it was reloaded.
  var content = ""
  /// What was served before and is no more.
  var gone: [String] = []
  /// What else is to be known.
  var remarks: [String] = []
  var isForced = false
  /// The snapshot in service now.
  var generation: UInt64 = 0

  /// Changes that are listed at the most.
  private static let changesListed = 20
  private static let goneListed = 5

  init(_ status: ControlAnswer.Status, _ folder: String) {
    self.status = status
    self.folder = folder
  }

  var errorCount: Int {
    problem != nil ? 1 : diagnostics.reduce(0) { $0 + ($1.severity == .error ? $1.count : 0) }
  }

  /// What the log says, a line each, without what the load found.
  var lines: [String] {
    switch status {
    case .reloaded:
      let gone = gone.isEmpty ? "" : "; gone: \(listed(gone, atMost: Self.goneListed))"
      return ["reloaded \(folder): \(content)\(gone)"] + (impact.map { [$0.summary(isForced: isForced)] } ?? [])
        + remarks
    case .held:
      return [
        "\(folder) was not reloaded, \(impact?.reasonToHold ?? "held back"); what was served before is still served"
      ]
        + (impact?.list(atMost: Self.changesListed) ?? [])
    case .failed, .refused, .busy, .state, .leased:
      return (problem.map { [$0] } ?? [])
        + ["\(folder) was not reloaded: \(amount(errorCount, "error")); what was served before is still served"]
    }
  }

  /// Why it did not go into service, the gravest first.
  var reasons: [String] {
    diagnostics.filter { $0.severity == .error }.map(\.description) + lines
  }

  /// What who asked is told.
  func answer(asJSON: Bool) -> ControlAnswer {
    let lines = diagnostics.map(\.description) + lines
    return ControlAnswer(status, asJSON ? json : lines.map { $0 + "\n" }.joined())
  }

  /// The line of the metrics log.
  func record(at time: String) -> ReloadRecord {
    ReloadRecord(
      time: time, loaded: status == .reloaded, errors: status == .failed ? max(1, errorCount) : 0,
      generation: generation, held: status == .held, forced: isForced ? true : nil, asked: impact?.asked,
      changed: impact?.changed)
  }

  private var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(Report(self, changes: Self.changesListed)) else { return "" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  private struct Report: Encodable {
    let result: String
    /// The server's: a folder may have several.
    let process: Int32
    let generation: UInt64
    let messages: [String]
    /// Of the messages, what of the configuration is not in effect, and the like.
    let remarks: [String]
    let findings: [Finding]
    let gone: [String]
    let asked: UInt64?
    let changed: UInt64?
    let changes: [Change]?
    let changesInAll: Int?

    struct Finding: Encodable {
      let file: String
      let line: Int
      let column: Int
      let severity: String
      let message: String
    }

    struct Change: Encodable {
      let name: String
      let type: String
      let before: String
      let after: String
      let asked: UInt64
      let callers: Int
      let most: String
    }

    init(_ result: ReloadResult, changes limit: Int) {
      self.result = result.status.rawValue
      process = processNumber
      generation = result.generation
      messages = result.status == .held ? Array(result.lines.prefix(1)) : result.lines
      remarks = result.remarks
      findings = result.diagnostics.map {
        Finding(
          file: $0.location.file, line: $0.location.line, column: $0.location.column, severity: $0.severity.rawValue,
          message: $0.message)
      }
      gone = result.gone
      asked = result.impact?.asked
      changed = result.impact?.changed
      changesInAll = result.impact?.changes.count
      changes = result.impact?.changes.prefix(limit).map {
        Change(
          name: $0.name.description, type: $0.type.description, before: $0.before, after: $0.after, asked: $0.asked,
          callers: $0.callers, most: $0.caller)
      }
    }
  }
}

/// The zones and services that one snapshot has and the next has not, in words.
func goneBetween(_ old: Snapshot, _ new: Snapshot) -> [String] {
  let zones = Set(new.zones.zones.map(\.origin))
  let goneZones = Set(old.zones.zones.map(\.origin)).subtracting(zones).map { "zone \($0)" }.sorted()
  if old.policy === new.policy { return goneZones }
  let services = Set(new.policy.policy.services.map(\.name))
  return goneZones + old.policy.policy.services.filter { !services.contains($0.name) }.map { "service \($0.display)" }
}

private func listed(_ words: [String], atMost limit: Int) -> String {
  words.prefix(limit).joined(separator: ", ") + (words.count > limit ? " and \(words.count - limit) more" : "")
}

extension ReloadImpact {
  /// `37 % of 8,214 recently asked answers`.
  private var share: String {
    let percent = asked == 0 ? 0 : Double(changed) * 100 / Double(asked)
    let whole = percent.rounded()
    // What is rounded to the bound, or to all or nothing, is told with more places.
    let isClear = Double(changed) * 100 == whole * Double(asked) || (whole != Double(bound.percent) && 1...99 ~= whole)
    let text = isClear ? "\(Int(whole))" : percent < 0.01 ? "under 0.01" : "\((percent * 100).rounded() / 100)"
    return "\(text) % of \(grouped(asked)) recently asked \(asked == 1 ? "answer" : "answers")"
  }

  private var line: String { "reload guard \(bound.percent)%, \(bound.location.short)" }

  /// Why the snapshot is held back, and what to do.
  var reasonToHold: String {
    "held back: \(share) would change (\(line)); ambit reload --force takes it all the same"
  }

  /// What changed for those who asked lately.
  func summary(isForced: Bool) -> String {
    if asked == 0 { return "nothing was asked lately that it could have been tried on (\(line))" }
    let forced = isForced && isTooMuch ? ", taken all the same: --force" : ""
    return changed == 0
      ? "none of \(grouped(asked)) recently asked \(asked == 1 ? "answer" : "answers") changes (\(line))"
      : "\(share) \(changed == 1 ? "changes" : "change") (\(line))\(forced)"
  }

  /// The heaviest changes, a line each, and how many more there are.
  func list(atMost limit: Int) -> [String] {
    let lines = changes.prefix(limit).map { change in
      let who = change.callers == 1 ? "by \(change.caller)" : "by \(change.callers) callers, most by \(change.caller)"
      return "  \(change.name) \(change.type): \(change.before) -> \(change.after); asked \(times(change.asked)) \(who)"
    }
    return lines + (changes.count > limit ? ["  and \(changes.count - limit) more"] : [])
  }

  private func times(_ count: UInt64) -> String { count == 1 ? "once" : "\(grouped(count)) times" }
}

/// A number with its thousands parted: `8,214`.
func grouped(_ number: UInt64) -> String {
  let digits = Array(String(number))
  var text = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return text
}
