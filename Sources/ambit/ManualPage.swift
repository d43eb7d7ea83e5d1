internal import Answering
internal import Policy

/// The manual pages and the shell's completion, made of what the program itself says: one source, never out of date.
///
/// `ambit help --man` is ambit(1), `ambit help policy --man` ambit-policy(5), `ambit help --bash` a completion for bash.
enum ManualPage {
  /// ambit(1), in the macros of man(7).
  static func commands(_ commands: [Command]) -> String {
    var page = head("AMBIT", section: 1, of: "User commands")
    page += """
      .SH NAME
      ambit \\- a DNS server whose answers depend on where the caller stands
      .SH SYNOPSIS
      .B ambit
      .I COMMAND
      \\&...
      .SH DESCRIPTION
      Ambit answers DNS queries by where the caller stands, and refuses lookups that the policy forbids.
      One folder is the whole configuration: master files, a folder with overlays for each context, and *.policy files,
      which
      .BR ambit\\-policy (5)
      describes.
      .SH COMMANDS

      """
    for command in commands {
      page += ".SS \(escaped("ambit \(command.usage)"))\n\(escaped(sentence(command.summary)))\n.PP\n"
      page += verbatim(command.details)
    }
    page += """
      .SS ambit help COMMAND, ambit COMMAND \\-\\-help
      How a command is used.
      .SS ambit help policy [STATEMENT]
      What may stand in a *.policy file.
      .SS ambit help \\-\\-man, ambit help policy \\-\\-man, ambit help \\-\\-bash
      This page, that of the policy language, and a completion for bash.
      .SS ambit \\-\\-version
      Which ambit this is.
      .SH EXIT STATUS
      .TP
      .B 0
      Done.
      .TP
      .B 1
      The input is wrong, or what was asked does not hold.
      .TP
      .B 2
      The command line is wrong.
      .TP
      .B 3
      The system said no.
      .TP
      .B 4
      What diff compared differs, or a reload was held back by its guard.
      .SH FILES
      .TP
      .I /etc/ambit
      The configuration that the systemd unit serves.
      .SH SEE ALSO
      .BR ambit\\-policy (5)

      """
    return page
  }

  /// ambit-policy(5).
  static var policy: String {
    var page = head("AMBIT-POLICY", section: 5, of: "File formats")
    page += """
      .SH NAME
      ambit\\-policy \\- what may stand in a *.policy file of ambit
      .SH DESCRIPTION
      Policies are lines that read as sentences.
      A number sign starts a comment; the end of a line or a semicolon ends a statement; braces group.
      .B ambit check
      says what is wrong with a policy, and where.
      .SH STATEMENTS

      """
    for keyword in PolicyReference.keywords {
      page += ".SS \(escaped(keyword))\n" + verbatim(PolicyReference.text(of: keyword) ?? "")
    }
    return page + ".SH SEE ALSO\n.BR ambit (1)\n"
  }

  /// Completes commands, their options, and folders and files.
  static func completion(_ commands: [Command]) -> String {
    let options = commands.map { command in
      let words = (command.valueOptions + command.flags + ["--help"]).joined(separator: " ")
      return "    \(command.name)) words=\"\(words)\" ;;"
    }.joined(separator: "\n")
    return """
      # bash completion for ambit, written by: ambit help --bash
      _ambit() {
        local word=${COMP_WORDS[COMP_CWORD]} words=
        COMPREPLY=()
        if ((COMP_CWORD == 1)); then
          mapfile -t COMPREPLY < <(compgen -W "\(commands.map(\.name).joined(separator: " ")) help --help --version" -- "$word")
          return
        fi
        case ${COMP_WORDS[1]} in
      \(options)
          help) words="\(commands.map(\.name).joined(separator: " ")) policy" ;;
        esac
        if [[ ${COMP_WORDS[1]} == help && ${COMP_WORDS[2]} == policy ]] && ((COMP_CWORD == 3)); then
          words="\(PolicyReference.keywords.joined(separator: " "))"
        fi
        if [[ $word == -* || ${COMP_WORDS[1]} == help ]]; then
          mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        else
          mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
      }
      complete -o filenames -F _ambit ambit

      """
  }

  private static func head(_ name: String, section: Int, of manual: String) -> String {
    ".\\\" Written by the program itself: ambit help --man\n"
      + ".TH \(escaped(name)) \(section) \"\" \"ambit \(escaped(ambitVersion))\" \"\(manual)\"\n"
  }

  /// With a capital and a full stop.
  private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }

  /// Text as it stands.
  private static func verbatim(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return ".nf\n" + lines.map { escaped(String($0)) + "\n" }.joined() + ".fi\n"
  }

  /// No letter of a line is taken for a request, and a hyphen stays one that can be searched for and pasted.
  private static func escaped(_ line: String) -> String {
    let text = line.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("\"", with: "\\(dq")
      .unicodeScalars.map { $0.isASCII ? String($0) : "\\[u\(hexadecimal($0.value))]" }.joined()
    return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
  }

  /// At least four digits, as troff wants them.
  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
