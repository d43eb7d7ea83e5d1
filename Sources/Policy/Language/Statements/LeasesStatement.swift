internal import Diagnostics

/// `leases [USER...|*]`: who may stand in the context for a time, and override names in it.
func readLeases(_ statement: Statement, _ reader: inout PolicyReader) {
  let index = reader.draft.contexts.count - 1
  var leasing = reader.draft.contexts[index].leasing ?? Leasing(location: statement.keyword.location)
  for word in statement.words {
    if word.text == "*", !word.isQuoted {
      leasing.isForAll = true
      continue
    }
    let isNumber = !word.text.isEmpty && word.text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard !word.text.isEmpty, !isNumber || UInt32(word.text).map({ $0 < .max }) == true else {
      reader.diagnostics.error(
        at: word.location, "\(quoted(word.text)) is no user; write a name, a number below 4294967295, or *")
      continue
    }
    leasing.users.append(word.text)
  }
  reader.draft.contexts[index].leasing = leasing
}
