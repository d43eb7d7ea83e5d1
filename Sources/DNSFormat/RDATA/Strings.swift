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
