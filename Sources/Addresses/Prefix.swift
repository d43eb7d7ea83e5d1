/// An address prefix in CIDR notation: `10.30.1.0/24`, `2001:db8::/32`; a lone address is a prefix of its whole length.
public struct Prefix: Hashable, Sendable {
  /// The address; bits beyond `length` are zero.
  package let address: IPAddress
  /// How many leading bits count: 0 to 32 for IPv4, 0 to 128 for IPv6.
  package let length: Int

  /// Cuts `address` to its first `length` bits.
  package init(_ address: IPAddress, length: Int) {
    precondition((0...address.width).contains(length), "a prefix is no longer than its address")
    self.length = length
    if address.isIPv4 {
      self.address = IPAddress(v4: UInt32(truncatingIfNeeded: address.low) & ~(UInt32.max.shifted(right: length)))
    } else {
      self.address = IPAddress(
        high: address.high & ~UInt64.max.shifted(right: length),
        low: address.low & ~UInt64.max.shifted(right: max(0, length - 64)))
    }
  }

  /// Parses `address/length` or `address`; nil where it is neither. Bits beyond the length are dropped: the caller
  /// compares ``address`` with what was written where it matters.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let address = IPAddress(String(parts[0])) else { return nil }
    guard parts.count > 1 else {
      self.init(address, length: address.width)
      return
    }
    // A mapped address is IPv4, and so is the length of its prefix: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
    let offset = address.isIPv4 && parts[0].contains(":") ? 96 : 0
    guard parts.count == 2, let written = Int(parts[1]), parts[1].utf8.allSatisfy(isDigit),
      (0...address.width).contains(written - offset)
    else { return nil }
    self.init(address, length: written - offset)
  }

  /// True where the address's first bits are this prefix.
  package func contains(_ other: IPAddress) -> Bool {
    other.isIPv4 == address.isIPv4 && Prefix(other, length: length).address == address
  }
}

extension Prefix: CustomStringConvertible {
  /// `10.30.1.0/24`, or the plain address where all bits count.
  public var description: String { length == address.width ? "\(address)" : "\(address)/\(length)" }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// A right shift that gives 0 from the type's own width on.
  fileprivate func shifted(right count: Int) -> Self { count >= Self.bitWidth ? 0 : self >> Self(count) }
}
