internal import Glibc

/// Reads a whole file; files whose size the system does not tell (`/proc`) too.
/// - Parameter limit: in octets; a larger file is refused, before it fills the memory.
/// - Throws: `cannot read zones/x.zone: permission denied`; a directory is refused as one.
package func readFile(_ path: String, atMost limit: Int = .max) throws(SystemError) -> [UInt8] {
  // Safe, here and below: paths are handed over as C strings that live for the call.
  let file = Descriptor(owning: try attempt("read", path) { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) })
  let raw = file.raw
  var status = stat()
  try attempt("read", path) { unsafe fstat(raw, &status) }
  // A pipe or a device would be waited for, perhaps for ever.
  if status.st_mode & S_IFMT == S_IFDIR { throw SystemError("read", path, errno: EISDIR) }
  if status.st_mode & S_IFMT != S_IFREG { throw SystemError("read", path, errno: ENOTSUP) }
  if status.st_size > limit { throw SystemError("read", path, errno: EFBIG) }
  // One more than its size, so that the end is seen without growing.
  var room = max(4096, Int(status.st_size) + 1)
  // Safe: the kernel writes at most as much as there is room for, and says how much that was.
  var octets = unsafe try [UInt8](unsafeUninitializedCapacity: room) { (memory, count) throws(SystemError) in
    count = try attempt("read", path) { unsafe read(raw, memory.baseAddress, room) }
  }
  if octets.isEmpty { return octets }
  if octets.count > limit { throw SystemError("read", path, errno: EFBIG) }
  room = room > octets.count ? room - octets.count : 4096
  while true {
    let before = octets.count
    octets.append(contentsOf: repeatElement(0, count: room))
    let count = try attempt("read", path) {
      unsafe octets.withUnsafeMutableBytes { memory in
        // Safe: the kernel writes at most `room` octets, which were just appended.
        unsafe read(raw, memory.baseAddress.map { unsafe $0 + before }, room)
      }
    }
    octets.removeLast(room - count)
    if count == 0 { return octets }
    if octets.count > limit { throw SystemError("read", path, errno: EFBIG) }
    room = room > count ? room - count : max(4096, octets.count)
  }
}

/// Writes text to standard output at once, without a buffer in between; nothing where nobody reads it (any more).
/// - Throws: `cannot write standard output: no space left on device`.
package func writeStandardOutput(_ text: String) throws(SystemError) {
  if let reason = writeAll(Array(text.utf8), to: STDOUT_FILENO), reason != EPIPE {
    throw SystemError("write", "standard output", errno: reason)
  }
}

/// Writes to standard error what a person should see; where nobody can, nothing happens.
package func writeStandardError(_ text: String) { _ = writeAll(Array(text.utf8), to: STDERR_FILENO) }

/// Writes all of `octets`; the error number where that failed.
func writeAll(_ octets: [UInt8], to raw: Int32) -> Int32? {
  var written = 0
  while written < octets.count {
    let count = uninterrupted {
      unsafe octets.withUnsafeBytes { memory in
        // Safe: `written` is below the count, and the kernel only reads.
        let rest = unsafe UnsafeRawBufferPointer(rebasing: memory[written...])
        return unsafe write(raw, rest.baseAddress, rest.count)
      }
    }
    if count < 0 { return errno }
    written += count
  }
  return nil
}

/// What the system knows of a file beside what is in it.
package struct FileStatus: Hashable, Sendable {
  /// These two tell a file from all others, whatever its path.
  package let device: UInt64
  package let number: UInt64
  /// The number of the user whose it is.
  package let owner: UInt32
  /// True where any user of the machine may read or change it.
  package let isOpenToOthers: Bool
}

