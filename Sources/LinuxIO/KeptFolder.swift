internal import Glibc

/// A folder for what is to outlive this process and not the machine's run, in which nobody can write but the user that
/// the process is to be, and root.
///
/// One process has it at a time. It stays within reach whoever the process becomes.
package struct KeptFolder: ~Copyable, Sendable {
  /// Where it is, for messages.
  package let path: String
  private let folder: Descriptor

  /// Where such folders are made: systemd's `RuntimeDirectory=`, for root `/run`, else the user's own; nil where there is
  /// none of these.
  package static var usualPlace: String? {
    func variable(_ name: String) -> String? {
      // Safe: the text is copied at once; nothing in Ambit changes the environment.
      guard let text = unsafe getenv(name) else { return nil }
      return unsafe String(cString: text)
    }
    let places = [
      // Of several folders the first.
      variable("RUNTIME_DIRECTORY")?.split(separator: ":").first.map(String.init), isRoot ? "/run" : nil,
      variable("XDG_RUNTIME_DIR"),
    ]
    return places.lazy.compactMap(\.self).first { $0.hasPrefix("/") }
  }

  /// Opens the folder, makes it where it is not there, and takes it for this process.
  /// - Parameters:
  ///   - place: where it is; nobody but root and this process's user may write there.
  ///   - owner: the user that this process is, or will become.
  /// - Throws: where others could write in it, and where another process has it.
  package init(_ name: String, in place: String, owner: UInt32) throws(SystemError) {
    let path = "\(place)/\(name)"
    // Safe, here and below: paths are handed over as C strings that live for the call.
    let outer = Descriptor(
      owning: try attempt("open", place) { unsafe open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    let around = try Self.status(outer.raw, place)
    guard around.st_uid == 0 || around.st_uid == geteuid(), around.st_mode & 0o022 == 0 else {
      throw SystemError("trust", place, errno: EPERM)
    }
    if unsafe mkdirat(outer.raw, name, 0o700) != 0, errno != EEXIST {
      throw SystemError("make", path, errno: errno)
    }
    let inner = Descriptor(
      owning: try attempt("open", path) {
        unsafe openat(outer.raw, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      })
    let raw = inner.raw
    // Before anything is changed: who has it goes on writing in it.
    try attempt("lock", path) { flock(raw, LOCK_EX | LOCK_NB) }
    let status = try Self.status(raw, path)
    if status.st_uid != owner { try attempt("take over", path) { fchown(raw, owner, gid_t.max) } }
    if status.st_mode & 0o777 != 0o700 { try attempt("change", path) { fchmod(raw, 0o700) } }
    self.path = path
    folder = inner
  }

  /// Reads a file of it; nil where there is none.
  /// - Throws: also where it is no file that this user or root has written.
  package func read(_ name: String, atMost limit: Int) throws(SystemError) -> [UInt8]? {
    let path = "\(path)/\(name)"
    let opened = uninterrupted {
      unsafe openat(folder.raw, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    }
    if opened < 0 {
      if errno == ENOENT { return nil }
      throw SystemError("read", path, errno: errno)
    }
    let file = Descriptor(owning: opened)
    let raw = file.raw
    let status = try Self.status(raw, path)
    if status.st_mode & S_IFMT != S_IFREG { throw SystemError("read", path, errno: ENOTSUP) }
    guard status.st_uid == 0 || status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      throw SystemError("trust", path, errno: EPERM)
    }
    if status.st_size > limit { throw SystemError("read", path, errno: EFBIG) }
    var octets = [UInt8](repeating: 0, count: Int(status.st_size))
    var count = 0
    while count < octets.count {
      // Safe: `count` is below the array's, and the kernel writes no more than what is left of it.
      let more = try attempt("read", path) {
        unsafe octets.withUnsafeMutableBytes {
          unsafe Glibc.read(raw, $0.baseAddress.map { unsafe $0 + count }, $0.count - count)
        }
      }
      if more == 0 { break }
      count += more
    }
    return Array(octets.prefix(count))
  }

  /// Writes a file of it in place of one that is there: who reads it has the one or the other.
  package func write(_ name: String, _ octets: [UInt8]) throws(SystemError) {
    let next = "\(name).new"
    let path = "\(path)/\(name)"
    // One that was being written when the process ended.
    _ = unsafe unlinkat(folder.raw, next, 0)
    let file = Descriptor(
      owning: try attempt("write", path) {
        unsafe openat(folder.raw, next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      })
    if let reason = writeAll(octets, to: file.raw) { throw SystemError("write", path, errno: reason) }
    try attempt("write", path) { fsync(file.raw) }
    try attempt("write", path) { unsafe renameat(folder.raw, next, folder.raw, name) }
  }

  /// Removes a file of it; of no consequence where there is none.
  package func remove(_ name: String) { _ = unsafe unlinkat(folder.raw, name, 0) }

  private static func status(_ raw: Int32, _ path: String) throws(SystemError) -> stat {
    var status = stat()
    // Safe: the call writes one `stat`.
    try attempt("open", path) { unsafe fstat(raw, &status) }
    return status
  }
}
