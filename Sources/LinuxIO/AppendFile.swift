internal import Glibc

/// A file that only grows: a log. One write a record, at the file's end, so several writers do not mix.
package struct AppendFile: ~Copyable, Sendable {
  /// Where it is, as the operator wrote it.
  package let path: String
  private var descriptor: Descriptor

  /// Opens the file at `path`, and makes it (mode 0644) where there is none.
  package init(_ path: String) throws(SystemError) {
    self.path = path
    descriptor = try AppendFile.open(path)
  }

  /// Appends all of `octets`, or throws; after an error, part of them may be in the file.
  package func append(_ octets: [UInt8]) throws(SystemError) {
    if let reason = writeAll(octets, to: descriptor.raw) { throw SystemError("write", path, errno: reason) }
  }

  /// Opens the path again, after someone has moved the file away. Where that fails, the file open now stays in use.
  package mutating func reopen() throws(SystemError) { descriptor = try AppendFile.open(path) }

  private static func open(_ path: String) throws(SystemError) -> Descriptor {
    // Safe: the path is handed over as a C string that lives for the call.
    Descriptor(
      owning: try attempt("write", path) {
        unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
      })
  }
}
