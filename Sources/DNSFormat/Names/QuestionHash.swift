public import FlatMemory

extension Span<UInt8> {
  /// The ``NameKey/hash(from:seed:)`` of the question's name in a message, before the message is read as a query; any
  /// number where there is no question.
  @inlinable public func hashOfQuestion(seed: UInt64) -> UInt64 {
    let limit = Swift.min(count, 12 + 255)  // no name is longer
    var end = 12
    while end < limit, self[end] != 0 { end &+= 1 &+ Int(self[end]) }
    guard end < limit else { return 0 }
    var hash = seed ^ UInt64(truncatingIfNeeded: end &- 11)
    var offset = 12
    while offset &+ 7 <= end {
      hash = NameKey.mixed(hash, lowercased(word(at: offset)), seed: seed)
      offset &+= 8
    }
    if offset <= end {
      hash = NameKey.mixed(hash, lowercased(word(at: offset, size: end &- offset &+ 1)), seed: seed)
    }
    return hash
  }
}
