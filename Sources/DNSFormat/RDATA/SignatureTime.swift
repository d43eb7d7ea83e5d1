internal import Addresses

// The times of RRSIG: seconds since 1970 in 32 bits, compared by serial number arithmetic (RFC 4034 §3.1.5), written
// as `YYYYMMDDHHmmSS` or as that number (§3.2). No clock is asked: what is printed lies between 1970 and 2106.

extension TextCursor {
  /// One field: a moment.
  mutating func readTime(_ label: String, text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    let range = try take(label)
    guard let seconds = range.count == 14 ? calendarTime(text, range) : decimal(text, range) else {
      throw error(.unlike(label, example: "20260131235959 (UTC)"))
    }
    wire.append(integer: seconds)
  }
}

/// `YYYYMMDDHHmmSS` as seconds since 1970, modulo 2^32; nil where there is no such moment.
private func calendarTime(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
  func number(_ offset: Int, _ count: Int) -> Int? {
    let start = range.lowerBound + offset
    return decimal(text, start..<(start + count)).map { Int($0) }
  }
  guard let year = number(0, 4), let month = number(4, 2), let day = number(6, 2), let hour = number(8, 2),
    let minute = number(10, 2), let second = number(12, 2),
    year >= 1970, (1...12).contains(month), (1...dayCount(year, month)).contains(day), hour < 24, minute < 60,
    second <= 60  // a leap second
  else { return nil }
  var days = day - 1
  for earlier in 1970..<year { days += isLeap(earlier) ? 366 : 365 }
  for earlier in 1..<month { days += dayCount(year, earlier) }
  return UInt32(truncatingIfNeeded: days * 86400 + hour * 3600 + minute * 60 + second)
}

private func isLeap(_ year: Int) -> Bool {
  year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
}

private func dayCount(_ year: Int, _ month: Int) -> Int {
  switch month {
  case 2: isLeap(year) ? 29 : 28
  case 4, 6, 9, 11: 30
  default: 31
  }
}

/// The moment as `YYYYMMDDHHmmSS`.
func timeText(_ seconds: UInt32) -> String {
  var days = Int(seconds / 86400)
  var year = 1970, month = 1
  while days >= (isLeap(year) ? 366 : 365) {
    days -= isLeap(year) ? 366 : 365
    year += 1
  }
  while days >= dayCount(year, month) {
    days -= dayCount(year, month)
    month += 1
  }
  let clock = Int(seconds % 86400)
  let parts = [month, days + 1, clock / 3600, clock / 60 % 60, clock % 60]
  return "\(year)" + parts.map { ($0 < 10 ? "0" : "") + String($0) }.joined()
}
