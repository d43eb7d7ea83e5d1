internal import Diagnostics

/// `cookies on|require|off`: whether DNS cookies (RFC 7873) are answered.
func readCookies(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let mode: CookieMode = reader.choice(statement.words[0]) else { return }
  reader.setOnce(\.cookieMode, to: mode, by: statement)
}

/// `cookie-secret HEX [HEX]` or `cookie-secret file PATH`: what server cookies are made with, so that servers behind one
/// address share it (RFC 9018 §5). The first makes cookies, the second is accepted too.
func readCookieSecret(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  let location = statement.keyword.location
  if words[0].text == "file", !words[0].isQuoted {
    guard words.count == 2 else { return reader.refuseForm(statement) }
    guard !words[1].text.isEmpty else { return reader.refuseForm(statement, at: words[1]) }
    reader.setOnce(\.cookieSecret, to: CookieSecret(source: .file(words[1].text), location: location), by: statement)
    return
  }
  var secrets: [[UInt8]] = []
  for word in words {
    // The word is a secret, or most of one: a message does not repeat it.
    guard let octets = hexadecimalOctets(word.text), octets.count == CookieSecret.octetCount else {
      reader.diagnostics.error(
        at: word.location,
        "a cookie secret is 32 hexadecimal digits, and this is something else; make one: openssl rand -hex 16")
      return
    }
    secrets.append(octets)
  }
  reader.setOnce(\.cookieSecret, to: CookieSecret(source: .octets(secrets), location: location), by: statement)
}
