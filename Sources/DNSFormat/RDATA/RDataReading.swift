internal import Addresses
internal import FlatMemory

/// One field of text, as a master file's line is cut into them: where it is, and whether it was in quotes.
package struct TextField: Sendable {
  /// The octets; without the quotes.
  package var range: Range<Int>
  package var isQuoted: Bool

  package init(range: Range<Int>, isQuoted: Bool) {
    self.range = range
    self.isQuoted = isQuoted
  }
}

/// Why a text is no RDATA of its type: which field, and what is wrong with it.
package struct RDataTextError: Error, Hashable, Sendable {
  /// The index of the field; the number of fields where one is missing.
  package let field: Int
  package let problem: Problem

  /// What is wrong.
  package enum Problem: Hashable, Sendable {
    case missing(String)
    case surplus
    case notAnAddress(String)
    case notANumber(String, max: UInt32)
    /// Not a number of seconds, with units or without.
    case notAPeriod(String)
    /// Not of the field's syntax, of which there is an example.
    case unlike(String, example: String)
    case notACode(String, CodeWords)
    case notAType(String)
    /// Hexadecimal digits odd in number.
    case oddDigits(String)
    /// Base64 or base32hex that ends amid an octet, or whose padding is wrong.
    case badPadding(String)
    /// Base64 or base32hex whose last digit has bits set that are no octet.
    case spareBits(String)
    /// So many octets, where there must be another number of them.
    case wrongCount(String, found: Int, right: ClosedRange<Int>)
    /// A parameter of SVCB, by its key.
    case badParameter(String, SvcParamProblem)
    case badName(String, NameError)
    case longString
    case badEscape
    case badUnknown
    case wrongLength
    case unknownNeedsHash
  }
}

/// Reads the RDATA of a type from text fields and appends its wire format.
///
/// RFC 1035 §5.1, and RFC 3597 §5 (`\# 4 0A000001`) for any type. Nothing is appended when an error is thrown.
/// - Parameters:
///   - fields: the fields of a line, of which those from `first` on are the RDATA.
///   - origin: a name in wire format, or empty where there is none.
package func appendRData(
  of type: RRType, text: Span<UInt8>, fields: [TextField], from first: Int, origin: [UInt8], to wire: inout [UInt8]
) throws(RDataTextError) {
  let start = wire.count
  do throws(RDataTextError) {
    if first < fields.count, !fields[first].isQuoted, text.equals("\\#", in: fields[first].range) {
      try appendUnknown(text: text, fields: fields, from: first + 1, to: &wire)
      if !isValidRData(wire[start...], of: type) { throw RDataTextError(field: first, problem: .wrongLength) }
    } else if let row = RRTypeTable.row(of: type), !row.fields.isEmpty {
      var cursor = TextCursor(fields, from: first)
      for field in row.fields { try cursor.read(field, text: text, origin: origin, to: &wire) }
      if !cursor.isAtEnd { throw RDataTextError(field: cursor.next, problem: .surplus) }
      if wire.count - start > 65535 { throw RDataTextError(field: first, problem: .wrongLength) }
    } else {
      throw RDataTextError(field: first, problem: .unknownNeedsHash)
    }
  } catch {
    wire.removeLast(wire.count - start)
    throw error
  }
}

/// Where a reader of text fields stands. The text itself is handed along.
struct TextCursor {
  private let fields: [TextField]
  /// The index of the field to come.
  private(set) var next: Int

  init(_ fields: [TextField], from first: Int) {
    self.fields = fields
    next = first
  }

  var isAtEnd: Bool { next >= fields.count }
  /// The field to come.
  var coming: TextField? { isAtEnd ? nil : fields[next] }

  /// The next field.
  mutating func take(_ label: String) throws(RDataTextError) -> Range<Int> {
    guard !isAtEnd else { throw RDataTextError(field: next, problem: .missing(label)) }
    next += 1
    return fields[next - 1].range
  }

  /// The next field, as a cursor of its own that ends behind it.
  mutating func takeAlone(_ label: String) throws(RDataTextError) -> TextCursor {
    _ = try take(label)
    return TextCursor(Array(fields[..<next]), from: next - 1)
  }

  /// All fields to come.
  mutating func takeRest() -> ArraySlice<TextField> {
    defer { next = max(next, fields.count) }
    return isAtEnd ? [] : fields[next...]
  }

  /// A problem with the field that was taken last.
  func error(_ problem: RDataTextError.Problem) -> RDataTextError { RDataTextError(field: next - 1, problem: problem) }
}

