internal import Glibc

/// A file that only grows: a log. One write a record, at the file's end, so several writers do not mix.
///
/// Nothing waits: a pipe that nobody reads is refused, and one whose reader is slow, or a terminal that is held, takes as
/// little as a full disk.
package struct AppendFile: ~Copyable, Sendable {
  /// Where it is, as the operator wrote it.
  package let path: String
  private let descriptor: Descriptor

  /// Opens the file at `path`, and makes it (mode 0644) where there is none.
  package init(_ path: String) throws(SystemError) {
    self.path = path
    // Safe: the path is handed over as a C string that lives for the call.
    descriptor = Descriptor(
      owning: try attempt("write", path) {
        unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o644)
      })
  }

  /// Appends all of `octets`, or throws; after an error, part of them may be in the file.
  package func append(_ octets: [UInt8]) throws(SystemError) {
    if let reason = writeAll(octets, to: descriptor.raw) { throw SystemError("write", path, errno: reason) }
  }

  /// Appends as much of `octets` as the system takes.
  /// - Returns: how many octets are in the file, and why not all are.
  package func appendSome(_ octets: Span<UInt8>) -> (count: Int, error: SystemError?) {
    let raw = descriptor.raw
    var written = 0
    while written < octets.count {
      let rest = octets.extracting(written..<octets.count)
      let count = uninterrupted {
        unsafe rest.withUnsafeBytes { memory in
          // Safe: the kernel only reads, and no more than there is.
          unsafe write(raw, memory.baseAddress, memory.count)
        }
      }
      if count < 0 { return (written, SystemError("write", path, errno: errno)) }
      written += count
    }
    return (written, nil)
  }

  /// Takes back the last octets of what was just appended: part of a line, after the disk was full.
  /// - Returns: false where that cannot be, as of a pipe.
  package func takeBack(_ count: Int) -> Bool {
    let end = lseek(descriptor.raw, 0, SEEK_CUR)
    return end >= count && ftruncate(descriptor.raw, end - off_t(count)) == 0
  }

  /// Cuts the file off behind its first `size` octets.
  /// - Returns: false where that cannot be.
  package func truncate(to size: UInt64) -> Bool { ftruncate(descriptor.raw, off_t(clamping: size)) == 0 }

  /// What the file is now.
  package struct State: Equatable, Sendable {
    /// Octets; 0 for what is no regular file.
    package var size: UInt64 = 0
    /// False for a pipe, a terminal or a device.
    package var isRegular = false
    /// True where no name leads to it any more.
    package var isRemoved = false
  }

  /// What the file is now.
  package var state: State {
    var status = stat()
    // Safe: the call writes one `stat`.
    guard unsafe fstat(descriptor.raw, &status) == 0 else { return State() }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    return State(
      size: isRegular ? UInt64(clamping: status.st_size) : 0, isRegular: isRegular, isRemoved: status.st_nlink == 0)
  }

}
