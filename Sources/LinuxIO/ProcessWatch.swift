internal import CLinux

/// Tells when another process has ended: a descriptor that is readable from then on (pidfd).
package struct ProcessWatch: ~Copyable, Sendable {
  private let descriptor: Descriptor

  /// The descriptor's number, for a ``Poller``.
  package var raw: Int32 { descriptor.raw }

  /// - Parameter process: its number.
  /// - Returns: nil where there is no such process any more, or the kernel has no such watching (before Linux 5.3).
  package init?(_ process: Int32) {
    let raw = clinux_process_descriptor(process)
    if raw < 0 { return nil }
    descriptor = Descriptor(owning: raw)
  }
}
