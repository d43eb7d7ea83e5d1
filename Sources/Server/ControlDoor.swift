internal import LinuxIO

/// Where `ambit reload` and `ambit top` reach a server: sockets of this host, looked after by the control thread beside all else.
///
/// Nobody can hold it up: nothing blocks, at most 16 connections are open, who says nothing for 5 seconds, or does not take
/// an answer for 10, is let go. Who is neither root nor the server's user may ask for leases alone, within a second, on two
/// connections of one user and 8 of all: one more has the oldest that has said nothing let go, or is told to come again.
/// Who holds a lease keeps its connection, which is then none of these: leases have bounds of their own.
final class ControlDoor {
  private static let connectionLimit = 16
  /// Of these, what other users than root and the server's have at most.
  private static let strangersLimit = 8
  private static let strangerLimit = 2
  /// Connections taken at once: a flood of them leaves time for all else.
  private static let acceptedInTurn = 16
  private static let patience: UInt64 = 5_000_000_000
  private static let patienceWithStrangers: UInt64 = 1_000_000_000
  private static let sendingPatience: UInt64 = 10_000_000_000
  private static let listenerTokens: UInt64 = 1 << 32

  /// Who waits for the result of a reload, or for what is shown.
  struct Asker: Sendable {
    fileprivate let token: UInt64
    let request: ControlRequest
    /// Which user asks; nil where the system does not say.
    var user: UInt32?
    /// Which process; nil likewise.
    var process: Int32?

    /// Which connection it is on: the same as long as it lasts, and never given again while it does.
    var connection: UInt64 { token }
  }

  /// A descriptor that is readable when the door has something to do.
  var raw: Int32 { poller.raw }
  /// Why the server cannot be reached so, or not by all who ask for the folder's; nil where it can.
  let remark: String?

  private let poller: Poller
  private var events = PollEvents(capacity: 32)
  private var listeners: [Listener] = []
  private var connections: [UInt64: Connection] = [:]
  private var nextToken: UInt64 = 0
  private var ended: [UInt64] = []

  private final class Listener {
    let socket: LocalListener
    init(_ socket: consuming LocalListener) { self.socket = socket }
  }

  private final class Connection {
    let socket: LocalSocket
    var input: [UInt8] = []
    var output: ArraySlice<UInt8> = []
    var state = State.asking
    /// When it is let go, by the monotonic clock; while it waits for a load or holds a lease, never.
    var deadline: UInt64
    let user: UInt32?
    let isStranger: Bool
    /// It is to stay once it is answered.
    var holdsLease = false

    enum State {
      case asking, waiting, answered, holding
    }

    init(_ socket: consuming LocalSocket, at now: UInt64) {
      user = socket.peerUser
      isStranger = user != 0 && user != currentUser
      self.socket = socket
      deadline = now + (isStranger ? ControlDoor.patienceWithStrangers : ControlDoor.patience)
    }

    var isTimed: Bool { state == .asking || state == .answered }
  }

  /// Takes the folder's names, of the first number that is free. To be done before the server becomes another user: who
  /// connects sees which it was.
  /// - Throws: where there is no descriptor to begin with; names that are taken are a ``remark`` only.
  init(folder: String) throws(SystemError) {
    poller = try Poller()
    var reason: SystemError?
    var taken = 0
    for number in controlNumbers where listeners.isEmpty {
      do throws(SystemError) {
        let found = try Self.listen(folder, number)
        for (index, listener) in found.enumerated() {
          try poller.add(listener.socket.raw, token: Self.listenerTokens + UInt64(index))
        }
        listeners = found
        reason = nil
      } catch {
        reason = error
        if !error.isAddressInUse { break }
        taken += 1
      }
    }
    let others = Others(folder, numbers: 0..<taken)
    if let reason, !reason.isAddressInUse {
      remark = "\(reason); ambit reload does not reach this server, SIGHUP does"
    } else if reason != nil {
      remark =
        "all \(controlNumbers.count) names by which ambit reload finds servers of \(folder) are taken, by \(others); this one "
        + "reloads on SIGHUP"
    } else if others.hasServer {
      remark =
        "another server of \(folder) runs; ambit reload reaches this one too, ambit top, run and override the other"
    } else if taken > 0 {
      remark =
        "\(taken) of the \(controlNumbers.count) names by which servers of \(folder) are found \(taken == 1 ? "is" : "are") "
        + "taken, by \(others); ambit reload, top, run and override reach this one all the same"
    } else {
      remark = nil
    }
  }

  /// Who has names of a folder.
  private struct Others: CustomStringConvertible {
    /// One at least is a server that is believed.
    private(set) var hasServer = false
    let description: String

    init(_ folder: String, numbers: Range<Int>) {
      var finder = ServerFinder(folder, numbers: numbers)
      while finder.next() != nil { hasServer = true }
      var strangers: Set<UInt32> = []
      var isSilent = false
      for problem in finder.problems {
        if case .stranger(let user?) = problem { strangers.insert(user) } else { isSilent = true }
      }
      var parts = hasServer ? ["servers of it"] : []
      if !strangers.isEmpty {
        parts.append("programs of \(strangers.sorted().map { "user \($0)" }.joined(separator: " and "))")
      }
      if isSilent || parts.isEmpty { parts.append("programs that take no connection") }
      description = parts.joined(separator: " and ")
    }
  }

  /// All names of one number, or none.
  private static func listen(_ folder: String, _ number: Int) throws(SystemError) -> [Listener] {
    var listeners: [Listener] = []
    for name in controlNames(ofFolder: folder, number: number) { listeners.append(Listener(try LocalListener(name))) }
    return listeners
  }

