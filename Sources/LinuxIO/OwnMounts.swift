internal import CLinux
internal import Glibc

/// A view of the file system of this process's own: what it and the programs it becomes or starts see at a path, nobody
/// else does. Gone with the last of them.
package enum OwnMounts {
  /// What this was refused for.
  package enum Problem: Error, Hashable {
    /// The system does not let this user have a name space; what it said, and what to do about it.
    case forbidden(SystemError, remedy: String)
    case system(SystemError)
  }

  /// Where an empty file system is put for a moment: the first folder that there is.
  private static let workFolders = ["/tmp", "/mnt", "/var", "/usr"]

  /// Leaves the file system that all share. The process must have one thread; it stays the user that it is.
  ///
  /// Root needs no more than a mount name space; any other user, and root without capabilities, as in most containers, one
  /// for users too, in which there is only it.
  package static func begin() throws(Problem) {
    let (user, group) = (geteuid(), getegid())
    func enter(withUser: Bool) -> (step: Int, reason: Int32) {
      // Safe: the texts live for the call.
      let step = unsafe clinux_own_mounts(withUser, "\(user) \(user) 1", "\(group) \(group) 1")
      return (Int(step), errno)
    }
    var (step, reason) = enter(withUser: user != 0)
    if user == 0, step == Int(clinux_step_mounts), reason == EPERM { (step, reason) = enter(withUser: true) }
    if step != Int(clinux_step_done) { throw refusal(step, reason, isRoot: user == 0) }
  }

  private static func refusal(_ step: Int, _ reason: Int32, isRoot: Bool) -> Problem {
    let what =
      switch step {
      case Int(clinux_step_user): "a user name space"
      case Int(clinux_step_map): "the map of a user name space"
      default: "mounts of its own"
      }
    let error = SystemError(step == Int(clinux_step_map) ? "write" : "make", what, errno: reason)
    let isOfUsers = step == Int(clinux_step_user) || step == Int(clinux_step_map)
    guard isOfUsers || reason == EPERM || reason == EACCES else { return .system(error) }
    return .forbidden(error, remedy: Settings.ofThisHost.remedy(reason, isRoot: isRoot))
  }

  /// What the system's settings say of user name spaces; nil where it has no such setting.
  struct Settings {
    var most: Int?
    var unprivilegedClone: Int?
    var appArmorRestricts: Int?

    static var ofThisHost: Settings {
      Settings(
        most: number(in: "/proc/sys/user/max_user_namespaces"),
        unprivilegedClone: number(in: "/proc/sys/kernel/unprivileged_userns_clone"),
        appArmorRestricts: number(in: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"))
    }

    /// Why a process may have no name space, as far as the system lets on, and what to do.
    /// - Parameter isRoot: it is root, and lacks the capability that would do without.
    func remedy(_ reason: Int32, isRoot: Bool) -> String {
      let head = isRoot ? "this is root without CAP_SYS_ADMIN, which needs a user name space, and " : ""
      return head + cause(reason) + (isRoot ? ", or add CAP_SYS_ADMIN to this container" : ", or run as root")
    }

    private func cause(_ reason: Int32) -> String {
      if most == 0 { return "user name spaces are switched off: sysctl user.max_user_namespaces=15000" }
      if unprivilegedClone == 0 {
        return "only who has CAP_SYS_ADMIN may make them here: sysctl kernel.unprivileged_userns_clone=1"
      }
      if appArmorRestricts == 1 {
        return "AppArmor keeps them from programs without a profile that says userns: write one for ambit, or sysctl "
          + "kernel.apparmor_restrict_unprivileged_userns=0"
      }
      switch reason {
      case ENOSPC: return "there are too many already: raise sysctl user.max_user_namespaces"
      case EINVAL: return "this kernel has none (CONFIG_USER_NS), or the process has threads: use another"
      default: return "something forbids them, as a container's seccomp profile does: allow unshare and mount there"
      }
    }
  }

  private static func number(in path: String) -> Int? {
    guard let text = try? readFile(path, atMost: 64) else { return nil }
    return Int(String(decoding: text, as: UTF8.self).filter { !$0.isWhitespace })
  }

  /// Shows other texts at paths of files that are there; a link is followed to what it means.
  ///
  /// To be called after ``begin()``. The texts lie in memory, and nothing is left on any disk. Files in /etc are shown by
  /// covering all of /etc, which is then not written to: what is mounted at one file alone is gone as soon as the machine
  /// puts another in that file's place by renaming. Where that cannot be, they are covered one by one like all others:
  /// before Linux 5.11, without overlayfs, or where something is mounted in /etc, as in containers.
  package static func show(_ files: [(path: String, text: String)]) throws(Problem) {
    do throws(SystemError) {
      // Links are followed first: the folder that is covered for a moment may be on the way.
      var targets: [(target: String?, path: String, text: String)] = []
      for file in files {
        let isOfEtc = file.path.hasPrefix(etc + "/")
        // A link in /etc that leads nowhere is one more that can only be covered with the folder.
        targets.append((isOfEtc ? try? realPath(file.path) : try realPath(file.path), file.path, file.text))
      }
      guard let folder = workFolders.first(where: { isFolder($0) && !isOnTheWay($0, targets.compactMap(\.target)) })
      else { throw SystemError("find", "a folder to work in", errno: ENOENT) }
      // Safe, here and below: paths are handed over as C strings that live for the call.
      try attempt("mount memory at", folder) { unsafe clinux_mount_memory(folder) }
      let ofEtc = targets.filter { $0.path.hasPrefix(etc + "/") }
      if try coverEtc(ofEtc.map { ($0.path, $0.text) }, in: folder) {
        targets.removeAll { $0.path.hasPrefix(etc + "/") }
      }
      for (index, file) in targets.enumerated() {
        guard let target = file.target else { throw SystemError("find", file.path, errno: ENOENT) }
        let source = "\(folder)/\(index)"
        try write(file.text, to: source)
        try attempt("show another file at", file.path) { unsafe clinux_mount_over(source, target) }
      }
      try attempt("unmount", folder) { unsafe clinux_unmount(folder) }
    } catch {
      if error.errno == EPERM || error.errno == EACCES {
        throw .forbidden(error, remedy: Settings.ofThisHost.remedy(error.errno, isRoot: geteuid() == 0))
      }
      throw .system(error)
    }
  }

  private static let etc = "/etc"

  /// Covers /etc with itself and other files in it.
  /// - Returns: false where that cannot be here.
  private static func coverEtc(
    _ files: [(path: String, text: String)], in folder: String
  ) throws(SystemError) -> Bool {
    // What is mounted within would not be seen any more.
    guard !files.isEmpty, let mounts = try? readFile("/proc/self/mountinfo", atMost: 1 << 20) else { return false }
    let isWithin = String(decoding: mounts, as: UTF8.self).split(separator: "\n").contains { line in
      let fields = line.split(separator: " ", maxSplits: 5)
      return fields.count > 4 && fields[4].hasPrefix(etc + "/")
    }
    if isWithin { return false }
    let layer = folder + etc
    try attempt("make", layer) { unsafe mkdir(layer, 0o755) }
    try attempt("make", layer) { unsafe chmod(layer, 0o755) }
    for file in files { try write(file.text, to: folder + file.path) }
    return unsafe clinux_mount_layers("lowerdir=\(layer):\(etc)", etc) == 0
  }

  private static func isOnTheWay(_ folder: String, _ targets: [String]) -> Bool {
    targets.contains { $0.hasPrefix(folder + "/") }
  }

  private static func isFolder(_ path: String) -> Bool { (try? listDirectory(path)) != nil }

  private static func realPath(_ path: String) throws(SystemError) -> String {
    // Safe: realpath allocates the text, which is copied and freed here.
    guard let text = unsafe realpath(path, nil) else { throw SystemError("find", path, errno: errno) }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }

  private static func write(_ text: String, to path: String) throws(SystemError) {
    let raw = try attempt("write", path) { unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    let file = Descriptor(owning: raw)
    // For all users that the program may have, whatever the mask of who calls this.
    try attempt("write", path) { fchmod(file.raw, 0o644) }
    let octets = Array(text.utf8)
    let count = uninterrupted {
      // Safe: the memory lives for the closure, and is only read.
      unsafe octets.withUnsafeBytes { unsafe Glibc.write(file.raw, $0.baseAddress, $0.count) }
    }
    if count != octets.count { throw SystemError("write", path, errno: count < 0 ? errno : ENOSPC) }
  }

  /// True where something is at a path, whatever it is.
  package static func isThere(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}

/// Becomes another program, found by PATH, in this process: its number, its parent and its descriptors stay.
/// - Parameters:
///   - environment: what it finds there beside what there is.
///   - absent: what it does not find there.
/// - Returns: only where it cannot be executed: why.
package func becomeProgram(
  _ words: [String], environment: [(name: String, value: String)], without absent: [String] = []
) -> SystemError {
  precondition(!words.isEmpty, "a program has a name")
  for name in absent {
    // Safe: the name is read for the call.
    _ = unsafe unsetenv(name)
  }
  for (name, value) in environment {
    // Safe: both are copied.
    _ = unsafe setenv(name, value, 1)
  }
  // Safe: the words are copied; the copies live until the program is another, or are freed below.
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []
  for word in words { unsafe pointers.append(strdup(word)) }
  unsafe pointers.append(nil)
  _ = unsafe execvp(words[0], pointers)
  let reason = errno
  for index in 0...words.count { unsafe free(pointers[index]) }
  return SystemError("run", words[0], errno: reason)
}

/// The exit code by which shells tell why a program did not run: 127 where there is none, 126 otherwise.
package func shellExitCode(_ error: SystemError) -> Int32 { error.errno == ENOENT ? 127 : 126 }
