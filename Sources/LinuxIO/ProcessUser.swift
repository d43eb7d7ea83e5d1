internal import CLinux
internal import Glibc

/// A user that the process may become, looked up in the system's databases.
package struct ProcessUser: Sendable {
  /// As the operator wrote it.
  package let name: String
  private let user: uid_t
  private let group: gid_t
  /// False for a number without an entry in the user database.
  private let hasEntry: Bool

  /// The user's number.
  package var number: UInt32 { user }

  /// Looks up a user, and its group where one is named; a number that is no name is an ID.
  /// - Throws: `cannot find user ambitt: there is none; …`
  package static func find(_ name: String, group: String?) throws(SystemError) -> ProcessUser {
    var user = uid_t()
    var groupID = gid_t()
    var hasEntry = true
    // Safe, here and below: names are handed over as C strings that live for the call, which writes two integers.
    var reason = unsafe clinux_find_user(name, &user, &groupID)
    if reason == ENOENT, let number = UInt32(name), number != .max {
      (user, groupID, hasEntry, reason) = (number, number, false, 0)
    }
    if reason != 0 { throw SystemError("find user", name, errno: reason) }
    if let group {
      reason = unsafe clinux_find_group(group, &groupID)
      if reason == ENOENT, let number = UInt32(group), number != .max { (groupID, reason) = (number, 0) }
      if reason != 0 { throw SystemError("find group", group, errno: reason) }
    }
    return ProcessUser(name: name, user: user, group: groupID, hasEntry: hasEntry)
  }

  /// Makes this process, all its threads, that user for good; where it is that user already, nothing changes.
  ///
  /// To be followed by ``giveUpPrivileges()``. The kernel then writes no core dumps of the process and lets nobody trace
  /// it but root.
  /// - Parameter keepsBinding: keep the right to bind ports below 1024, to be followed by
  ///   ``giveUpPrivileges(keepsBinding:)`` with the same.
  package func become(keepsBinding: Bool = false) throws(SystemError) {
    if geteuid() != 0 {
      guard getuid() == user, geteuid() == user, getgid() == group else {
        throw SystemError("become user", name, errno: EPERM)
      }
      return
    }
    if user == 0 { return }
    if keepsBinding { _ = clinux_keep_capabilities(true) }
    try attempt("become user", name) {
      hasEntry ? unsafe clinux_become(name, user, group) : clinux_become(nil, user, group)
    }
    // What is kept so far is more than binding.
    if keepsBinding { try giveUpPrivileges(keepsBinding: true) }
    precondition(
      getuid() == user && geteuid() == user && getegid() == group && !clinux_can_become_root(),
      "a user that was become is so for good")
  }
}

/// The number of a user of this host; nil where there is none of that name, or the database cannot be asked.
package func userNumber(of name: String) -> UInt32? {
  if name.utf8.contains(0) { return nil }  // a C string would end there
  var user = uid_t()
  var group = gid_t()
  // Safe: as above.
  return unsafe clinux_find_user(name, &user, &group) == 0 ? user : nil
}

/// The name of a user of this host; nil where none has the number, or the database cannot be asked.
package func userName(of number: UInt32) -> String? {
  var octets = [CChar](repeating: 0, count: 256)
  // Safe: at most as many octets are written as there are, the last a zero.
  guard unsafe clinux_find_user_name(number, &octets, octets.count) == 0 else { return nil }
  return String(decoding: octets.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The number of the user that the process is.
package var currentUser: UInt32 { geteuid() }

/// True where the process may do anything.
package var isRoot: Bool { geteuid() == 0 }

/// Gives up every capability, and the way to new ones (PR_SET_NO_NEW_PRIVS), for this thread and those it starts later.
/// - Parameter keepsBinding: all but the one to bind ports below 1024.
package func giveUpPrivileges(keepsBinding: Bool = false) throws(SystemError) {
  try attempt("give up", "capabilities") {
    keepsBinding ? clinux_keep_only_binding() : clinux_give_up_privileges()
  }
}

/// Why this process could not append to a file, or make it where there is none; nil where it could. Nothing is written.
package func whyNotWritable(_ path: String) -> String? {
  // Safe, here and below: paths are handed over as C strings that live for the call.
  if unsafe access(path, W_OK) == 0 { return (try? listDirectory(path)) != nil ? "it is a folder" : nil }
  let reason = errno
  if reason != ENOENT { return SystemError("write", path, errno: reason).reason }
  let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  if unsafe access(folder, W_OK | X_OK) == 0 { return nil }
  return errno == ENOENT ? "there is no folder \(folder)" : "no file can be made in \(folder)"
}

/// Why this process cannot run a program, in words; nil where it seems that it can.
package func whyNotRunnable(_ path: String) -> String? {
  var status = stat()
  // Safe, here and below: paths are handed over as C strings that live for the call, and one status is written.
  if unsafe stat(path, &status) != 0 { return SystemError("run", path, errno: errno).reason }
  if status.st_mode & S_IFMT == S_IFDIR { return "it is a folder" }
  if status.st_mode & S_IFMT != S_IFREG { return "it is no file" }
  return unsafe access(path, X_OK) == 0 ? nil : "it may not be executed (chmod +x)"
}

/// True where this process may read a file, or look into a folder.
package func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }
