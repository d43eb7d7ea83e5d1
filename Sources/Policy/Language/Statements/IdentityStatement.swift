internal import Diagnostics

/// `identity NAME...`: who has a verified client certificate with this common name is the service.
func readIdentity(_ statement: Statement, _ reader: inout PolicyReader) {
  for word in statement.words {
    // RFC 5280 §A.1: ub-common-name is 64 characters, of up to four octets.
    guard (1...256).contains(word.text.utf8.count) else {
      reader.diagnostics.error(
        at: word.location,
        "a certificate's common name has 1 to 64 characters (RFC 5280 §A.1); write for example \"web.prod\"")
      continue
    }
    reader.draft.services[reader.draft.services.count - 1].identities.append(
      ServiceIdentity(commonName: word.text, location: word.location))
  }
}

/// `uid NAME|NUMBER...`: a process of this user, on this host, is the service.
func readUID(_ statement: Statement, _ reader: inout PolicyReader) {
  for word in statement.words {
    let isNumber = !word.text.isEmpty && word.text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    let number = isNumber ? UInt32(word.text) : nil
    // 2³² - 1 is no user: system calls say "none" by it.
    guard !word.text.isEmpty, !isNumber || number.map({ $0 < .max }) == true else {
      reader.diagnostics.error(
        at: word.location, "\(quoted(word.text)) is no user; write a name, or a number below 4294967295")
      continue
    }
    reader.draft.services[reader.draft.services.count - 1].users.append(
      ServiceUser(text: word.text, number: number, location: word.location))
  }
}

/// `require identity`: who is known by address alone may not call the service.
func readRequire(_ statement: Statement, _ reader: inout PolicyReader) {
  guard statement.words[0].text == "identity" else { return reader.refuseForm(statement, at: statement.words[0]) }
  reader.setOnce(ofService: \.require, to: true, by: statement)
}
