package import Addresses
internal import CLinux
internal import Glibc

/// A socket address as the kernel reads and writes it.
struct KernelAddress {
  private var storage = sockaddr_storage()
  private var length: socklen_t

  /// Room for an address that the kernel will write.
  init() { length = socklen_t(MemoryLayout<sockaddr_storage>.size) }

  /// An address to hand to the kernel.
  init(_ address: SocketAddress) {
    let isIPv4 = address.address.isIPv4
    length = socklen_t(isIPv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
    // Safe: all offsets are those of sockaddr_in and sockaddr_in6, within the larger sockaddr_storage.
    unsafe withUnsafeMutableBytes(of: &storage) { octets in
      unsafe octets.storeBytes(of: UInt16(isIPv4 ? AF_INET : AF_INET6), as: UInt16.self)
      unsafe octets.storeBytes(of: address.port.bigEndian, toByteOffset: 2, as: UInt16.self)
      if isIPv4 {
        let bits = UInt32(truncatingIfNeeded: address.address.low)
        unsafe octets.storeBytes(of: bits.bigEndian, toByteOffset: 4, as: UInt32.self)
      } else {
        unsafe octets.storeBytes(of: address.address.high.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe octets.storeBytes(of: address.address.low.bigEndian, toByteOffset: 16, as: UInt64.self)
      }
    }
  }

  /// What the kernel wrote; nil where it is neither IPv4 nor IPv6.
  var socketAddress: SocketAddress? {
    // Safe: as above, offsets within sockaddr_storage; integers have no invalid bit patterns.
    unsafe withUnsafeBytes(of: storage) { octets in
      let port = UInt16(bigEndian: unsafe octets.load(fromByteOffset: 2, as: UInt16.self))
      switch Int32(storage.ss_family) {
      case AF_INET:
        let bits = UInt32(bigEndian: unsafe octets.load(fromByteOffset: 4, as: UInt32.self))
        return SocketAddress(IPAddress(v4: bits), port: port)
      case AF_INET6:
        let high = UInt64(bigEndian: unsafe octets.load(fromByteOffset: 8, as: UInt64.self))
        let low = UInt64(bigEndian: unsafe octets.load(fromByteOffset: 16, as: UInt64.self))
        return SocketAddress(IPAddress(high: high, low: low), port: port)
      default: return nil
      }
    }
  }

  /// Lends the address to a call that reads it.
  func read<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    // Safe: sockaddr_storage is made to be read as any sockaddr, and `body` does not keep the pointer.
    unsafe withUnsafePointer(to: storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
  }

  /// Lends the memory to a call that writes an address into it.
  mutating func write<Result>(_ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result)
    -> Result
  {
    length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    // Safe: as above.
    return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, &length) }
    }
  }
}

extension IPAddress {
  /// True for `0.0.0.0` and `::`: a socket bound there hears every address of the host.
  package var isWildcard: Bool { high == 0 && low == 0 }
}

/// The address that a socket is bound to, its port chosen by the kernel where 0 was asked for.
func boundAddress(of socket: borrowing Descriptor, asked: SocketAddress) throws(SystemError) -> SocketAddress {
  let raw = socket.raw
  var address = KernelAddress()
  try attempt("read the address of", "\(asked)") {
    // Safe: the kernel writes at most the length it is given.
    unsafe address.write { unsafe clinux_local_address(raw, $0, $1) }
  }
  return address.socketAddress ?? asked
}
