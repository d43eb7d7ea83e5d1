internal import Addresses
internal import Answering
internal import Policy
internal import Server

extension Command {
  static let serve = Command(
    name: "serve",
    usage: "serve [DIR] [options]",
    summary: "answer queries from the zones and policies in DIR (default: zones)",
    details: """
        --listen ADDR[:PORT]         listen here instead of where the policy says; may be given again
        --strict                     do not start where any zone has a mistake (else that zone answers SERVFAIL)
        --user NAME[:GROUP]          who to become once the sockets are bound (default: as the policy says, else nobody new)
        --workers N                  threads that answer datagrams (default: one a core)
        --metrics-log PATH|off       where to write metrics as JSON lines (default: as the policy says, else nowhere)
        --query-log PATH|off         where to write queries as JSON lines (default: as the policy says, else nowhere)
        --dnstap PATH|unix:PATH|off  where to hand messages to dnstap: a file, or a collector's socket (default: as the
                                     policy says, else nowhere)
        --http ADDR[:PORT]|off       where to serve the page and /metrics (default: as the policy says, else 127.0.0.1:8053)
        --metrics-interval SECONDS   how often (default: as the policy says, else 10)

      SIGHUP reads DIR again; where anything in it is wrong, what was served before stays. SIGTERM and Ctrl-C end the
      server, which then prints what it measured. SIGUSR1 opens the metrics log, the query log and dnstap's file again,
      after rotating them. Under systemd (Type=notify) it says when it is ready.
      """,
    valueOptions: [
      "--listen", "--user", "--workers", "--metrics-log", "--metrics-interval", "--query-log", "--dnstap", "--http",
    ],
    flags: ["--strict"]
  ) { arguments in
    var options = ServerOptions()
    options.version = ambitVersion
    options.folder = arguments.folder()
    options.isStrict = arguments.has("--strict")
    options.queryLog = arguments.value("--query-log")
    options.metricsLog = arguments.value("--metrics-log")
    for text in arguments.all("--listen") {
      guard let address = SocketAddress(text, defaultPort: 53) else {
        arguments.fail("\"\(text)\" is no address; write for example 127.0.0.1:5300 or [::1]:5300")
      }
      if options.listens.contains(address) { arguments.fail("--listen \(address) is there twice") }
      options.listens.append(address)
    }
    options.http = httpAddresses(arguments)
    if let text = arguments.value("--user") {
      options.user = ServerUser(text)
      if options.user == nil { arguments.fail("--user takes NAME or NAME:GROUP, not \"\(text)\"") }
    }
    if let text = arguments.value("--dnstap") {
      if text == "off" {
        options.dnstap = .off
      } else if let destination = Dnstap.Destination(text) {
        options.dnstap = .to(destination)
      } else {
        arguments.fail("--dnstap takes PATH, unix:PATH or off, not \"\(text)\"; a socket's path has at most 107 octets")
      }
    }
    options.workers = number("--workers", in: 1...256, arguments)
    options.metricsInterval = number("--metrics-interval", in: 1...86400, arguments).map { UInt32($0) }
    return ExitCode(rawValue: ServerControl.run(options).rawValue) ?? .system
  }

  /// Where HTTP is to be served; nil where the command line does not say.
  private static func httpAddresses(_ arguments: Arguments) -> [SocketAddress]? {
    let words = arguments.all("--http")
    if words.isEmpty || words == ["off"] { return words.isEmpty ? nil : [] }
    var addresses: [SocketAddress] = []
    for text in words {
      guard let address = SocketAddress(text, defaultPort: HTTPService.defaultPort) else {
        arguments.fail("\"\(text)\" is no address to serve HTTP at; write for example 127.0.0.1:8053, or off alone")
      }
      if addresses.contains(address) { arguments.fail("--http \(address) is there twice") }
      addresses.append(address)
    }
    return addresses
  }

  private static func number(_ option: String, in range: ClosedRange<Int>, _ arguments: Arguments) -> Int? {
    guard let text = arguments.value(option) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      arguments.fail("\(option) takes a number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
    }
    return number
  }
}
