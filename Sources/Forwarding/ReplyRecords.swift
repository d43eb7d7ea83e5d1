internal import Addresses
internal import DNSFormat
internal import FlatMemory

/// A record of a reply: where it is, and what it is found by.
struct ReplyRecord {
  /// Where its owner name starts; the names of a message may be anywhere before that.
  var owner: Int
  /// The hash of that name, and its labels.
  var hash: UInt64
  var labelCount: Int
  var type: RRType
  /// Seconds, as a number that has no sign: one with the first bit set is a long time, not none (RFC 8767 §4).
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

/// A signature of an NSEC or NSEC3 set in the authority section.
struct ReplyProof {
  /// Of the zone that signed: its labels, and the hash of its name, which ends the set's owner's.
  let signerLabels: Int
  let signerHash: UInt64
  /// The set.
  let hash: UInt64
  let type: RRType
  /// True once it is known to prove something about a name of the chain.
  var isTaken = false
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
    // Pointers go before what was read, so that there is no loop (RFC 1035 §4.1.4). A name has 127 labels at most, and one
    // pointer in front of each is more than anybody needs: a message of pointers would take thousands of turns a name.
    var lowest = start
    var pointers = 0
    while true {
      guard offset < reply.count else { throw .malformed }
      let length = Int(reply[offset])
      if length & 0xc0 == 0xc0 {
        guard offset &+ 1 < reply.count else { throw .malformed }
        let target = Int(reply.u16(at: offset) & 0x3fff)
        pointers &+= 1
        guard target < lowest, target >= 12, pointers <= 128 else { throw .malformed }
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
}
