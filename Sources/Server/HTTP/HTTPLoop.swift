internal import FlatMemory
internal import HTTP
internal import LinuxIO

/// The HTTP server's thread: who is connected, and what is to do. Nothing blocks, and nobody can hold it up: connections,
/// what each may send, what is held for all, and every phase of a connection are bounded. A new client is always taken; where
/// there are too many, the one that has been the longest without getting on is given up for it.
final class HTTPLoop {
  static let connectionLimit = 128
  /// Octets held for clients that do not take them, of all together; one response may be larger.
  private static let heldLimit = 32 << 20
  /// Connections taken at once.
  private static let acceptedInTurn = 16
  /// Octets that a client may send after a response that ends the connection.
  private static let discardedLimit = 64 << 10
  private static let listenerTokens: UInt64 = 1 << 32
  private static let bellToken = UInt64.max

  private let server: HTTPServer
  private let poller: Poller
  private var events = PollEvents(capacity: 64)
  private(set) var connections: [UInt64: HTTPConnection] = [:]
  private var nextToken: UInt64 = 0
  /// Connections in the phase of that name, each once.
  private var waiting: [UInt64] = []
  private var scratch = OctetBuffer(capacity: HTTPRequest.longestHead)
  /// Listeners are left alone until then: there was no descriptor for a connection.
  private var restsUntil: UInt64?
  private var bell: WakeUp?

  init(_ server: HTTPServer) throws(SystemError) {
    self.server = server
    poller = try Poller()
    try watchListeners()
  }

  func watch(_ bell: WakeUp) throws(SystemError) {
    self.bell = bell
    try poller.add(bell.raw, token: Self.bellToken)
  }

  private func watchListeners() throws(SystemError) {
    for (index, door) in server.listeners.doors.enumerated() {
      try poller.add(door.socket.raw, token: Self.listenerTokens + UInt64(index))
    }
  }

  /// Waits for something to do, and does it.
  func turn(timeoutMilliseconds: Int32 = 500) throws(SystemError) {
    try poller.wait(timeoutMilliseconds: waiting.isEmpty ? timeoutMilliseconds : 0, into: &events)
    try serve(at: Clock.monotonicNanoseconds())
  }

  /// Does what is to do.
  func serve(at now: UInt64) throws(SystemError) {
    let hadWhole = waiting
    waiting = []
    for token in hadWhole {
      if let connection = connections[token], connection.phase == .waiting { answerNext(connection, token, now) }
    }
    for index in 0..<events.count {
      let event = events[index]
      if event.token == Self.bellToken {
        bell?.drain()
      } else if event.token >= Self.listenerTokens {
        accept(Int(event.token - Self.listenerTokens), now)
      } else if let connection = connections[event.token] {
        switch connection.phase {
        case .fresh, .reading, .idle: read(connection, event.token, now)
        case .waiting: break
        case .writing: send(connection, event.token, now)
        case .ending: discard(connection, event.token)
        }
      }
    }
    expire(at: now)
    if let end = restsUntil, now > end {
      restsUntil = nil
      try watchListeners()
    }
  }

  /// Lets go of those who took too long; who has begun a request is told.
  func expire(at now: UInt64) {
    for (token, connection) in connections
    where now > connection.since && now - connection.since > connection.phase.patience {
      if connection.phase == .reading {
        server.counts.noteGivenUp()
        refuse(.requestTimeout, connection, token, now)
      } else {
        if connection.phase == .writing || connection.phase == .fresh { server.counts.noteGivenUp() }
        connections[token] = nil
      }
    }
  }

  // MARK: - Connections

  private func accept(_ index: Int, _ now: UInt64) {
    guard restsUntil == nil, index < server.listeners.doors.count else { return }
    for _ in 0..<Self.acceptedInTurn {
      do throws(SystemError) {
        guard let socket = try server.listeners.doors[index].socket.accept() else { return }
        if connections.count >= Self.connectionLimit { giveUpSlowest() }
        let connection = HTTPConnection(socket, at: now)
        let token = nextToken
        nextToken = (nextToken + 1) % Self.listenerTokens
        try poller.add(connection.socket.raw, token: token)
        connections[token] = connection
        read(connection, token, now)
      } catch {
        // No descriptor, or no memory: one of ours is given up, and the listeners rest for a moment.
        giveUpSlowest()
        for door in server.listeners.doors { poller.remove(door.socket.raw) }
        restsUntil = now + 100_000_000
        return
      }
    }
  }

