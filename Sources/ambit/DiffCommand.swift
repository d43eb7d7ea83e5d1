internal import Answering
internal import Diagnostics
internal import Inspection
internal import LinuxIO
internal import Server

extension Command {
  static let diff = Command(
    name: "diff",
    usage: "diff OLD NEW [options]",
    summary: "say whose answers change between two folders, and why",
    details: """
        --against-log LOG  ask again what a query log's lines asked, and weigh each cause by them
        --all              list everything; unless said, 50 causes and 10 lines of each
        --exit-code        end with 4 where anything changes
        --max N            end with 4 where more than N answers change; --max N% (with --against-log): where more than
                           N in a hundred of the log's queries do
        --json             print what differs as one JSON object

      OLD and NEW are folders as serve takes them. Each cause is named with its line in NEW, or in OLD of what is gone;
      below it stand the callers concerned and what they are told before and after. An answer is counted once for each
      (context, caller, name). Contexts and services are the same where they are called the same. The order of
      records, serials, the line a rule stands in, and DNSSEC's own records are not compared.

      LOG (- for standard input) is what query-log wrote; or a JSON object a line, with "source", "name" and "type", and
      as far as they apply "listener" (the address asked, or its context), "certificate" (its common name, or its
      service) and "user". Lines that are none are counted.

      To compare with another revision: git worktree add /tmp/before main && ambit diff /tmp/before/zones zones

      exit codes: 0 done, 1 OLD or NEW does not load, 2 usage, 3 the system said no, 4 as the options say
      """,
    valueOptions: ["--against-log", "--max"],
    flags: ["--all", "--exit-code", "--json"]
  ) { arguments in
    guard arguments.operands.count == 2 else { arguments.fail("diff takes two folders") }
    var bound: Bound?
    if let written = arguments.value("--max") {
      bound = Bound(written)
      if bound == nil { arguments.fail("\"\(written)\" is no number; write for example --max 100 or --max 1%") }
      if bound?.isPercent == true, arguments.value("--against-log") == nil {
        arguments.fail("--max \(written) is a share of a log's queries; add --against-log LOG, or leave out the %")
      }
    }
    var loaded: [(LoadedConfiguration, Snapshot)] = []
    for folder in arguments.operands {
      guard let configuration = loadFolder(folder) else { return .system }
      let errors = configuration.diagnostics.filter { $0.severity == .error }
      report(errors)
      guard let snapshot = configuration.snapshot else {
        writeStandardError("ambit: \(folder) does not load; there is nothing to compare\n")
        return .badInput
      }
      // A zone that does not load answers SERVFAIL, which would look like a change of every name.
      if !errors.isEmpty { return .badInput }
      loaded.append((configuration, snapshot))
    }
    let now = Clock.realtimeSeconds(), limit = arguments.has("--all") ? Int.max : 10_000
    let differences: Differences
    if let path = arguments.value("--against-log") {
      do throws(SystemError) {
        var reader = try LineReader(path)
        var replay = QueryReplay(loaded[0].0, loaded[0].1, loaded[1].0, loaded[1].1, at: now, limit: limit)
        while try reader.next({ replay.add($0) }) {}
        replay.addMalformed(reader.tooLongCount)
        differences = replay.differences
      } catch {
        writeStandardError("ambit: \(error)\n")
        return .system
      }
    } else {
      differences = Differences(loaded[0].0, loaded[0].1, loaded[1].0, loaded[1].1, at: now, limit: limit)
    }
    if arguments.has("--json") {
      writeOutput(json(differences))
    } else {
      writeOutput(differences.text(bound: arguments.has("--all") ? nil : 10))
    }
    if arguments.has("--exit-code"), !differences.isEmpty { return .changed }
    return bound?.isExceeded(by: differences) == true ? .changed : .done
  }

  /// How much may change.
  private struct Bound {
    let number: Double
    let isPercent: Bool

    /// `100`, `1%` or `0.5%`.
    init?(_ text: String) {
      let isPercent = text.hasSuffix("%")
      let digits = isPercent ? String(text.dropLast()) : text
      guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || isPercent && $0 == 0x2e }),
        let number = Double(digits), number.isFinite
      else { return nil }
      self.number = number
      self.isPercent = isPercent
    }

    func isExceeded(by differences: Differences) -> Bool {
      isPercent ? (differences.changedPercent ?? 0) > number : Double(differences.changeCount) > number
    }
  }
}
