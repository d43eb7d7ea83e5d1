import FlatMemory
import TestSupport
import Testing

@Suite("RFC 1035 §4.2.2: messages with their lengths, written in place")
struct FrameTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func `frames written in place are those of messages copied one behind the other`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let capacity = [0, 1, 2, 3, 100, 5000, 140_000][Int(seed % 7)]
    var output = OctetBuffer(capacity: capacity)
    var expected: [UInt8] = []
    for _ in 0..<30 {
      let message = random.octets(random.chance(20) ? 0 : random.number(1...(random.chance(5) ? 70_000 : 300)))
      let room = min(65535, capacity - expected.count - 2)
      let given = output.appendFrame { part in
        part.append(message.span)
        return part.capacity
      }
      #expect(given == max(0, room), "seed \(seed)")
      if !message.isEmpty, message.count <= room {
        expected += [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message
      }
      #expect(output.octets.octets(0..<output.count) == expected, "seed \(seed)")
    }
  }
}
