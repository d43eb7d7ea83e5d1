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
      var next = first
      for field in row.fields {
        try append(field, text: text, fields: fields, next: &next, origin: origin, to: &wire)
      }
      if next < fields.count { throw RDataTextError(field: next, problem: .surplus) }
      if wire.count - start > 65535 { throw RDataTextError(field: first, problem: .wrongLength) }
    } else {
      throw RDataTextError(field: first, problem: .unknownNeedsHash)
    }
  } catch {
    wire.removeLast(wire.count - start)
    throw error
  }
}

private func append(
  _ field: RDataField, text: Span<UInt8>, fields: [TextField], next: inout Int, origin: [UInt8],
  to wire: inout [UInt8]
) throws(RDataTextError) {
  guard next < fields.count else { throw RDataTextError(field: next, problem: .missing(field.label)) }
  let range = fields[next].range
  switch field {
  case .ipv4(let label):
    guard let bits = parseIPv4(text, range) else {
      throw RDataTextError(field: next, problem: .notAnAddress("IPv4 \(label)"))
    }
    wire.append(integer: bits)
  case .ipv6(let label):
    guard let (high, low) = parseIPv6(text.octets(range)) else {
      throw RDataTextError(field: next, problem: .notAnAddress("IPv6 \(label)"))
    }
    wire.append(integer: high)
    wire.append(integer: low)
  case .u16(let label):
    guard let value = decimal(text, range), value <= 0xffff else {
      throw RDataTextError(field: next, problem: .notANumber(label, max: 0xffff))
    }
    wire.append(integer: UInt16(value))
  case .u32(let label):
    guard let value = decimal(text, range) else {
      throw RDataTextError(field: next, problem: .notANumber(label, max: .max))
    }
    wire.append(integer: value)
  case .period(let label):
    guard let value = seconds(text, range) else {
      throw RDataTextError(field: next, problem: .notANumber(label, max: .max))
    }
    wire.append(integer: value)
  case .name(let label, _):
    do throws(NameError) {
      if range.count == 1, text[range.lowerBound] == UInt8(ascii: "@"), !fields[next].isQuoted {
        if origin.isEmpty { throw NameError.noOrigin }
        wire.append(contentsOf: origin)
      } else {
        try appendName(text: text, range, origin: origin, to: &wire)
      }
    } catch {
      throw RDataTextError(field: next, problem: .badName(label, error))
    }
  case .strings:
    while next < fields.count {
      try appendString(text: text, fields[next].range, field: next, to: &wire)
      next += 1
    }
    return
  }
  next += 1
}

/// A <character-string>: its length, then its octets, escapes resolved (RFC 1035 §3.3, §5.1).
private func appendString(
  text: Span<UInt8>, _ range: Range<Int>, field: Int, to wire: inout [UInt8]
) throws(RDataTextError) {
  let lengthAt = wire.count
  wire.append(0)
  var offset = range.lowerBound
  while offset < range.upperBound {
    if text[offset] == UInt8(ascii: "\\") {
      guard let escape = EscapedOctet(text, at: offset, end: range.upperBound) else {
        throw RDataTextError(field: field, problem: .badEscape)
      }
      wire.append(escape.octet)
      offset += escape.length
    } else {
      wire.append(text[offset])
      offset += 1
    }
  }
  let length = wire.count - lengthAt - 1
  guard length <= 255 else { throw RDataTextError(field: field, problem: .longString) }
  wire[lengthAt] = UInt8(length)
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
  var high: UInt8?
  for index in (first + 1)..<max(fields.count, first + 1) {
    for offset in fields[index].range {
      guard let digit = hexadecimalDigit(text[offset]) else { throw RDataTextError(field: index, problem: .badUnknown) }
      if let first = high {
        wire.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
  }
  guard high == nil, wire.count - start == Int(length) else { throw RDataTextError(field: first, problem: .badUnknown) }
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
private func parseIPv4(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
  guard range.count <= 15 else { return nil }
  return Addresses.parseIPv4(text.octets(range)[...])
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
