// The types an owner has, as windows of bits (RFC 4034 §4.1.2): NSEC, NSEC3, CSYNC.

/// True where windows ascend and each has 1 to 32 octets of which the last is not zero.
func isTypeBitmap(_ octets: ArraySlice<UInt8>, canBeEmpty: Bool) -> Bool {
  if octets.isEmpty { return canBeEmpty }
  var cursor = OctetCursor(octets)
  var last = -1
  while let window = cursor.integer(octets: 1) {
    guard Int(window) > last, let bits = cursor.takeCounted(), (1...32).contains(bits.count), bits.last != 0 else {
      return false
    }
    last = Int(window)
  }
  return true
}

extension TextCursor {
  /// All fields that are left: types, in any order.
  mutating func readTypes(_ label: String, text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    var types: [UInt16] = []
    while !isAtEnd { types.append(try readType(label, text: text).rawValue) }
    types.sort()
    var windowAt: Int?
    for type in types {
      if windowAt.map({ wire[$0] != UInt8(type >> 8) }) ?? true {
        windowAt = wire.count
        wire += [UInt8(type >> 8), 0]
      }
      guard let windowAt else { continue }
      let octet = Int(type & 0xff) / 8
      while wire.count - windowAt - 2 <= octet { wire.append(0) }
      wire[windowAt + 1] = UInt8(wire.count - windowAt - 2)
      wire[windowAt + 2 + octet] |= 0x80 >> UInt8(type & 7)
    }
  }

  /// One field: a type.
  mutating func readType(_ label: String, text: Span<UInt8>) throws(RDataTextError) -> RRType {
    let range = try take(label)
    guard range.count <= 64,
      let type = RRType(mnemonic: String(decoding: text.octets(range), as: UTF8.self))
    else { throw error(.notAType(label)) }
    return type
  }
}

/// The types of a bitmap, ascending; those of a window that is not there whole are left out, and all behind it.
package func typesInBitmap(_ octets: ArraySlice<UInt8>) -> [RRType] {
  var cursor = OctetCursor(octets)
  var types: [RRType] = []
  while let window = cursor.integer(octets: 1), let bits = cursor.takeCounted() {
    for (index, octet) in bits.prefix(32).enumerated() {
      for bit in 0..<8 where octet & 0x80 >> UInt8(bit) != 0 {
        types.append(RRType(UInt16(Int(window) << 8 | index * 8 | bit)))
      }
    }
  }
  return types
}

/// The types of a bitmap as words.
func typeBitmapText(_ octets: ArraySlice<UInt8>) -> String {
  typesInBitmap(octets).map(\.description).joined(separator: " ")
}
