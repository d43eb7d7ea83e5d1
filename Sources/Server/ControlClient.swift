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
    private let socket: LocalSocket

    init(_ answer: ControlAnswer, _ socket: consuming LocalSocket) {
      self.answer = answer
      self.socket = socket
    }

    /// Has the program that this process becomes keep the connection.
    package func keepAcrossExec() throws(SystemError) { try socket.keepAcrossExec() }
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
    let believed = [0, currentUser, fileStatus(folder)?.owner, user?.number]
    var stranger: Problem?
    for name in controlNames(ofFolder: folder) {
      let held: Held?
      do throws(SystemError) {
        guard let socket = try LocalSocket.connect(to: name) else { continue }
        let other = socket.peerUser
        guard let other, believed.contains(other) || serversUsers(ofFolder: folder).contains(other) else {
          stranger = .stranger(user: other)
          continue
        }
        let isShort = request.kind == .state || request.kind == .leases
        let answer = try exchange(
          socket, request.octets, within: isShort ? shortPatience : patience, isHeld: request.kind == .run)
        if let answer {
          held = Held(answer, socket)
        } else {
          held = nil
        }
      } catch {
        throw .system(error)
      }
      guard let held else { throw .noAnswer }
      return held
    }
    throw stranger ?? .noServer
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
