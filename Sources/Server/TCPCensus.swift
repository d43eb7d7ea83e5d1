internal import Addresses
internal import Policy
internal import Synchronization

/// Counts the connections of all workers, in all and by client. A lock, taken once an accept and once a close.
final class TCPCensus: Sendable {
  private struct Counts {
    var total = 0
    var byClient: [IPAddress: Int] = [:]
  }
  private let counts = Mutex(Counts())
  /// What descriptors are left for, whatever the policy says.
  private let descriptors: Int

  /// - Parameter descriptors: connections that there are descriptors for.
  init(descriptors: Int) { self.descriptors = descriptors }

  /// What is said to a new connection.
  enum Admission: Equatable {
    case welcome
    /// Its client has as many as it may have.
    case clientIsFull
    case serverIsFull
  }

  /// Counts a connection where there is room for it.
  func admit(_ source: IPAddress, _ limits: TCPLimits) -> Admission {
    let client = source.client
    return counts.withLock { counts in
      let ofClient = counts.byClient[client] ?? 0
      if ofClient >= limits.perClient { return .clientIsFull }
      if counts.total >= mostConnections(limits) { return .serverIsFull }
      counts.byClient[client] = ofClient + 1
      counts.total += 1
      return .welcome
    }
  }

  /// A connection that was admitted has ended.
  func leave(_ source: IPAddress) {
    let client = source.client
    counts.withLock { counts in
      counts.total -= 1
      let ofClient = (counts.byClient[client] ?? 1) - 1
      counts.byClient[client] = ofClient == 0 ? nil : ofClient
    }
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
