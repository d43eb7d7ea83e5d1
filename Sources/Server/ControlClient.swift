package import LinuxIO

/// Asks the server of a folder to reload, or what is to be seen of it, and waits for its answer.
package enum ControlClient {
  /// Milliseconds that a load may take.
  private static let patience: UInt64 = 600_000
  /// Milliseconds that a look may take.
  private static let shortPatience: UInt64 = 10_000

  /// Why there is no answer.
  package enum Problem: Error, Hashable {
    case noServer
    /// The server is run by a user whom there is no reason to believe.
    case stranger(user: UInt32?)
    /// It went away, or said what is no answer.
    case noAnswer
    case system(SystemError)
  }

  /// Sends a request and reads the answer.
  ///
  /// Believed is a server that root, this user, or the folder's owner started, or whom these say to be it (``serversUsers``):
  /// anyone may take an abstract name.
  /// - Parameter user: one more whose server is believed; nil for none.
  package static func ask(
    _ folder: String, _ request: ControlRequest, startedBy user: ProcessUser? = nil
  ) throws(Problem) -> ControlAnswer {
    try hold(folder, request, startedBy: user).answer
  }

  /// An answer, and the connection that it came on: a lease lasts as long as that is open.
  package final class Held: Sendable {
    package let answer: ControlAnswer
    private let server: ServerFinder.Server

    init(_ answer: ControlAnswer, _ server: ServerFinder.Server) {
      self.answer = answer
      self.server = server
    }

    /// Has the program that this process becomes keep the connection.
    package func keepAcrossExec() throws(SystemError) { try server.socket.keepAcrossExec() }
  }

  /// Sends a request and reads the answer; the connection stays where the server leaves it open.
  ///
  /// A server takes only so many connections at once; of many programs that are run together some ask again.
  package static func hold(
    _ folder: String, _ request: ControlRequest, startedBy user: ProcessUser? = nil
  ) throws(Problem) -> Held {
    var triesLeft = request.kind.isForEveryone ? 40 : 0
    var busyTriesLeft = request.kind.isForEveryone ? 300 : 0
    while true {
      do throws(Problem) {
        let held = try holdOnce(folder, request, startedBy: user)
        if held.answer.status != .busy || busyTriesLeft == 0 { return held }
        busyTriesLeft -= 1
        pause(milliseconds: UInt32.random(in: 50...150))
      } catch {
        guard error == .noAnswer, triesLeft > 0 else { throw error }
        triesLeft -= 1
        pause(milliseconds: UInt32.random(in: 50...150))
      }
    }
  }

  private static func holdOnce(
    _ folder: String, _ request: ControlRequest, startedBy user: ProcessUser?
  ) throws(Problem) -> Held {
    var finder = ServerFinder(folder, startedBy: user)
    guard let server = try finder.next() else { throw finder.stranger ?? .noServer }
    return try exchange(server, request)
  }

  /// What one of several servers answered.
  package struct Reply {
    /// The number of the server's process; nil where the system does not say.
    package let process: Int32?
    /// How many servers are asked in all.
    package let count: Int
    package let answer: Result<ControlAnswer, Problem>
  }

  /// Sends a request to all servers of a folder, one after the other.
  ///
  /// All are found before the first is asked: one that starts meanwhile reads the folder as it is by then.
  /// - Parameters:
  ///   - user: one more whose server is believed; nil for none.
  ///   - take: what is done with each answer as soon as it is there; at least once.
  /// - Throws: where there is none to ask. Strangers are of no account where there is.
  package static func askAll(
    _ folder: String, _ request: ControlRequest, startedBy user: ProcessUser? = nil, take: (Reply) -> Void
  ) throws(Problem) {
    var finder = ServerFinder(folder, startedBy: user)
    var servers: [(name: String, process: Int32?)] = []
    // Who is connected and silent is let go: each is connected to again when it is its turn.
    while let server = try finder.next() { servers.append((server.name, server.process)) }
    if servers.isEmpty { throw finder.stranger ?? .noServer }
    for (name, process) in servers {
      let answer: Result<ControlAnswer, Problem>
      do throws(Problem) {
        guard let server = try finder.server(called: name) else { throw .noAnswer }
        answer = .success(try exchange(server, request).answer)
      } catch {
        answer = .failure(error)
      }
      take(Reply(process: process, count: servers.count, answer: answer))
    }
  }

  private static func exchange(
    _ server: ServerFinder.Server, _ request: ControlRequest
  ) throws(Problem) -> Held {
    let isShort = request.kind == .state || request.kind == .leases
    let answer: ControlAnswer?
    do throws(SystemError) {
      answer = try exchange(
        server.socket, request.octets, within: isShort ? shortPatience : patience, isHeld: request.kind == .run)
    } catch {
      throw .system(error)
    }
    guard let answer else { throw .noAnswer }
    return Held(answer, server)
  }

  /// - Parameter isHeld: the answer that is hoped for is two lines, and the connection stays open behind them.
  private static func exchange(
    _ socket: borrowing LocalSocket, _ request: [UInt8], within patience: UInt64, isHeld: Bool
  ) throws(SystemError) -> ControlAnswer? {
    let poller = try Poller()
    var events = PollEvents(capacity: 1)
    try poller.add(socket.raw, token: 0)
    let end = Clock.monotonicNanoseconds() / 1_000_000 + patience
    // A request is far shorter than what a socket takes at once. Where the server has answered already and closed, there
    // is still its answer to read.
    _ = socket.write(request[...])
    var octets: [UInt8] = []
    while octets.count <= ControlAnswer.longest {
      switch socket.read(atMost: 1 << 16) {
      case .octets(let more):
        octets += more
        let newlines = octets.count { $0 == UInt8(ascii: "\n") }
        if isHeld, newlines == 2, let answer = ControlAnswer(octets), answer.status == .leased { return answer }
      case .closed: return ControlAnswer(octets)
      case .wouldBlock:
        let now = Clock.monotonicNanoseconds() / 1_000_000
        if now >= end { return nil }
        try poller.wait(timeoutMilliseconds: Int32(min(end - now, 60_000)), into: &events)
      }
    }
    return nil
  }
}
