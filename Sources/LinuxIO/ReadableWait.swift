internal import CLinux
internal import Glibc

/// Waits until one of a few descriptors has something to read (poll).
///
/// Unlike a ``Poller`` it leaves nothing with the kernel between waits. A socket in an epoll set reports every datagram
/// that comes and every response that leaves, also while it is so busy that nobody waits: 3 % of a query (measured on
/// Linux 6.18).
@safe
package struct ReadableWait: ~Copyable, @unchecked Sendable {
  /// How many descriptors there are.
  package let count: Int
  /// Memory of as many `pollfd`; untyped, since users of this module do not see C's.
  private let memory: UnsafeMutableRawPointer

  /// - Parameter descriptors: must outlive this.
  package init(_ descriptors: [Int32]) {
    count = descriptors.count
    // Safe: there is room for as many, and each is written before it is read.
    unsafe memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, descriptors.count) * clinux_watched_size(), alignment: 8)
    for (index, descriptor) in descriptors.enumerated() { unsafe clinux_watch(memory, index, descriptor) }
  }

  deinit { unsafe memory.deallocate() }

  /// Waits; afterwards nothing is readable where the time is over or a signal came.
  /// - Parameter timeoutMilliseconds: 0 only looks, -1 waits for ever.
  package func wait(timeoutMilliseconds: Int32) throws(SystemError) {
    // Safe: the memory holds `count` descriptors.
    if unsafe clinux_wait_watched(memory, count, timeoutMilliseconds) >= 0 { return }
    let reason = errno
    if reason != EINTR { throw SystemError("wait for", "events", errno: reason) }
  }

  /// True where the last wait found that the descriptor at `index`, one of those there are, has something to read, its end
  /// or an error included.
  package func isReadable(_ index: Int) -> Bool {
    precondition(index >= 0 && index < count, "a descriptor is one of those waited for")
    return unsafe clinux_is_ready(memory, index)
  }
}
