internal import CLinux
internal import Glibc

/// A file that a command writes what it found into: made new, or a pipe or device as it is. Whoever reads is waited for.
package final class OutputFile: Sendable {
  /// Where it is, as the operator wrote it.
  package let path: String
  private let descriptor: Descriptor

  /// Opens it, and empties it. A pipe without a reader is waited for.
  package init(_ path: String) throws(SystemError) {
    self.path = path
    descriptor = Descriptor(
      owning: try attempt("write", path) {
        // A file behind standard output would have two ends, and each overwrite the other's.
        if path == "/dev/stdout" { return dup(STDOUT_FILENO) }
        // Safe: the path is a C string for the call.
        return unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0o644)
      })
  }

  /// Writes all of `text`; after an error, part of it may be there.
  package func write(_ text: String) throws(SystemError) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let raw = descriptor.raw
      let count = uninterrupted {
        // Safe: the kernel only reads, and no more than there is.
        unsafe rest.withUnsafeBytes { memory in unsafe Glibc.write(raw, memory.baseAddress, memory.count) }
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // Standard output may have been made one that does not wait by whoever else has it.
        clinux_wait_writable(raw, -1)
      } else {
        throw SystemError("write", path, errno: errno)
      }
    }
  }
}
