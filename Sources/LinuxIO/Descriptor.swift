internal import Glibc

/// A file descriptor that is closed when its owner's life ends.
package struct Descriptor: ~Copyable, Sendable {
  /// The number, for a ``Poller``; valid for as long as this value lives.
  package let raw: Int32

  /// Takes over an open descriptor.
  init(owning raw: Int32) { self.raw = raw }

  // Not tried again when interrupted: Linux has closed the descriptor by then, and another thread may have its number.
  deinit { _ = close(raw) }
}
