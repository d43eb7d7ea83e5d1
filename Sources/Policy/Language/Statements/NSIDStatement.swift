internal import Addresses

/// `nsid TEXT`, `nsid hex:DIGITS`, `nsid host-name` or `nsid off`: what the server calls itself to those who ask with
/// NSID (RFC 5001).
func readNSID(_ statement: Statement, _ reader: inout PolicyReader) {
  let word = statement.words[0]
  var nsid = NSID.off
  if word.isQuoted || !["off", "host-name"].contains(word.text) && !word.text.hasPrefix("hex:") {
    nsid = .octets(Array(unescaped(word.text).utf8))
    if !word.isQuoted, ["hostname", "host"].contains(word.text.lowercased()) {
      reader.diagnostics.warning(
        at: word.location,
        "this sends the text \(quoted(word.text)); write host-name for the machine's name, or quote it")
    }
  } else if word.text.hasPrefix("hex:") {
    guard let octets = hexadecimalOctets(word.text.dropFirst(4)) else {
      reader.diagnostics.error(
        at: word.location, "\(quoted(word.text)) is no hexadecimal text; write pairs of digits, for example hex:6e7331")
      return
    }
    nsid = .octets(octets)
  } else if word.text == "host-name" {
    nsid = .hostName
  }
  if case .octets(let octets) = nsid, !NSID.sizes.contains(octets.count) {
    reader.diagnostics.error(
      at: word.location,
      "an NSID has \(NSID.sizes.lowerBound) to \(NSID.sizes.upperBound) octets and this one has \(octets.count); "
        + "write a shorter one, or nsid off")
    return
  }
  reader.setOnce(\.nsid, to: nsid, by: statement)
}

/// A quoted word's text without the backslashes that protect a character.
private func unescaped(_ text: String) -> String {
  var result = ""
  var isEscaped = false
  for character in text {
    if character == "\\", !isEscaped {
      isEscaped = true
    } else {
      result.append(character)
      isEscaped = false
    }
  }
  return result
}

/// The octets that pairs of hexadecimal digits say; nil where the text is something else, or empty.
package func hexadecimalOctets(_ text: some StringProtocol) -> [UInt8]? {
  let digits = text.utf8.map(hexadecimalDigit)
  guard !digits.isEmpty, digits.count.isMultiple(of: 2) else { return nil }
  var octets: [UInt8] = []
  for index in stride(from: 0, to: digits.count, by: 2) {
    guard let high = digits[index], let low = digits[index + 1] else { return nil }
    octets.append(high << 4 | low)
  }
  return octets
}
