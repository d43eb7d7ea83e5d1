internal import Addresses

/// A day as `until` writes it: `2026-12-31`, in the Gregorian calendar. There is no 30th of February.
struct CalendarDay {
  let year: Int
  let month: Int
  let day: Int

  /// Reads `YYYY-MM-DD`; nil for any other form and for a day that no month has.
  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2], parts.allSatisfy({ $0.utf8.allSatisfy(isDigit) }) else { return nil }
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == 3, numbers[0] > 0, (1...12).contains(numbers[1]) else { return nil }
    (year, month, day) = (numbers[0], numbers[1], numbers[2])
    guard (1...dayCount).contains(day) else { return nil }
  }

  /// How many days its month has.
  private var dayCount: Int {
    let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// Days since 1970-01-01; negative before it.
  var daysSince1970: Int {
    // Years are counted from March, so that a leap day is a year's last: month 0 is March, and months 0 to n have
    // (153 n + 2) / 5 days together.
    let marchYear = month > 2 ? year : year - 1
    let marchMonth = (month + 9) % 12
    let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
    return marchYear * 365 + leapDays + (153 * marchMonth + 2) / 5 + day - 719_469
  }
}
