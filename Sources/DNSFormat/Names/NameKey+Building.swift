package import FlatMemory

/// What tables of names that grow at load do with a name, in whole words.
extension NameKey {
  /// True where this name is `other` or below it.
  package func hasSuffix(_ other: borrowing NameKey) -> Bool {
    guard labelCount >= other.labelCount else { return false }
    let start = start(ofSuffix: other.labelCount)
    guard length &- start == other.length else { return false }
    var done = 0
    while done < other.length {
      if word(at: start &+ done) != other.word(at: done) { return false }
      done &+= 8
    }
    return true
  }

  /// True where the suffix from `offset` on is the folded name of `size` octets at `start` of `octets`.
  package func suffix(from offset: Int, equals octets: Span<UInt8>, at start: Int, count size: Int) -> Bool {
    guard size == length &- offset else { return false }
    var done = 0
    while done &+ 8 <= size {
      if word(at: offset &+ done) != octets.word(at: start &+ done) { return false }
      done &+= 8
    }
    while done < size {
      if octet(at: offset &+ done) != octets[start &+ done] { return false }
      done &+= 1
    }
    return true
  }

  /// Appends the suffix from `offset` on.
  package func append(suffixFrom offset: Int, to builder: inout OctetBuilder) {
    var done = offset
    while done < length {
      builder.append(word(at: done), count: min(8, length &- done))
      done &+= 8
    }
  }
}
