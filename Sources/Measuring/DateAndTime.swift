internal import FoundationEssentials

/// A moment as RFC 3339 writes it, in UTC to the nanosecond: `2026-11-21T19:46:57.000000001Z`.
package struct DateAndTime: Equatable, Sendable, CustomStringConvertible {
  /// Since 1970-01-01 UTC.
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// Reads what ``description`` writes, the fraction being optional; nil where the text is something else, or no moment from
  /// 1970 to 2500.
  package init?(_ text: String) {
    let upper = text.uppercased()
    let whole = upper.prefix(19) + "Z"
    // Foundation reads more than it writes (30 February, 24 o'clock): what it would not write so is no moment.
    guard let date = try? Self.style.parse(String(whole)), Self.style.format(date) == whole,
      date.timeIntervalSince1970 >= 0, upper.prefix(4) <= "2500"
    else { return nil }
    let rest = upper.dropFirst(19)
    var fraction: UInt64 = 0
    if rest != "Z" {
      let digits = rest.dropFirst().dropLast()
      guard rest.first == ".", rest.last == "Z", (1...9).contains(digits.count),
        digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
        let number = UInt64(digits + String(repeating: "0", count: 9 - digits.count))
      else { return nil }
      fraction = number
    }
    nanoseconds = UInt64(date.timeIntervalSince1970) * 1_000_000_000 + fraction
  }

  package var description: String {
    let (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    let digits = String(fraction)
    return Self.style.format(Date(timeIntervalSince1970: Double(seconds))).dropLast() + "."
      + String(repeating: "0", count: 9 - digits.count) + digits + "Z"
  }

  private static let style = Date.ISO8601FormatStyle()
}
