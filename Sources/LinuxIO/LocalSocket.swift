internal import CLinux
internal import Glibc

/// A socket that waits for programs of this host, by an abstract name: no file, gone with its process, seen only in the
/// process's network name space. Never blocks.
package struct LocalListener: ~Copyable, Sendable {
  private let descriptor: Descriptor

  /// The descriptor's number, for a ``Poller``.
  package var raw: Int32 { descriptor.raw }

  /// Takes a name and listens. Who connects learns which user the process is now, whatever it becomes later.
  /// - Parameter name: 1 to 107 octets, without the zero that makes it abstract.
  package init(_ name: String) throws(SystemError) {
    let socket = Descriptor(owning: try attempt("open a socket for", "@\(name)") { clinux_local_socket() })
    let raw = socket.raw
    let octets = Array(name.utf8)
    // Safe: the shim reads as many octets as it is told.
    try attempt("bind", "@\(name)") { unsafe clinux_local_bind(raw, octets, octets.count) }
    try attempt("listen on", "@\(name)") { listen(raw, 16) }
    descriptor = socket
  }

  /// Takes one connection; nil where none waits, or there is no descriptor for it.
  package func accept() -> LocalSocket? {
    let raw = descriptor.raw
    let accepted = uninterrupted { clinux_accept(raw, nil, nil) }
    return accepted >= 0 ? LocalSocket(Descriptor(owning: accepted)) : nil
  }
}

/// A connection with a program of this host. Never blocks.
package struct LocalSocket: ~Copyable, Sendable {
  private let descriptor: Descriptor

  init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// The descriptor's number, for a ``Poller``.
  package var raw: Int32 { descriptor.raw }

  /// Connects to who has an abstract name; nil where nobody has.
  package static func connect(to name: String) throws(SystemError) -> LocalSocket? {
    let socket = Descriptor(owning: try attempt("open a socket for", "@\(name)") { clinux_local_socket() })
    let raw = socket.raw
    let octets = Array(name.utf8)
    // Safe: the shim reads as many octets as it is told.
    if uninterrupted({ unsafe clinux_local_connect(raw, octets, octets.count) }) == 0 { return LocalSocket(socket) }
    let reason = errno
    if reason == ECONNREFUSED { return nil }
    throw SystemError("connect to", "@\(name)", errno: reason)
  }

  /// Connects to who listens at a path.
  package static func connect(toPath path: String) throws(SystemError) -> LocalSocket {
    let socket = Descriptor(owning: try attempt("open a socket for", path) { clinux_local_socket() })
    let raw = socket.raw
    let octets = Array(path.utf8)
    // Safe: the shim reads as many octets as it is told.
    try attempt("connect to socket", path) { unsafe clinux_path_connect(raw, octets, octets.count) }
    return LocalSocket(socket)
  }

  /// The number of the user at the other end; nil where the system does not say.
  package var peerUser: UInt32? {
    var user = uid_t()
    // Safe: the call writes one integer.
    return unsafe clinux_peer_user(descriptor.raw, &user) == 0 ? user : nil
  }

  /// The number of the process that connected; nil where it has ended, it is none of this name space, or the system does not
  /// say.
  package var peerProcess: Int32? {
    var process = pid_t()
    // Safe: the call writes one integer.
    return unsafe clinux_peer_process(descriptor.raw, &process) == 0 && process > 0 ? process : nil
  }

  /// Has the program that this process becomes keep the connection: it ends with the last who has it.
  package func keepAcrossExec() throws(SystemError) {
    try attempt("hand on", "a connection") { clinux_keep_across_exec(descriptor.raw) }
  }

  /// Takes nothing more that the other end sends: it learns so where it writes.
  package func stopReading() { _ = shutdown(descriptor.raw, Int32(SHUT_RD)) }

  /// What a reading came to.
  package enum Reading: Equatable, Sendable {
    case octets([UInt8])
    case wouldBlock
    /// The peer has ended, or the connection broke.
    case closed
  }

  /// Reads what has come, at most so many octets.
  package func read(atMost limit: Int) -> Reading {
    let raw = descriptor.raw
    var octets = [UInt8](repeating: 0, count: max(1, limit))
    // Safe: the kernel writes at most as many octets as there are.
    let count = uninterrupted {
      unsafe octets.withUnsafeMutableBytes { unsafe Glibc.read(raw, $0.baseAddress, $0.count) }
    }
    if count > 0 { return .octets(Array(octets.prefix(count))) }
    return count < 0 && errno == EAGAIN ? .wouldBlock : .closed
  }

  /// Writes `octets`, or as many of them as the kernel takes now; nil where the connection broke.
  package func write(_ octets: Span<UInt8>) -> Int? {
    if octets.isEmpty { return 0 }
    let raw = descriptor.raw
    // Safe: the memory lives for the closure, and is only read.
    let count = uninterrupted { unsafe octets.withUnsafeBytes { unsafe clinux_send(raw, $0.baseAddress, $0.count) } }
    if count >= 0 { return count }
    return errno == EAGAIN ? 0 : nil
  }

  /// Writes `octets`, or as many of them as the kernel takes now; nil where the connection broke.
  package func write(_ octets: ArraySlice<UInt8>) -> Int? { write(octets.span) }
}
