/// The folder of a configuration as `include` sees it: which files may be opened beside those that are read anyway.
package struct PolicyFolder {
  /// What paths are relative to; empty for the working directory.
  package var path: String
  /// Reads a file.
  package var open: (String) -> Result<[UInt8], Unreadable>
  /// The names of the files in a folder, in order; nil where the path is no folder.
  package var list: (String) -> Result<[String], Unreadable>?
  /// The same for all paths to one file or folder, and for no other; nil where the system knows nothing of it.
  package var identity: (String) -> [UInt64]?

  /// Why a file or a folder could not be read, in words.
  package struct Unreadable: Error {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
  }

  package init(
    _ path: String = "", open: @escaping (String) -> Result<[UInt8], Unreadable>,
    list: @escaping (String) -> Result<[String], Unreadable>? = { _ in nil },
    identity: @escaping (String) -> [UInt64]? = { _ in nil }
  ) {
    self.path = path
    self.open = open
    self.list = list
    self.identity = identity
  }

  /// A folder in which there is nothing more.
  package static var nothing: PolicyFolder { PolicyFolder { _ in .failure(Unreadable("no such file or directory")) } }

  /// A path as a line writes it, from the working directory: without `.` and doubled slashes.
  func resolved(_ written: String) -> String {
    let whole = written.hasPrefix("/") || path.isEmpty ? written : "\(path)/\(written)"
    let parts = whole.split(separator: "/").filter { $0 != "." }
    let plain = (whole.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    return plain.isEmpty ? "." : plain
  }

  /// How many octets of a resolved path are this folder's own, its slash included; 0 for a file elsewhere.
  func lengthOfPath(before path: String) -> Int {
    let own = resolved(".")
    if own == "." { return 0 }
    let start = own.hasSuffix("/") ? own : own + "/"
    return path.hasPrefix(start) ? start.utf8.count : 0
  }

  /// What tells a file from others: the system's word, else its path without `..`.
  func key(_ path: String) -> FileKey {
    if let identity = identity(path) { return .known(identity) }
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
    }
    return .written((path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/"))
  }

  enum FileKey: Hashable {
    case known([UInt64])
    case written(String)
  }
}
