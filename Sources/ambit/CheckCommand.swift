internal import Diagnostics
internal import FoundationEssentials
internal import Inspection
internal import LinuxIO
internal import Server

extension Command {
  static let check = Command(
    name: "check",
    usage: "check [DIR] [--json]",
    summary: "say what is wrong with DIR (default: zones), and prove what holds",
    details: """
        --json   print findings, summary and proof as one JSON object instead

      Loads as serve would. Every mistake of every file is listed at once, as file:line:column; exit code 1 where there
      is an error. Warnings do not count. The expect lines are run; and for every context and name it is proved that no
      answer crosses an isolation, and looked for rules that do nothing, services that nobody reaches, and exceptions that
      have ended or end within 14 days. The last line says what was proved.
      """,
    valueOptions: [],
    flags: ["--json"]
  ) { arguments in
    let folder = arguments.folder()
    guard let loaded = loadFolder(folder) else { return .system }
    let checks = Checks(loaded, at: Clock.realtimeSeconds(), proves: true)
    if arguments.has("--json") {
      writeOutput(
        json(Report(findings: checks.diagnostics.map(Finding.init), summary: checks.summary, proof: checks.proof)))
    } else {
      report(checks.diagnostics)
      writeOutput("\(folder): \(checks.summary)\n")
      if let proof = checks.proof { writeOutput("\(folder): \(proof.text)\n") }
    }
    return checks.isClean ? .done : .badInput
  }

  private struct Report: Encodable {
    let findings: [Finding]
    let summary: String
    let proof: Proof?
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
func json(_ value: some Encodable) -> String { indentedJSON(value) }
