/// `context NAME [in PARENT] { ... }`: a place where callers stand.
func readContext(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  if words.count > 1, words[1].text != "in" { return reader.refuseForm(statement, at: words[1]) }
  if words.count == 2 { return reader.refuseForm(statement) }
  let name = words[0]
  let isPlain = name.text.utf8.allSatisfy { octet in
    switch octet {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
  if !isPlain || !(1...63).contains(name.text.utf8.count) {
    reader.diagnostics.error(
      at: name.location,
      "\(quoted(name.text)) is no context's name; write 1 to 63 of the letters A to Z, digits, - and _")
  }
  reader.draft.contexts.append(.init(name: name, parent: words.count == 3 ? words[2] : nil))
  reader.readBlock(of: statement, in: .context)
}
