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

  private mutating func typeBitmap(windows: Int) -> [UInt8] {
    let numbers = Set((0..<windows).map { _ in number(0...255) }).sorted()
    return numbers.flatMap { window -> [UInt8] in
      let bits = octets(number(0...31)) + [UInt8(number(1...255))]
      return [UInt8(window), UInt8(bits.count)] + bits
    }
  }
}
