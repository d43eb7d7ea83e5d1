extension Span<UInt8> {
  /// Eight octets from `offset` on, the first in the lowest bits; zeros for those behind the end.
  @inlinable public func paddedWord(at offset: Int) -> UInt64 {
    if offset <= count &- 8 { return word(at: offset) }
    return offset < count ? word(at: offset, size: count &- offset) : 0
  }
}

extension MutableSpan<UInt8> {
  /// Eight octets at `offset`, the first in the lowest bits. All eight must be in bounds.
  @inlinable public func word(at offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= count &- 8, "a word is in bounds")
    // Safe: checked above; an integer has no invalid bit patterns and the load does not need alignment.
    return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }.littleEndian
  }

  /// Replaces the eight octets at `offset`, the first by the lowest bits. All eight must be in bounds.
  @_lifetime(self: copy self)
  @inlinable public mutating func set(word: UInt64, at offset: Int) {
    precondition(offset >= 0 && offset <= count &- 8, "a word is in bounds")
    // Safe: checked above; the store does not need alignment.
    unsafe withUnsafeMutableBytes {
      unsafe $0.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
  }
}

/// Searches in eight octets at once, the first in the lowest bits. What is found has its highest bit set; above the first
/// octet found others may be set that are not meant, as a borrow runs on: only the first counts.
extension UInt64 {
  /// The first octet that is `octet`.
  @inlinable public func first(_ octet: UInt8) -> UInt64 {
    let differences = self ^ UInt64(octet) &* 0x0101_0101_0101_0101
    return (differences &- 0x0101_0101_0101_0101) & ~differences & 0x8080_8080_8080_8080
  }

  /// The first octet that is less than `octet`, which is at most 128.
  @inlinable public func first(below octet: UInt8) -> UInt64 {
    (self &- UInt64(octet) &* 0x0101_0101_0101_0101) & ~self & 0x8080_8080_8080_8080
  }

  /// The octets that are not ASCII.
  @inlinable public var notASCII: UInt64 { self & 0x8080_8080_8080_8080 }

  /// How many octets are before the first that was found; 8 where none was.
  @inlinable public var octetsBefore: Int { trailingZeroBitCount &>> 3 }

  /// The first `count` octets, at most 7; zeros for the others.
  @inlinable public func octets(_ count: Int) -> UInt64 { self & (1 &<< UInt64(count &* 8) &- 1) }
}
