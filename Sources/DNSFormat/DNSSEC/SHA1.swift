internal import FlatMemory

/// SHA-1 (RFC 3174): what NSEC3 hashes names with (RFC 5155 §11). Neither Foundation nor Glibc has it.
///
/// Works in place and allocates nothing after `init`. Not for anything that must resist forgery.
public struct SHA1: ~Copyable {
  private var block = FlatScratch<UInt8>(repeating: 0, count: 64)
  private var schedule = FlatScratch<UInt32>(repeating: 0, count: 80)
  private var state = FlatScratch<UInt32>(repeating: 0, count: 5)
  /// Octets taken since `begin`.
  private var length = 0

  /// A hash of nothing yet.
  public init() { begin() }

  /// Starts anew.
  public mutating func begin() {
    state[0] = 0x6745_2301
    state[1] = 0xefcd_ab89
    state[2] = 0x98ba_dcfe
    state[3] = 0x1032_5476
    state[4] = 0xc3d2_e1f0
    length = 0
  }

  /// Takes the next octet.
  public mutating func append(_ octet: UInt8) {
    block[length & 63] = octet
    length &+= 1
    if length & 63 == 0 { digestBlock() }
  }

  /// Pads and ends: the digest is readable then.
  public mutating func finish() {
    let bits = UInt64(length) &* 8
    append(0x80)
    while length & 63 != 56 { append(0) }
    var shift: UInt64 = 64
    while shift > 0 {
      shift &-= 8
      append(UInt8(truncatingIfNeeded: bits &>> shift))
    }
  }

  /// One of the digest's 20 octets, after `finish`.
  public func digest(_ index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: state[index &>> 2] &>> UInt32(24 &- (index & 3) &* 8))
  }

  /// RFC 3174 §6.1.
  private mutating func digestBlock() {
    var t = 0
    while t < 16 {
      let at = t &* 4
      schedule[t] =
        UInt32(block[at]) &<< 24 | UInt32(block[at &+ 1]) &<< 16 | UInt32(block[at &+ 2]) &<< 8 | UInt32(block[at &+ 3])
      t &+= 1
    }
    while t < 80 {
      schedule[t] = (schedule[t &- 3] ^ schedule[t &- 8] ^ schedule[t &- 14] ^ schedule[t &- 16]).rotated(by: 1)
      t &+= 1
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    t = 0
    while t < 80 {
      let mixed: UInt32
      switch t {
      case ..<20: mixed = (b & c | ~b & d) &+ 0x5a82_7999
      case ..<40: mixed = (b ^ c ^ d) &+ 0x6ed9_eba1
      case ..<60: mixed = (b & c | b & d | c & d) &+ 0x8f1b_bcdc
      default: mixed = (b ^ c ^ d) &+ 0xca62_c1d6
      }
      let next = a.rotated(by: 5) &+ mixed &+ e &+ schedule[t]
      (a, b, c, d, e) = (next, a, b.rotated(by: 30), c, d)
      t &+= 1
    }
    state[0] = state[0] &+ a
    state[1] = state[1] &+ b
    state[2] = state[2] &+ c
    state[3] = state[3] &+ d
    state[4] = state[4] &+ e
  }
}

extension UInt32 {
  fileprivate func rotated(by count: UInt32) -> UInt32 { self &<< count | self &>> (32 &- count) }
}
