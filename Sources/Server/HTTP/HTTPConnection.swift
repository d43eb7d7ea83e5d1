internal import Addresses
internal import LinuxIO

/// One connection of an HTTP client, and how far it is.
final class HTTPConnection {
  let socket: TCPSocket
  let local: SocketAddress?
  /// What came and is not read yet; no more than a request's head.
  var input: [UInt8] = []
  /// The response being sent.
  var output: [ArraySlice<UInt8>] = []
  var phase = Phase.fresh
  /// When the phase began, by the monotonic clock.
  var since: UInt64
  /// The connection ends with the response being sent.
  var isLast = false
  /// Octets read and thrown away after the last response.
  var discarded = 0

  enum Phase {
    /// Nothing came yet.
    case fresh
    /// A request has begun.
    case reading
    case writing
    /// Responses were sent, and nothing came since.
    case idle
    /// A response was sent, and more was read before: it is looked at when the others have had their turn.
    case waiting
    /// The last response was sent; the client's end is waited for, or it might lose the response (RFC 9112 §9.6).
    case ending

    /// Nanoseconds that it may last.
    var patience: UInt64 {
      switch self {
      case .fresh, .reading: 10_000_000_000
      case .writing: 30_000_000_000
      case .idle, .waiting: 75_000_000_000
      case .ending: 2_000_000_000
      }
    }
  }

  init(_ socket: consuming TCPSocket, at now: UInt64) {
    local = socket.localAddress
    self.socket = socket
    since = now
  }

  var outputCount: Int { output.reduce(0) { $0 + $1.count } }

  func enter(_ next: Phase, at now: UInt64) {
    if phase == next { return }
    (phase, since) = (next, now)
  }
}
