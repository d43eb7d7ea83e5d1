package import Addresses
package import DNSFormat
internal import FlatMemory

/// The addresses that records of any type say a host or a gateway has: the same types that `isolate` judges in our zones.
package enum RecordAddresses {
  /// True for types whose RDATA has addresses in it.
  package static func mayBe(in type: RRType) -> Bool {
    switch type.rawValue {
    case 1, 28, 64, 65, 11, 42, 45, 105, 106, 260: true
    default: false
    }
  }

  /// True where one of a record's addresses is such as `isSought` says.
  /// - Parameters:
  ///   - data: the RDATA.
  ///   - isSought: judges one.
  /// - Returns: true as well where the RDATA is cut short: nobody knows what a client makes of that.
  package static func contains(_ data: Span<UInt8>, of type: RRType, _ isSought: (IPAddress) -> Bool) -> Bool {
    func at(_ offset: Int, _ width: Int) -> Bool {
      offset &+ width > data.count || isSought(address(data, at: offset, width: width))
    }
    switch type.rawValue {
    case 1, 11: return at(0, 4)  // A, and WKS, which begins like one (RFC 1035 §3.4.2)
    case 28: return at(0, 16)
    case 64, 65: return containsHint(data, isSought)
    case 42: return containsPrefix(data, isSought)
    case 105: return at(2, 4)  // L32, RFC 6742 §2.2
    case 106:  // L64, RFC 6742 §2.3: the upper half of an address
      if data.count < 10 { return true }
      return isSought(IPAddress(high: UInt64(data.u32(at: 2)) << 32 | UInt64(data.u32(at: 6)), low: 0))
    case 45, 260:  // IPSECKEY, RFC 4025 §2.3; AMTRELAY, RFC 8777 §4.2.3: which kind of gateway it is stands before it
      if data.count < (type.rawValue == 45 ? 3 : 2) { return true }
      let gateway = data[1] & 0x7f
      return gateway == 1 || gateway == 2 ? at(type.rawValue == 45 ? 3 : 2, gateway == 1 ? 4 : 16) : false
    default: return false
    }
  }

  /// The SvcParams `ipv4hint` and `ipv6hint` of SVCB and HTTPS (RFC 9460 §7.3).
  private static func containsHint(_ data: Span<UInt8>, _ isSought: (IPAddress) -> Bool) -> Bool {
    var offset = 2
    while offset < data.count, data[offset] != 0 { offset &+= 1 &+ Int(data[offset]) }
    offset &+= 1
    while offset &+ 4 <= data.count {
      let key = data.u16(at: offset)
      let end = offset &+ 4 &+ Int(data.u16(at: offset &+ 2))
      guard end <= data.count else { return true }
      let width = key == 4 ? 4 : key == 6 ? 16 : 0
      var at = offset &+ 4
      while width > 0, at &+ width <= end {
        if isSought(address(data, at: at, width: width)) { return true }
        at &+= width
      }
      offset = end
    }
    return false
  }

  /// The prefixes of APL (RFC 3123 §4), by their first addresses; trailing zeros are not written.
  private static func containsPrefix(_ data: Span<UInt8>, _ isSought: (IPAddress) -> Bool) -> Bool {
    var item = 0
    while item &+ 4 <= data.count {
      let size = Int(data[item &+ 3] & 0x7f)
      guard item &+ 4 &+ size <= data.count else { return true }
      var high: UInt64 = 0, low: UInt64 = 0
      for index in 0..<min(size, 16) {
        let octet = UInt64(data[item &+ 4 &+ index])
        if index < 8 { high |= octet << UInt64(56 - index * 8) } else { low |= octet << UInt64(120 - index * 8) }
      }
      let isIPv4 = data.u16(at: item) == 1
      if isSought(isIPv4 ? IPAddress(v4: UInt32(high >> 32)) : IPAddress(high: high, low: low)) { return true }
      item &+= 4 &+ size
    }
    return false
  }

  /// The address in 4 or 16 octets.
  private static func address(_ data: Span<UInt8>, at offset: Int, width: Int) -> IPAddress {
    if width == 4 { return IPAddress(v4: data.u32(at: offset)) }
    let high = UInt64(data.u32(at: offset)) << 32 | UInt64(data.u32(at: offset &+ 4))
    return IPAddress(high: high, low: UInt64(data.u32(at: offset &+ 8)) << 32 | UInt64(data.u32(at: offset &+ 12)))
  }
}
