internal import Diagnostics
internal import LinuxIO

/// A command's words, told apart: options with values, flags, and the rest in order.
///
/// `--name value` and `--name=value` are the same; `--` ends the options. A word that is not understood ends the program
/// with exit code 2 and one line that says what to write.
struct Arguments {
  private var values: [String: [String]] = [:]
  private var flags: Set<String> = []
  /// Words that are no options.
  private(set) var operands: [String] = []
  private let command: Command

  init(_ words: [String], of command: Command) {
    self.command = command
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        operands += rest
        return
      }
      guard word.hasPrefix("-"), word.count > 1 else {
        operands.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if command.flags.contains(parts[0]) {
        if parts.count > 1 { fail("\(parts[0]) takes no value") }
        flags.insert(parts[0])
      } else if command.valueOptions.contains(parts[0]) {
        guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else { fail("\(parts[0]) takes a value") }
        values[parts[0], default: []].append(value)
      } else {
        let known = command.flags + command.valueOptions
        Arguments.fail(
          "\(command.name) has no option \"\(parts[0])\"", among: known, for: parts[0],
          see: "ambit \(command.name) --help")
      }
    }
  }

  /// True where a flag is given.
  func has(_ flag: String) -> Bool { flags.contains(flag) }

  /// The values of an option, in order.
  func all(_ option: String) -> [String] { values[option] ?? [] }

  /// The value of an option that may be given once.
  func value(_ option: String) -> String? {
    let all = all(option)
    if all.count > 1 { fail("\(option) is given twice") }
    return all.first
  }

  /// The one operand there may be.
  func folder(default folder: String = "zones") -> String {
    if operands.count > 1 { fail("\(command.name) takes one folder, not \"\(operands.joined(separator: " "))\"") }
    return operands.first ?? folder
  }

  /// Ends the program: the command line is wrong.
  func fail(_ message: String) -> Never {
    writeStandardError("ambit: \(message); usage: ambit \(command.usage)\n")
    endProcess(ExitCode.usage.rawValue)
  }

  /// Ends the program over a word that is not known, with the nearest that is.
  static func fail(_ message: String, among known: [String], for word: String, see help: String) -> Never {
    let suggestion = nearest(to: word, in: known).map { "; did you mean \($0)?" } ?? "; see \(help)"
    writeStandardError("ambit: \(message)\(suggestion)\n")
    endProcess(ExitCode.usage.rawValue)
  }
}
