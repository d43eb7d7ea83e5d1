public import FlatMemory

/// An RRset as it lies in flat memory, laid out so that answering with it is copying it.
///
///     octets  what
///     0..<8   type, class, TTL as on the wire
///     8..<10  how many RRs
///     10      octets of each RDATA before its first name of use (RRType.nameFields)
///     11      low 4 bits: how many such names; then 3 bits: their use; bit 7: signed
///     12..<16 octets of data that follow
///     16...   for each RR, RDLENGTH and RDATA as on the wire, names uncompressed
///
/// Numbers that are not "as on the wire" are in the host's byte order. Nothing is aligned. Behind a signed set comes the
/// image of its signatures (RRSIG, RFC 4034 §3), so what is sent together lies together.
public struct RRsetImage: BitwiseCopyable, Sendable {
  /// Octets before the data.
  public static var headerSize: Int { 16 }

  /// Where in memory it starts.
  public let offset: Int
  /// The type of its RRs.
  public let type: RRType
  /// Seconds.
  public let ttl: UInt32
  /// RRs in the set.
  public let count: Int
  let nameOffset: Int
  let nameCount: Int
  let nameUse: RDataField.NameUse
  /// True where the image of its signatures follows.
  public let isSigned: Bool
  /// Octets of data.
  public let dataSize: Int

  /// Reads the header at `offset`.
  public init(_ memory: borrowing FlatArray<UInt8>, at offset: Int) {
    self.offset = offset
    let wire = UInt64(bigEndian: memory.load(offset, as: UInt64.self))
    type = RRType(UInt16(truncatingIfNeeded: wire >> 48))
    ttl = UInt32(truncatingIfNeeded: wire)
    let layout = memory.load(offset &+ 8, as: UInt64.self)
    count = Int(UInt16(truncatingIfNeeded: layout))
    nameOffset = Int(UInt8(truncatingIfNeeded: layout >> 16))
    nameCount = Int(UInt8(truncatingIfNeeded: layout >> 24) & 15)
    nameUse = RDataField.NameUse(rawValue: UInt8(truncatingIfNeeded: layout >> 28) & 7)
    isSigned = layout >> 31 & 1 != 0
    dataSize = Int(UInt32(truncatingIfNeeded: layout >> 32))
  }

  /// Where its data starts, and where the next RRset's header would.
  public var dataStart: Int { offset &+ RRsetImage.headerSize }
  /// The offset behind its data.
  public var end: Int { dataStart &+ dataSize }

  /// The image of its signatures; nil where it has none.
  public func signatures(_ memory: borrowing FlatArray<UInt8>) -> RRsetImage? {
    isSigned ? RRsetImage(memory, at: end) : nil
  }

  /// Where the name is in the RDATA at `rdata` whose addresses belong into the additional section; nil for types
  /// without one. Every such type has one such name.
  public func addressedName(inRDataAt rdata: Int) -> Int? {
    nameUse.contains(.addressed) ? rdata &+ nameOffset : nil
  }

  /// True for A and AAAA: the RDATA is an endpoint.
  public var holdsAddresses: Bool { type == .a || type == .aaaa }

  /// Starts an RRset in memory that is being built; its RRs follow.
  /// - Parameter isSigned: the image of its signatures will be appended next.
  /// - Returns: where it starts, for ``finish(imageAt:count:in:)``.
  package static func begin(type: RRType, ttl: UInt32, isSigned: Bool = false, in memory: inout OctetBuilder) -> Int {
    let start = memory.count
    memory.append(wire: type.rawValue)
    memory.append(wire: UInt16(1))
    memory.append(wire: ttl)
    let names = type.nameFields
    memory.append(host: UInt16(0))
    memory.append(host: UInt8(names.offset))
    memory.append(host: UInt8(names.count) | names.use.rawValue << 4 | (isSigned ? 0x80 : 0))
    memory.append(host: UInt32(0))
    return start
  }

  /// Appends the next RR of the set that was begun last: its RDATA in wire format, names uncompressed.
  package static func append(rdata: ArraySlice<UInt8>, in memory: inout OctetBuilder) {
    memory.append(wire: UInt16(rdata.count))
    memory.append(rdata)
  }

  /// Ends the set that was begun at `start`.
  package static func finish(imageAt start: Int, count: Int, in memory: inout OctetBuilder) {
    memory.set(host: UInt16(count), at: start + 8)
    memory.set(host: UInt32(memory.count - start - headerSize), at: start + 12)
  }
}
