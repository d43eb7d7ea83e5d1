internal import FoundationEssentials
internal import LinuxIO
internal import Server

extension Command {
  static let reload = Command(
    name: "reload",
    usage: "reload [DIR] [--force] [--user NAME] [--json]",
    summary: "make the running servers of DIR (default: zones) read it again",
    details: """
        --force       take it whatever the policy's reload guard says
        --user NAME   believe a server that this user started, too (else only root's, your own, or that of DIR's owner)
        --json        print what came of it as one JSON object

      Waits until the server has read DIR, and prints what its log says: what is served now, or what is wrong, or what a
      reload that is held back would change. Exit code 1 where something is wrong, 4 where the reload was held back, 3 where
      no server of DIR runs here or it may not be asked: it obeys root and its own user. Where several servers of DIR run,
      all read it at the same time; each is told of with its process, --json prints an object for each, and the exit code
      is the gravest: 3 before 1 before 4. A policy that is served has been reloaded, exit code 0, also where part of it is
      not in effect: a log that cannot be opened stays where it was, and listen, http and user take a restart. The output
      says so, and --json under "remarks". SIGHUP does the same without waiting.
      """,
    valueOptions: ["--user"],
    flags: ["--force", "--json"]
  ) { arguments in
    let folder = arguments.folder()
    let request = ControlRequest(isForced: arguments.has("--force"), wantsJSON: arguments.has("--json"))
    var user: ProcessUser?
    if let name = arguments.value("--user") {
      do throws(SystemError) {
        user = try ProcessUser.find(name, group: nil)
      } catch {
        writeStandardError("ambit: \(error)\n")
        return .system
      }
    }
    do throws(ControlClient.Problem) {
      var gravest = ExitCode.done
      let busy = try ControlClient.askAll(folder, request, startedBy: user) { reply in
        let code = tell(reply, folder, request)
        if gravity(code) > gravity(gravest) { gravest = code }
      }
      if let busy {
        writeStandardError("ambit: warning: \(busy); if that is one more server of \(folder), it has not reloaded\n")
      }
      return gravest
    } catch {
      writeStandardError("ambit: \(words(for: error, folder))\n")
      return .system
    }
  }

  /// Prints what came of one server's reload.
  private static func tell(
    _ reply: ControlClient.Reply, _ folder: String, _ request: ControlRequest
  ) -> ExitCode {
    // One server, as there mostly is, needs no name.
    let name = reply.count > 1 ? "server \(reply.process.map { "of process \($0)" } ?? "of a process not known"): " : ""
    guard let answer = reply.answer else {
      return tellFailure("no answer", reply, name, words(for: .noAnswer, folder) + "\n", request)
    }
    switch answer.status {
    case .reloaded, .failed, .held:
      let isDone = answer.status == .reloaded
      let write = isDone || request.wantsJSON ? writeOutput : writeStandardError
      write(request.wantsJSON ? answer.text : name + answer.text)
      return isDone ? .done : answer.status == .held ? .changed : .badInput
    case .refused, .busy, .state, .leased:
      return tellFailure(answer.status.rawValue, reply, name, answer.text, request)
    }
  }

  /// Says that a server did not as it was asked.
  private static func tellFailure(
    _ result: String, _ reply: ControlClient.Reply, _ name: String, _ text: String, _ request: ControlRequest
  ) -> ExitCode {
    if request.wantsJSON {
      let lines = text.split(separator: "\n").map(String.init)
      writeOutput(ReloadFailure(result: result, process: reply.process, messages: lines).json)
    } else {
      writeStandardError("ambit: \(name)\(text)")
    }
    return .system
  }

  /// Of several outcomes the gravest is the command's: a server that is not reached may have any policy in service.
  private static func gravity(_ code: ExitCode) -> Int {
    switch code {
    case .done: 0
    case .changed: 1
    case .badInput: 2
    default: 3
    }
  }

  static func words(for problem: ControlClient.Problem, _ folder: String) -> String {
    switch problem {
    case .noServer where fileStatus(folder) == nil:
      "there is no folder \(folder); name the one that the server was started with"
    case .noServer:
      "no server of \(folder) runs here; start one (ambit serve \(folder)), or name its folder as it was started with"
    case .stranger(let user):
      "who answers for \(folder) is user \(user.map { "\($0)" } ?? "?"), neither root nor you nor the folder's owner, nor named by "
        + "the folder's policy or systemd's unit, and is not believed; if a server of that user is meant, say so: --user NAME"
    case .noAnswer: "the server of \(folder) gave no answer; see its log"
    case .system(let error): "\(error)"
    }
  }
}

/// What `--json` says of a server that told nothing of a reload; a subset of what one says that did.
private struct ReloadFailure: Encodable {
  let result: String
  let process: Int32?
  let messages: [String]

  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { return "" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}
