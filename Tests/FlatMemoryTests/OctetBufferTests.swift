import FlatMemory
import TestSupport
import Testing

/// Sizes around those of a word, and of two.
private let sizes = 0...20

@Suite("A buffer's copies in whole words change what they are to, and nothing else")
struct OctetBufferTests {
  /// A buffer that these octets fill.
  private func full(_ octets: [UInt8]) -> OctetBuffer {
    var buffer = OctetBuffer(capacity: octets.count)
    buffer.append(octets.span)
    return buffer
  }

  private func octets(_ buffer: borrowing OctetBuffer) -> [UInt8] { buffer.octets.octets(0..<buffer.count) }

  @Test func `room that is made begins where the octets end, within the limit, and asking too much changes nothing`() {
    for capacity in sizes {
      for before in 0...capacity {
        for size in -1...(capacity - before + 2) {
          var buffer = OctetBuffer(capacity: capacity + 5)
          buffer.limit = capacity
          buffer.append([UInt8](repeating: 7, count: before).span)
          let fits = size >= 0 && before + size <= capacity
          let room = buffer.extend(by: size)
          #expect(room == (fits ? before : nil))
          let (count, overflowed) = (buffer.count, buffer.overflowed)
          #expect(count == (fits ? before + size : before) && !overflowed)
        }
      }
    }
  }

  @Test(arguments: sizes) func `a copy of flat memory, also to the buffer's end`(size: Int) {
    var random = SeededGenerator(seed: UInt64(size))
    for (before, behind) in [(0, 0), (3, 0), (8, 0), (1, 7), (5, 8), (0, 20)] {
      for from in 0...9 {
        // The last copy ends eight octets before the source does.
        let source = random.octets(from + size + 8)
        let flat = FlatArray(source)
        var expected = random.octets(before + size + behind)
        var buffer = full(expected)
        buffer.copy(flat, from: from, count: size, to: before)
        expected.replaceSubrange(before..<(before + size), with: source[from..<(from + size)])
        // Up to seven octets behind are of no meaning.
        let meant = expected.indices.filter { $0 < before + size || $0 >= (before + (size + 7) / 8 * 8) }
        let found = octets(buffer)
        #expect(meant.allSatisfy { found[$0] == expected[$0] }, "\(size) octets from \(from) to \(before)")
      }
    }
  }

  @Test(arguments: 8...28) func `words are copied where they are there, up to an end`(end: Int) {
    var random = SeededGenerator(seed: UInt64(end))
    for start in 0...(end + 1) {
      for (behind, sourceBehind) in [(0, 0), (0, 3), (9, 0), (2, 20)] {
        let source = random.octets(end + sourceBehind)
        var expected = random.octets(end + behind)
        var buffer = full(expected)
        buffer.copyWords(source.span, from: start, to: end)
        // The last word may reach back, never over the end.
        let first = min(start, end - 8)
        if start < end { expected.replaceSubrange(first..<end, with: source[first..<end]) }
        #expect(octets(buffer) == expected, "from \(start) to \(end)")
      }
    }
  }

  @Test func `a word is written at any octet, and what is before it stays`() {
    var random = SeededGenerator(seed: 3)
    for count in 1...20 {
      for offset in 0..<count {
        var expected = random.octets(count)
        var buffer = full(expected)
        let word = random.next()
        buffer.setWord(word, at: offset)
        for index in 0..<8 where offset + index < count {
          expected[offset + index] = UInt8(truncatingIfNeeded: word >> UInt64(56 - index * 8))
        }
        #expect(octets(buffer) == expected)
      }
    }
  }
}
