internal import Addresses
internal import DNSFormat
internal import FlatMemory

/// A record of a reply: where it is, and what it is found by.
struct ReplyRecord {
  /// Where its owner name starts; the names of a message may be anywhere before that.
  var owner: Int
  /// The hash of that name.
  var hash: UInt64
  var type: RRType
  /// Seconds, as a number that has no sign (RFC 2181 §8).
  var ttl: UInt32
  /// Where its RDATA starts and ends.
  var data: Int
  var end: Int
  /// True in the answer section, false in the authority section.
  var isAnswer: Bool
  /// True for one that is taken into the image, or was left out of it on purpose.
  var isDone = false
  /// True in the authority section for what proves something about a name of the chain.
  var isProof = false

  /// What a signature covers; 0 for what is none.
  func coveredType(_ reply: Span<UInt8>) -> RRType {
    type == .rrsig && end &- data >= 18 ? RRType(reply.u16(at: data)) : RRType(0)
  }
}

/// Takes a reply apart. Total: any octets give records or an error.
enum ReplyParsing {
  /// A name that may end in compression pointers, in `name`'s way: small letters.
  /// - Returns: the offset behind it where it stands.
  static func readName(
    _ reply: Span<UInt8>, at start: Int, scratch: inout OctetBuffer, into name: inout NameKey
  ) throws(WireError) -> Int {
    scratch.reset()
    let end = try copyName(reply, at: start, into: &scratch)
    _ = try name.load(scratch.octets, at: 0)
    return end
  }

  /// Appends a name without compression, as it is written.
  /// - Returns: the offset behind it where it stands.
  static func copyName(
    _ reply: Span<UInt8>, at start: Int, into buffer: inout OctetBuffer
  ) throws(WireError) -> Int {
    var offset = start
    var end: Int?
    var size = 0
    // Pointers go before what was read, so that there is no loop (RFC 1035 §4.1.4).
    var lowest = start
    while true {
      guard offset < reply.count else { throw .malformed }
      let length = Int(reply[offset])
      if length & 0xc0 == 0xc0 {
        guard offset &+ 1 < reply.count else { throw .malformed }
        let target = Int(reply.u16(at: offset) & 0x3fff)
        guard target < lowest, target >= 12 else { throw .malformed }
        if end == nil { end = offset &+ 2 }
        (lowest, offset) = (target, target)
        continue
      }
      guard length <= 63, offset &+ length < reply.count else { throw .malformed }
      size &+= 1 &+ length
      guard size <= 255 else { throw .malformed }
      buffer.append(reply.extracting(offset..<(offset &+ 1 &+ length)))
      offset &+= 1 &+ length
      if length == 0 { return end ?? offset }
    }
  }

  /// The addresses in the SvcParams `ipv4hint` and `ipv6hint` of an SVCB or HTTPS record (RFC 9460 §7.3).
  /// - Parameter isBlocked: judges one.
  /// - Returns: true where one is blocked, or the parameters are cut short.
  static func hasBlockedHint(
    _ data: Span<UInt8>, _ isBlocked: (IPAddress) -> Bool
  ) -> Bool {
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
        if isBlocked(address(data, at: at, width: width)) { return true }
        at &+= width
      }
      offset = end
    }
    return false
  }

  /// The address in 4 or 16 octets.
  static func address(_ data: Span<UInt8>, at offset: Int, width: Int) -> IPAddress {
    if width == 4 { return IPAddress(v4: data.u32(at: offset)) }
    let high = UInt64(data.u32(at: offset)) << 32 | UInt64(data.u32(at: offset &+ 4))
    return IPAddress(high: high, low: UInt64(data.u32(at: offset &+ 8)) << 32 | UInt64(data.u32(at: offset &+ 12)))
  }
}
