package import Addresses
internal import CLinux
package import FlatMemory
internal import Glibc

/// One TCP connection that never blocks; closed when its owner's life ends.
package struct TCPSocket: ~Copyable, Sendable {
  private let descriptor: Descriptor
  /// The other end.
  package let peer: SocketAddress

  init(_ descriptor: consuming Descriptor, peer: SocketAddress) {
    self.descriptor = descriptor
    self.peer = peer
  }

  /// The descriptor's number, for a ``Poller``.
  package var raw: Int32 { descriptor.raw }

  /// This end of an accepted connection; nil where the kernel does not say.
  package var localAddress: SocketAddress? {
    let raw = descriptor.raw
    var address = KernelAddress()
    // Safe: the kernel writes at most the length it is given.
    return unsafe address.write({ unsafe clinux_local_address(raw, $0, $1) }) == 0 ? address.socketAddress : nil
  }

  /// Begins to connect; once writable, ``connectionError()`` says how it ended.
  package static func connect(to peer: SocketAddress) throws(SystemError) -> TCPSocket {
    let socket = try openSocket(for: peer, isStream: true)
    let raw = socket.raw
    _ = clinux_no_delay(raw)
    let address = KernelAddress(peer)
    // Safe: the kernel reads an address of the length it is told. Not tried again when interrupted: it goes on anyway.
    if unsafe address.read({ unsafe clinux_connect(raw, $0, $1) }) != 0 {
      let reason = errno
      if reason != EINPROGRESS && reason != EINTR { throw SystemError("connect to", "\(peer)", errno: reason) }
    }
    return TCPSocket(socket, peer: peer)
  }

  /// Why a connection that was begun did not come about; nil where it did. Asked once, when the socket is writable.
  package func connectionError() -> SystemError? {
    let reason = clinux_pending_error(descriptor.raw)
    return reason == 0 ? nil : SystemError("connect to", "\(peer)", errno: reason)
  }

  /// What a read or a write came to.
  package enum Progress: Equatable, Sendable {
    /// So many octets were moved; of a read, 0 only where the buffer is full.
    case octets(Int)
    /// Nothing can be moved now; wait until the socket is readable, or writable.
    case wouldBlock
    /// The peer has ended its side (reads only).
    case closed
    /// The connection broke; a peer's doing, so there are no words for it.
    case failed
  }

  /// Reads what has come, up to the buffer's limit, after what is already in it.
  package func read(into buffer: inout OctetBuffer) -> Progress {
    if buffer.count >= buffer.limit { return .octets(0) }
    let raw = descriptor.raw
    var progress = Progress.closed
    unsafe buffer.fill { memory in
      // Safe: the kernel writes no more than the memory's count.
      let count = uninterrupted { unsafe Glibc.read(raw, memory.baseAddress, memory.count) }
      if count > 0 {
        progress = .octets(count)
      } else if count < 0 {
        progress = errno == EAGAIN ? .wouldBlock : .failed
      }
      return max(0, count)
    }
    return progress
  }

  /// Writes what is in `buffer` from `offset` on, or as much of it as the kernel takes now.
  package func write(from buffer: borrowing OctetBuffer, offset: Int) -> Progress {
    precondition(offset >= 0 && offset <= buffer.count, "a write starts within the buffer")
    // Safe: the range was checked, and the memory lives as long as the buffer, which is borrowed.
    let rest = unsafe UnsafeRawBufferPointer(start: buffer.memory + offset, count: buffer.count - offset)
    return unsafe write(rest)
  }

  /// Writes `octets`, or as many of them as the kernel takes now.
  package func write(_ octets: ArraySlice<UInt8>) -> Progress {
    // Safe: the memory lives for the closure, and is only read.
    unsafe octets.withUnsafeBytes { unsafe write($0) }
  }

  private func write(_ octets: UnsafeRawBufferPointer) -> Progress {
    if octets.count == 0 { return .octets(0) }
    let raw = descriptor.raw
    let count = uninterrupted { unsafe clinux_send(raw, octets.baseAddress, octets.count) }
    if count >= 0 { return .octets(count) }
    return errno == EAGAIN ? .wouldBlock : .failed
  }

  /// Says that nothing more will be written; the peer sees the end once it has read the rest.
  package func finishWriting() { _ = shutdown(descriptor.raw, Int32(SHUT_WR)) }

  /// Ends both directions: the peer, and a thread that waits for this socket, see the end.
  package func shutDown() { _ = shutdown(descriptor.raw, Int32(SHUT_RDWR)) }
}
