package import Addresses
internal import Glibc

/// What the system refused: the call in a person's word, the thing it was about, and the reason.
package struct SystemError: Error, Hashable {
  /// What was tried: `bind`, `read`, `open`.
  package let call: String
  /// What it was tried on: an address or a path as the operator wrote it; may be empty.
  package let thing: String
  /// The reason: an `errno` value.
  package let errno: Int32

  package init(_ call: String, _ thing: String, errno: Int32) {
    self.call = call
    self.thing = thing
    self.errno = errno
  }

  /// True where another socket has the address: the one refusal that callers handle apart.
  package var isAddressInUse: Bool { errno == EADDRINUSE }

  /// True where what was named is not there.
  package var isMissing: Bool { errno == ENOENT }

  /// True where this host is short of something, or of ports: it says nothing of whom was to be reached.
  package var isWantOfHost: Bool {
    [EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN, EADDRNOTAVAIL].contains(errno)
  }

  /// True where what was listed is no folder, or not there.
  package var isNoFolder: Bool { errno == ENOTDIR || errno == ENOENT }

  /// True where the host has no such address, or none of its family.
  package var isAddressMissing: Bool { errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT }
}

extension SystemError: CustomStringConvertible {
  /// `cannot bind 127.0.0.1:53: permission denied; take a port above 1023 or grant CAP_NET_BIND_SERVICE`
  package var description: String {
    let what = thing.isEmpty ? call : "\(call) \(thing)"
    return "cannot \(what): \(reason)\(remedy.map { "; \($0)" } ?? "")"
  }

  /// The same, with what asked for it: an option, or a statement with its place.
  package func asked(by setting: String) -> SystemError {
    SystemError(call, thing.isEmpty ? "(\(setting))" : "\(thing) (\(setting))", errno: errno)
  }

  /// The system's words, with a small first letter.
  package var reason: String {
    switch errno {
    case ENOTSUP where call == "read": return "it is no regular file"
    case ENOENT where call.hasPrefix("find "): return "there is none"
    case ENOENT where call == "connect to socket": return "it is not there"
    case ECONNREFUSED where call == "connect to socket": return "nobody listens there"
    case EAGAIN where call == "connect to socket": return "whoever listens there does not take connections"
    case ENXIO where call == "write": return "it is a pipe that nobody reads, or a socket"
    case EAGAIN where call == "write": return "its reader is behind"
    case EPERM where call == "trust": return "other users can write it"
    case EAGAIN where call == "lock": return "another server has it"
    case EADDRNOTAVAIL: return "address not available"
    case EAFNOSUPPORT: return "address family not supported"
    default:
      guard let text = unsafe strerror(errno) else { return "error \(errno)" }
      // Safe: strerror's text ends in a zero and lives until this thread asks again; it is copied here.
      let words = unsafe String(cString: text)
      return words.prefix(1).lowercased() + words.dropFirst()
    }
  }

  /// What to do about it, where there is something to say.
  private var remedy: String? {
    switch (call, errno) {
    case ("bind", EACCES), ("bind", EPERM): "take a port above 1023 or grant CAP_NET_BIND_SERVICE"
    case ("bind", EADDRINUSE), ("listen on", EADDRINUSE): "another server has it: stop that one or listen elsewhere"
    case ("bind", EADDRNOTAVAIL) where thing.hasPrefix("["):
      "no interface of this host has it, or IPv6 is switched off: add it to one or listen elsewhere"
    case ("bind", EADDRNOTAVAIL): "no interface of this host has it: add it to one or listen elsewhere"
    case ("find user", ENOENT): "add it (useradd --system NAME) or name another"
    case ("find group", ENOENT): "add it (groupadd --system NAME) or name another"
    case ("become user", EPERM): "start as root, or as that user, or leave the user out"
    case ("reserve", _): "raise the limit (ulimit -v) or take fewer workers (--workers)"
    case (_, EAFNOSUPPORT): "this host has IPv6 switched off: use IPv4 addresses only"
    case (_, EMFILE): "raise the limit on open files (ulimit -n, LimitNOFILE=)"
    case (_, ENFILE): "raise the host's limit on open files (sysctl fs.file-max)"
    case (_, ENOSPC), (_, EDQUOT): "free some space or write elsewhere"
    case ("write", ENXIO): "start its reader first, or write to a file"
    case (_, EROFS): "write to another place"
    case (_, EACCES) where call.hasPrefix("move "), (_, EPERM) where call.hasPrefix("move "):
      "let the server's user write in its folder"
    default: nil
    }
  }
}

/// Makes a system call, again for as long as a signal interrupts it. Every call of this module that may be interrupted
/// goes through here; the result is -1 where it failed, the reason in `errno`.
@inline(__always)
func uninterrupted<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// Makes a system call and throws its refusal.
@inline(__always) @discardableResult
func attempt<Result: SignedInteger>(
  _ call: String, _ thing: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemError) -> Result {
  let result = uninterrupted(body)
  if result != -1 { return result }
  let reason = errno
  throw SystemError(call, thing(), errno: reason)
}

extension SystemError {
  /// What `bind` says where another socket has the address.
  package static func addressInUse(_ address: SocketAddress) -> SystemError {
    SystemError("bind", address.description, errno: EADDRINUSE)
  }
}

/// Ends the process at once with an exit code.
package func endProcess(_ code: Int32) -> Never { exit(code) }

extension SystemError {
  /// What a call would say that the kernel has no room for now.
  package static func noRoom(to what: String) -> SystemError { SystemError(what, "", errno: ENOBUFS) }

  /// True for a want of this host's own, of a call that the kernel refused at once: descriptors, memory, ports, processes,
  /// IPv6, a route, leave to send. Later the network may report some of these, and means its own.
  package var isShortage: Bool {
    [EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN, EADDRNOTAVAIL, EAFNOSUPPORT, ENETUNREACH, ENETDOWN, EACCES, EPERM]
      .contains(errno)
  }
}
