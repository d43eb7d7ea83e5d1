internal import FlatMemory
internal import Forwarding
internal import LinuxIO

/// One query to a server over TCP, and its reply (RFC 7766): a connection of its own, closed with it.
///
/// What a server sends is held up to one message of the greatest size; what comes behind that is not read.
final class UpstreamStream {
  private let socket: TCPSocket
  /// The query with its length in front, and how much of it was sent.
  private let frame: [UInt8]
  private var sent = 0
  /// What has come of the reply, its length in front.
  private var received: [UInt8] = []

  /// What a turn came to.
  enum Progress: Equatable {
    /// Not done yet; to be watched for room to write, or for something to read.
    case goesOn(writes: Bool)
    /// The reply is whole.
    case reply
    /// It ended, and why, as a clause behind the server's address.
    case ended(String)
  }

  init(_ socket: consuming TCPSocket, _ query: UpstreamQuery) {
    self.socket = socket
    let size = UInt16(clamping: query.octets.count)
    frame = [UInt8(size >> 8), UInt8(truncatingIfNeeded: size)] + query.octets
  }

  var raw: Int32 { socket.raw }

  /// Sends and reads what can be.
  func advance(using buffer: inout OctetBuffer) -> Progress {
    if sent == 0, let error = socket.connectionError() { return .ended("takes no connection: \(error.reason)") }
    while sent < frame.count {
      switch socket.write(frame[sent...]) {
      case .octets(let count): sent += count
      case .wouldBlock: return .goesOn(writes: true)
      case .closed, .failed: return .ended("broke the connection")
      }
    }
    while true {
      buffer.reset(limit: min(buffer.capacity, missing))
      switch socket.read(into: &buffer) {
      case .octets:
        received.append(buffer.octets)
        guard received.count >= 2 else { continue }
        if size < 12 { return .ended("sent a message of \(size) octets") }
        if received.count == size + 2 { return .reply }
      case .wouldBlock: return .goesOn(writes: false)
      case .closed:
        return .ended(
          received.isEmpty ? "closed the connection without an answer" : "closed the connection amid its answer")
      case .failed: return .ended("broke the connection")
      }
    }
  }

  /// The message, once it is whole.
  func takeReply(into buffer: inout OctetBuffer) {
    buffer.reset()
    let frame = received
    buffer.append(frame.span.extracting(droppingFirst: 2))
  }

  private var size: Int { Int(received[0]) << 8 | Int(received[1]) }

  /// Octets that are to come: of the length, then of the message.
  private var missing: Int { received.count < 2 ? 2 - received.count : size + 2 - received.count }
}
