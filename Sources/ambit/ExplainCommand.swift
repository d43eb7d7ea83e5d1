internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import Inspection
internal import LinuxIO
internal import Policy
internal import Zones

extension Command {
  static let explain = Command(
    name: "explain",
    usage: "explain NAME [TYPE] --from ADDR [DIR] [options]",
    summary: "say why a caller gets the answer it gets, step by step",
    details: """
        --from ADDR        the caller's address
        --at ADDR[:PORT]   the address it asks, where a context claims a listener of its own
        --certificate NAME the common name of its certificate, as a trusted proxy tells it
        --user USER        the user of this host that it runs as, a name or a number
        --json             print the explanation as one JSON object

      NAME is as for dig; a single label, and a name below a service, may be relative to the policy's origin, so "orders"
      will do. TYPE is A unless said. Nothing is asked over the network: DIR (default: zones) is loaded and asked as serve would.
      """,
    valueOptions: ["--from", "--at", "--certificate", "--user"],
    flags: ["--json"]
  ) { arguments in
    guard let from = arguments.value("--from") else { arguments.fail("explain wants to know who asks: --from ADDR") }
    guard let source = IPAddress(from) else {
      arguments.fail("\"\(from)\" is no address; write for example --from 127.0.0.1")
    }
    var listener: SocketAddress?
    if let at = arguments.value("--at") {
      listener = SocketAddress(at, defaultPort: 53)
      if listener == nil { arguments.fail("\"\(at)\" is no address; write for example --at 127.0.0.54:53") }
    }
    let certificate = arguments.value("--certificate")
    var user: UInt32?
    if let written = arguments.value("--user") {
      user = UInt32(written) ?? userNumber(of: written)
      if user == nil { arguments.fail("this host has no user \"\(written)\"; write a name of it or a number") }
      if certificate != nil { arguments.fail("a caller behind a proxy has no user here: --certificate or --user") }
    }
    var operands = arguments.operands
    guard !operands.isEmpty else { arguments.fail("explain takes a name") }
    let written = operands.removeFirst()
    var type = RRType.a
    if let word = operands.first, let known = RRType(mnemonic: word) {
      type = known
      operands.removeFirst()
    }
    if operands.count > 1 { arguments.fail("\"\(operands[0])\" is no type of record") }
    let folder = operands.first ?? "zones"
    guard let loaded = loadFolder(folder) else { return .system }
    let errors = loaded.diagnostics.filter { $0.severity == .error }
    report(errors)
    guard let snapshot = loaded.snapshot else {
      writeStandardError("ambit: \(folder) does not load; there is nothing to explain\n")
      return .badInput
    }
    guard let name = snapshot.name(meantBy: written) else {
      arguments.fail(noName(written))
    }
    let asker = Asker(source, at: listener, certificate: certificate, user: user)
    let explanation = Explanation(name, type, asker, at: Clock.realtimeSeconds(), loaded, snapshot)
    writeOutput(arguments.has("--json") ? json(explanation) : explanation.text)
    return .done
  }
}
