internal import Addresses
internal import Metrics
internal import Synchronization

/// What peers of one worker did wrong about the PROXY protocol: who did it last. The worker notes, the control thread reads
/// now and then; how often it happened is in the metrics.
final class ProxyFaults: Sendable {
  /// A trusted proxy without a header.
  private let missing = LastPeer()
  /// A header of one who is no trusted proxy.
  private let untrusted = LastPeer()

  func note(_ cause: SilenceCause, of peer: IPAddress) { (cause == .untrustedProxy ? untrusted : missing).note(peer) }

  /// What to say in the log, at most a line of each kind, of all that happened since the last time.
  /// - Parameter count: how often a cause was counted since then.
  static func lines(_ all: [ProxyFaults], count: (SilenceCause) -> UInt64) -> [String] {
    // Every worker's are taken, so that none is told as news the next time.
    let missing = all.compactMap { $0.missing.take() }.last
    let untrusted = all.compactMap { $0.untrusted.take() }.last
    var lines: [String] = []
    if let missing {
      lines.append(
        "\(missing) is a trusted proxy and sent no PROXY header, or one that makes no sense: \(times(count(.noProxyHeader))); "
          + "such queries get no answer; let it send version 2 of the protocol, or take it out of trust proxy")
    }
    if let untrusted {
      lines.append(
        "\(untrusted) is no trusted proxy and sent a PROXY header: \(times(count(.untrustedProxy))); such connections are "
          + "closed; where it is yours, write trust proxy from \(untrusted)")
    }
    return lines
  }

  private static func times(_ count: UInt64) -> String { count <= 1 ? "once" : "\(count) times" }
}

/// An address that one thread writes and another reads: both halves, or not at all.
private final class LastPeer: Sendable {
  /// Odd while the address is being written.
  private let version = Atomic<UInt64>(0)
  private let taken = Atomic<UInt64>(0)
  private let high = Atomic<UInt64>(0)
  private let low = Atomic<UInt64>(0)
  private let isIPv4 = Atomic<Bool>(false)

  func note(_ peer: IPAddress) {
    version.add(1, ordering: .sequentiallyConsistent)
    high.store(peer.high, ordering: .sequentiallyConsistent)
    low.store(peer.low, ordering: .sequentiallyConsistent)
    isIPv4.store(peer.isIPv4, ordering: .sequentiallyConsistent)
    version.add(1, ordering: .sequentiallyConsistent)
  }

  /// What was noted since the last time; nil where nothing was, or it is just being changed.
  func take() -> IPAddress? {
    let before = version.load(ordering: .sequentiallyConsistent)
    guard before % 2 == 0, before != taken.load(ordering: .relaxed) else { return nil }
    let (high, low) = (
      high.load(ordering: .sequentiallyConsistent), low.load(ordering: .sequentiallyConsistent)
    )
    let isIPv4 = isIPv4.load(ordering: .sequentiallyConsistent)
    guard version.load(ordering: .sequentiallyConsistent) == before else { return nil }
    taken.store(before, ordering: .relaxed)
    return isIPv4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(high: high, low: low)
  }
}
