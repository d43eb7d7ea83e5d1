internal import Addresses

/// `rate-limit N/s [slip N] [ipv4 /N] [ipv6 /N] [including loopback] [except PREFIX...]` or `rate-limit off`: how many
/// responses of one kind a client's prefix gets in a second over UDP.
func readRateLimit(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  var limit = RateLimiting(location: statement.keyword.location)
  if words[0].text == "off" {
    if words.count > 1 { return reader.refuseSurplus(statement, from: 1) }
    limit.rate = 0
    return reader.setOnce(\.rateLimit, to: limit, by: statement)
  }
  guard words[0].text.hasSuffix("/s"), let rate = reader.number(words[0].text.dropLast(2), in: 1...1_000_000) else {
    reader.diagnostics.error(
      at: words[0].location,
      "\(quoted(words[0].text)) is no rate; write 1/s to 1000000/s, for example 1000/s, or off")
    return
  }
  limit.rate = rate
  let parts: Set<String> = ["slip", "ipv4", "ipv6", "including", "except"]
  var rest = words.dropFirst()
  var said: Set<String> = []
  while let word = rest.popFirst() {
    guard said.insert(word.text).inserted else {
      return reader.refuseAgain(word)
    }
    if word.text == "except" {
      // Up to the next part of the sentence: the order of the parts is free.
      let prefixes = rest.prefix { !parts.contains($0.text) }
      if prefixes.isEmpty { return reader.refuseForm(statement) }
      limit.exempt += reader.prefixes(Array(prefixes))
      rest = rest.dropFirst(prefixes.count)
      continue
    }
    guard parts.contains(word.text) else {
      return reader.refuseForm(statement, at: word)
    }
    guard let value = rest.popFirst() else { return reader.refuseForm(statement) }
    switch word.text {
    case "slip":
      guard let slip = reader.number(value, in: 0...10, example: "2") else { return }
      limit.slip = slip
    case "ipv4":
      guard let length = reader.prefixLength(value, in: 1...32) else { return }
      limit.ipv4Length = length
    case "ipv6":
      guard let length = reader.prefixLength(value, in: 1...64) else { return }
      limit.ipv6Length = length
    default:
      guard value.text == "loopback" else { return reader.refuseForm(statement, at: value) }
      limit.isLoopbackLimited = true
    }
  }
  reader.setOnce(\.rateLimit, to: limit, by: statement)
}
