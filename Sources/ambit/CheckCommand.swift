internal import Diagnostics
internal import FoundationEssentials
internal import Inspection
internal import LinuxIO

extension Command {
  static let check = Command(
    name: "check",
    usage: "check [DIR] [--json]",
    summary: "say what is wrong with DIR (default: zones), running its expect lines",
    details: """
        --json   print the findings as one JSON array instead

      Loads as serve would. Every mistake of every file is listed at once, as file:line:column; exit code 1 where there
      is an error. Warnings do not count.
      """,
    valueOptions: [],
    flags: ["--json"]
  ) { arguments in
    let folder = arguments.folder()
    guard let loaded = loadFolder(folder) else { return .system }
    let checks = Checks(loaded, at: Clock.realtimeSeconds())
    if arguments.has("--json") {
      writeStandardOutput(json(checks.diagnostics.map(Finding.init)))
    } else {
      report(checks.diagnostics)
      writeStandardOutput("\(folder): \(checks.summary)\n")
    }
    return checks.isClean ? .done : .badInput
  }

  private struct Finding: Encodable {
    let file: String
    let line: Int
    let column: Int
    let severity: String
    let message: String

    init(_ diagnostic: Diagnostic) {
      file = diagnostic.location.file
      line = diagnostic.location.line
      column = diagnostic.location.column
      severity = diagnostic.severity.rawValue
      message = diagnostic.message
    }
  }
}

/// A value as indented JSON with a line end.
func json(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { return "" }
  return String(decoding: data, as: UTF8.self) + "\n"
}