extension TextCursor {
  /// Reads the text of one field and appends its wire format.
  fileprivate mutating func read(
    _ field: RDataField, text: Span<UInt8>, origin: [UInt8], to wire: inout [UInt8]
  ) throws(RDataTextError) {
    if isAtEnd, !field.canBeAbsent { throw RDataTextError(field: next, problem: .missing(field.label)) }
    switch field {
    case .ipv4(let label):
      guard let bits = parseIPv4(text, try take(label)) else { throw error(.notAnAddress("IPv4 \(label)")) }
      wire.append(integer: bits)
    case .ipv6(let label):
      guard let (high, low) = parseIPv6(text.octets(try take(label))) else {
        throw error(.notAnAddress("IPv6 \(label)"))
      }
      wire.append(integer: high)
      wire.append(integer: low)
    case .u8(let label): wire.append(UInt8(try readNumber(label, max: 0xff, text: text)))
    case .u16(let label): wire.append(integer: UInt16(try readNumber(label, max: 0xffff, text: text)))
    case .u32(let label): wire.append(integer: try readNumber(label, max: .max, text: text))
    case .period(let label):
      guard let value = seconds(text, try take(label)) else { throw error(.notAPeriod(label)) }
      wire.append(integer: value)
    case .time(let label): try readTime(label, text: text, to: &wire)
    case .code(let label, let words): try readCode(label, words, text: text, to: &wire)
    case .type(let label): wire.append(integer: try readType(label, text: text).rawValue)
    case .types(let label, _): try readTypes(label, text: text, to: &wire)
    case .name(let label, _): try readName(label, text: text, origin: origin, to: &wire)
    case .string(let label): try appendString(text: text, try take(label), field: next - 1, to: &wire)
    case .strings(let label):
      while !isAtEnd { try appendString(text: text, try take(label), field: next - 1, to: &wire) }
    case .hexadecimal(let label, let count): try readHexadecimal(label, count, text: text, to: &wire)
    case .salt(let label): try readSalt(label, text: text, to: &wire)
    case .base32hex(let label): try readBase32hex(label, text: text, to: &wire)
    case .base64(let label, _):
      if !isAtEnd { try readBase64(label, text: text, to: &wire) }
    case .optionalString(let label):
      if !isAtEnd { try appendString(text: text, try take(label), field: next - 1, to: &wire) }
    case .text(let label, let canBeEmpty): try readText(label, canBeEmpty: canBeEmpty, text: text, to: &wire)
    case .tag(let label): try readTag(label, text: text, to: &wire)
    case .groups(let label, let groups): try readGroups(label, groups, text: text, to: &wire)
    case .nsap(let label): try readNSAP(label, text: text, to: &wire)
    case .location: try readLocation(text: text, to: &wire)
    case .prefixes(let label): try readAddressPrefixes(label, text: text, to: &wire)
    case .gateway(let label): try readGateway(label, text: text, origin: origin, to: &wire)
    case .hostIdentity: try readHostIdentity(text: text, origin: origin, to: &wire)
    case .parameters: try readSvcParams(text: text, to: &wire)
    }
  }

  /// One field: a decimal number.
  mutating func readNumber(_ label: String, max: UInt32, text: Span<UInt8>) throws(RDataTextError) -> UInt32 {
    guard let value = decimal(text, try take(label)), value <= max else { throw error(.notANumber(label, max: max)) }
    return value
  }

  /// One field: a name, `@` for the origin.
  mutating func readName(
    _ label: String, text: Span<UInt8>, origin: [UInt8], to wire: inout [UInt8]
  ) throws(RDataTextError) {
    let isQuoted = coming?.isQuoted ?? false
    let range = try take(label)
    do throws(NameError) {
      if range.count == 1, text[range.lowerBound] == UInt8(ascii: "@"), !isQuoted {
        if origin.isEmpty { throw NameError.noOrigin }
        wire.append(contentsOf: origin)
      } else {
        try appendName(text: text, range, origin: origin, to: &wire)
      }
    } catch let problem {
      throw error(.badName(label, problem))
    }
  }
}

/// RFC 3597 §5: a count of octets, then as many in hexadecimal, white space allowed anywhere.
private func appendUnknown(
  text: Span<UInt8>, fields: [TextField], from first: Int, to wire: inout [UInt8]
) throws(RDataTextError) {
  guard first < fields.count else { throw RDataTextError(field: first, problem: .missing("length")) }
  guard let length = decimal(text, fields[first].range), length <= 0xffff else {
    throw RDataTextError(field: first, problem: .notANumber("length", max: 0xffff))
  }
  let start = wire.count
  let digits = fields[min(first + 1, fields.count)...]
  let isWhole = try appendHexadecimal(text: text, digits, or: .badUnknown, to: &wire)
  guard isWhole, wire.count - start == Int(length) else { throw RDataTextError(field: first, problem: .badUnknown) }
}

/// A number of decimal digits up to 4294967295; nil for anything else.
package func decimal(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
  guard !range.isEmpty, range.count <= 20 else { return nil }
  var value: UInt64 = 0
  for offset in range {
    guard isDigit(text[offset]) else { return nil }
    value = value &* 10 &+ UInt64(text[offset] &- 48)
    guard value <= UInt32.max else { return nil }
  }
  return UInt32(value)
}

/// A number of seconds: `3600`, or with units as BIND writes them: `1h30m`, `2w`; nil for anything else.
package func seconds(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
  if let plain = decimal(text, range) { return plain }
  var total: UInt64 = 0, value: UInt64 = 0, digits = 0
  for offset in range {
    let octet = text[offset]
    if isDigit(octet) {
      value = value * 10 + UInt64(octet &- 48)
      digits += 1
      guard value <= UInt32.max else { return nil }
      continue
    }
    let unit: UInt64
    switch lowercased(octet) {
    case UInt8(ascii: "s"): unit = 1
    case UInt8(ascii: "m"): unit = 60
    case UInt8(ascii: "h"): unit = 3600
    case UInt8(ascii: "d"): unit = 86400
    case UInt8(ascii: "w"): unit = 604800
    default: return nil
    }
    guard digits > 0 else { return nil }
    total += value * unit
    guard total <= UInt32.max else { return nil }
    (value, digits) = (0, 0)
  }
  return digits == 0 && !range.isEmpty ? UInt32(total) : nil
}

/// A dotted quad inside a larger text.
func parseIPv4(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
  guard range.count <= 15 else { return nil }
  return Addresses.parseIPv4(text, range)
}

extension [UInt8] {
  /// Appends an integer in network byte order.
  package mutating func append(integer value: some FixedWidthInteger) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

extension Span<UInt8> {
  /// True where the octets in `range` are those of `word`, letter for letter.
  package func equals(_ word: StaticString, in range: Range<Int>) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    var index = range.lowerBound
    for octet in word.description.utf8 {
      if self[index] != octet { return false }
      index += 1
    }
    return true
  }
}
