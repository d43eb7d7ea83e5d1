public import Addresses
internal import FlatMemory

/// For whom a resolver asks: the EDNS Client Subnet option of a query (RFC 7871 §6).
public struct ClientSubnet: Hashable, Sendable, BitwiseCopyable {
  /// 1 for IPv4, 2 for IPv6; 0 where the length is 0 and the asker says nothing at all.
  public let family: UInt16
  /// SOURCE PREFIX-LENGTH: how many leading bits count.
  public let sourceLength: UInt8
  /// The address; bits beyond the length are zero. An IPv4-mapped one is IPv4, as everywhere.
  public let address: IPAddress

  /// Reads an option's data; nil where it is malformed.
  ///
  /// RFC 7871 §6, §7.2.1: an unknown family, a scope in a query, a length that the family does not have, another number
  /// of octets than the length needs, and bits beyond it are FORMERR, as with BIND. So is the rest of what cannot be read.
  package init?(_ request: Span<UInt8>, at data: Int, size: Int) {
    guard size >= 4 else { return nil }
    family = request.u16(at: data)
    sourceLength = request[data &+ 2]
    let width: UInt8 =
      switch family {
      case 0: 0
      case 1: 32
      case 2: 128
      default: 0
      }
    guard family <= 2, sourceLength <= width, request[data &+ 3] == 0, size == 4 &+ (Int(sourceLength) &+ 7) >> 3 else {
      return nil
    }
    var high: UInt64 = 0
    var low: UInt64 = 0
    var index = 0
    while index < size &- 4 {
      let octet = UInt64(request[data &+ 4 &+ index])
      if index < 8 { high |= octet << UInt64(56 &- 8 &* index) } else { low |= octet << UInt64(120 &- 8 &* index) }
      index &+= 1
    }
    let bits = UInt64(sourceLength)
    guard bits >= 64 || high << bits == 0, bits < 64 || low << (bits &- 64) == 0 else { return nil }
    address = family == 1 ? IPAddress(v4: UInt32(truncatingIfNeeded: high >> 32)) : IPAddress(high: high, low: low)
  }

  /// One as a log tells it again.
  package init(_ address: IPAddress, bits: UInt8) {
    family = address.isIPv4 ? 1 : 2
    sourceLength = bits
    self.address = address
  }

  /// One as it came in an option of a family, told again.
  package init(family: UInt16, _ address: IPAddress, sourceLength: UInt8) {
    self.family = family
    self.sourceLength = sourceLength
    self.address = address
  }

  /// What a length of the address is in the option's family: a mapped IPv4 address is the end of an IPv6 one.
  public func length(ofAddressBits bits: Int) -> UInt8 { UInt8(truncatingIfNeeded: bits &+ addressStart) }

  /// How many bits of the address a length of the option's family is.
  public func addressBits(ofLength length: UInt8) -> Int { Int(length) &- addressStart }

  private var addressStart: Int { family == 2 && address.isIPv4 ? 96 : 0 }

  /// Octets of the address that the option has.
  var octetCount: Int { (Int(sourceLength) &+ 7) >> 3 }

  /// Octets of the whole option, in a query and in its response.
  public var optionSize: Int { 8 &+ octetCount }

  /// An octet of the address as it came.
  func octet(_ index: Int) -> UInt8 {
    if family == 1 { return UInt8(truncatingIfNeeded: address.low >> UInt64(24 &- 8 &* index)) }
    if index < 8 { return UInt8(truncatingIfNeeded: address.high >> UInt64(56 &- 8 &* index)) }
    let low = address.isIPv4 ? address.low | 0xffff_0000_0000 : address.low
    return UInt8(truncatingIfNeeded: low >> UInt64(120 &- 8 &* index))
  }
}
