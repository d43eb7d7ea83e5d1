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
    guard let server = finder.next() else { throw finder.problems.first ?? .noServer }
    var answer: ControlAnswer?
    try exchange([server], request) { answer = $1 }
    guard let answer else { throw .noAnswer }
    return Held(answer, server)
  }

  /// What one of several servers answered.
  package struct Reply {
    /// The number of the server's process; nil where the system does not say.
    package let process: Int32?
    /// How many servers are asked in all.
    package let count: Int
    /// Nil where it went away, said what is no answer, or nothing in time.
    package let answer: ControlAnswer?
  }

  /// Sends a request to all servers of a folder, and then waits for all: one that hangs keeps no other.
  ///
  /// All are found before the first is asked: one that starts meanwhile reads the folder as it is by then.
  /// - Parameters:
  ///   - user: one more whose server is believed; nil for none.
  ///   - take: what is done with each answer as soon as it is there; at least once.
  /// - Returns: why a name that someone has took no connection, where one did: it may be one more server's, or anyone's.
  /// - Throws: where there is none to ask. Who else has the folder's names is of no account where there is.
  package static func askAll(
    _ folder: String, _ request: ControlRequest, startedBy user: ProcessUser? = nil, take: (Reply) -> Void
  ) throws(Problem) -> SystemError? {
    var finder = ServerFinder(folder, startedBy: user)
    var servers: [ServerFinder.Server] = []
    while let server = finder.next() { servers.append(server) }
    if servers.isEmpty { throw finder.problems.first ?? .noServer }
    try exchange(servers, request) { take(Reply(process: $0.process, count: servers.count, answer: $1)) }
    for case .system(let error) in finder.problems { return error }
    return nil
  }

  /// A server that was asked, and what it has said.
  private struct Asked {
    let server: ServerFinder.Server
    /// The answer that is hoped for is two lines, and the connection stays open behind them.
    let isHeld: Bool
    var octets: [UInt8] = []

    /// Reads what has come; false where there is more to come.
    mutating func readsToTheEnd() -> Bool {
      while octets.count <= ControlAnswer.longest {
        switch server.socket.read(atMost: 1 << 16) {
        case .octets(let more):
          octets += more
          let newlines = octets.count { $0 == UInt8(ascii: "\n") }
          if isHeld, newlines == 2, ControlAnswer(octets)?.status == .leased { return true }
        case .closed: return true
        case .wouldBlock: return false
        }
      }
      octets = []  // longer than an answer is
      return true
    }
  }

  /// Sends a request to servers and waits for the answer of each, which is nil where there is none.
  private static func exchange(
    _ servers: [ServerFinder.Server], _ request: ControlRequest, take: (ServerFinder.Server, ControlAnswer?) -> Void
  ) throws(Problem) {
    let isShort = request.kind == .state || request.kind == .leases
    let end = Clock.monotonicNanoseconds() / 1_000_000 + (isShort ? shortPatience : patience)
    var asked = servers.map { Asked(server: $0, isHeld: request.kind == .run) }
    do throws(SystemError) {
      let poller = try Poller()
      var events = PollEvents(capacity: 1)
      for (index, server) in servers.enumerated() { try poller.add(server.socket.raw, token: UInt64(index)) }
      // A request is far shorter than what a socket takes at once. Where the server has answered already and closed, there
      // is still its answer to read.
      for server in servers { _ = server.socket.write(request.octets[...]) }
      var left = Set(servers.indices)
      while !left.isEmpty {
        let now = Clock.monotonicNanoseconds() / 1_000_000
        if now >= end { break }
        try poller.wait(timeoutMilliseconds: Int32(min(end - now, 60_000)), into: &events)
        guard events.count == 1 else { continue }
        let index = Int(events[0].token)
        guard asked[index].readsToTheEnd() else { continue }
        poller.remove(servers[index].socket.raw)
        left.remove(index)
        take(servers[index], ControlAnswer(asked[index].octets))
      }
      for index in left.sorted() { take(servers[index], nil) }
    } catch {
      throw .system(error)
    }
  }
}
