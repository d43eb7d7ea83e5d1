internal import Addresses

/// The presentation format of an RDATA, fields parted by a space; RFC 3597 §5 for types without fields.
///
/// Reading the text back gives the same octets. RDATA that is not what its type says is printed as unknown.
package func rdataText(_ wire: [UInt8], of type: RRType) -> String {
  guard let row = RRTypeTable.row(of: type), !row.fields.isEmpty, isValidRData(wire[...], of: type) else {
    let digits = wire.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    return wire.isEmpty ? "\\# 0" : "\\# \(wire.count) \(digits)"
  }
  var offset = 0
  return row.fields.map { fieldText($0, wire, &offset) }.joined(separator: " ")
}

private func fieldText(_ field: RDataField, _ wire: [UInt8], _ offset: inout Int) -> String {
  func integer(octets: Int) -> UInt64 {
    defer { offset += octets }
    return wire[offset..<(offset + octets)].reduce(0) { $0 << 8 | UInt64($1) }
  }
  switch field {
  case .ipv4: return IPAddress(v4: UInt32(integer(octets: 4))).description
  case .ipv6: return describeIPv6(high: integer(octets: 8), low: integer(octets: 8))
  case .u16: return String(integer(octets: 2))
  case .u32, .period: return String(integer(octets: 4))
  case .name:
    var text: [UInt8] = []
    offset = printName(wire.span, at: offset, to: &text)
    return String(decoding: text, as: UTF8.self)
  case .strings:
    var strings: [String] = []
    while offset < wire.count {
      let end = offset + 1 + Int(wire[offset])
      var text = [UInt8(ascii: "\"")]
      for octet in wire[(offset + 1)..<end] { appendEscaped(octet, special: #"\""#, spaceIsPlain: true, to: &text) }
      strings.append(String(decoding: text + [UInt8(ascii: "\"")], as: UTF8.self))
      offset = end
    }
    return strings.joined(separator: " ")
  }
}