  /// Ends the connection that has been the longest in its phase; one that takes a response only where there is no other.
  private func giveUpSlowest() {
    let slowest = connections.min { one, other in
      let (isWriting, isOtherWriting) = (one.value.phase == .writing, other.value.phase == .writing)
      return isWriting == isOtherWriting ? one.value.since < other.value.since : isOtherWriting
    }
    guard let slowest else { return }
    server.counts.noteGivenUp()
    connections[slowest.key] = nil
  }

  private func read(_ connection: HTTPConnection, _ token: UInt64, _ now: UInt64) {
    let room = HTTPRequest.longestHead - connection.input.count
    guard room > 0 else { return answerNext(connection, token, now) }
    scratch.reset(limit: room)
    switch connection.socket.read(into: &scratch) {
    case .wouldBlock: return
    case .closed, .failed: connections[token] = nil
    case .octets:
      connection.input += scratch.octets.octets(0..<scratch.count)
      answerNext(connection, token, now)
    }
  }

  /// Answers the first request of what was read, where it is whole.
  private func answerNext(_ connection: HTTPConnection, _ token: UInt64, _ now: UInt64) {
    switch HTTPRequest.read(connection.input.span) {
    case .incomplete:
      if !connection.input.isEmpty { connection.enter(.reading, at: now) }
    case .refused(let status):
      refuse(status, connection, token, now)
    case .request(let request, let length):
      connection.input.removeFirst(length)
      let response = server.response(to: request, at: connection.local)
      respond(response, to: connection, token, isHead: request.isHead, isLast: request.isLast, now)
    }
  }

  /// Answers what is no request that is served, and ends the connection.
  private func refuse(_ status: HTTPStatus, _ connection: HTTPConnection, _ token: UInt64, _ now: UInt64) {
    let isHead = HTTPRequest.isHead(connection.input.span)
    connection.input = []
    respond(HTTPResponse(status), to: connection, token, isHead: isHead, isLast: true, now)
  }

  private func respond(
    _ response: HTTPResponse, to connection: HTTPConnection, _ token: UInt64, isHead: Bool = false, isLast: Bool,
    _ now: UInt64
  ) {
    server.counts.note(response.status)
    makeRoom(for: response.content.count, but: token)
    connection.isLast = isLast
    let head = response.head(at: Clock.realtimeNanoseconds() / 1_000_000_000, isLast: isLast)
    connection.output = isHead ? [head[...]] : [head[...], response.content[...]]
    connection.enter(.writing, at: now)
    send(connection, token, now)
  }

  /// Gives up those who have been taking their responses for the longest, until there is room for another.
  private func makeRoom(for count: Int, but token: UInt64) {
    while true {
      let others = connections.filter { $0.key != token && $0.value.phase == .writing }
      let held = others.values.reduce(0) { $0 + $1.outputCount }
      guard held + count > Self.heldLimit, let oldest = others.min(by: { $0.value.since < $1.value.since }) else {
        return
      }
      server.counts.noteGivenUp()
      connections[oldest.key] = nil
    }
  }

  private func send(_ connection: HTTPConnection, _ token: UInt64, _ now: UInt64) {
    while let part = connection.output.first {
      if part.isEmpty {
        connection.output.removeFirst()
        continue
      }
      switch connection.socket.write(part) {
      case .octets(let count): connection.output[0] = part.dropFirst(count)
      case .wouldBlock:
        try? poller.modify(connection.socket.raw, token: token, readable: false, writable: true)
        return
      case .closed, .failed:
        connections[token] = nil
        return
      }
    }
    try? poller.modify(connection.socket.raw, token: token, readable: true, writable: false)
    if connection.isLast {
      connection.socket.finishWriting()
      connection.enter(.ending, at: now)
      return
    }
    if connection.input.isEmpty {
      connection.enter(.idle, at: now)
    } else {
      connection.enter(.waiting, at: now)
      waiting.append(token)
    }
  }

  private func discard(_ connection: HTTPConnection, _ token: UInt64) {
    scratch.reset(limit: HTTPRequest.longestHead)
    switch connection.socket.read(into: &scratch) {
    case .wouldBlock: return
    case .closed, .failed: connections[token] = nil
    case .octets(let count):
      connection.discarded += count
      if connection.discarded > Self.discardedLimit { connections[token] = nil }
    }
  }
}
