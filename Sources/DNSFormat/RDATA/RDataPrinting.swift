internal import Addresses

/// The presentation format of an RDATA, fields parted by a space; RFC 3597 §5 for types without fields.
///
/// Reading the text back gives the same octets. RDATA that is not what its type says is printed as unknown.
package func rdataText(_ wire: [UInt8], of type: RRType) -> String {
  guard let row = RRTypeTable.row(of: type), !row.fields.isEmpty, isValidRData(wire[...], of: type) else {
    return wire.isEmpty ? "\\# 0" : "\\# \(wire.count) \(hexadecimalText(wire))"
  }
  var octets = OctetCursor(wire[...])
  return row.fields.map { octets.text(of: $0) }.filter { !$0.isEmpty }.joined(separator: " ")
}

extension OctetCursor {
  /// Takes a field of octets that were found valid, and prints it; empty for a field that is not there.
  fileprivate mutating func text(of field: RDataField) -> String {
    switch field {
    case .ipv4: return IPAddress(v4: UInt32(number(octets: 4))).description
    case .ipv6: return describeIPv6(high: number(octets: 8), low: number(octets: 8))
    case .u8: return String(number(octets: 1))
    case .u16: return String(number(octets: 2))
    case .u32, .period: return String(number(octets: 4))
    case .time: return timeText(UInt32(number(octets: 4)))
    case .code(_, let words): return words.text(of: UInt16(number(octets: words.size)))
    case .type: return RRType(UInt16(number(octets: 2))).description
    case .types: return typeBitmapText(takeRest())
    case .name: return nameText()
    case .string: return quotedText(takeCounted() ?? [])
    case .strings:
      var strings: [String] = []
      while let string = takeCounted() { strings.append(quotedText(string)) }
      return strings.joined(separator: " ")
    case .hexadecimal: return hexadecimalText(takeRest())
    case .salt:
      let salt = takeCounted() ?? []
      return salt.isEmpty ? "-" : hexadecimalText(salt)
    case .base32hex: return base32hexText(takeCounted() ?? [])
    case .base64: return base64Text(takeRest())
    case .optionalString: return isAtEnd ? "" : quotedText(takeCounted() ?? [])
    case .text: return quotedText(takeRest())
    case .tag: return String(decoding: takeCounted() ?? [], as: UTF8.self)
    case .groups(_, let groups): return groups.text(take(groups.size) ?? [])
    case .nsap: return "0x" + hexadecimalText(takeRest())
    case .location: return locationText(takeRest())
    case .prefixes: return addressPrefixesText(takeRest())
    case .gateway: return gatewayText(type: previous(1))
    case .hostIdentity: return hostIdentityText()
    case .parameters: return svcParamsText(takeRest())
    }
  }

  /// A number known to be there.
  mutating func number(octets count: Int) -> UInt64 { integer(octets: count) ?? 0 }

  /// A name known to be there.
  mutating func nameText() -> String {
    var text: [UInt8] = []
    printName(Array(takeName() ?? [0]).span, at: 0, to: &text)
    return String(decoding: text, as: UTF8.self)
  }
}