  /// Does what is to do at once: accepts, reads, sends.
  /// - Returns: who asks for something now; each is to be answered.
  func turn(at now: UInt64) -> [Asker] {
    do { try poller.wait(timeoutMilliseconds: 0, into: &events) } catch { return [] }
    var askers: [Asker] = []
    for index in 0..<events.count {
      let token = events[index].token
      if token >= Self.listenerTokens {
        for listener in listeners { accept(listener, now) }
      } else if let connection = connections[token] {
        switch connection.state {
        case .asking:
          if let request = read(connection, token, now) {
            askers.append(
              Asker(
                token: token, request: request, user: connection.user, process: connection.socket.peerProcess))
          }
        case .waiting:
          // It has asked; whatever else comes is its end, or not for us.
          connections[token] = nil
        case .answered: send(connection, token)
        case .holding: drop(token)  // watched for nothing but its end
        }
      }
    }
    return askers
  }

  /// Lets go of those who took too long.
  func expire(at now: UInt64) {
    for (token, connection) in connections where connection.isTimed && now > connection.deadline { drop(token) }
  }

  /// The connections of leases that have ended since this was last asked.
  func takeEnded() -> [UInt64] {
    defer { ended = [] }
    return ended
  }

  /// Ends a connection, of whatever state.
  func drop(_ token: UInt64) {
    if connections.removeValue(forKey: token)?.holdsLease == true { ended.append(token) }
  }

  /// Answers one who asked, and keeps the connection until who has it ends it.
  /// - Returns: false where it is gone already.
  func hold(_ asker: Asker, _ answer: ControlAnswer, at now: UInt64) -> Bool {
    guard let connection = connections[asker.token] else { return false }
    connection.holdsLease = true
    self.answer(connection, asker.token, answer, now)
    return connections[asker.token] != nil
  }

  /// Answers one who asked; of no consequence where it is gone.
  func answer(_ asker: Asker, _ answer: ControlAnswer, at now: UInt64) {
    guard let connection = connections[asker.token] else { return }
    self.answer(connection, asker.token, answer, now)
  }

  private func accept(_ listener: Listener, _ now: UInt64) {
    for _ in 0..<Self.acceptedInTurn {
      guard let socket = listener.socket.accept() else { return }
      let connection = Connection(socket, at: now)
      let token = nextToken
      nextToken = (nextToken + 1) % Self.listenerTokens
      guard hasRoom(for: connection) else {
        // Told as far as the socket takes it now; it is new, so it does.
        _ = connection.socket.write(ControlAnswer(.busy, "too busy: too many ask at once; try again\n").octets[...])
        continue
      }
      if (try? poller.add(connection.socket.raw, token: token)) != nil { connections[token] = connection }
    }
  }

  /// Makes room by letting go of who has said nothing for longest: of the same user first, then of all strangers.
  private func hasRoom(for connection: Connection) -> Bool {
    var others = connections.filter { $0.value.state != .holding }
    func letGo(among some: [UInt64: Connection], downTo limit: Int) -> Bool {
      guard some.count >= limit else { return true }
      guard let oldest = some.filter({ $0.value.state == .asking }).min(by: { $0.value.deadline < $1.value.deadline })
      else { return false }
      connections[oldest.key] = nil
      others[oldest.key] = nil
      return true
    }
    if connection.isStranger {
      let same = others.filter { $0.value.isStranger && $0.value.user == connection.user }
      guard letGo(among: same, downTo: Self.strangerLimit),
        letGo(among: others.filter(\.value.isStranger), downTo: Self.strangersLimit)
      else { return false }
    }
    return others.count < Self.connectionLimit
  }

  private func read(_ connection: Connection, _ token: UInt64, _ now: UInt64) -> ControlRequest? {
    switch connection.socket.read(atMost: ControlRequest.longest - connection.input.count) {
    case .wouldBlock: return nil
    case .closed: connections[token] = nil
    case .octets(let octets):
      connection.input += octets
      if let end = connection.input.firstIndex(of: UInt8(ascii: "\n")) {
        do throws(ControlRequest.Problem) {
          let request = try ControlRequest(line: connection.input[..<end])
          if connection.isStranger, !request.kind.isForEveryone {
            let user = connection.user.map { "\($0)" } ?? "?"
            let text = "user \(user) may not ask this server; root and user \(currentUser) may\n"
            answer(connection, token, ControlAnswer(.refused, text), now)
            return nil
          }
          connection.state = .waiting
          return request
        } catch {
          answer(connection, token, ControlAnswer(.refused, error.text + "\n"), now)
        }
      } else if connection.input.count >= ControlRequest.longest {
        connections[token] = nil
      }
    }
    return nil
  }

  private func answer(_ connection: Connection, _ token: UInt64, _ answer: ControlAnswer, _ now: UInt64) {
    connection.state = .answered
    connection.deadline = now + Self.sendingPatience
    connection.output = answer.octets[...]
    send(connection, token)
  }

  private func send(_ connection: Connection, _ token: UInt64) {
    while !connection.output.isEmpty {
      guard let count = connection.socket.write(connection.output) else { return drop(token) }
      if count == 0 {
        try? poller.modify(connection.socket.raw, token: token, readable: false, writable: true)
        return
      }
      connection.output = connection.output.dropFirst(count)
    }
    if connection.holdsLease {
      connection.state = .holding
      // Nothing is to be said any more, and nobody's octets are to wake the server.
      connection.socket.stopReading()
      try? poller.modify(connection.socket.raw, token: token, readable: false, writable: false)
      return
    }
    connections[token] = nil  // the end of the answer is the connection's
  }
}
