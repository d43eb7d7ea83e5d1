internal import Addresses
internal import FlatMemory

/// Reads a name in presentation format and appends its wire format.
///
/// RFC 1035 §5.1: dots part labels, `\X` is X itself, `\DDD` an octet by decimal number. A name that does not end in a
/// dot is relative to `origin`. `@` is not special here: only a whole field can be `@`, and the caller knows that.
/// Nothing is appended when an error is thrown.
/// - Parameters:
///   - text: the octets, of which `range` is the name; not empty.
///   - origin: a name in wire format, or empty where there is none.
package func appendName(
  text: Span<UInt8>, _ range: Range<Int>, origin: [UInt8], to wire: inout [UInt8]
) throws(NameError) {
  let start = wire.count
  do throws(NameError) {
    try appendLabels(text: text, range, origin: origin, to: &wire)
    if wire.count - start > 255 { throw .longName }
  } catch {
    wire.removeLast(wire.count - start)
    throw error
  }
}

private func appendLabels(
  text: Span<UInt8>, _ range: Range<Int>, origin: [UInt8], to wire: inout [UInt8]
) throws(NameError) {
  if range.isEmpty { throw .emptyLabel }
  let dot = UInt8(ascii: ".")
  if range.count == 1, text[range.lowerBound] == dot {
    wire.append(0)
    return
  }
  var lengthAt = wire.count
  wire.append(0)
  var offset = range.lowerBound
  var endsInDot = false
  while offset < range.upperBound {
    let octet = text[offset]
    endsInDot = false
    if octet == dot {
      let length = wire.count - lengthAt - 1
      if length == 0 { throw .emptyLabel }
      if length > 63 { throw .longLabel }
      wire[lengthAt] = UInt8(length)
      lengthAt = wire.count
      wire.append(0)
      endsInDot = true
      offset += 1
    } else if octet == UInt8(ascii: "\\") {
      guard let escape = EscapedOctet(text, at: offset, end: range.upperBound) else { throw .badEscape }
      wire.append(escape.octet)
      offset += escape.length
    } else {
      wire.append(octet)
      offset += 1
    }
  }
  if endsInDot { return }  // the length just appended is the root's
  let length = wire.count - lengthAt - 1
  if length > 63 { throw .longLabel }
  wire[lengthAt] = UInt8(length)
  if origin.isEmpty { throw .noOrigin }
  wire.append(contentsOf: origin)
}

/// An escape of the presentation format: `\.` or `\046` (RFC 1035 §5.1).
package struct EscapedOctet {
  /// The octet meant.
  package let octet: UInt8
  /// How many octets of text the escape has: 2 or 4.
  package let length: Int

  /// Reads the escape whose backslash is at `offset`; nil where it is cut short or above 255.
  package init?(_ text: Span<UInt8>, at offset: Int, end: Int) {
    guard offset + 1 < end else { return nil }
    let first = text[offset + 1]
    guard isDigit(first) else {
      octet = first
      length = 2
      return
    }
    guard offset + 3 < end, isDigit(text[offset + 2]), isDigit(text[offset + 3]) else { return nil }
    let value = Int(first &- 48) * 100 + Int(text[offset + 2] &- 48) * 10 + Int(text[offset + 3] &- 48)
    guard value <= 255 else { return nil }
    octet = UInt8(value)
    length = 4
  }
}

/// Prints the uncompressed name at `offset` in presentation format with its final dot.
/// - Returns: the offset after the name.
@discardableResult
package func printName(_ wire: Span<UInt8>, at offset: Int, to text: inout [UInt8]) -> Int {
  var offset = offset
  if wire[offset] == 0 { text.append(UInt8(ascii: ".")) }
  while wire[offset] != 0 {
    let end = offset + 1 + Int(wire[offset])
    for index in (offset + 1)..<end {
      appendEscaped(wire[index], special: #".\"();@$"#, to: &text)
    }
    text.append(UInt8(ascii: "."))
    offset = end
  }
  return offset + 1
}

/// Appends an octet so that reading it back gives the same: `\X` for the `special`, `\DDD` for what is not printable.
func appendEscaped(_ octet: UInt8, special: String, spaceIsPlain: Bool = false, to text: inout [UInt8]) {
  if special.utf8.contains(octet) {
    text.append(UInt8(ascii: "\\"))
    text.append(octet)
  } else if octet > 0x20 && octet < 0x7f || octet == 0x20 && spaceIsPlain {
    text.append(octet)
  } else {
    text.append(UInt8(ascii: "\\"))
    text.append(48 + octet / 100)
    text.append(48 + octet / 10 % 10)
    text.append(48 + octet % 10)
  }
}
