internal import Diagnostics
internal import FoundationEssentials

/// How an `except` is written.
let exceptUsage = "except CALLER -> SERVICE until YYYY-MM-DD because \"WHY, AND WHO ANSWERS FOR IT\""

/// `except CALLER -> SERVICE until DATE because TEXT`: lifts `tiers`, `acyclic` and `isolate` for one pair, to the end of
/// a day in UTC.
func readExcept(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  let signs = [1: "->", 3: "until", 5: "because"]
  for index in words.indices {
    if let sign = signs[index], words[index].text != sign { return reader.refuseForm(statement, at: words[index]) }
  }
  let isDate = words[4].text.utf8.count == 10
  guard isDate, let day = try? Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().parse(words[4].text) else {
    reader.diagnostics.error(
      at: words[4].location, "\(quoted(words[4].text)) is no day; write for example until 2027-01-31")
    return
  }
  // Times of queries are 32 bits; the year 2106 will want more.
  guard let end = UInt32(exactly: day.timeIntervalSince1970 + 86_400), end > 86_400 else {
    reader.diagnostics.error(at: words[4].location, "\(quoted(words[4].text)) is too far away; write a nearer day")
    return
  }
  if words[6].text.allSatisfy(\.isWhitespace) {
    reader.diagnostics.error(at: words[6].location, "an exception needs a reason that its readers understand")
    return
  }
  if words.count > 7 {
    reader.diagnostics.error(
      at: words[7].location, "a reason of several words stands in quotes: because \"...\"")
    return
  }
  reader.draft.exceptions.append(
    .init(
      caller: .init(word: words[0], origin: reader.origin), service: .init(word: words[2], origin: reader.origin),
      end: end, lastDay: words[4].text, reason: words[6].text, location: statement.keyword.location))
}
