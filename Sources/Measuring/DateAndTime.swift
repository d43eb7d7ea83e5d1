/// A moment as RFC 3339 writes it, in UTC to the nanosecond: `2026-11-21T19:46:57.000000001Z`.
package struct DateAndTime: Equatable, Sendable, CustomStringConvertible {
  /// Since 1970-01-01 UTC.
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// Reads what ``description`` writes, the fraction being optional; nil where the text is something else, or no moment from
  /// 1970 to 2500.
  package init?(_ text: String) {
    let octets = Array(text.utf8)
    guard octets.count >= 20, octets.count <= 30, octets.last.map({ $0 | 0x20 }) == UInt8(ascii: "z") else {
      return nil
    }
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for octet in octets[range] {
        guard octet >= 0x30, octet <= 0x39 else { return nil }
        value = value * 10 + Int(octet - 0x30)
      }
      return value
    }
    let marks: [(Int, UInt8)] = [(4, 0x2d), (7, 0x2d), (10, 0x54), (13, 0x3a), (16, 0x3a)]
    guard marks.allSatisfy({ octets[$0.0] == $0.1 || $0.1 == 0x54 && octets[$0.0] == 0x74 }),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1970...2500).contains(year), (1...12).contains(month), hour < 24, minute < 60, second < 60
    else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard day >= 1, day <= lengths[month - 1] else { return nil }
    var fraction = 0
    if octets.count > 20 {
      guard octets[19] == UInt8(ascii: "."), octets.count > 21, let digits = number(20..<octets.count - 1) else {
        return nil
      }
      fraction = (octets.count - 21..<9).reduce(digits) { value, _ in value * 10 }
    }
    let before = year - 1
    let days =
      before * 365 + before / 4 - before / 100 + before / 400 - 719_162 + lengths[..<(month - 1)].reduce(0, +) + day - 1
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    nanoseconds = UInt64(seconds) * 1_000_000_000 + UInt64(fraction)
  }

  package var description: String {
    let seconds = nanoseconds / 1_000_000_000
    // Counted from 1 March 0000, so that a leap day is a year's last (Howard Hinnant's days_from_civil, backwards).
    let shifted = seconds / 86400 + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    let date = [year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1]
    let rest = seconds % 86400
    let time = [rest / 3600, rest / 60 % 60, rest % 60]
    let fraction = String(nanoseconds % 1_000_000_000)
    return DateAndTime.join(date, "-") + "T" + DateAndTime.join(time, ":") + "."
      + String(repeating: "0", count: 9 - fraction.count) + fraction + "Z"
  }

  private static func join(_ numbers: [UInt64], _ separator: String) -> String {
    numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: separator)
  }
}
