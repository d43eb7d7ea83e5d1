internal import FlatMemory

/// RDATA as two records are compared by: the letters of its names small, where the canonical form has them so
/// (RFC 4034 §6.2, RFC 6840 §5.1); all else as it is.
///
/// From a field on that is not there whole, nothing changes.
/// - Parameter rdata: wire format, names uncompressed.
package func canonicalRData(_ rdata: ArraySlice<UInt8>, of type: RRType) -> ArraySlice<UInt8> {
  guard let row = RRTypeTable.row(of: type), row.fields.contains(where: \.isFolded) else { return rdata }
  var folded = Array(rdata)
  var octets = OctetCursor(folded[...])
  for field in row.fields {
    let start = octets.offset
    guard octets.drop(field) else { break }
    if !field.isFolded { continue }
    for index in start..<octets.offset { folded[index] = lowercased(folded[index]) }
  }
  return folded[...]
}

extension RDataField {
  /// True for a name that canonical form has in small letters.
  fileprivate var isFolded: Bool {
    if case .name(_, let use) = self { !use.isDisjoint(with: [.compressed, .folded]) } else { false }
  }
}
