internal import Diagnostics

/// `measure all`, `measure every N` or `measure off`: which queries are timed.
func readMeasure(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  var share: QueryTiming.Share
  switch words[0].text {
  case "all": share = .all
  case "off": share = .none
  case "every":
    guard words.count == 2 else { return reader.refuseForm(statement) }
    guard let number = reader.number(words[1], in: 1...1_000_000, example: "100") else { return }
    share = number == 1 ? .all : .every(number)
  default: return reader.refuseForm(statement, at: words[0])
  }
  if words[0].text != "every", words.count > 1 { return reader.refuseSurplus(statement, from: 1) }
  reader.setOnce(\.measuring, to: QueryTiming(share, location: statement.keyword.location), by: statement)
}
