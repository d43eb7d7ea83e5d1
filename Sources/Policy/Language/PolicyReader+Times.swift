internal import Diagnostics

/// Reading durations.
extension PolicyReader {
  /// `500ms`, `5s`, `2m`, `1h`, or `5`, which is seconds; in milliseconds.
  mutating func milliseconds(_ word: Word, in range: ClosedRange<UInt32>) -> UInt32? {
    let digits = word.text.prefix { $0.isASCII && $0.isNumber }
    let factor: UInt32? =
      switch word.text[digits.endIndex...] {
      case "ms": 1
      case "", "s": 1000
      case "m": 60_000
      case "h": 3_600_000
      default: nil
      }
    if let factor, let count = UInt32(digits) {
      let (time, overflow) = count.multipliedReportingOverflow(by: factor)
      if !overflow, range.contains(time) { return time }
    }
    diagnostics.error(
      at: word.location,
      "\(quoted(word.text)) is no time here; write \(durationText(range.lowerBound)) to "
        + "\(durationText(range.upperBound)), for example 5s or 500ms")
    return nil
  }
}

/// Milliseconds as people write them: `500ms`, `5s`, `2m`, `1h`; in the largest unit that leaves no fraction.
package func durationText(_ milliseconds: UInt32) -> String {
  for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1000)] as [(String, UInt32)]
  where milliseconds >= size && milliseconds.isMultiple(of: size) {
    return "\(milliseconds / size)\(unit)"
  }
  return "\(milliseconds)ms"
}
