internal import FlatMemory

/// Reads one JSON object of the kind that logs are made of: its own members; of what is nested only whether it is empty.
///
/// Any octets: an object, or nil. No recursion, so nothing nested can be too deep.
enum FlatJSON {
  enum Value: Equatable {
    case string(String)
    case number(Int)
    case bool(Bool)
    case null
    /// An array or object, and whether there is something in it; or a number that is no integer.
    case other(isEmpty: Bool)
  }

  /// The members by name; nil where `text` is not one object.
  static func object(_ text: Span<UInt8>) -> [String: Value]? {
    var reader = Reader()
    reader.skipBlanks(text)
    guard reader.take("{", text) else { return nil }
    var members: [String: Value] = [:]
    reader.skipBlanks(text)
    if !reader.take("}", text) {
      repeat {
        reader.skipBlanks(text)
        guard let name = reader.string(text) else { return nil }
        reader.skipBlanks(text)
        guard reader.take(":", text) else { return nil }
        reader.skipBlanks(text)
        guard let value = reader.value(text) else { return nil }
        members[name] = value
        reader.skipBlanks(text)
      } while reader.take(",", text)
      guard reader.take("}", text) else { return nil }
    }
    reader.skipBlanks(text)
    return reader.offset == text.count ? members : nil
  }

  private struct Reader {
    var offset = 0

    mutating func skipBlanks(_ text: Span<UInt8>) {
      while offset < text.count, [0x20, 9, 13, 10].contains(text[offset]) { offset += 1 }
    }

    mutating func take(_ character: Unicode.Scalar, _ text: Span<UInt8>) -> Bool {
      guard offset < text.count, text[offset] == UInt8(ascii: character) else { return false }
      offset += 1
      return true
    }

    mutating func value(_ text: Span<UInt8>) -> Value? {
      guard offset < text.count else { return nil }
      switch text[offset] {
      case UInt8(ascii: "\""): return string(text).map { .string($0) }
      case UInt8(ascii: "{"), UInt8(ascii: "["): return nested(text)
      default: return word(text)
      }
    }

    /// RFC 8259 §7.
    mutating func string(_ text: Span<UInt8>) -> String? {
      guard take("\"", text) else { return nil }
      let start = offset
      while offset < text.count, text[offset] != UInt8(ascii: "\""), text[offset] != UInt8(ascii: "\\") { offset += 1 }
      guard offset < text.count else { return nil }
      var octets = text.octets(start..<offset)
      while offset < text.count {
        let octet = text[offset]
        offset += 1
        if octet == UInt8(ascii: "\"") { return String(decoding: octets, as: UTF8.self) }
        guard octet == UInt8(ascii: "\\") else {
          octets.append(octet)
          continue
        }
        guard offset < text.count else { return nil }
        let escape = text[offset]
        offset += 1
        switch escape {
        case UInt8(ascii: "n"): octets.append(10)
        case UInt8(ascii: "t"): octets.append(9)
        case UInt8(ascii: "r"): octets.append(13)
        case UInt8(ascii: "b"): octets.append(8)
        case UInt8(ascii: "f"): octets.append(12)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): octets.append(escape)
        case UInt8(ascii: "u"):
          guard let scalar = scalar(text) else { return nil }
          octets += Array(String(scalar).utf8)
        default: return nil
        }
      }
      return nil
    }

    private mutating func scalar(_ text: Span<UInt8>) -> Unicode.Scalar? {
      guard let first = hexadecimal(text) else { return nil }
      if first & 0xfc00 == 0xd800, offset + 1 < text.count, text[offset] == UInt8(ascii: "\\"),
        text[offset + 1] == UInt8(ascii: "u")
      {
        offset += 2
        guard let second = hexadecimal(text) else { return nil }
        return Unicode.Scalar(0x10000 + (first & 0x3ff) << 10 + second & 0x3ff) ?? "\u{fffd}"
      }
      return Unicode.Scalar(first) ?? "\u{fffd}"
    }

    private mutating func hexadecimal(_ text: Span<UInt8>) -> UInt32? {
      guard offset + 4 <= text.count else { return nil }
      defer { offset += 4 }
      return UInt32(String(decoding: text.octets(offset..<(offset + 4)), as: UTF8.self), radix: 16)
    }

    private mutating func word(_ text: Span<UInt8>) -> Value? {
      let start = offset
      while offset < text.count, ![0x2c, 0x7d, 0x5d, 0x20, 9, 13, 10].contains(text[offset]) { offset += 1 }
      let word = String(decoding: text.octets(start..<offset), as: UTF8.self)
      switch word {
      case "true": return .bool(true)
      case "false": return .bool(false)
      case "null": return .null
      default:
        if let number = Int(word) { return .number(number) }
        return Double(word) == nil ? nil : .other(isEmpty: false)
      }
    }

    /// Passes over an array or an object, strings within it as wholes.
    private mutating func nested(_ text: Span<UInt8>) -> Value? {
      var depth = 0
      var isEmpty = true
      while offset < text.count {
        switch text[offset] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
          if depth > 0 { isEmpty = false }
          depth += 1
          offset += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          depth -= 1
          offset += 1
          if depth == 0 { return .other(isEmpty: isEmpty) }
        case UInt8(ascii: "\""):
          guard string(text) != nil else { return nil }
          isEmpty = false
        case 0x20, 9, 13, 10: offset += 1
        default:
          isEmpty = false
          offset += 1
        }
      }
      return nil
    }
  }
}
