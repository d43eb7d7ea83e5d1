internal import Synchronization

/// The listeners that come and go while the server runs, for the two workers that answer at them.
///
/// The control thread publishes the whole set; a worker looks at a number once a turn, and takes the set when that has
/// moved. A socket is closed when nobody has it any more, so never under a worker that waits for it.
final class LeasedListeners: Sendable {
  /// The listeners of a moment.
  struct Set: Sendable {
    var datagrams: [UDPListener] = []
    var doors: [TCPDoor] = []
  }

  private let current = Mutex(Set())
  private let moves = Atomic<UInt64>(0)

  /// Puts other listeners in place. Each one's index must be known to the snapshot in service by now.
  func publish(_ next: Set) {
    current.withLock { $0 = next }
    moves.add(1, ordering: .releasing)
  }

  /// The listener for datagrams that has an index; nil where it has ended.
  func datagrams(_ index: Int) -> UDPListener? { current.withLock { $0.datagrams.first { $0.index == index } } }

  /// The listeners, where there are others than when this was last asked; nil where there are not.
  /// - Parameter seen: what the one who asks has seen; 0 to begin with.
  func news(since seen: inout UInt64) -> Set? {
    let now = moves.load(ordering: .acquiring)
    if now == seen { return nil }
    seen = now
    return current.withLock { $0 }
  }
}
