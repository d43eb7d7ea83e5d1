package import Addresses
internal import CLinux
internal import Glibc

/// A TCP socket that waits for connections, and never blocks.
package struct TCPListener: ~Copyable, Sendable {
  private let descriptor: Descriptor
  /// Where it listens, with the port that the kernel chose where 0 was asked for.
  package let localAddress: SocketAddress

  /// The descriptor's number, for a ``Poller``.
  package var raw: Int32 { descriptor.raw }

  /// Binds a socket and listens, with room for 4096 connections that nobody has accepted yet, or as many as the
  /// kernel allows (sysctl net.core.somaxconn).
  ///
  /// Several listeners of this user share the port (SO_REUSEPORT): ask ``isTaken(_:)`` before the first.
  package static func bind(to address: SocketAddress) throws(SystemError) -> TCPListener {
    let socket = try openSocket(for: address, isStream: true)
    let raw = socket.raw
    try attempt("reuse", "\(address)") { clinux_reuse_address(raw) }
    try attempt("share the port of", "\(address)") { clinux_share_port(raw) }
    if !address.address.isIPv4 { try attempt("keep IPv4 out of", "\(address)") { clinux_only_ipv6(raw) } }
    // What is answered is sent at once: its connections take this over, at no system call each.
    _ = clinux_no_delay(raw)
    try bindSocket(socket, to: address)
    try attempt("listen on", "\(address)") { listen(raw, 4096) }
    let localAddress = try boundAddress(of: socket, asked: address)
    return TCPListener(descriptor: socket, localAddress: localAddress)
  }

  /// True where a listener, of this process or another, has the address, whether or not it would share the port.
  ///
  /// Connections of an earlier server that are still closing do not count. Port 0 is never taken.
  package static func isTaken(_ address: SocketAddress) -> Bool {
    do {
      let probe = try openSocket(for: address, isStream: true)
      _ = clinux_reuse_address(probe.raw)
      if !address.address.isIPv4 { _ = clinux_only_ipv6(probe.raw) }
      try bindSocket(probe, to: address)
      return false
    } catch {
      return error.isAddressInUse
    }
  }

  /// Takes one connection; nil where none waits, or where the one that waited has gone.
  /// - Throws: where this process or the host is out of descriptors or memory: the connection stays in the queue, and
  ///   the listener stays readable, so stop watching it until another connection ends.
  package func accept() throws(SystemError) -> TCPSocket? {
    let raw = descriptor.raw
    var address = KernelAddress()
    // Safe: the kernel writes an address within its storage.
    let accepted = uninterrupted { unsafe address.write { unsafe clinux_accept(raw, $0, $1) } }
    guard accepted >= 0 else {
      let reason = errno
      switch reason {
      case EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL, ENOTSOCK, EFAULT, EOPNOTSUPP:
        throw SystemError("accept a connection on", "\(localAddress)", errno: reason)
      default: return nil  // accept(2): errors of the new connection itself, or of a firewall, are to be passed over
      }
    }
    let descriptor = Descriptor(owning: accepted)
    guard let peer = address.socketAddress else { return nil }
    return TCPSocket(descriptor, peer: peer)
  }
}
