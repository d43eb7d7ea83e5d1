internal import FoundationEssentials
internal import LinuxIO
internal import Server

extension Command {
  static let top = Command(
    name: "top",
    usage: "top [DIR] [options]",
    summary: "show what the running server of DIR (default: zones) does",
    details: """
        --once        print one report and end; so too where the output is no terminal
        --json        print the state as JSON, one line each time
        --interval S  seconds from one look to the next (default: 1)
        --count N     look so often, then end
        --user NAME   believe a server that this user started, too (as for ambit reload)

      On a terminal it draws the server's last seconds anew each second: queries by context and decision with the time they
      took and waited and what these may be off by, who calls whom with refused calls marked, and the last refusals with rule
      and line. q or Ctrl-C ends it, any other key looks again at once. NO_COLOR is obeyed. The server answers root and its
      own user. Exit code 3 where no server of DIR runs here.
      """,
    valueOptions: ["--interval", "--count", "--user"],
    flags: ["--once", "--json"]
  ) { arguments in
    let folder = arguments.folder()
    let interval = seconds(arguments)
    var count = number(arguments)
    var user: ProcessUser?
    if let name = arguments.value("--user") {
      do throws(SystemError) {
        user = try ProcessUser.find(name, group: nil)
      } catch {
        writeStandardError("ambit: \(error)\n")
        return .system
      }
    }
    let isOnce = arguments.has("--once")
    if isOnce, count != nil { arguments.fail("--once and --count are two ways to say how often") }
    let look = TopLook(folder: folder, user: user)
    if !isOnce, !arguments.has("--json"), Terminal.isTerminal(1) {
      return TopLive(look, interval: interval, count: count).run()
    }
    count = count ?? 1
    return report(look, count ?? 1, every: interval, asJSON: arguments.has("--json"))
  }

  /// Prints reports one below the other.
  private static func report(_ look: TopLook, _ count: Int, every interval: Double, asJSON: Bool) -> ExitCode {
    for turn in 0..<count {
      if turn > 0 { pause(milliseconds: UInt32(interval * 1000)) }
      switch look.take() {
      case .failure(let problem):
        writeStandardError("ambit: \(problem.text)\n")
        return .system
      case .success(let json) where asJSON: writeOutput(json + "\n")
      case .success(let json):
        guard let state = TopLook.state(json) else {
          writeStandardError("ambit: \(TopLook.otherVersion)\n")
          return .system
        }
        let style = TopStyle()
        let lines = TopScreen(state, width: Terminal.size?.width ?? 100).lines
        writeOutput((turn > 0 ? "\n" : "") + lines.map { style.text($0, Terminal.size?.width ?? 100) + "\n" }.joined())
      }
    }
    return .done
  }

  private static func seconds(_ arguments: Arguments) -> Double {
    guard let text = arguments.value("--interval") else { return 1 }
    guard let seconds = Double(text), (0.1...3600).contains(seconds) else {
      arguments.fail("--interval takes seconds from 0.1 to 3600, not \"\(text)\"")
    }
    return seconds
  }

  private static func number(_ arguments: Arguments) -> Int? {
    guard let text = arguments.value("--count") else { return nil }
    guard let number = Int(text), (1...1_000_000_000).contains(number) else {
      arguments.fail("--count takes a number from 1 to 1000000000, not \"\(text)\"")
    }
    return number
  }
}

/// Asks the server.
struct TopLook {
  let folder: String
  let user: ProcessUser?

  static let otherVersion = "the server is of another version, whose state this ambit does not read; see --json"

  struct Problem: Error {
    let text: String
  }

  /// The state as JSON.
  func take() -> Result<String, Problem> {
    do throws(ControlClient.Problem) {
      let answer = try ControlClient.ask(folder, ControlRequest(.state), startedBy: user)
      if answer.status == .state { return .success(answer.text) }
      let lines = answer.text.split(separator: "\n")
      return .failure(Problem(text: lines.first.map(String.init) ?? "the server refused"))
    } catch {
      return .failure(Problem(text: Command.words(for: error, folder)))
    }
  }

