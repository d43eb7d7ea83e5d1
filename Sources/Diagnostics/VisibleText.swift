/// A text with nothing in it that is not seen: `\x1b` for a control character, `\u{202e}` for one of Unicode's.
///
/// What people wrote is shown to people: a file must not steer their terminal, or fake a line of a log.
package func visible(_ text: String) -> String {
  if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text }
  var shown = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control:
      let digits = String(scalar.value, radix: 16)
      shown.append(contentsOf: (digits.count == 1 ? "\\x0" : "\\x").unicodeScalars)
      shown.append(contentsOf: digits.unicodeScalars)
    case .format, .lineSeparator, .paragraphSeparator:
      shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
    default: shown.append(scalar)
    }
  }
  return String(shown)
}