/// What the system knows of a file or a folder, links followed; nil where it is not there, or not ours to see.
package func fileStatus(_ path: String) -> FileStatus? {
  var status = stat()
  // Safe: the path is a C string for the call, which writes one `stat`.
  guard unsafe stat(path, &status) == 0 else { return nil }
  return FileStatus(
    device: UInt64(status.st_dev), number: UInt64(status.st_ino), owner: status.st_uid,
    isOpenToOthers: status.st_mode & 0o006 != 0)
}

/// One name in a directory.
package struct DirectoryEntry: Hashable, Sendable {
  /// The last part of its path.
  package let name: String
  /// True for a directory, and for a symbolic link to one.
  package let isDirectory: Bool
}

/// What is in a directory, in order of name, without `.` and `..`. A link to nothing is listed as a file.
package func listDirectory(_ path: String) throws(SystemError) -> [DirectoryEntry] {
  guard let directory = unsafe opendir(path) else { throw SystemError("read", path, errno: errno) }
  defer { unsafe closedir(directory) }
  var entries: [DirectoryEntry] = []
  while true {
    errno = 0
    guard let entry = unsafe readdir(directory) else {
      let reason = errno
      if reason != 0 { throw SystemError("read", path, errno: reason) }
      return entries.sorted { $0.name < $1.name }
    }
    guard let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) else { continue }
    // Safe: readdir's entry holds a name that ends in a zero, and is ours until the next readdir. An entry may be
    // shorter than `dirent` in memory, so it is not copied as a whole.
    let name = unsafe String(cString: (UnsafeRawPointer(entry) + nameOffset).assumingMemoryBound(to: CChar.self))
    if name == "." || name == ".." { continue }
    var status = stat()
    let isKnown = unsafe stat("\(path)/\(name)", &status) == 0
    entries.append(DirectoryEntry(name: name, isDirectory: isKnown && status.st_mode & S_IFMT == S_IFDIR))
  }
}

/// The machine's name as its users set it; empty where it has none.
package func hostName() -> String {
  var octets = [CChar](repeating: 0, count: 256)
  // Safe: the call writes within the array; its last octet stays 0.
  guard unsafe gethostname(&octets, octets.count - 1) == 0 else { return "" }
  return String(decoding: octets.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Writes a whole file, in place of one that is there.
package func writeFile(_ path: String, _ octets: [UInt8]) throws(SystemError) {
  // Safe: the path is a C string for the call.
  let file = Descriptor(
    owning: try attempt("write", path) { unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) })
  if let reason = writeAll(octets, to: file.raw) { throw SystemError("write", path, errno: reason) }
}

/// Gives a file another name, in place of a file that has it.
package func renameFile(_ path: String, to newPath: String) throws(SystemError) {
  // Safe: the paths are C strings for the call.
  try attempt("move \(path) to", newPath) { unsafe rename(path, newPath) }
}

/// Reads `count` octets of a regular file from `offset` on; fewer where it ends before.
package func readPart(of path: String, from offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
  let file = Descriptor(owning: try attempt("read", path) { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) })
  let raw = file.raw
  // Safe: the kernel writes at most as much as there is room for, and says how much that was.
  return unsafe try [UInt8](unsafeUninitializedCapacity: count) { (memory, read) throws(SystemError) in
    read = try attempt("read", path) { unsafe pread(raw, memory.baseAddress, count, off_t(clamping: offset)) }
  }
}

/// The path of a file without links in it; nil where there is none, or it is not ours to see.
package func resolvedPath(_ path: String) -> String? {
  // Safe: the path is a C string for the call, which gives new memory that is freed once it was copied.
  guard let resolved = unsafe realpath(path, nil) else { return nil }
  defer { unsafe free(resolved) }
  return unsafe String(cString: resolved)
}

/// Removes a regular file.
/// - Returns: false where there is none of that name (a link or a folder is none), or it cannot be removed.
package func removeRegularFile(_ path: String) -> Bool {
  var status = stat()
  // Safe: the path is a C string for the calls, of which the first writes one `stat`.
  guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
  return unsafe unlink(path) == 0
}
