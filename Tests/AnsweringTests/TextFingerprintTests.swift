import TestSupport
import Testing

@testable import Answering

@Suite("A text's fingerprint tells it from others")
struct TextFingerprintTests {
  private func fingerprint(_ text: [UInt8]) -> TextFingerprint { TextFingerprint(text.span) }

  @Test func `the same text has the same, wherever it lies`() {
    var random = SeededGenerator(seed: 1)
    for count in 0...40 {
      let text = random.octets(count)
      let longer = [0] + text + [1]
      #expect(fingerprint(text) == TextFingerprint(longer.span.extracting(1..<(count + 1))))
    }
  }

  @Test func `zeros at the end count, after whatever is left of the last word`() {
    for count in 0...24 {
      for octet in [0, 1, 0xff] as [UInt8] {
        let text = [UInt8](repeating: octet, count: count)
        let all = (0...16).map { fingerprint(text + [UInt8](repeating: 0, count: $0)) }
        #expect(Set(all).count == all.count, "\(count) times \(octet)")
      }
    }
  }

  @Test(arguments: 0...8) func `one other bit anywhere makes it another`(tail: Int) {
    var random = SeededGenerator(seed: UInt64(tail))
    let text = random.octets(16 + tail)
    var all: Set<TextFingerprint> = [fingerprint(text)]
    for index in text.indices {
      for bit in 0..<8 {
        var other = text
        other[index] ^= 1 << UInt8(bit)
        all.insert(fingerprint(other))
      }
    }
    #expect(all.count == 1 + text.count * 8)
  }

  @Test(arguments: 0...8) func `words that change places make it another`(tail: Int) {
    var random = SeededGenerator(seed: UInt64(tail))
    let words = (0..<5).map { _ in random.octets(8) }
    let end = random.octets(tail)
    var all: Set<TextFingerprint> = []
    var orders = 0
    for first in 0..<5 {
      for second in first..<5 where second > first || first == 0 {
        var swapped = words
        swapped.swapAt(first, second)
        all.insert(fingerprint(swapped.joined() + end))
        orders += 1
      }
    }
    #expect(all.count == orders)
  }
}
