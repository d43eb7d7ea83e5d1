internal import Synchronization

/// Responses to queries over TCP that came from elsewhere, on their way from the forwarder to the worker that has the
/// connection. A lock, taken once a response: neither side does anything else meanwhile.
final class StreamInbox: Sendable {
  /// What goes to one connection.
  struct Response: Sendable {
    /// The connection's place, and its number, which no other connection of the worker ever has.
    let slot: Int
    let serial: UInt64
    /// With its length in front; empty where there is to be silence.
    let frame: [UInt8]
    /// True where it did not fit: its connection ends.
    var isLost = false
  }

  private struct Waiting {
    var responses: [Response] = []
    var octets = 0
  }

  private let waiting = Mutex(Waiting())

  init() {
    // The worker takes the same lock: room is made beforehand, and what it gives back has some.
    waiting.withLock { $0.responses.reserveCapacity(1024) }
  }

  /// Octets that may wait: a worker that is behind by more has other worries.
  static let mostOctets = 8 << 20

  /// Puts a response in. For the forwarder.
  /// - Returns: false where too much waits already: then the worker finds that it is lost.
  func put(_ response: Response) -> Bool {
    waiting.withLock { waiting in
      guard waiting.octets + response.frame.count <= Self.mostOctets else {
        waiting.responses.append(Response(slot: response.slot, serial: response.serial, frame: [], isLost: true))
        return false
      }
      waiting.octets += response.frame.count
      waiting.responses.append(response)
      return true
    }
  }

  /// Takes all that is in it. For the worker.
  /// - Parameter responses: replaced by what there is; its memory is what comes next goes into.
  func take(into responses: inout [Response]) {
    responses.removeAll(keepingCapacity: true)
    waiting.withLock { waiting in
      swap(&waiting.responses, &responses)
      waiting.octets = 0
    }
  }
}
