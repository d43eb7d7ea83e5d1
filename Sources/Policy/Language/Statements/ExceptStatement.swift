internal import Diagnostics

/// How an `except` is written.
let exceptUsage = "except CALLER -> SERVICE until YYYY-MM-DD because \"WHY, AND WHO ANSWERS FOR IT\""

/// `except CALLER -> SERVICE until DATE because TEXT`: lifts `tiers`, `acyclic` and `isolate` for one pair, to the end of
/// a day in UTC.
func readExcept(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  for word in words.prefix(2) where !word.isQuoted && word.text != "->" && word.text.contains("->") {
    reader.diagnostics.error(at: word.location, "\(quoted(word.text)) is one word; put spaces around ->")
    return
  }
  for (index, sign) in [(1, "->"), (3, "until"), (5, "because")] where index < words.count {
    if words[index].text != sign { return reader.refuseForm(statement, at: words[index]) }
  }
  switch words.count {
  case ..<3: return reader.refuseForm(statement)
  case 3...4: return refuse("has no end; add until YYYY-MM-DD and because \"WHY\"")
  case 5...6: return refuse("has no reason; add because \"WHY, AND WHO ANSWERS FOR IT\"")
  case 8...:
    reader.diagnostics.error(
      at: words[7].location, "a reason of several words stands in quotes; write because \"...\"")
    return
  default: break
  }
  guard let day = CalendarDay(words[4].text) else {
    reader.diagnostics.error(
      at: words[4].location, "\(quoted(words[4].text)) is no day of the calendar; write for example until 2027-01-31")
    return
  }
  // Times of queries are 32 bits; the year 2106 will want more.
  guard let end = UInt32(exactly: (day.daysSince1970 + 1) * 86_400), end > 86_400 else {
    reader.diagnostics.error(
      at: words[4].location, "\(quoted(words[4].text)) is not between 1970 and 2105; write a nearer day")
    return
  }
  if words[6].text.allSatisfy(\.isWhitespace) {
    reader.diagnostics.error(
      at: words[6].location, "this reason is empty; say why the call is needed, and who answers for it")
    return
  }
  reader.draft.exceptions.append(
    .init(
      caller: .init(word: words[0], origin: reader.origin), service: .init(word: words[2], origin: reader.origin),
      end: end, lastDay: words[4].text, reason: words[6].text, location: statement.keyword.location))

  func refuse(_ what: String) {
    reader.diagnostics.error(at: statement.keyword.location, "this exception \(what)")
  }
}
