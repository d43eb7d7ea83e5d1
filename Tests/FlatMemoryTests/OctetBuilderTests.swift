import FlatMemory
import TestSupport
import Testing

@Suite("Octets that are built, and words that are read from them")
struct OctetBuilderTests {
  private func octets(of word: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `any row of appends and cuts leaves what an array has`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var builder = OctetBuilder(capacity: random.number(0...100))
    var expected: [UInt8] = []
    for _ in 0..<2_000 {
      switch random.number(0...4) {
      case 0, 1:
        let (word, count) = (random.next(), random.number(0...8))
        builder.append(word, count: count)
        expected += octets(of: word).prefix(count)
      case 2:
        let part = random.octets(random.number(0...20))
        let end = random.number(0...part.count)
        let range = random.number(0...end)..<end
        builder.append(part.span, octets: range)
        expected += part[range]
      case 3:
        let value = UInt32(truncatingIfNeeded: random.next())
        builder.append(wire: value)
        expected += octets(of: UInt64(value)).prefix(4).reversed()
      default:
        let count = random.number(max(0, expected.count - 30)...expected.count)
        builder.truncate(to: count)
        expected.removeLast(expected.count - count)
      }
      let count = builder.count
      #expect(count == expected.count)
    }
    let octets = builder.octets.octets(0..<builder.count)
    #expect(octets == expected)
    let built = builder.finish()
    let flat = built.octets(0..<built.count)
    #expect(flat == expected)
  }

  @Test(arguments: 0...20) func `parts of words are what an octet at a time gives, also at the end`(count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    let octets = random.octets(count)
    func plain(_ offset: Int, _ size: Int) -> UInt64 {
      var word: UInt64 = 0
      for index in 0..<size where offset + index < count { word |= UInt64(octets[offset + index]) << UInt64(index * 8) }
      return word
    }
    for offset in 0...(count + 9) {
      #expect(octets.span.paddedWord(at: offset) == plain(offset, 8), "at \(offset) of \(count)")
      for size in 1...8 where offset + size <= count {
        #expect(octets.span.word(at: offset, size: size) == plain(offset, size), "\(size) at \(offset) of \(count)")
      }
    }
  }
}
