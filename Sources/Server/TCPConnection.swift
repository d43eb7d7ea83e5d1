internal import Addresses
internal import FlatMemory
internal import LinuxIO

/// One TCP connection: its socket, and what waits: octets of an unfinished request, and of responses not yet taken.
///
/// A quiet connection holds no octets of either, and at most a KiB of room for some.
final class TCPConnection {
  let socket: TCPSocket
  /// Which listener it came in on.
  let listener: Int
  /// Its place in the worker's table.
  let slot: Int
  /// Its number, which no other connection of the worker ever has: places are used again.
  let serial: UInt64
  /// Queries whose answers are being asked for elsewhere, and when the last of them was handed over.
  private(set) var awaited = 0
  private var lastHandOver: UInt64 = 0
  /// True where the peer has ended its side; what it still awaits is sent to it.
  var hasEnded = false
  /// What must come first, or must not.
  var opening: Opening
  /// What the peer's PROXY header said; nil where it is no proxy.
  var proxied: Proxied?
  /// The client that it counts as one of, for the census; nil for a proxy's before its header came, and for those that
  /// are the proxy's own or of nobody known: a proxy may have any number.
  var client: IPAddress?
  /// As which user of this host the peer asks, once it was looked up, and by which snapshot: another may have `uid` lines
  /// that this one has not.
  var user: User = .notAsked
  var userGeneration: UInt64 = 0
  /// Requests not yet answered.
  private var framing = StreamFraming()
  /// Responses that the peer has not taken yet, from `unsentStart` on. While there are any, nothing is read.
  private(set) var unsent: [UInt8] = []
  private var unsentStart = 0
  /// When it last got a response or had taken all of them, in nanoseconds of the monotonic clock. Single octets do not
  /// count, neither of requests nor of responses: who sends or takes one now and then is idle.
  var lastProgress: UInt64
  /// What the table counts as held by it.
  var countedOctets = 0

  /// How a connection begins.
  enum Opening {
    /// With a PROXY header: its peer is a trusted proxy.
    case header
    /// With a message, or goes on with one behind the header; whether it is one is not seen yet.
    case message
    /// It has begun.
    case over
  }

  /// What a PROXY header said, kept for as long as the connection lasts.
  struct Proxied {
    /// Nil for the proxy itself.
    let source: IPAddress?
    /// The common name of the client's certificate, at most 256 octets.
    let commonName: [UInt8]?
  }

  enum User {
    case notAsked
    case nobody
    case number(UInt32)
  }

  init(_ socket: consuming TCPSocket, isProxy: Bool, listener: Int, slot: Int, serial: UInt64, now: UInt64) {
    opening = isProxy ? .header : .message
    client = isProxy ? nil : socket.peer.address
    self.socket = socket
    self.listener = listener
    self.slot = slot
    self.serial = serial
    lastProgress = now
  }

  /// True where the peer is a trusted proxy's, as of when it was accepted.
  var isProxied: Bool { proxied != nil || opening == .header }

  /// How its queries come.
  var way: QueryWay { QueryWay(listener: listener, peer: socket.peer.address, hasHeader: isProxied) }

  /// True where the peer's user is to be looked up. A user once found stays: the other end of a connection may change
  /// hands, but what was found was whose it is. One of no interest in one snapshot may be of interest in the next.
  func shouldAskForUser(in generation: UInt64) -> Bool {
    switch user {
    case .notAsked: true
    case .nobody: userGeneration != generation
    case .number: false
    }
  }

  /// True where octets of a request wait for its rest, or for their turn.
  var holdsRequest: Bool { !framing.kept.isEmpty }

  /// Changes what is held of requests. Taken out for the time, and put back: a stored property of a class that is only
  /// read and replaced needs no check, at each event, that nobody else is changing it.
  func withFraming<Result>(_ body: (inout StreamFraming) -> Result) -> Result {
    var taken = framing
    framing = StreamFraming()
    let result = body(&taken)
    framing = taken
    return result
  }

  /// True where responses wait for the peer to take them.
  var isWaiting: Bool { !unsent.isEmpty }

  /// Queries of one connection that may be asked for elsewhere at a time: more than any client has been seen to pipeline.
  static let mostAwaited = 256

  /// A query was handed to the forwarder.
  func noteHandOver(_ now: UInt64) {
    awaited += 1
    lastHandOver = now
  }

  /// One of them is answered.
  func noteAnswer() { awaited = max(0, awaited - 1) }

  /// True where the forwarder is about to answer: until its deadline is over nobody is idle who waits for it.
  func awaitsAnswer(at now: UInt64) -> Bool {
    awaited > 0 && now &- lastHandOver < Forwarder.deadline + 1_000_000_000
  }

  /// Sends a response that came from elsewhere, with its length in front, keeping what the peer does not take now.
  /// - Returns: false where the connection is broken.
  func send(_ frame: [UInt8]) -> Bool {
    if isWaiting {
      unsent.append(contentsOf: frame)
      return true
    }
    unsent = frame
    unsentStart = 0
    return sendUnsent()
  }

  /// Octets of memory that it holds for its peer.
  var heldOctets: Int { framing.kept.count + unsent.count }

  /// Sends responses, keeping what the peer does not take now.
  /// - Returns: false where the connection is broken.
  func send(_ responses: borrowing OctetBuffer) -> Bool {
    var offset = 0
    while offset < responses.count {
      switch socket.write(from: responses, offset: offset) {
      case .octets(let count): offset += count
      case .wouldBlock:
        unsent = responses.octets.octets(offset..<responses.count)
        unsentStart = 0
        return true
      case .closed, .failed: return false
      }
    }
    return true
  }

  /// Sends what was kept.
  /// - Returns: false where the connection is broken.
  func sendUnsent() -> Bool {
    while unsentStart < unsent.count {
      switch socket.write(unsent[unsentStart...]) {
      case .octets(let count): unsentStart += count
      case .wouldBlock: return true
      case .closed, .failed: return false
      }
    }
    unsent = []
    unsentStart = 0
    return true
  }
}
