/// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of 64 bits that is quick for short inputs. RFC 9018 §4.4
/// makes DNS cookies with it.
///
/// Takes its input in words of eight octets, the first octet the lowest; allocates nothing.
public struct SipHash24: Sendable, BitwiseCopyable {
  /// A secret of 16 octets.
  public struct Key: Hashable, Sendable, BitwiseCopyable {
    @usableFromInline let low: UInt64
    @usableFromInline let high: UInt64

    /// A key from two words, each with its first octet the lowest.
    public init(low: UInt64, high: UInt64) {
      self.low = low
      self.high = high
    }

    /// A key from its 16 octets; nil where there are not as many.
    package init?(_ octets: [UInt8]) {
      guard octets.count == 16 else { return nil }
      let word = { (octets: ArraySlice<UInt8>) in octets.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
      self.init(low: word(octets[..<8]), high: word(octets[8...]))
    }
  }

  private var v0, v1, v2, v3: UInt64

  /// Starts a hash; the constants are the algorithm's own ("somepseudorandomlygeneratedbytes").
  public init(_ key: Key) {
    v0 = key.low ^ 0x736f_6d65_7073_6575
    v1 = key.high ^ 0x646f_7261_6e64_6f6d
    v2 = key.low ^ 0x6c79_6765_6e65_7261
    v3 = key.high ^ 0x7465_6462_7974_6573
  }

  /// Takes eight octets more.
  public mutating func combine(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  /// The hash, whose first octet is the lowest.
  /// - Parameters:
  ///   - tail: the octets behind the last whole word, none to seven; what is above them is 0.
  ///   - octetCount: octets of the whole input.
  public consuming func finish(tail: UInt64 = 0, octetCount: Int) -> UInt64 {
    combine(tail | UInt64(truncatingIfNeeded: octetCount) << 56)
    v2 ^= 0xff
    round()
    round()
    round()
    round()
    return v0 ^ v1 ^ v2 ^ v3
  }

  @inline(__always)
  private mutating func round() {
    v0 &+= v1
    v2 &+= v3
    v1 = v1 << 13 | v1 >> 51
    v3 = v3 << 16 | v3 >> 48
    v1 ^= v0
    v3 ^= v2
    v0 = v0 << 32 | v0 >> 32
    v2 &+= v1
    v0 &+= v3
    v1 = v1 << 17 | v1 >> 47
    v3 = v3 << 21 | v3 >> 43
    v1 ^= v2
    v3 ^= v0
    v2 = v2 << 32 | v2 >> 32
  }
}
