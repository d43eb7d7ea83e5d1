internal import Forwarding
internal import LinuxIO
internal import Policy

/// What workers and the forwarder share: what is known of others' names, and the bell that wakes the forwarder.
final class ForwardDesk: Sendable {
  let cache: ReplyCache
  /// Octets that the cache has, which stay what they are for as long as the server runs.
  let size: Int
  /// Rung once a batch in which queries were handed over.
  let bell: WakeUp

  /// Takes the cache's memory.
  /// - Parameter bell: the forwarder's.
  init(_ cache: ForwardCache, bell: WakeUp) {
    size = cache.size
    self.cache = ReplyCache(size: cache.size, seed: .random(in: .min ... .max))
    self.bell = bell
  }

  /// Seconds of the clock that the cache goes by.
  static func seconds(_ monotonic: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: monotonic / 1_000_000_000) }
}
