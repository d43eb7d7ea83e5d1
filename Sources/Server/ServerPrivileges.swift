internal import Addresses
internal import Answering
internal import LinuxIO
internal import Policy

/// From root to who the server shall be: after the sockets are bound, before any other thread starts and before the
/// metrics log is opened, so that what works at the start also works at a reload or a rotation.
enum ServerPrivileges {
  /// Looks up a user before anything is bound.
  static func find(_ user: ServerUser?) throws(SystemError) -> ProcessUser? {
    guard let user else { return nil }
    return try ProcessUser.find(user.name, group: user.group)
  }

  /// Becomes the user, where there is one, for good; and gives up capabilities that are of no more use.
  /// - Parameters:
  ///   - openedFiles: what was read before, which a reload will read again.
  ///   - keepsBinding: keep the right to bind ports below 1024: a lease binds port 53 of an address of loopback.
  static func drop(
    to user: ProcessUser?, _ folder: String, openedFiles: [String], _ listens: [SocketAddress],
    keepsBinding: Bool
  ) throws(SystemError) {
    let wasRoot = isRoot
    try user?.become(keepsBinding: keepsBinding)
    if isRoot {
      if user == nil, listens.contains(where: { $0.port < 1024 }) {
        writeStandardError(
          "ambit: this is root, and need not be once the sockets are bound; write \"user NAME\" in the policy, or start "
            + "with --user NAME\n")
      }
      return
    }
    do throws(SystemError) {
      try giveUpPrivileges(keepsBinding: keepsBinding)
    } catch {
      // A sandbox may forbid even this; who asked for nothing need not be stopped by it.
      if user != nil { throw error }
    }
    if wasRoot, let user { warnOfUnreadable(folder, openedFiles, by: user) }
  }

  /// A reload reads the folder as the new user: better said now than then.
  private static func warnOfUnreadable(_ folder: String, _ openedFiles: [String], by user: ProcessUser) {
    func warn(_ what: String) {
      writeStandardError(
        "ambit: \(what), so a reload will fail; give the user \(user.name) the right to read it (chgrp, chmod g+rX)\n")
    }
    do throws(SystemError) {
      let files = try ConfigurationFolder.read(folder)
      for folder in files.unreadableFolders { warn("cannot read \(folder.path): \(folder.reason)") }
      for path in openedFiles where !isReadable(path) { warn("cannot read \(path): permission denied") }
    } catch {
      warn("\(error)")
    }
  }
}
