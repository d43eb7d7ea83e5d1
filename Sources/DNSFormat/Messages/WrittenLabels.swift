internal import FlatMemory

/// The labels that a response has behind its question, so that names may end in a pointer to one (RFC 1035 §4.1.4).
///
/// Bounded: of a response with more labels the later ones are not pointed to.
struct WrittenLabels: ~Copyable {
  /// What a label begins with, its length first: small letters, zeros behind its end.
  private var heads = FlatScratch<UInt64>(repeating: 0, count: 48)
  /// Where in the message it is.
  private var offsets = FlatScratch<UInt16>(repeating: 0, count: 48)
  private(set) var count = 0

  /// Forgets all but the first `count` labels.
  mutating func forget(behind count: Int) { self.count = count }

  /// Notes that the label at `start` of `memory` is now at `offset` of the message.
  mutating func add(_ memory: Span<UInt8>, _ start: Int, at offset: Int) {
    guard count < 48, offset < 0x4000 else { return }
    heads[count] = Self.head(memory, start)
    offsets[count] = UInt16(offset)
    count &+= 1
  }

  /// Where the message has the label at `start` of `memory` with the suffix at `next` (-1: the root) behind it.
  func find(_ memory: Span<UInt8>, _ start: Int, followedBy next: Int, in message: Span<UInt8>) -> Int? {
    let head = Self.head(memory, start)
    var index = 0
    while index < count {
      if heads[index] == head {
        let at = Int(offsets[index])
        if Self.isSame(memory, start, message, at), Self.leads(to: next, from: at &+ 1 &+ Int(memory[start]), message) {
          return at
        }
      }
      index &+= 1
    }
    return nil
  }

  private static func head(_ memory: Span<UInt8>, _ start: Int) -> UInt64 {
    lowercased(memory.word(at: start, size: min(8, Int(memory[start]) &+ 1)))
  }

  /// True where two labels that begin in the same way are the same but for capitals.
  private static func isSame(_ one: Span<UInt8>, _ oneStart: Int, _ other: Span<UInt8>, _ otherStart: Int) -> Bool {
    let size = Int(one[oneStart]) &+ 1
    var done = 8
    while done < size {
      let part = min(size &- done, 8)
      let left = one.word(at: oneStart &+ done, size: part), right = other.word(at: otherStart &+ done, size: part)
      if lowercased(left) != lowercased(right) { return false }
      done &+= 8
    }
    return true
  }

  /// True where the name goes on at `offset` with the suffix at `next`, in place or by a pointer.
  private static func leads(to next: Int, from offset: Int, _ message: Span<UInt8>) -> Bool {
    if offset == next { return true }
    let octet = message[offset]
    if octet == 0 { return next < 0 }
    guard octet & 0xc0 == 0xc0, offset &+ 1 < message.count else { return false }
    return Int(octet & 0x3f) << 8 | Int(message[offset &+ 1]) == next
  }
}
