internal import LinuxIO
internal import Server

extension Command {
  static let override = Command(
    name: "override",
    usage: "override NAME ADDR... [options]",
    summary: "give NAME other addresses on this host for a time",
    details: """
        --for TIME       how long: 90s, 30m, 2h, 1d (default: 1h, at most 7d)
        --context C      in which context (default: that of callers at 127.0.0.1)
        --list           print what you have overridden, which of your programs run by a lease, and how many others there
                         are; root and the server's user see all
        --remove NAME    end an override
        --end RUN        end the lease of a program that ambit run started: its own context (run-1), its address or its
                         process; root and the server's user may end any, others their own
        --json           with --list, as one JSON object
        --folder DIR     the folder that the server was started with (default: zones, or /etc/ambit where there is no
                         zones)
        --user NAME      believe a server that this user started, too (as for ambit reload)

      ADDR is an address, or ADDR:PORT: then SRV records below NAME say the port too; an address record has none. Only a
      context can be overridden whose from lines are all of loopback and that has a line leases that allows it (ambit help
      policy leases): nobody on another host sees it. What a file says of NAME's other records there is out of force
      meanwhile. Rules stay in force, isolate too: an address of another context is not answered where that is isolated.

      The server reads its folder again for it, with all checks of a reload. An override outlives the server, not the machine's
      run (docs/run.md). Exit code 1 where it cannot be, 3 where no server of DIR runs here or it may not be asked.
      """,
    valueOptions: ["--for", "--context", "--remove", "--end", "--folder", "--user"],
    flags: ["--list", "--json"]
  ) { arguments in
    let folder = servedFolder(arguments)
    let request = overrideRequest(arguments)
    if request.octets.count > ControlRequest.longest { arguments.fail("an override is not that long") }
    do throws(ControlClient.Problem) {
      let answer = try ControlClient.ask(folder, request, startedBy: believed(arguments))
      if answer.status == .leased {
        writeOutput(answer.text)
        return .done
      }
      writeStandardError("ambit: \(answer.text)")
      return answer.status == .failed ? .badInput : .system
    } catch {
      writeStandardError("ambit: \(words(for: error, folder))\n")
      return .system
    }
  }

  private static func overrideRequest(_ arguments: Arguments) -> ControlRequest {
    let context = arguments.value("--context") ?? "-"
    let (remove, end) = (arguments.value("--remove"), arguments.value("--end"))
    let isList = arguments.has("--list")
    if arguments.has("--json"), !isList { arguments.fail("--json goes with --list") }
    let ways = [isList ? "--list" : nil, remove.map { _ in "--remove" }, end.map { _ in "--end" }].compactMap(\.self)
    if let first = ways.first {
      if ways.count > 1 { arguments.fail("\(ways.joined(separator: " and ")) are \(ways.count) things") }
      if !arguments.operands.isEmpty { arguments.fail("\(first)\(isList ? "" : " ") takes nothing more") }
      if arguments.value("--for") != nil { arguments.fail("--for goes with NAME ADDR") }
    }
    if isList { return ControlRequest(.leases, wantsJSON: arguments.has("--json")) }
    var request = ControlRequest(remove != nil ? .restore : end != nil ? .end : .override)
    if let end {
      request.words = [end]
    } else if let remove {
      request.words = [context, remove]
    } else {
      guard arguments.operands.count >= 2 else { arguments.fail("override takes NAME and ADDR") }
      let text = arguments.value("--for") ?? "1h"
      guard let seconds = seconds(text), seconds > 0 else {
        arguments.fail("--for takes a time up to 7d, as 90s, 30m, 2h or 1d, not \"\(text)\"")
      }
      do throws(OverrideWords.Problem) {
        let words = try OverrideWords(name: arguments.operands[0], addresses: Array(arguments.operands.dropFirst()))
        request.words = [context, "\(seconds)", words.text]
      } catch {
        arguments.fail(error.text)
      }
    }
    for word in request.words where word.isEmpty || word.contains(where: \.isWhitespace) {
      arguments.fail("\"\(word)\" is no name")
    }
    return request
  }

  /// Seconds of `90s`, `30m`, `2h`, `1d`; nil where it is none, or more than a week.
  private static func seconds(_ text: String) -> UInt32? {
    let units: [Character: UInt32] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), text.utf8.dropLast().allSatisfy({ (0x30...0x39).contains($0) }),
      let number = UInt32(text.dropLast())
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow || product > 7 * 86_400 ? nil : product
  }
}
