internal import CLinux
internal import Glibc

/// The signals a server obeys, as something to read instead of something that interrupts (signalfd).
package struct SignalReader: ~Copyable, Sendable {
  /// A signal that was sent to this process.
  package enum Signal: Equatable, Sendable {
    /// SIGHUP: load the configuration again.
    case hangUp
    /// SIGTERM: stop.
    case terminate
    /// SIGINT, Control-C: stop.
    case interrupt
    /// SIGUSR1: open the logs again.
    case user1
  }

  private let descriptor: Descriptor

  /// Blocks these signals and ignores SIGPIPE.
  ///
  /// A thread inherits what is blocked from the one that starts it: call this on the main thread before any other
  /// exists, or a signal may end the process. Child processes inherit it too.
  package init() throws(SystemError) {
    descriptor = Descriptor(owning: try attempt("block", "signals") { clinux_signals() })
  }

  /// The descriptor's number, for a ``Poller``; readable while a signal waits.
  package var raw: Int32 { descriptor.raw }

  /// The next signal that waits; nil where none does. Ask until nil: several may have come.
  package func next() -> Signal? {
    switch clinux_next_signal(descriptor.raw) {
    case SIGHUP: .hangUp
    case SIGTERM: .terminate
    case SIGINT: .interrupt
    case SIGUSR1: .user1
    default: nil
    }
  }

  /// From now on signals do what they do by themselves, which for most is to end the process; those that wait are dropped.
  package func release() {
    while next() != nil {}
    clinux_signals_as_usual()
  }
}
