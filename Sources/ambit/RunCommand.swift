internal import FoundationEssentials
internal import LinuxIO
internal import Server

extension Command {
  static let run = Command(
    name: "run",
    usage: "run --context C [options] -- CMD [ARG...]",
    summary: "run CMD as if it stood in context C; nothing else changes",
    details: """
        --context C              where CMD's lookups are to come from
        --override NAME=ADDR     for CMD alone, NAME is at ADDR: of several addresses A,B; with a port, ADDR:PORT, SRV
                                 records below NAME say it too, and CMD finds AMBIT_OVERRIDE_NAME=ADDR:PORT in its
                                 environment. An address record has no port. May be given again
        --folder DIR             the folder that the server was started with (default: zones, or /etc/ambit where there is
                                 no zones)
        --user NAME              believe a server that this user started, too (as for ambit reload)

      CMD and what it starts see an /etc/resolv.conf that names the server of DIR at an address where callers are in C, and
      complete bare names with the policy's origin; where /etc/nsswitch.conf asks others before DNS, they see one that does
      not, and sockets of nscd, systemd-resolved and Avahi are hidden from them. CMD takes this process's place: its number,
      descriptors and signals, its exit code. It is the user that calls this, and needs not be root where users may have name
      spaces. What is asked of C's policy stays: who runs elsewhere is still refused what C may not call.

      C has a listen line of its own with port 53, or a line leases that allows it (ambit help policy leases): then the server
      listens at an address of 127.53.0.0/16 for as long as CMD or what it started lives; a server that is restarted does so
      again, while CMD lives. Exit code 3 where no server runs or
      the system allows no name spaces, 127 where there is no CMD, 126 where it cannot be run; else CMD's own.
      """,
    valueOptions: ["--context", "--override", "--folder", "--user"],
    flags: []
  ) { arguments in
    guard let context = arguments.value("--context") else { arguments.fail("run takes --context C") }
    if arguments.operands.isEmpty { arguments.fail("run takes a command, after --") }
    if context.isEmpty || context.contains(where: { $0.isWhitespace }) {
      arguments.fail("\"\(context)\" is the name of no context")
    }
    var overrides: [OverrideWords] = []
    for text in arguments.all("--override") {
      do throws(OverrideWords.Problem) {
        overrides.append(try OverrideWords(text))
      } catch {
        arguments.fail(error.text)
      }
    }
    var request = ControlRequest(.run)
    request.words = [context] + overrides.map(\.text)
    if request.octets.count > ControlRequest.longest { arguments.fail("there are too many overrides for one run") }
    let folder = servedFolder(arguments)
    let held: ControlClient.Held
    do throws(ControlClient.Problem) {
      held = try ControlClient.hold(folder, request, startedBy: believed(arguments))
    } catch {
      writeStandardError("ambit: \(words(for: error, folder))\n")
      return .system
    }
    guard held.answer.status == .leased else {
      writeStandardError("ambit: \(held.answer.text)")
      return held.answer.status == .failed ? .badInput : .system
    }
    guard let grant = try? JSONDecoder().decode(LeaseGrant.self, from: Data(held.answer.text.utf8)) else {
      writeStandardError("ambit: the server of \(folder) is another version of ambit; use the same\n")
      return .system
    }
    do throws(OwnMounts.Problem) {
      try enter(grant)
      do throws(SystemError) { try held.keepAcrossExec() } catch { throw .system(error) }
    } catch {
      writeStandardError("ambit: \(text(of: error))\n")
      return .system
    }
    let environment = overrides.map { (name: $0.variable, value: $0.places.joined(separator: ",")) }
    // The C library would complete names, ask, and rename otherwise than the file says by these.
    let without = ["LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES"]
    let error = withExtendedLifetime(held) {
      becomeProgram(arguments.operands, environment: environment, without: without)
    }
    writeStandardError("ambit: \(error)\n")
    endProcess(shellExitCode(error))
  }

  /// A user whose server is believed beside those that always are; ends the program where there is none of the name.
  static func believed(_ arguments: Arguments) -> ProcessUser? {
    guard let name = arguments.value("--user") else { return nil }
    do throws(SystemError) {
      return try ProcessUser.find(name, group: nil)
    } catch {
      writeStandardError("ambit: \(error)\n")
      endProcess(ExitCode.system.rawValue)
    }
  }

  /// The folder whose server is meant: where none is named, that which is here, or else that of the installed server.
  static func servedFolder(_ arguments: Arguments) -> String {
    if let folder = arguments.value("--folder") { return folder }
    return fileStatus("zones") == nil && fileStatus("/etc/ambit") != nil ? "/etc/ambit" : "zones"
  }

  /// Shows this process, and what it becomes, the way to the server.
  private static func enter(_ grant: LeaseGrant) throws(OwnMounts.Problem) {
    var files = [
      (path: "/etc/resolv.conf", text: resolverConfiguration(nameserver: grant.resolver, search: grant.search))
    ]
    if let text = try? readFile("/etc/nsswitch.conf", atMost: 1 << 20),
      let changed = nameServiceSwitch(String(decoding: text, as: UTF8.self))
    {
      files.append((path: "/etc/nsswitch.conf", text: changed))
    }
    for socket in resolverSockets where OwnMounts.isThere(socket) { files.append((path: socket, text: "")) }
    try OwnMounts.begin()
    try OwnMounts.show(files)
  }

  private static func text(of problem: OwnMounts.Problem) -> String {
    switch problem {
    case .forbidden(let error, let remedy): "\(error); \(remedy)"
    case .system(let error) where error.isMissing && error.thing == "/etc/resolv.conf":
      "there is no /etc/resolv.conf to show another in place of; make one, it may be empty"
    case .system(let error): "\(error)"
    }
  }
}
