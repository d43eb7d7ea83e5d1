/// `forward-cache SIZE [ttl TIME] [negative TIME] [stale TIME|off]` or `forward-cache off`: what is kept of others' answers.
func readForwardCache(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  var cache = ForwardCache()
  if words[0].text == "off" {
    if words.count > 1 { return reader.refuseSurplus(statement, from: 1) }
    cache.size = 0
    return reader.setOnce(\.forwardCache, to: cache, by: statement)
  }
  guard let size = reader.cacheSize(words[0]) else { return }
  cache.size = size
  var said: Set<String> = []
  var rest = words.dropFirst()
  while let word = rest.popFirst() {
    guard ["ttl", "negative", "stale"].contains(word.text) else { return reader.refuseForm(statement, at: word) }
    guard said.insert(word.text).inserted else {
      return reader.refuseAgain(word)
    }
    guard let value = rest.popFirst() else { return reader.refuseForm(statement) }
    if word.text == "stale", value.text == "off" {
      cache.staleTime = 0
      continue
    }
    guard let time = reader.timeSpan(value, upTo: ForwardCache.longestTime) else { return }
    switch word.text {
    case "ttl": cache.longestTTL = time
    case "negative": cache.longestNegativeTTL = time
    default: cache.staleTime = time
    }
  }
  reader.setOnce(\.forwardCache, to: cache, by: statement)
}

extension PolicyReader {
  /// `64MiB`, in octets.
  fileprivate mutating func cacheSize(_ word: Word) -> Int? {
    for (unit, shift) in [("KiB", 10), ("MiB", 20), ("GiB", 30)] where word.text.hasSuffix(unit) {
      let octets = number(word.text.dropLast(3), in: 1...1 << 20).map { $0 << shift }
      if let octets, ForwardCache.sizes.contains(octets) { return octets }
    }
    diagnostics.error(
      at: word.location, "\(quoted(word.text)) is no size of a cache; write 1MiB to 64GiB, for example 64MiB, or off")
    return nil
  }

  /// `90`, `90s`, `5m`, `1h` or `7d`, in seconds; at least 1.
  fileprivate mutating func timeSpan(_ word: Word, upTo longest: UInt32) -> UInt32? {
    var digits = word.text[...]
    var unit = 1
    for (letter, seconds) in [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)] where digits.hasSuffix(letter) {
      digits = digits.dropLast()
      unit = seconds
      break
    }
    if let count = number(digits, in: 1...Int(longest)), count * unit <= Int(longest) { return UInt32(count * unit) }
    diagnostics.error(
      at: word.location,
      "\(quoted(word.text)) is no time; write 1s to \(longest / 86_400)d, for example 90s, 5m, 1h or 1d")
    return nil
  }
}
