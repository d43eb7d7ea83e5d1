internal import Addresses
internal import Policy
internal import Synchronization

/// Counts the connections of all workers, in all and by client. A lock, taken once an accept and once a close.
///
/// A client's number holds over all workers. The number in all is shared out between them instead: were it one pot, a
/// worker whose connections have ended could not get a place back from another that a flood keeps full.
final class TCPCensus: Sendable {
  private struct Counts {
    var total = 0
    var byClient: [IPAddress: Int] = [:]

    mutating func remove(_ client: IPAddress?) {
      total -= 1
      guard let client else { return }
      let ofClient = (byClient[client] ?? 1) - 1
      byClient[client] = ofClient == 0 ? nil : ofClient
    }
  }
  private let counts = Mutex(Counts())
  /// What descriptors are left for, whatever the policy says.
  private let descriptors: Int
  private let workers: Int

  /// - Parameter descriptors: connections that there are descriptors for.
  init(descriptors: Int, workers: Int) {
    self.descriptors = descriptors
    self.workers = workers
  }

  /// Counts a connection where its client may have one more.
  /// - Parameters:
  ///   - source: nil for a trusted proxy's, which may have any number.
  ///   - replaced: whose connection was closed for it.
  func admit(_ source: IPAddress?, replacing replaced: IPAddress? = nil, _ limits: TCPLimits) -> Bool {
    let client = source?.client
    return counts.withLock { counts in
      if let replaced { counts.remove(replaced.client) }
      if let client {
        let ofClient = counts.byClient[client] ?? 0
        if ofClient >= limits.perClient { return false }
        counts.byClient[client] = ofClient + 1
      }
      counts.total += 1
      return true
    }
  }

  /// Connections that one worker may have.
  func share(_ limits: TCPLimits) -> Int { (mostConnections(limits) + workers - 1) / workers }

  /// A connection that was admitted has ended.
  func leave(_ source: IPAddress?) {
    let client = source?.client
    counts.withLock { $0.remove(client) }
  }

  /// Nanoseconds that a connection may be quiet now: what the policy says while less than half of the connections are
  /// there, from then on less and less, down to a tenth when all are (RFC 7766 §6.2.3), but no less than a second.
  func idleTime(_ limits: TCPLimits) -> UInt64 {
    let most = mostConnections(limits)
    let total = counts.withLock { min($0.total, most) }
    let full = UInt64(limits.idle) * 1_000_000_000
    guard total * 2 > most else { return full }
    let over = Double(total * 2 - most) / Double(most)  // 0 at half, 1 where it is full
    return max(min(full, 1_000_000_000), UInt64(Double(full) * (1 - 0.9 * over)))
  }

  private func mostConnections(_ limits: TCPLimits) -> Int { max(1, min(limits.connections, descriptors)) }
}

extension IPAddress {
  /// What counts as one client: an IPv4 address, the first 64 bits of an IPv6 one.
  var client: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }
}
