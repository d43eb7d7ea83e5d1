import DNSFormat

/// The numbers that a `$GENERATE` counts through: `1-10`, or `1-10/2` for every second one.
struct GenerateRange {
  let start: Int
  let stop: Int
  let step: Int

  /// How many numbers there are; at least one.
  var count: Int { (stop - start) / step + 1 }

  /// Nil where the octets are no range, count down, or name a number above 2³¹−1, as for BIND.
  init?(_ text: Span<UInt8>, _ range: Range<Int>) {
    var offset = range.lowerBound
    guard let first = decimalNumber(text, &offset, end: range.upperBound), offset < range.upperBound,
      text[offset] == UInt8(ascii: "-")
    else { return nil }
    offset += 1
    guard let last = decimalNumber(text, &offset, end: range.upperBound), last >= first else { return nil }
    var step = 1
    if offset < range.upperBound {
      guard text[offset] == UInt8(ascii: "/") else { return nil }
      offset += 1
      guard let written = decimalNumber(text, &offset, end: range.upperBound), written > 0, offset == range.upperBound
      else {
        return nil
      }
      step = written
    }
    (start, stop, self.step) = (first, last, step)
  }
}

/// What can be wrong with a `$` in the template of a `$GENERATE`.
enum GenerateMistake: Error {
  /// `${…}` is not `${OFFSET,WIDTH,BASE}`.
  case modifier
  /// The number with its offset is below 0 or above 2³¹−1.
  case number(Int)
}

/// Appends a template with the number for every `$`, the way BIND does it.
///
/// `$` is the number, `$$` and `\$` are a dollar sign, and `${OFFSET,WIDTH,BASE}` is the number with an offset, zeros up
/// to a width, and in a base: d, o, x or X, or n or N for hexadecimal digits parted by dots, the last one first, where
/// the width counts the dots too. Other escapes stay as they are: they are read with the name or text they are in.
func appendGenerated(
  _ text: Span<UInt8>, _ range: Range<Int>, number: Int, to output: inout [UInt8]
) throws(GenerateMistake) {
  let dollar = UInt8(ascii: "$")
  var offset = range.lowerBound
  while offset < range.upperBound {
    let octet = text[offset]
    offset += 1
    if octet == UInt8(ascii: "\\"), offset < range.upperBound {
      output.append(octet)
      output.append(text[offset])
      offset += 1
    } else if octet != dollar {
      output.append(octet)
    } else if offset < range.upperBound, text[offset] == dollar {
      output.append(UInt8(ascii: "\\"))
      output.append(dollar)
      offset += 1
    } else {
      let modifier = try GenerateModifier(text, &offset, end: range.upperBound)
      try modifier.append(number, to: &output)
    }
  }
}

/// What stands in the braces of `${OFFSET,WIDTH,BASE}`.
private struct GenerateModifier {
  private var offset = 0
  private var width = 0
  private var base = UInt8(ascii: "d")

  /// Digits of no name or string are more than this.
  private static let mostDigits = 255

  /// Reads the braces at `offset`, if there are any, and moves behind them.
  init(_ text: Span<UInt8>, _ offset: inout Int, end: Int) throws(GenerateMistake) {
    guard offset < end, text[offset] == UInt8(ascii: "{") else { return }
    offset += 1
    var isNegative = false
    if offset < end, text[offset] == UInt8(ascii: "-") || text[offset] == UInt8(ascii: "+") {
      isNegative = text[offset] == UInt8(ascii: "-")
      offset += 1
    }
    guard let size = decimalNumber(text, &offset, end: end) else { throw .modifier }
    self.offset = isNegative ? -size : size
    if offset < end, text[offset] == UInt8(ascii: ",") {
      offset += 1
      guard let width = decimalNumber(text, &offset, end: end), width <= Self.mostDigits else { throw .modifier }
      self.width = width
      if offset < end, text[offset] == UInt8(ascii: ",") {
        offset += 1
        guard offset < end, "doxXnN".utf8.contains(text[offset]) else { throw .modifier }
        base = text[offset]
        offset += 1
      }
    }
    guard offset < end, text[offset] == UInt8(ascii: "}") else { throw .modifier }
    offset += 1
  }

  func append(_ number: Int, to output: inout [UInt8]) throws(GenerateMistake) {
    let value = number + offset
    guard value >= 0, value <= 0x7fff_ffff else { throw .number(value) }
    switch base {
    case UInt8(ascii: "n"), UInt8(ascii: "N"): appendNibbles(value, to: &output)
    case UInt8(ascii: "o"): appendPadded(String(value, radix: 8), to: &output)
    case UInt8(ascii: "x"): appendPadded(String(value, radix: 16), to: &output)
    case UInt8(ascii: "X"): appendPadded(String(value, radix: 16, uppercase: true), to: &output)
    default: appendPadded(String(value), to: &output)
    }
  }

  private func appendPadded(_ digits: String, to output: inout [UInt8]) {
    for _ in 0..<max(0, width - digits.utf8.count) { output.append(UInt8(ascii: "0")) }
    output += digits.utf8
  }

  private func appendNibbles(_ value: Int, to output: inout [UInt8]) {
    let isCapital = base == UInt8(ascii: "N")
    var rest = value
    var room = width
    repeat {
      output += String(rest & 15, radix: 16, uppercase: isCapital).utf8
      rest >>= 4
      room -= 1
      if rest > 0 || room > 0 {
        output.append(UInt8(ascii: "."))
        room -= 1
      }
    } while rest > 0 || room > 0
  }
}

/// Reads decimal digits and moves behind them; nil where there are none, or the number is above 2³¹−1.
private func decimalNumber(_ text: Span<UInt8>, _ offset: inout Int, end: Int) -> Int? {
  let start = offset
  var value = 0
  while offset < end, text[offset] &- 48 < 10 {
    value = value * 10 + Int(text[offset] &- 48)
    guard value <= 0x7fff_ffff else { return nil }
    offset += 1
  }
  return offset > start ? value : nil
}
