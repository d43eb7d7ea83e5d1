internal import FlatMemory

/// The wire format of protocol buffers, as much of it as dnstap needs: a field is its number with its form, then its value.
extension OctetBuffer {
  /// A variable-length integer: seven bits an octet, the lowest first.
  mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// A field that is a variable-length integer.
  mutating func append(field number: UInt64, varint value: UInt64) {
    append(varint: number << 3)
    append(varint: value)
  }

  /// A field of four octets.
  mutating func append(field number: UInt64, fixed value: UInt32) {
    append(varint: number << 3 | 5)
    append(value.byteSwapped)  // little-endian, which `append` is not
  }

  /// A field of octets, or of another message's.
  mutating func append(field number: UInt64, octets: Span<UInt8>) {
    append(varint: number << 3 | 2)
    append(varint: UInt64(octets.count))
    append(octets)
  }
}
