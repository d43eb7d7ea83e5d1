extension Span<UInt8> {
  /// The 16-bit integer at `offset` in network byte order. Both octets must be in bounds.
  @inlinable public func u16(at offset: Int) -> UInt16 {
    precondition(offset >= 0 && offset <= count &- 2, "an integer is in bounds")
    // Safe: checked above; an integer has no invalid bit patterns and the load does not need alignment.
    return unsafe withUnsafeBytes {
      unsafe UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
  }

  /// The 32-bit integer at `offset` in network byte order. All four octets must be in bounds.
  @inlinable public func u32(at offset: Int) -> UInt32 {
    precondition(offset >= 0 && offset <= count &- 4, "an integer is in bounds")
    // Safe: as above.
    return unsafe withUnsafeBytes {
      unsafe UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
  }

  /// Eight octets at `offset` as they lie in memory. All eight must be in bounds.
  @inlinable public func word(at offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= count &- 8, "a word is in bounds")
    // Safe: checked above; an integer has no invalid bit patterns and the load does not need alignment.
    return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
  }

  /// The first `size` of the eight octets at `offset`, 1 to 8, as they lie in memory; zeros behind them. They must be in
  /// bounds.
  @inlinable public func word(at offset: Int, size: Int) -> UInt64 {
    precondition(size > 0 && size <= 8 && offset >= 0 && offset <= count &- size, "a word is in bounds")
    let mask = ~UInt64(0) &>> UInt64(64 &- size &* 8)
    let last = count &- 8
    if offset <= last { return word(at: offset) & mask }
    return (last >= 0 ? word(at: last) &>> UInt64((offset &- last) &* 8) : shortWord(at: offset)) & mask
  }

  /// What there is of the eight octets at `offset`, which is in bounds; zeros behind the end.
  @usableFromInline func shortWord(at offset: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in offset..<Swift.min(count, offset &+ 8) {
      word |= UInt64(self[index]) &<< UInt64((index &- offset) &* 8)
    }
    return word
  }

  /// A copy of the octets in `range`, which must be in bounds. Allocates: not for the way of every query.
  public func octets(_ range: Range<Int>) -> [UInt8] {
    unsafe extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
  }
}

extension [UInt8] {
  /// Appends a copy of the octets; allocates only where there is no room for them.
  public mutating func append(_ octets: Span<UInt8>) {
    unsafe octets.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}

/// Eight octets with every ASCII capital letter made small (RFC 4343 §3.2), all at once.
///
/// Label lengths are at most 63 and `A` is 65, so a whole wire-format name may be folded, lengths and all.
@inlinable public func lowercased(_ word: UInt64) -> UInt64 {
  let sevenBits = word & 0x7f7f_7f7f_7f7f_7f7f
  let fromA = sevenBits &+ 0x3f3f_3f3f_3f3f_3f3f  // bit 7 of an octet: it is "A" or above
  let pastZ = sevenBits &+ 0x2525_2525_2525_2525  // bit 7 of an octet: it is past "Z"
  let isCapital = fromA & ~pastZ & ~word & 0x8080_8080_8080_8080
  return word | isCapital >> 2
}

/// An ASCII capital letter made small, any other octet as it is.
@inlinable public func lowercased(_ octet: UInt8) -> UInt8 {
  octet &- 0x41 < 26 ? octet | 0x20 : octet
}
