public import FlatMemory

/// An RRset as it lies in flat memory, laid out so that answering with it is copying it.
///
///     octets  what
///     0..<4   TTL; bit 31: signed
///     4..<6   type
///     6..<8   how many RRs
///     8..<10  octets of data that follow
///     10      octets of each RDATA before its first name of use (RRType.nameFields)
///             of A and AAAA: 1 more than the one context that their endpoints lead into, 0 where that is not known
///     11      low 4 bits: how many such names; then 4 bits: their use
///     12...   for each RR, RDLENGTH and RDATA as on the wire, names uncompressed
///
/// The header's numbers are in the host's byte order. The class is IN, as of all data. A set fits in a message, so 16
/// bits hold its size. Nothing is aligned. Behind a signed set comes the image of its signatures (RRSIG, RFC 4034 §3), so
/// what is sent together lies together.
public struct RRsetImage: BitwiseCopyable, Sendable {
  /// Octets before the data.
  @inlinable public static var headerSize: Int { 12 }

  /// Where in memory it starts.
  public let offset: Int
  /// The type of its RRs.
  public let type: RRType
  /// Seconds.
  public let ttl: UInt32
  /// RRs in the set.
  public let count: Int
  /// Octets of each RDATA before its first name of use, how many such names there are, and their use, as in memory.
  @usableFromInline let layout: UInt16
  /// True where the image of its signatures follows.
  public let isSigned: Bool
  /// Octets of data.
  public let dataSize: Int

  /// Reads the header at `offset`.
  @inlinable public init(_ memory: borrowing FlatArray<UInt8>, at offset: Int) {
    self.offset = offset
    let head = memory.load(offset, as: UInt64.self)
    ttl = UInt32(truncatingIfNeeded: head) & 0x7fff_ffff
    isSigned = head & 0x8000_0000 != 0
    type = RRType(UInt16(truncatingIfNeeded: head >> 32))
    count = Int(head >> 48)
    let rest = memory.load(offset &+ 8, as: UInt32.self)
    dataSize = Int(UInt16(truncatingIfNeeded: rest))
    layout = UInt16(truncatingIfNeeded: rest >> 16)
  }

  /// Octets of each RDATA before its first name of use.
  @inlinable var nameOffset: Int { nameCount == 0 ? 0 : Int(layout & 0xff) }
  /// Names of use in each RDATA, one after the other.
  @inlinable var nameCount: Int { Int(layout >> 8 & 15) }
  /// What the names are of use for.
  @inlinable var nameUse: NameUse { NameUse(rawValue: UInt8(truncatingIfNeeded: layout >> 12)) }

  /// Where its data starts, and where the next RRset's header would.
  @inlinable public var dataStart: Int { offset &+ RRsetImage.headerSize }
  /// The offset behind its data.
  @inlinable public var end: Int { dataStart &+ dataSize }

  /// The image of its signatures; nil where it has none.
  @inlinable public func signatures(_ memory: borrowing FlatArray<UInt8>) -> RRsetImage? {
    isSigned ? RRsetImage(memory, at: end) : nil
  }

  /// Where the name is in the RDATA at `rdata` whose addresses belong into the additional section; nil for types
  /// without one. Every such type has one such name.
  @inlinable public func addressedName(inRDataAt rdata: Int) -> Int? {
    nameUse.contains(.addressed) ? rdata &+ nameOffset : nil
  }

  /// True where an answer with the set is a copy of its data: no names to compress, nor any whose addresses go beside it.
  public var isCopiedWhole: Bool { nameUse.isDisjoint(with: [.compressed, .addressed]) }

  /// True where no name in the RDATA is compressed.
  @inlinable var areNamesKept: Bool { !nameUse.contains(.compressed) }

  /// True for A and AAAA: the RDATA is an endpoint.
  @inlinable public var holdsAddresses: Bool { type == .a || type == .aaaa }

  /// Of A and AAAA: the one context that all of their endpoints lead into, 0 for none; nil where there may be several.
  @inlinable @inline(__always) public var endpointContext: UInt16? {
    let mark = layout & 0xff
    return mark == 0 ? nil : mark &- 1
  }

  /// What the header of a type's sets says of the names in their RDATA: made once a type, taken by ``begin(_:)``.
  package struct Layout: BitwiseCopyable, Sendable {
    /// The type.
    package let type: RRType
    fileprivate let names: UInt16

    /// Looks the type up.
    package init(_ type: RRType) {
      self.type = type
      let names = type.nameFields
      self.names = UInt16(UInt8(names.offset)) | UInt16(names.count) << 8 | UInt16(names.use.rawValue) << 12
    }
  }

  /// Writes a set's header at the end of memory that is being built; its RRs follow.
  /// - Parameters:
  ///   - dataSize: octets that its RRs will have, two for each RDLENGTH among them.
  ///   - isSigned: the image of its signatures will be appended next.
  ///   - endpointContext: of A and AAAA, the one context that all endpoints lead into, 0 for none; nil where it is not known.
  package static func begin(
    _ layout: Layout, ttl: UInt32, count: Int, dataSize: Int, isSigned: Bool = false,
    endpointContext: UInt16? = nil, in memory: inout OctetBuilder
  ) {
    precondition(count <= 0xffff && dataSize <= 0xffff, "an RRset fits in a message")
    let low = ttl & 0x7fff_ffff | (isSigned ? 0x8000_0000 : 0)
    memory.append(host: UInt64(low) | UInt64(layout.type.rawValue) << 32 | UInt64(count) << 48)
    let isMarked = layout.type == .a || layout.type == .aaaa
    let mark = isMarked ? endpointContext.flatMap { UInt8(exactly: UInt32($0) + 1) } ?? 0 : 0
    memory.append(host: UInt32(dataSize) | UInt32(layout.names | UInt16(mark)) << 16)
  }

  /// Appends the next RR of the set that was begun last: its RDATA in wire format, names uncompressed.
  package static func append(rdata: ArraySlice<UInt8>, in memory: inout OctetBuilder) {
    memory.append(wire: UInt16(rdata.count))
    memory.append(rdata)
  }
}
