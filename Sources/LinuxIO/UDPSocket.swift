package import Addresses
internal import CLinux
package import FlatMemory
internal import Glibc

/// A UDP socket that never blocks and stamps each datagram with the time the kernel received it.
package struct UDPSocket: ~Copyable, Sendable {
  private let descriptor: Descriptor
  /// Where it is bound, with the port that the kernel chose where 0 was asked for.
  package let localAddress: SocketAddress
  /// True where it hears every address of the host, so that replies must say which one they come from.
  package let isWildcard: Bool

  /// The descriptor's number, for a ``Poller``.
  package var raw: Int32 { descriptor.raw }

  /// Binds a socket.
  ///
  /// Beside the binding: no path MTU discovery (forged ICMP must not make us send fragments, as NSD and Knot do),
  /// 4 MiB of receive memory or what the host allows, IPv6 sockets hear IPv6 only.
  /// - Parameters:
  ///   - address: port 0 lets the kernel choose; see ``localAddress``.
  ///   - sharesPort: several sockets of this user may bind it and the kernel spreads the datagrams (SO_REUSEPORT). A
  ///     second server could join unnoticed: ask ``isTaken(_:)`` before the first such socket is bound.
  package static func bind(to address: SocketAddress, sharesPort: Bool) throws(SystemError) -> UDPSocket {
    let isIPv4 = address.address.isIPv4
    let socket = try openSocket(for: address, isStream: false)
    let raw = socket.raw
    if sharesPort { try attempt("share the port of", "\(address)") { clinux_share_port(raw) } }
    if !isIPv4 { try attempt("keep IPv4 out of", "\(address)") { clinux_only_ipv6(raw) } }
    try attempt("ask for receive times on", "\(address)") { clinux_stamp_datagrams(raw, true) }
    if address.address.isWildcard {
      try attempt("ask for destinations on", "\(address)") { clinux_tell_destination(raw, isIPv4) }
    }
    clinux_ignore_path_mtu(raw, isIPv4)
    _ = clinux_receive_memory(raw, 4 << 20)
    try bindSocket(socket, to: address)
    let localAddress = try boundAddress(of: socket, asked: address)
    return UDPSocket(descriptor: socket, localAddress: localAddress, isWildcard: address.address.isWildcard)
  }

  /// Has each datagram stamped from now on, or none. What waits already may be stamped when it is fetched, and stamps may
  /// begin a moment late.
  package func stampDatagrams(_ isOn: Bool) {
    let raw = descriptor.raw
    // A socket that could be asked to stamp can be asked again; if not, datagrams come as they came.
    _ = clinux_stamp_datagrams(raw, isOn)
  }

  /// True where a socket, of this process or another, has the address, whether or not it would share the port.
  ///
  /// Ask for all addresses before binding any: a bound wildcard takes every address of its port. Port 0 is never taken.
  package static func isTaken(_ address: SocketAddress) -> Bool {
    do {
      let probe = try openSocket(for: address, isStream: false)
      if !address.address.isIPv4 { _ = clinux_only_ipv6(probe.raw) }
      try bindSocket(probe, to: address)
      return false
    } catch {
      return error.isAddressInUse
    }
  }

  /// Datagrams that the kernel dropped since the socket was made, most because there was no room for them; nil where it does
  /// not say. Modulo 2^32.
  package var droppedCount: UInt32? {
    var count: UInt32 = 0
    // Safe: one number is written where there is room for it.
    return unsafe clinux_dropped(descriptor.raw, &count) == 0 ? count : nil
  }

  /// Sends one datagram; for tests and control traffic, not for a query's path (see ``DatagramBatch``).
  /// - Returns: false where the kernel has no room now.
  package func send(_ octets: [UInt8], to peer: SocketAddress) throws(SystemError) -> Bool {
    let raw = descriptor.raw
    let address = KernelAddress(peer)
    let sent = uninterrupted {
      unsafe octets.withUnsafeBytes { memory in
        // Safe: the kernel only reads the octets and the address, both alive for the call.
        unsafe address.read { unsafe clinux_send_to(raw, memory.baseAddress, memory.count, $0, $1) }
      }
    }
    if sent >= 0 { return true }
    let reason = errno
    if reason == EAGAIN { return false }
    throw SystemError("send to", "\(peer)", errno: reason)
  }

  /// Sends a response that was not ready when its query's batch was answered.
  /// - Parameters:
  ///   - source: the address that was asked, of a wildcard socket; nil for the socket's own.
  ///   - scope: the interface that a link-local peer is behind, see ``DatagramBatch/scope(_:)``.
  /// - Returns: false where the kernel does not take it, for whatever reason: as with a batch, it is not said.
  package func send(
    _ response: borrowing OctetBuffer, to peer: SocketAddress, from source: IPAddress?, scope: UInt32
  ) -> Bool {
    let raw = descriptor.raw
    let address = KernelAddress(peer)
    var leaving = clinux_leaving()
    if let source, isWildcard {
      leaving = clinux_leaving(high: source.high, low: source.low, is_set: true, ipv4: source.isIPv4)
    }
    let octets = unsafe UnsafeRawPointer(response.memory)
    let count = response.count
    let sent = uninterrupted {
      // Safe: the kernel only reads the octets and the address, both alive for the call.
      unsafe address.read { unsafe clinux_send_from(raw, octets, count, $0, $1, scope, leaving) }
    }
    return sent >= 0
  }

  /// Takes one waiting datagram into an emptied `buffer`; what is longer than its limit is cut off. For tests and
  /// control traffic, not for a query's path (see ``DatagramBatch``).
  /// - Returns: who sent it; nil where none is waiting.
  package func receive(into buffer: inout OctetBuffer) throws(SystemError) -> SocketAddress? {
    buffer.truncate(to: 0)
    let raw = descriptor.raw
    var address = KernelAddress()
    var reason: Int32 = 0
    unsafe buffer.fill { memory in
      let count = uninterrupted {
        // Safe: the kernel writes no more than the memory's count, and an address within its storage.
        unsafe address.write { unsafe clinux_receive_from(raw, memory.baseAddress, memory.count, $0, $1) }
      }
      if count < 0 { reason = errno }
      return max(0, count)
    }
    if reason == 0 { return address.socketAddress }
    if isTransient(reason) { return nil }
    throw SystemError("receive on", "\(localAddress)", errno: reason)
  }
}

/// A socket of the address's family, non-blocking, closed in child processes.
func openSocket(for address: SocketAddress, isStream: Bool) throws(SystemError) -> Descriptor {
  let family = address.address.isIPv4 ? AF_INET : AF_INET6
  return Descriptor(
    owning: try attempt("open a socket for", "\(address)") { clinux_socket(family, isStream) })
}

/// Binds a socket to an address.
func bindSocket(_ socket: borrowing Descriptor, to address: SocketAddress) throws(SystemError) {
  let raw = socket.raw
  let wanted = KernelAddress(address)
  try attempt("bind", "\(address)") {
    // Safe: the kernel reads an address of the length it is told.
    unsafe wanted.read { unsafe clinux_bind(raw, $0, $1) }
  }
}

/// True for what a receive may report that says nothing about the socket itself: nothing is waiting, memory is short
/// now, or some earlier datagram met a closed port or no route.
func isTransient(_ reason: Int32) -> Bool {
  switch reason {
  case EAGAIN, ENOBUFS, ENOMEM, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EPROTO,
    ENOPROTOOPT, EMSGSIZE, EACCES, EPERM, ETIMEDOUT:
    true
  default: false
  }
}
