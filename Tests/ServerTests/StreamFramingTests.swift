import FlatMemory
import TestSupport
import Testing

@testable import Server

@Suite("RFC 7766 §8: requests in a stream, however it is cut")
struct StreamFramingTests {
  /// What a connection makes of a stream that comes in these pieces; as `TCPWorker` reads.
  private func requests(in stream: [UInt8], pieces: () -> Int) -> (requests: [[UInt8]], isBroken: Bool, mostKept: Int) {
    var framing = StreamFraming()
    var input = OctetBuffer(capacity: 2 * StreamFraming.longestFrame)
    var found: [[UInt8]] = []
    var read = 0
    var mostKept = 0
    while read < stream.count {
      let size = min(max(1, pieces()), framing.readingLimit, stream.count - read)
      input.reset()
      input.append(Array(stream[read..<(read + size)]).span)
      read += size
      if !framing.kept.isEmpty {
        let isWhole = framing.add(input.octets)
        mostKept = max(mostKept, framing.kept.count)
        guard isWhole else { continue }
        input.reset()
        framing.release(into: &input)
      }
      var offset = 0
      while case .request(let range) = StreamFraming.next(in: input.octets, at: offset) {
        found.append(input.octets.octets(range))
        offset = range.upperBound
      }
      if StreamFraming.next(in: input.octets, at: offset) == .broken { return (found, true, mostKept) }
      framing.keep(input, from: offset)
      mostKept = max(mostKept, framing.kept.count)
    }
    return (found, false, mostKept)
  }

  private func framed(_ message: [UInt8]) -> [UInt8] {
    [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func `any split of a stream gives the same requests`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let sizes = [12, 13, 30, 255, 256, 512, 4096, 65535]
    let messages = (0..<Int.random(in: 1...12, using: &random)).map { _ in
      (0..<sizes.randomElement(using: &random)!).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    }
    let stream = messages.flatMap(framed)
    let largest = [1, 2, 3, 100, 5000, 200_000].randomElement(using: &random)!
    let result = requests(in: stream) { Int.random(in: 1...largest, using: &random) }
    #expect(result.requests == messages, "seed \(seed)")
    #expect(!result.isBroken && result.mostKept <= StreamFraming.longestFrame)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `random octets end or wait, and are held within the bound`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let stream = (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let whole = requests(in: stream) { .max }
    let cut = requests(in: stream) { Int.random(in: 1...3000, using: &random) }
    #expect(whole.requests == cut.requests && whole.isBroken == cut.isBroken)
    #expect(max(whole.mostKept, cut.mostKept) <= StreamFraming.longestFrame)
  }

  @Test(arguments: [[0, 0], [0, 11], [0, 1, 0xff]] as [[UInt8]])
  func `a message shorter than a header breaks the stream, after those before it`(bad: [UInt8]) {
    let good = framed([UInt8](repeating: 1, count: 20))
    for size in [1, 2, 7, 1000] {
      let result = requests(in: good + good + bad + good) { size }
      #expect(result.requests.count == 2 && result.isBroken)
    }
  }

  @Test func `no more is read than an unfinished request lacks`() {
    var framing = StreamFraming()
    var steps: [(isWhole: Bool, limit: Int)] = []
    #expect(framing.readingLimit == StreamFraming.usualReading)
    for piece in [[0xff], [0xff], [UInt8](repeating: 0, count: 65534), [0]] as [[UInt8]] {
      let isWhole = framing.add(piece.span)
      steps.append((isWhole, framing.readingLimit))
    }
    #expect(steps.map(\.isWhole) == [false, false, false, true])
    #expect(steps[..<3].map(\.limit) == [1, 65535, 1])
  }
}
