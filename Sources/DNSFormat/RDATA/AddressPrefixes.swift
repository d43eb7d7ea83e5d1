internal import Addresses

// The address prefixes of APL (RFC 3123 §4, §5): `1:192.168.32.0/21 !2:2001:db8::/32`.

/// True where each item is of family 1 (IPv4) or 2 (IPv6), its prefix fits, and its octets do not end in zero.
func areAddressPrefixes(_ octets: ArraySlice<UInt8>) -> Bool {
  var cursor = OctetCursor(octets)
  while !cursor.isAtEnd {
    guard let family = cursor.integer(octets: 2), (1...2).contains(family), let prefix = cursor.integer(octets: 1),
      let length = cursor.integer(octets: 1), let address = cursor.take(Int(length & 0x7f))
    else { return false }
    let size = family == 1 ? 4 : 16
    guard prefix <= 8 * size, address.count <= size, address.last != 0 else { return false }
  }
  return true
}

extension TextCursor {
  /// All fields that are left.
  mutating func readAddressPrefixes(_ label: String, text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    while !isAtEnd {
      let octets = text.octets(try take(label))
      guard let item = addressPrefix(octets[...]) else {
        throw error(.unlike(label, example: "1:192.0.2.0/24 or !2:2001:db8::/32"))
      }
      wire += item
    }
  }
}

/// One item on the wire; nil where the text is none.
private func addressPrefix(_ text: ArraySlice<UInt8>) -> [UInt8]? {
  let isNegated = text.first == UInt8(ascii: "!")
  let item = isNegated ? text.dropFirst() : text
  guard let colon = item.firstIndex(of: UInt8(ascii: ":")), let slash = item.lastIndex(of: UInt8(ascii: "/")),
    colon < slash
  else { return nil }
  let family = item[..<colon].elementsEqual([UInt8(ascii: "1")]) ? 1 : 2
  guard family == 1 || item[..<colon].elementsEqual([UInt8(ascii: "2")]) else { return nil }
  var address: [UInt8] = []
  if family == 1 {
    guard let bits = parseIPv4(item[(colon + 1)..<slash]) else { return nil }
    address.append(integer: bits)
  } else {
    guard let (high, low) = parseIPv6(Array(item[(colon + 1)..<slash])) else { return nil }
    address.append(integer: high)
    address.append(integer: low)
  }
  let digits = Array(item[(slash + 1)...])
  guard let prefix = decimal(digits.span, 0..<digits.count), prefix <= 8 * address.count else { return nil }
  while address.last == 0 { address.removeLast() }
  return [0, UInt8(family), UInt8(prefix), UInt8(address.count) | (isNegated ? 0x80 : 0)] + address
}

/// Items known to be well formed.
func addressPrefixesText(_ octets: ArraySlice<UInt8>) -> String {
  var cursor = OctetCursor(octets)
  var items: [String] = []
  while let family = cursor.integer(octets: 2), let prefix = cursor.integer(octets: 1),
    let length = cursor.integer(octets: 1), let octets = cursor.take(Int(length & 0x7f))
  {
    var address = OctetCursor((octets + Array(repeating: 0, count: 16 - octets.count))[...])
    let text =
      family == 1
      ? IPAddress(v4: UInt32(address.number(octets: 4))).description
      : describeIPv6(high: address.number(octets: 8), low: address.number(octets: 8))
    items.append("\(length & 0x80 != 0 ? "!" : "")\(family):\(text)/\(prefix)")
  }
  return items.joined(separator: " ")
}
