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
  }

  private struct Waiting {
    var responses: [Response] = []
    var octets = 0
  }

  private let waiting = Mutex(Waiting())
  /// Octets that may wait: a worker that is behind by more has other worries.
  static let mostOctets = 8 << 20

  /// Puts a response in. For the forwarder.
  /// - Returns: false where too much waits already.
  func put(_ response: Response) -> Bool {
    waiting.withLock { waiting in
      guard waiting.octets + response.frame.count <= Self.mostOctets else { return false }
      waiting.octets += response.frame.count
      waiting.responses.append(response)
      return true
    }
  }

  /// Takes all that is in it. For the worker.
  func take() -> [Response] {
    waiting.withLock { waiting in
      if waiting.responses.isEmpty { return [] }
      defer { waiting = Waiting() }
      return waiting.responses
    }
  }
}
