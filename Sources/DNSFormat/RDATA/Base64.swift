// Base64 and base32hex (RFC 4648 §4, §7), strict as BIND is: padding must be right, bits left over must be zero.

private let base64Alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
private let base32hexAlphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUV".utf8)

extension TextCursor {
  /// All fields that are left, in base64 with its padding; white space is allowed anywhere.
  mutating func readBase64(_ label: String, text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    let first = next
    var bits = BitCollector(), digits = 0, padding = 0
    let fields = takeRest()
    for index in fields.indices {
      for offset in fields[index].range {
        if text[offset] == UInt8(ascii: "=") {
          padding += 1
        } else if padding == 0, let digit = base64Digit(text[offset]) {
          bits.append(digit, count: 6, to: &wire)
          digits += 1
        } else {
          throw RDataTextError(field: index, problem: .unlike(label, example: "AwEAAQ== (base64)"))
        }
      }
    }
    guard digits > 0, padding <= 2, (digits + padding).isMultiple(of: 4) else {
      throw RDataTextError(field: first, problem: .badPadding(label))
    }
    guard bits.areZero else { throw RDataTextError(field: max(first, next - 1), problem: .spareBits(label)) }
  }

  /// One field in base32hex without padding, its length in an octet before it.
  mutating func readBase32hex(_ label: String, text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    let range = try take(label)
    let lengthAt = wire.count
    wire.append(0)
    var bits = BitCollector()
    for offset in range {
      guard let digit = base32hexDigit(text[offset]) else {
        throw error(.unlike(label, example: "2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"))
      }
      bits.append(digit, count: 5, to: &wire)
    }
    let count = wire.count - lengthAt - 1
    guard count > 0, bits.count < 5 else { throw error(.badPadding(label)) }
    guard bits.areZero else { throw error(.spareBits(label)) }
    guard count <= 255 else { throw error(.wrongCount(label, found: count, right: 1...255)) }
    wire[lengthAt] = UInt8(count)
  }
}

/// Bits of digits, gathered into octets.
private struct BitCollector {
  private var bits: UInt32 = 0
  /// Bits that are no octet yet.
  private(set) var count = 0

  var areZero: Bool { bits == 0 }

  mutating func append(_ digit: UInt8, count digitBits: Int, to wire: inout [UInt8]) {
    bits = bits << UInt32(digitBits) | UInt32(digit)
    count += digitBits
    guard count >= 8 else { return }
    count -= 8
    wire.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
    bits &= 1 << UInt32(count) - 1
  }
}

private func base64Digit(_ octet: UInt8) -> UInt8? {
  switch octet {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): octet - UInt8(ascii: "A")
  case UInt8(ascii: "a")...UInt8(ascii: "z"): octet - UInt8(ascii: "a") + 26
  case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0") + 52
  case UInt8(ascii: "+"): 62
  case UInt8(ascii: "/"): 63
  default: nil
  }
}

private func base32hexDigit(_ octet: UInt8) -> UInt8? {
  switch octet {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
  case UInt8(ascii: "A")...UInt8(ascii: "V"): octet - UInt8(ascii: "A") + 10
  case UInt8(ascii: "a")...UInt8(ascii: "v"): octet - UInt8(ascii: "a") + 10
  default: nil
  }
}

/// Octets in base64, in one piece.
func base64Text(_ octets: ArraySlice<UInt8>) -> String {
  var text = digits(of: octets, bits: 6, base64Alphabet)
  while !text.count.isMultiple(of: 4) { text.append(UInt8(ascii: "=")) }
  return String(decoding: text, as: UTF8.self)
}

/// Octets in base32hex, in capitals and without padding.
func base32hexText(_ octets: ArraySlice<UInt8>) -> String {
  String(decoding: digits(of: octets, bits: 5, base32hexAlphabet), as: UTF8.self)
}

private func digits(of octets: ArraySlice<UInt8>, bits width: Int, _ alphabet: [UInt8]) -> [UInt8] {
  var text: [UInt8] = []
  var bits = 0, count = 0
  for octet in octets {
    bits = bits << 8 | Int(octet)
    count += 8
    while count >= width {
      count -= width
      text.append(alphabet[bits >> count])
      bits &= 1 << count - 1
    }
  }
  if count > 0 { text.append(alphabet[bits << (width - count)]) }
  return text
}
