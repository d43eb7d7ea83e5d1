internal import Answering
internal import Diagnostics
internal import FoundationEssentials
internal import Inspection
internal import LinuxIO
internal import Server

extension Command {
  static let audit = Command(
    name: "audit",
    usage: "audit LOG... [DIR] [--check] [--json]",
    summary: "say who called whom, and which allow lines that takes",
    details: """
        --check   exit code 1 where something that passed would be refused were every rule enforced, or DIR not load
        --json    print the report as one JSON object, with the calls from each context by themselves

      LOG is what query-log wrote, - for standard input; DIR (default: zones) is the policy it is held against, which need
      not be the one that was in service. Prints the calls seen, permissions never used, calls that pass although no line
      names the caller, what mode enforce would break, and the lines with which mode enforce and default refuse refuse
      nothing that passed.
      """,
    valueOptions: [],
    flags: ["--check", "--json"]
  ) { arguments in
    var logs = arguments.operands
    guard !logs.isEmpty else { arguments.fail("audit takes a query log, as query-log writes it") }
    var folder = "zones"
    if let last = logs.last, isDirectory(last) {
      folder = last
      logs.removeLast()
    }
    guard !logs.isEmpty else { arguments.fail("audit takes a query log beside \(folder)") }
    let (loaded, problem) = loadSnapshot(folder, to: "hold a log against")
    guard let snapshot = loaded else { return problem }
    let now = Clock.realtimeSeconds()
    var tally = CallTally(snapshot, at: now)
    if let problem = read(logs, into: &tally) { return problem }
    let inAMonth = Date(timeIntervalSince1970: Double(now) + 30 * 86_400)
    let audit = Audit(tally, at: now, until: inAMonth.formatted(.iso8601.year().month().day()))
    writeOutput(arguments.has("--json") ? json(audit) : audit.text)
    return arguments.has("--check") && !audit.isEnforceable ? .badInput : .done
  }
}

/// Adds what the logs have; says why and how to end where one cannot be read, or is none.
func read(_ logs: [String], into tally: inout CallTally) -> ExitCode? {
  for log in logs {
    let (malformed, lines) = (tally.malformedCount, tally.lineCount)
    do throws(SystemError) {
      var reader = try LineReader(log)
      while try reader.next({ tally.add($0) }) {}
      tally.addMalformed(reader.tooLongCount)
    } catch {
      writeStandardError("ambit: \(error)\n")
      return .system
    }
    if tally.malformedCount > malformed, tally.lineCount == lines {
      let name = log == "-" ? "standard input" : log
      writeStandardError("ambit: no line of \(name) is a query log's; write one with query-log\n")
      return .badInput
    }
  }
  return nil
}
