package import Addresses
internal import CLinux
package import FlatMemory
internal import Glibc

/// A UDP socket for one question to one server: connected, so that the kernel hands over nothing that others sent, at a
/// port that the kernel drew (RFC 5452 §4.5, §9.2). Never blocks.
package struct AskingSocket: ~Copyable, Sendable {
  private let descriptor: Descriptor
  /// Whom it asks.
  package let server: SocketAddress

  /// The descriptor's number, for a ``Poller``.
  package var raw: Int32 { descriptor.raw }

  /// Opens a socket and connects it.
  package init(to server: SocketAddress) throws(SystemError) {
    let socket = try openSocket(for: server, isStream: false)
    let raw = socket.raw
    // As for listeners: forged ICMP must not make us send fragments.
    clinux_ignore_path_mtu(raw, server.address.isIPv4)
    let address = KernelAddress(server)
    try attempt("connect to", "\(server)") {
      // Safe: the kernel reads an address of the length it is told.
      unsafe address.read { unsafe clinux_connect(raw, $0, $1) }
    }
    descriptor = socket
    self.server = server
  }

  /// This end, as the server sees it where nothing translates addresses; nil where the kernel does not say.
  package var localAddress: SocketAddress? {
    let raw = descriptor.raw
    var address = KernelAddress()
    // Safe: the kernel writes at most the length it is given.
    return unsafe address.write({ unsafe clinux_local_address(raw, $0, $1) }) == 0 ? address.socketAddress : nil
  }

  /// Sends a query.
  /// - Throws: what the kernel says of the server: no route, nobody there (of an earlier datagram).
  package func send(_ query: borrowing OctetBuffer) throws(SystemError) {
    let raw = descriptor.raw
    let octets = unsafe UnsafeRawPointer(query.memory)
    let count = query.count
    // Safe: the kernel only reads the octets, which live for the call.
    try attempt("send to", "\(server)") { Int32(clamping: unsafe clinux_send_connected(raw, octets, count)) }
  }

  /// What a look for a reply came to.
  package enum Received: Equatable, Sendable {
    /// There is none yet.
    case nothing
    /// One is in the buffer, all of it where `isWhole`.
    case datagram(isWhole: Bool)
    /// The network says that the server cannot be reached.
    case unreachable(SystemError)
  }

  /// Takes one datagram of the server's into an emptied buffer, whose memory it has to itself: a limit from before would
  /// cut it short.
  package func receive(into buffer: inout OctetBuffer) -> Received {
    buffer.reset()
    let raw = descriptor.raw
    var size = 0
    var reason: Int32 = 0
    var room = 0
    unsafe buffer.fill { memory in
      room = memory.count
      // Safe: the kernel writes no more than the memory's count; it may tell of more.
      size = uninterrupted { unsafe clinux_receive_whole(raw, memory.baseAddress, memory.count) }
      if size < 0 { reason = errno }
      return min(max(0, size), memory.count)
    }
    if size >= 0 { return .datagram(isWhole: size <= room) }
    if reason == EAGAIN { return .nothing }
    return .unreachable(SystemError("reach", "\(server)", errno: reason))
  }
}