  /// The state that a text says; nil where it says none.
  static func state(_ json: String) -> LiveState? {
    try? JSONDecoder().decode(LiveState.self, from: Data(json.utf8))
  }
}

/// What the terminal can show.
struct TopStyle {
  private let hasColors: Bool
  private let isUnicode: Bool

  init() {
    let environment = ProcessInfo.processInfo.environment
    func variable(_ name: String) -> String { environment[name] ?? "" }
    hasColors = Terminal.isTerminal(1) && variable("NO_COLOR").isEmpty && variable("TERM") != "dumb"
    let locale = [variable("LC_ALL"), variable("LC_CTYPE"), variable("LANG")].first { !$0.isEmpty } ?? ""
    // A pipe or a file takes UTF-8, as all that Ambit writes.
    isUnicode = !Terminal.isTerminal(1) || locale.lowercased().contains("utf")
  }

  func text(_ line: TopLine, _ width: Int) -> String {
    line.text(within: width, hasColors: hasColors, isUnicode: isUnicode)
  }
}

/// The live screen.
struct TopLive {
  private let look: TopLook
  private let interval: Double
  private let count: Int?

  init(_ look: TopLook, interval: Double, count: Int?) {
    (self.look, self.interval, self.count) = (look, interval, count)
  }

  func run() -> ExitCode {
    // A server that is not there is said before anything is drawn.
    switch look.take() {
    case .failure(let problem):
      writeStandardError("ambit: \(problem.text)\n")
      return .system
    case .success(let json):
      guard let state = TopLook.state(json) else {
        writeStandardError("ambit: \(TopLook.otherVersion)\n")
        return .system
      }
      do throws(SystemError) {
        try draw(first: state)
        return .done
      } catch {
        writeStandardError("ambit: \(error)\n")
        return .system
      }
    }
  }

  private func draw(first: LiveState) throws(SystemError) {
    let terminal = try Terminal()
    let style = TopStyle()
    var state = first
    var problem: String?
    var turns = 0
    while true {
      try show(state, problem, terminal, style)
      turns += 1
      if let count, turns >= count { return }
      if !wait(terminal, state, problem, style) { return }
      switch look.take() {
      case .failure(let failure): problem = failure.text
      case .success(let json):
        if let next = TopLook.state(json) { (state, problem) = (next, nil) } else { problem = TopLook.otherVersion }
      }
    }
  }

  /// Waits for the next look; draws again where the window's size changes.
  /// - Returns: false where it is to end.
  private func wait(
    _ terminal: borrowing Terminal, _ state: LiveState, _ problem: String?, _ style: TopStyle
  ) -> Bool {
    let end = Clock.monotonicNanoseconds() + UInt64(interval * 1e9)
    var size = Terminal.size
    while true {
      let now = Clock.monotonicNanoseconds()
      if now >= end { return true }
      switch terminal.wait(milliseconds: Int32(min((end - now) / 1_000_000 + 1, 200))) {
      case .end: return false
      case .key(let key):
        // q, Control-C, Control-D.
        return ![UInt8(ascii: "q"), UInt8(ascii: "Q"), 3, 4].contains(key)
      case .nothing:
        let newSize = Terminal.size
        if newSize?.width != size?.width || newSize?.height != size?.height {
          size = newSize
          if (try? show(state, problem, terminal, style)) == nil { return false }
        }
      }
    }
  }

  private func show(
    _ state: LiveState, _ problem: String?, _ terminal: borrowing Terminal, _ style: TopStyle
  ) throws(SystemError) {
    let (width, height) = Terminal.size ?? (80, 24)
    var lines = TopScreen(state, width: width, height: problem == nil ? height : height - 1).lines
    if let problem { lines.insert(TopLine(problem: problem), at: 0) }
    try terminal.draw(lines.prefix(height).map { style.text($0, width) }, height: height)
  }
}
