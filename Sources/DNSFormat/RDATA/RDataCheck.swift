/// True where the octets are a whole RDATA of the type: every field there and well formed, nothing left over, names
/// uncompressed.
///
/// A type without fields takes any octets (RFC 3597 §5).
package func isValidRData(_ wire: ArraySlice<UInt8>, of type: RRType) -> Bool {
  guard wire.count <= 65535 else { return false }
  guard let row = RRTypeTable.row(of: type), !row.fields.isEmpty else { return true }
  var octets = OctetCursor(wire)
  return row.fields.allSatisfy { octets.drop($0) } && octets.isAtEnd
}

/// Where a reader of RDATA in wire format stands.
struct OctetCursor {
  private let wire: ArraySlice<UInt8>
  private(set) var offset: Int

  init(_ wire: ArraySlice<UInt8>) {
    self.wire = wire
    offset = wire.startIndex
  }

  var isAtEnd: Bool { offset == wire.endIndex }
  /// The octet to come.
  var next: UInt8? { isAtEnd ? nil : wire[offset] }
  /// The octet that was taken last, or as many before it.
  func previous(_ before: Int = 0) -> UInt8? {
    offset - before > wire.startIndex ? wire[offset - 1 - before] : nil
  }
  /// All that is to come.
  var rest: ArraySlice<UInt8> { wire[offset...] }

  /// The next octets; nil where there are fewer.
  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard wire.endIndex - offset >= count else { return nil }
    defer { offset += count }
    return wire[offset..<(offset + count)]
  }

  /// All that is to come.
  mutating func takeRest() -> ArraySlice<UInt8> {
    defer { offset = wire.endIndex }
    return rest
  }

  /// As many octets as the next one says.
  mutating func takeCounted() -> ArraySlice<UInt8>? {
    take(1).flatMap { take(Int($0[$0.startIndex])) }
  }

  /// A number in network byte order.
  mutating func integer(octets count: Int) -> UInt64? {
    take(count).map { $0.reduce(0) { $0 << 8 | UInt64($1) } }
  }

  /// An uncompressed name.
  mutating func takeName() -> ArraySlice<UInt8>? {
    let start = offset
    while let length = next, length <= 63 {
      guard take(1 + Int(length)) != nil else { return nil }
      if length == 0 { return offset - start <= 255 ? wire[start..<offset] : nil }
    }
    return nil
  }

  /// Takes one field; false where it is not there whole.
  mutating func drop(_ field: RDataField) -> Bool {
    if let size = field.fixedSize { return take(size) != nil }
    switch field {
    case .name: return takeName() != nil
    case .string: return takeCounted() != nil
    case .strings:
      if isAtEnd { return false }
      while !isAtEnd {
        if takeCounted() == nil { return false }
      }
      return true
    case .types(_, let canBeNone): return isTypeBitmap(takeRest(), canBeEmpty: canBeNone)
    case .hexadecimal(_, let count):
      let code = previous()
      return count.range(code: code).contains(takeRest().count)
    case .salt: return takeCounted() != nil
    case .base32hex: return takeCounted().map { !$0.isEmpty } ?? false
    case .base64(_, let canBeNone): return !takeRest().isEmpty || canBeNone
    case .optionalString: return isAtEnd || takeCounted() != nil
    case .text(_, let canBeEmpty): return !takeRest().isEmpty || canBeEmpty
    case .tag: return takeCounted().map(isTag) ?? false
    case .nsap: return !takeRest().isEmpty
    case .location: return take(16).map(isLocation) ?? false
    case .prefixes: return areAddressPrefixes(takeRest())
    case .gateway: return takeGateway(type: previous(1)) != nil
    case .hostIdentity:
      if takeHostIdentity() == nil { return false }
      while !isAtEnd {
        if takeName() == nil { return false }
      }
      return true
    case .parameters: return svcParamMistake(takeRest()) == nil
    case .ipv4, .ipv6, .u8, .u16, .u32, .period, .time, .code, .type, .groups: return false  // of fixed size: above
    }
  }
}

extension RRType {
  /// Where the names that responses compress or add addresses for are in this type's RDATA: octets before the first, and how many follow each other there.
  ///
  /// Every type that Ambit compresses or adds addresses for has its names at one place, so two small numbers say it
  /// and the response writer needs no table.
  package var nameFields: (offset: Int, count: Int, use: NameUse) {
    var offset = 0, count = 0
    var use: NameUse = []
    for field in RRTypeTable.row(of: self)?.fields ?? [] {
      if case .name(_, let allUse) = field, case let fieldUse = allUse.intersection([.compressed, .addressed]),
        !fieldUse.isEmpty
      {
        count += 1
        use.formUnion(fieldUse)
      } else if count == 0 {
        guard let size = field.fixedSize else { return (0, 0, []) }
        offset += size
      }
    }
    return count == 0 ? (0, 0, []) : (offset, count, use)
  }
}
