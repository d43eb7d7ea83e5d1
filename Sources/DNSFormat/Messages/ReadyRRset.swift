public import FlatMemory

/// An RRset of one RR as responses have it whose question ends with its owner's name: its names were compressed once,
/// when the zone was built (RFC 1035 §4.1.4). The SOA of negative answers is written this way.
///
/// The octets are those behind the question for the owner itself. Only what the pointers in them count from differs from
/// response to response: where the owner's name begins in the question, or where the RR begins.
public struct ReadyRRset: ~Copyable, Sendable {
  /// Where in memory the set is that this is a copy of; 0 where there is none.
  public let offset: Int
  /// True where the set is signed.
  public let isSigned: Bool
  /// The RR, its owner a pointer, and eight zeros.
  @usableFromInline let octets: FlatArray<UInt8>
  /// Where the RDATA's pointers are in the octets. Bit 15: it counts from where the RR begins.
  @usableFromInline let pointers: FlatArray<UInt16>

  /// Pointers lead to what lies in front of this (RFC 1035 §4.1.4).
  @inlinable public static var end: Int { 0x4000 }

  /// Octets of the RR.
  @inlinable public var size: Int { octets.count &- 8 }

  /// - Parameters:
  ///   - rrset: a set in memory; none where it is nil, has more than one RR or an RDATA that is too long, or its owner is
  ///     the root, to which nothing points.
  ///   - owner: its owner's name.
  package init(_ rrset: RRsetImage?, _ memory: borrowing FlatArray<UInt8>, owner: DomainName) {
    var message = OctetBuffer(capacity: 1024)
    let start = 12 + owner.wire.count + 4
    guard let rrset, rrset.count == 1, owner != .root, Self.write(rrset, memory, owner, into: &message) else {
      offset = 0
      isSigned = false
      octets = FlatArray([UInt8](repeating: 0, count: 8))
      pointers = FlatArray([])
      return
    }
    var octets = message.octets.octets(start..<message.count)
    var pointers: [UInt16] = []
    // Behind the owner's pointer, type, class, TTL and RDLENGTH.
    var place = 12 + rrset.nameOffset
    for _ in 0..<(rrset.nameUse.contains(.compressed) ? rrset.nameCount : 0) {
      while octets[place] != 0, octets[place] & 0xc0 == 0 { place += 1 + Int(octets[place]) }
      if octets[place] == 0 {
        place += 1
        continue
      }
      let target = (Int(octets[place]) & 0x3f) << 8 | Int(octets[place + 1])
      let isOwn = target >= start
      let distance = isOwn ? target - start : target - 12
      (octets[place], octets[place + 1]) = (UInt8(distance >> 8), UInt8(distance & 0xff))
      pointers.append(UInt16(place) | (isOwn ? 0x8000 : 0))
      place += 2
    }
    offset = rrset.offset
    isSigned = rrset.isSigned
    self.octets = FlatArray(octets + [UInt8](repeating: 0, count: 8))
    self.pointers = FlatArray(pointers)
  }

  /// Writes a response to a question for the owner.
  private static func write(
    _ rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, _ owner: DomainName, into message: inout OctetBuffer
  ) -> Bool {
    let request: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + owner.wire + [0, 6, 0, 1]
    var query = Query()
    var name = NameKey()
    do throws(WireError) {
      try query.read(request.span, name: &name)
    } catch {
      return false
    }
    var writer = ResponseWriter()
    let made = OctetBuffer(capacity: 0)
    writer.begin(query, request: request.span, into: &message)
    return writer.append(
      rrset, of: memory, owner: .question, in: memory, made: made, ttl: rrset.ttl, section: .authority, into: &message)
  }

  /// Appends the RR.
  /// - Parameters:
  ///   - owner: where the question's name becomes the owner's.
  /// - Returns: false, with nothing written, where it does not fit below the buffer's limit, or there is none, or it would
  ///   begin where no pointer leads.
  @inlinable public func append(owner: Int, ttl: UInt32, into buffer: inout OctetBuffer) -> Bool {
    guard size > 0, buffer.count &+ size <= Self.end, let start = buffer.extend(by: size) else { return false }
    buffer.copy(octets, from: 0, count: size, to: start)
    buffer.set(0xc000 | UInt16(truncatingIfNeeded: owner), at: start)
    buffer.set(ttl, at: start &+ 6)
    var index = 0
    while index < pointers.count {
      let place = Int(pointers[index] & 0x7fff)
      let distance = Int(UInt16(bigEndian: octets.load(place, as: UInt16.self)))
      let target = distance &+ (pointers[index] & 0x8000 == 0 ? owner : start)
      buffer.set(0xc000 | UInt16(truncatingIfNeeded: target), at: start &+ place)
      index &+= 1
    }
    return true
  }
}
