internal import Addresses
internal import FlatMemory
internal import LinuxIO
internal import Metrics
internal import Policy

/// What is found out of who asks, beside the address that a packet comes from. One for each worker.
struct AskerEvidence: ~Copyable {
  private var owners = SocketOwners()

  /// The user of a process of this host that asks, where the policy has `uid` lines and the peer is on this host: at a
  /// loopback address, or at the very address that it asks.
  mutating func user(
    of peer: SocketAddress, asking server: SocketAddress, isStream: Bool, _ served: ServedSnapshot,
    _ metrics: WorkerMetrics
  ) -> UInt32? {
    guard served.snapshot.policy.callers.hasUsers, peer.address.isLoopback || peer.address == server.address else {
      return nil
    }
    metrics.count(.usersAsked)
    let answer = owners.user(of: peer, asking: server, isStream: isStream) {
      served.snapshot.policy.callers.isService(user: $0)
    }
    switch answer {
    case .user(let number): return number
    case .other: return nil
    case .nobody, .failed:
      metrics.count(.usersNotFound)
      return nil
    }
  }
}

extension ProxyHeader {
  /// Writes into the evidence who asks by what the header says, from whose octets the common name is taken.
  func write(into evidence: inout Evidence, _ octets: Span<UInt8>, _ callers: borrowing CallerTable) {
    guard let source else { return }
    evidence.source = source
    evidence.addressSource = .proxy
    if let commonName { callers.note(commonName: octets.extracting(commonName), in: &evidence) }
  }
}
