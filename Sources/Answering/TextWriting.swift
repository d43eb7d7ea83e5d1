internal import Addresses
internal import DNSFormat
internal import FlatMemory

/// Numbers, addresses and names as people read them, without an allocation.
extension OctetBuffer {
  /// Appends a number.
  mutating func append(decimal value: UInt64) {
    var divisor: UInt64 = 1
    while value / divisor >= 10 { divisor &*= 10 }
    while divisor > 0 {
      append(UInt8(truncatingIfNeeded: 48 &+ value / divisor % 10))
      divisor /= 10
    }
  }

  /// Appends an address as ``IPAddress/description`` is: a dotted quad, or RFC 5952.
  mutating func append(_ address: IPAddress) {
    if !address.isIPv4 { return appendIPv6(address) }
    var shift: UInt64 = 32
    while shift > 0 {
      shift &-= 8
      append(decimal: address.low >> shift & 0xff)
      if shift > 0 { append(UInt8(ascii: ".")) }
    }
  }

  /// RFC 5952 §4: small letters, no leading zeros, the longest run of two or more zero groups as `::`.
  private mutating func appendIPv6(_ address: IPAddress) {
    func group(_ index: Int) -> UInt64 {
      let half = index < 4 ? address.high : address.low
      return half >> UInt64(48 &- 16 &* (index & 3)) & 0xffff
    }
    var gap = (start: 8, end: 8)
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, group(end) == 0 { end &+= 1 }
      if end &- start > max(gap.end &- gap.start, 1) { gap = (start, end) }
      start = end &+ 1
    }
    var index = 0
    while index < 8 {
      if index == gap.start {
        append("::")
        index = gap.end
      } else {
        if index > 0, index != gap.end { append(UInt8(ascii: ":")) }
        append(hexadecimal: group(index))
        index &+= 1
      }
    }
  }

  private mutating func append(hexadecimal value: UInt64) {
    var shift: UInt64 = 16
    var isLeading = true
    while shift > 0 {
      shift &-= 4
      let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
      isLeading = isLeading && digit == 0 && shift > 0
      if !isLeading { append(digit < 10 ? 48 &+ digit : 87 &+ digit) }
    }
  }

  /// Appends a subnet with its length, `10.30.0.0/16`.
  mutating func append(_ subnet: ClientSubnet) {
    append(subnet.address)
    append(UInt8(ascii: "/"))
    append(decimal: UInt64(subnet.addressBits(ofLength: subnet.sourceLength)))
  }
}

/// Names.
extension OctetBuffer {
  /// Appends the uncompressed name at `start` in presentation format, with its final dot (RFC 1035 §5.1).
  mutating func append(nameAt start: Int, of memory: borrowing FlatArray<UInt8>) {
    var offset = start
    if memory[offset] == 0 { append(UInt8(ascii: ".")) }
    while memory[offset] != 0 {
      let end = offset &+ 1 &+ Int(memory[offset])
      offset &+= 1
      while offset < end {
        append(escaped: memory[offset])
        offset &+= 1
      }
      append(UInt8(ascii: "."))
    }
  }

  private mutating func append(escaped octet: UInt8) {
    switch octet {
    case UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: ";"), UInt8(ascii: "@"), UInt8(ascii: "$"):
      append(UInt8(ascii: "\\"))
      append(octet)
    case 0x21...0x7e: append(octet)
    default:
      append(UInt8(ascii: "\\"))
      append(48 &+ octet / 100)
      append(48 &+ octet / 10 % 10)
      append(48 &+ octet % 10)
    }
  }
}
