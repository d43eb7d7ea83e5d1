internal import Addresses
internal import FlatMemory

/// Appends octets of text, escapes resolved (RFC 1035 §5.1).
/// - Parameter field: the index of the field, for errors.
func appendUnescaped(
  text: Span<UInt8>, _ range: Range<Int>, field: Int, to wire: inout [UInt8]
) throws(RDataTextError) {
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
}

/// A <character-string>: its length, then its octets, escapes resolved (RFC 1035 §3.3, §5.1).
func appendString(
  text: Span<UInt8>, _ range: Range<Int>, field: Int, to wire: inout [UInt8]
) throws(RDataTextError) {
  let lengthAt = wire.count
  wire.append(0)
  try appendUnescaped(text: text, range, field: field, to: &wire)
  let length = wire.count - lengthAt - 1
  guard length <= 255 else { throw RDataTextError(field: field, problem: .longString) }
  wire[lengthAt] = UInt8(length)
}

/// Octets in quotes, escaped so that reading them gives the same.
func quotedText(_ octets: some Sequence<UInt8>) -> String {
  var text = [UInt8(ascii: "\"")]
  for octet in octets { appendEscaped(octet, special: #"\""#, spaceIsPlain: true, to: &text) }
  return String(decoding: text + [UInt8(ascii: "\"")], as: UTF8.self)
}

// MARK: - Text and tags

/// True for the letters and digits of a CAA tag (RFC 8659 §4.1).
func isTag(_ octets: ArraySlice<UInt8>) -> Bool {
  !octets.isEmpty && octets.allSatisfy { isDigit($0) || lowercased($0) &- UInt8(ascii: "a") < 26 }
}

extension TextCursor {
  /// One field: octets to the end of the RDATA, as many as there are.
  mutating func readText(
    _ label: String, canBeEmpty: Bool, text: Span<UInt8>, to wire: inout [UInt8]
  ) throws(RDataTextError) {
    let start = wire.count
    try appendUnescaped(text: text, try take(label), field: next - 1, to: &wire)
    if wire.count == start, !canBeEmpty { throw error(.wrongCount(label, found: 0, right: 1...65535)) }
  }

  /// One field: letters and digits behind their length.
  mutating func readTag(_ label: String, text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    let tag = text.octets(try take(label))
    guard tag.count <= 255, isTag(tag[...]) else { throw error(.unlike(label, example: "issue, letters and digits")) }
    wire.append(UInt8(tag.count))
    wire += tag
  }
}
