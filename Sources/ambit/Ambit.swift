internal import Answering
internal import Inspection
internal import LinuxIO

/// The program: `ambit COMMAND …`. Commands are rows of a table, each with a file of its own.
@main
enum Ambit {
  /// The commands, in the order in which help lists them.
  static let commands: [Command] = [
    .serve, .reload, .top, .run, .override, .check, .explain, .diff, .audit, .graph, .measure, .metrics,
  ]

  static func main() {
    var words = Array(CommandLine.arguments.dropFirst())
    if words.isEmpty {
      writeStandardError(help)
      end(.usage)
    }
    let word = words.removeFirst()
    switch word {
    case "--help", "-h":
      writeOutput(help)
    case "help":
      guard let name = words.first else { return writeOutput(help) }
      if name == "--man" { return writeOutput(ManualPage.commands(commands)) }
      if name == "--bash" { return writeOutput(ManualPage.completion(commands)) }
      if name == "policy", words.dropFirst().first == "--man" { return writeOutput(ManualPage.policy) }
      if name == "policy" { return writeOutput(PolicyHelp.text(words.dropFirst())) }
      writeOutput(command(called: name).help)
    case "--version", "-V", "version":
      writeOutput("ambit \(ambitVersion)\n")
    default:
      let command = command(called: word)
      // What is behind -- is another program's.
      let own = words.prefix { $0 != "--" }
      if own.contains("--help") || own.contains("-h") { return writeOutput(command.help) }
      var arguments = Arguments(words, of: command)
      end(command.run(&arguments))
    }
  }

  private static func command(called name: String) -> Command {
    if let command = commands.first(where: { $0.name == name }) { return command }
    Arguments.fail("there is no command \"\(name)\"", among: commands.map(\.name), for: name, see: "ambit --help")
  }

  private static func end(_ code: ExitCode) {
    if code != .done { endProcess(code.rawValue) }
  }

  private static var help: String {
    let rows = commands.map { "  \($0.usage.padded(to: 50)) \($0.summary)" }.joined(separator: "\n")
    return """
      ambit answers DNS queries by where the caller stands, and refuses lookups that the policy forbids.

      usage: ambit COMMAND ...

      \(rows)

        help COMMAND, COMMAND --help                       how a command is used
        help policy [STATEMENT]                            what may stand in a *.policy file
        help --man, help policy --man, help --bash         manual pages, and completion for bash
        --version                                          which ambit this is

      exit codes: 0 done, 1 the input is wrong, 2 usage, 3 the system said no,
        4 what diff compared differs, or a reload was held back by its guard

      """
  }
}

/// How a command ends.
enum ExitCode: Int32 {
  case done = 0
  /// What was read is wrong, or what was asked does not hold.
  case badInput = 1
  /// The command line is wrong.
  case usage = 2
  /// The system said no.
  case system = 3
  /// What was compared differs, or by more than allowed.
  case changed = 4
}

/// One subcommand: its row in the table.
struct Command: Sendable {
  let name: String
  /// After the program's name: `check [DIR]`.
  let usage: String
  /// In one line of at most 60 letters.
  let summary: String
  /// What `--help` says below the usage.
  let details: String
  /// Options that take a value, and those that do not.
  let valueOptions: [String]
  let flags: [String]
  let run: @Sendable (inout Arguments) -> ExitCode

  var help: String { "usage: ambit \(usage)\n\n\(summary)\n\n\(details)\n" }
}
