import TestSupport

@testable import DNSFormat

extension SeededGenerator {
  /// Valid RDATA of a row's fields.
  mutating func rdata(of row: RRTypeRow) -> [UInt8] {
    var wire: [UInt8] = []
    for field in row.fields { append(field, to: &wire) }
    return wire
  }

  private mutating func append(_ field: RDataField, to wire: inout [UInt8]) {
    if let size = field.fixedSize {
      wire += octets(size)
      return
    }
    switch field {
    case .optionalString: if chance(50) { wire += counted(0...255) }
    case .text: wire += octets(number(1...300))
    case .tag: wire += [5] + Array("issue".utf8)
    case .nsap: wire += octets(number(1...40))
    case .location: wire += location()
    case .prefixes: for _ in 0..<number(0...4) { wire += addressPrefix() }
    case .gateway:
      let type = number(0...3)
      wire[wire.count - 2] = UInt8(type)
      wire += type == 3 ? name(atMost: 255).wire : octets([0, 4, 16][type])
    case .hostIdentity:
      let tag = octets(number(1...255)), key = octets(number(1...300))
      wire += [UInt8(tag.count), 2, UInt8(key.count >> 8), UInt8(key.count & 255)] + tag + key
      for _ in 0..<number(0...2) { wire += name(atMost: 255).wire }
    case .parameters: wire += parameters()
    case .name: wire += name(atMost: number(1...255)).wire
    case .string, .salt: wire += counted(0...255)
    case .strings: for _ in 0..<number(1...4) { wire += counted(0...255) }
    case .types(_, let canBeNone): wire += typeBitmap(windows: number(canBeNone ? 0...3 : 1...3))
    case .hexadecimal(_, let count): wire += octets(count.exact(code: wire.last) ?? number(12...80))
    case .base32hex: wire += counted(1...255)
    case .base64: wire += octets(number(1...200))
    default: preconditionFailure("no random octets are known for \(field)")
    }
  }

  /// A length octet and so many octets.
  private mutating func counted(_ range: ClosedRange<Int>) -> [UInt8] {
    let size = number(range)
    return [UInt8(size)] + octets(size)
  }

  private mutating func location() -> [UInt8] {
    var wire: [UInt8] = [0]
    for _ in 0..<3 { wire.append(chance(10) ? 0 : UInt8(number(1...9) << 4 | number(0...9))) }
    wire.append(integer: UInt32(number((1 << 31) - 324_000_000...(1 << 31) + 324_000_000)))
    wire.append(integer: UInt32(number((1 << 31) - 648_000_000...(1 << 31) + 648_000_000)))
    return wire + octets(4)
  }

  private mutating func addressPrefix() -> [UInt8] {
    let family = number(1...2)
    var address = octets(number(0...(family == 1 ? 4 : 16)))
    while address.last == 0 { address.removeLast() }
    let length = UInt8(address.count) | (chance(50) ? 0x80 : 0)
    return [0, UInt8(family), UInt8(number(0...(family == 1 ? 32 : 128))), length] + address
  }

  private mutating func parameters() -> [UInt8] {
    var values: [(UInt16, [UInt8])] = []
    if chance(60) {
      values.append((1, (0..<number(1...3)).flatMap { _ in counted(1...40) }))
      if chance(50) { values.append((2, [])) }
    }
    if chance(40) { values.append((3, octets(2))) }
    if chance(40) { values.append((4, octets(4 * number(1...3)))) }
    if chance(40) { values.append((5, octets(number(0...40)))) }
    if chance(40) { values.append((6, octets(16 * number(1...3)))) }
    if chance(40) { values.append((7, Array("/q\u{e9}\"\\{?dns}".utf8))) }
    if chance(40) { values.append((8, [])) }
    for key in Set((0..<number(0...3)).map { _ in UInt16(number(9...65534)) }).sorted() {
      values.append((key, octets(number(0...300))))
    }
    if !values.isEmpty, chance(40) {
      let keys = values.map(\.0).filter { _ in chance(50) }
      var list: [UInt8] = []
      for key in keys { list.append(integer: key) }
      if !keys.isEmpty { values.insert((0, list), at: 0) }
    }
    var wire: [UInt8] = []
    for (key, value) in values {
      wire.append(integer: key)
      wire.append(integer: UInt16(value.count))
      wire += value
    }
    return wire
  }

  private mutating func typeBitmap(windows: Int) -> [UInt8] {
    let numbers = Set((0..<windows).map { _ in number(0...255) }).sorted()
    return numbers.flatMap { window -> [UInt8] in
      let bits = octets(number(0...31)) + [UInt8(number(1...255))]
      return [UInt8(window), UInt8(bits.count)] + bits
    }
  }
}
