package import Addresses
internal import CLinux
internal import Glibc

/// A UDP socket for active measurement: it sends with the time, stamps what comes, and tells errors of the network with the
/// datagram that met them. Not connected, so that what comes from elsewhere is seen as well.
package final class ProbeSocket: Sendable {
  private let descriptor: Descriptor
  /// Where it is bound, with the port that the kernel chose where 0 was asked for.
  package let localAddress: SocketAddress

  /// The descriptor's number, for ``waitReadable(_:nanoseconds:)``.
  package var raw: Int32 { descriptor.raw }

  /// Binds a socket.
  /// - Parameters:
  ///   - hopLimit: TTL or hop limit of what it sends.
  ///   - trafficClass: the octet in which the DSCP is, likewise. The flow label is 0.
  package init(from address: SocketAddress, hopLimit: Int, trafficClass: Int) throws(SystemError) {
    let isIPv4 = address.address.isIPv4
    let socket = try openSocket(for: address, isStream: false)
    let raw = socket.raw
    try attempt("ask for receive times on", "\(address)") { clinux_stamp_datagrams(raw, true) }
    try attempt("ask for errors on", "\(address)") {
      clinux_probe_options(raw, isIPv4, Int32(clamping: hopLimit), Int32(clamping: trafficClass))
    }
    _ = clinux_receive_memory(raw, 4 << 20)
    try bindSocket(socket, to: address)
    localAddress = try boundAddress(of: socket, asked: address)
    descriptor = socket
  }

  /// When a datagram was sent: both clocks, read just before the call, and what the call said.
  package struct Sending: Sendable {
    /// In nanoseconds since 1970-01-01 UTC.
    package let realtime: UInt64
    /// On the monotonic clock.
    package let monotonic: UInt64
    /// nil where the datagram left.
    package let error: SystemError?
  }

  /// Sends a datagram.
  package func send(_ octets: [UInt8], to peer: SocketAddress) -> Sending {
    let raw = descriptor.raw
    let address = KernelAddress(peer)
    // The monotonic clock first: what lies between the wall clock and the call is all that the delay has too much.
    let monotonic = Clock.monotonicNanoseconds()
    let realtime = Clock.realtimeNanoseconds()
    let sent = uninterrupted {
      unsafe octets.withUnsafeBytes { memory in
        // Safe: the kernel only reads the octets and the address, both alive for the call.
        unsafe address.read { unsafe clinux_send_to(raw, memory.baseAddress, memory.count, $0, $1) }
      }
    }
    let error = sent >= 0 ? nil : SystemError("send to", "\(peer)", errno: errno)
    return Sending(realtime: realtime, monotonic: monotonic, error: error)
  }

  /// What came.
  package struct Datagram: Sendable {
    /// How many of its octets are in the memory.
    package let count: Int
    /// Who sent it; of an error, whom the datagram was for.
    package let peer: SocketAddress?
    /// When the kernel received it, in nanoseconds since 1970-01-01 UTC; 0 where the kernel does not say.
    package let kernelTime: UInt64
    /// Of an error: the reason.
    package let reason: SystemError?
  }

  /// Takes the next datagram that waits into the start of `memory`; what is longer is cut off.
  /// - Returns: nil where none waits.
  package func receive(into memory: inout [UInt8]) throws(SystemError) -> Datagram? {
    try take(&memory, isError: false)
  }

  /// Takes the next error that waits; `memory` then begins like the datagram that met it.
  /// - Returns: nil where none waits.
  package func receiveError(into memory: inout [UInt8]) throws(SystemError) -> Datagram? {
    try take(&memory, isError: true)
  }

  private func take(_ memory: inout [UInt8], isError: Bool) throws(SystemError) -> Datagram? {
    let raw = descriptor.raw
    var address = KernelAddress()
    var kernelTime: UInt64 = 0
    var number: Int32 = 0
    let count = unsafe memory.withUnsafeMutableBytes { octets in
      uninterrupted {
        // Safe: the kernel writes no more than the memory's count, an address within its storage, and two numbers.
        unsafe address.write {
          unsafe clinux_probe_receive(raw, octets.baseAddress, octets.count, $0, $1, isError, &kernelTime, &number)
        }
      }
    }
    if count < 0 {
      let reason = errno
      if isTransient(reason) { return nil }
      throw SystemError("receive on", "\(localAddress)", errno: reason)
    }
    return Datagram(
      count: Swift.max(0, count), peer: address.socketAddress, kernelTime: kernelTime,
      reason: number == 0 ? nil : SystemError("reach", "", errno: number))
  }
}

/// Waits until one of at most 8 descriptors has something to read, for so long at the most, or until a signal comes.
package func waitReadable(_ descriptors: [Int32], nanoseconds: UInt64) {
  // Safe: the descriptors are read for the call only.
  _ = unsafe clinux_wait_readable(descriptors, UInt32(descriptors.count), nanoseconds)
}

/// Makes the waits of this thread end when they should, not up to 50 µs later, and, where this process may ask for it
/// (CAP_SYS_NICE), not after others' work either. For a thread that does little, until ``waitAsUsual()``.
package func waitExactly() {
  clinux_wait_exactly()
  _ = clinux_run_at_once()
}

/// Takes ``waitExactly()`` back, before this thread does much.
package func waitAsUsual() { clinux_wait_as_usual() }

/// True where standard error is a terminal that a person may watch.
package func standardErrorIsTerminal() -> Bool { isatty(STDERR_FILENO) == 1 }
