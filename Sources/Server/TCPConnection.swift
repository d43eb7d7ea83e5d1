internal import Addresses
internal import FlatMemory
internal import LinuxIO

/// One TCP connection: its socket, and what waits: octets of an unfinished request, and of responses not yet taken.
///
/// A quiet connection holds no buffers; both arrays are empty nearly always.
final class TCPConnection {
  let socket: TCPSocket
  /// Which listener it came in on.
  let listener: Int
  /// The start of a request whose rest has not come.
  var unread: [UInt8] = []
  /// Responses that the peer has not taken yet, from `unsentStart` on. While there are any, nothing is read.
  var unsent: [UInt8] = []
  var unsentStart = 0
  /// The peer has ended its side: answer what came, then close.
  var hasEnded = false
  /// When it last got a whole request or took a response, in nanoseconds of the monotonic clock. Single octets do not
  /// count: who sends one now and then is idle.
  var lastProgress: UInt64

  init(_ socket: consuming TCPSocket, listener: Int, now: UInt64) {
    self.socket = socket
    self.listener = listener
    lastProgress = now
  }

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
  func sendUnsent(now: UInt64) -> Bool {
    while unsentStart < unsent.count {
      switch socket.write(unsent[unsentStart...]) {
      case .octets(let count):
        unsentStart += count
        lastProgress = now
      case .wouldBlock: return true
      case .closed, .failed: return false
      }
    }
    unsent = []
    unsentStart = 0
    return true
  }
}
