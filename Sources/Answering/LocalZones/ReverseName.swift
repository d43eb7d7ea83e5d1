internal import Addresses
internal import DNSFormat

extension IPAddress {
  /// The name at which its PTR records are, in wire format (RFC 1035 §3.5, RFC 3596 §2.5).
  var reverseName: [UInt8] {
    // A million addresses are a million of these: each is one allocation.
    var wire: [UInt8] = []
    wire.reserveCapacity(isIPv4 ? 4 * 4 + Self.ipv4Suffix.count : 32 * 2 + Self.ipv6Suffix.count)
    for octet in octets.reversed() {
      if isIPv4 {
        wire.append(octet > 99 ? 3 : octet > 9 ? 2 : 1)
        if octet > 99 { wire.append(48 + octet / 100) }
        if octet > 9 { wire.append(48 + octet / 10 % 10) }
        wire.append(48 + octet % 10)
      } else {
        wire.append(1)
        wire.append(Self.hexadecimal[Int(octet & 15)])
        wire.append(1)
        wire.append(Self.hexadecimal[Int(octet >> 4)])
      }
    }
    wire += isIPv4 ? Self.ipv4Suffix : Self.ipv6Suffix
    return wire
  }

  private static let hexadecimal = Array("0123456789abcdef".utf8)
  private static let ipv4Suffix = [7] + Array("in-addr".utf8) + [4] + Array("arpa".utf8) + [0]
  private static let ipv6Suffix = [3] + Array("ip6".utf8) + [4] + Array("arpa".utf8) + [0]
}

extension NameKey {
  /// The address whose PTR records are at the name; nil where it is no such name. On a query's path; allocates nothing.
  var reversedAddress: IPAddress? {
    var bits: UInt128 = 0
    var offset = 0
    let isIPv4 = labelCount == 6
    guard isIPv4 || labelCount == 34 else { return nil }
    var label = 0
    while label < labelCount &- 2 {
      let size = Int(octet(at: offset))
      guard let value = isIPv4 ? decimal(at: offset &+ 1, size) : hexadecimal(at: offset &+ 1, size) else { return nil }
      bits |= UInt128(value) << UInt128(label &* (isIPv4 ? 8 : 4))
      offset &+= 1 &+ size
      label &+= 1
    }
    let low = UInt64(truncatingIfNeeded: bits)
    // in-addr or ip6, of which no other name of ours with as many labels is one: the caller knows the zone.
    return isIPv4
      ? IPAddress(v4: UInt32(truncatingIfNeeded: low))
      : IPAddress(high: UInt64(truncatingIfNeeded: bits >> 64), low: low)
  }

  private func decimal(at start: Int, _ size: Int) -> UInt64? {
    guard size <= 3 else { return nil }
    var value: UInt64 = 0
    var index = 0
    while index < size {
      let octet = octet(at: start &+ index)
      guard isDigit(octet), index == 0 || value != 0 else { return nil }
      value = value &* 10 &+ UInt64(octet &- 48)
      index &+= 1
    }
    return value <= 255 ? value : nil
  }

  private func hexadecimal(at start: Int, _ size: Int) -> UInt64? {
    size == 1 ? hexadecimalDigit(octet(at: start)).map { UInt64($0) } : nil
  }
}
