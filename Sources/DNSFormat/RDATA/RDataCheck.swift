/// True where the octets are a whole RDATA of the type: every field there, nothing left over, names uncompressed.
///
/// A type without fields takes any octets (RFC 3597 §5).
package func isValidRData(_ wire: ArraySlice<UInt8>, of type: RRType) -> Bool {
  guard let row = RRTypeTable.row(of: type), !row.fields.isEmpty else { return wire.count <= 65535 }
  var rest = wire
  return row.fields.allSatisfy { drop($0, from: &rest) } && rest.isEmpty
}

/// Takes one field off the front; false where it is not there whole.
private func drop(_ field: RDataField, from rest: inout ArraySlice<UInt8>) -> Bool {
  func dropOctets(_ count: Int) -> Bool {
    guard rest.count >= count else { return false }
    rest = rest.dropFirst(count)
    return true
  }
  switch field {
  case .ipv4, .u32, .period: return dropOctets(4)
  case .ipv6: return dropOctets(16)
  case .u16: return dropOctets(2)
  case .name:
    let before = rest.count
    while let length = rest.first, length <= 63 {
      guard dropOctets(1 + Int(length)) else { return false }
      if length == 0 { return before - rest.count <= 255 }
    }
    return false
  case .strings:
    if rest.isEmpty { return false }
    while let length = rest.first {
      guard dropOctets(1 + Int(length)) else { return false }
    }
    return true
  }
}

extension RRType {
  /// Where the names of this type's RDATA are: octets before the first, and how many follow each other there.
  ///
  /// Every type that Ambit compresses or adds addresses for has its names at one place, so two small numbers say it
  /// and the response writer needs no table.
  package var nameFields: (offset: Int, count: Int, use: RDataField.NameUse) {
    var offset = 0, count = 0
    var use: RDataField.NameUse = []
    for field in RRTypeTable.row(of: self)?.fields ?? [] {
      switch field {
      case .name(_, let fieldUse) where !fieldUse.isEmpty:
        count += 1
        use.formUnion(fieldUse)
      case _ where count > 0: break
      case .ipv4, .u32, .period: offset += 4
      case .ipv6: offset += 16
      case .u16: offset += 2
      case .name, .strings: return (0, 0, [])
      }
    }
    return count == 0 ? (0, 0, []) : (offset, count, use)
  }
}
