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
      framing.prepare(&input, reading: 4096)
      let size = min(max(1, pieces()), input.limit - input.count, stream.count - read)
      input.append(Array(stream[read..<(read + size)]).span)
      read += size
      let isWhole = framing.take(&input)
      mostKept = max(mostKept, framing.kept.count)
      guard isWhole else { continue }
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

  @Test func `behind a short unfinished request a whole reading is read, of a long one no more than it lacks`() {
    var framing = StreamFraming()
    var input = OctetBuffer(capacity: 2 * StreamFraming.longestFrame)
    var steps: [(room: Int, isWhole: Bool, count: Int)] = []
    for piece in [[0xff], [0xff], [UInt8](repeating: 0, count: 600), [UInt8](repeating: 0, count: 64934), [0]]
      as [[UInt8]]
    {
      framing.prepare(&input, reading: 4096)
      let room = input.limit - input.count
      input.append(piece.span)
      let isWhole = framing.take(&input) && StreamFraming.next(in: input.octets, at: 0).isRequest
      steps.append((room, isWhole, input.count))
      if !isWhole, framing.kept.isEmpty { framing.keep(input, from: 0) }
    }
    #expect(steps.map(\.room) == [4096, 4096, 4096, 64935, 1])
    #expect(steps.map(\.isWhole) == [false, false, false, false, true])
    #expect(steps.last?.count == StreamFraming.longestFrame)
  }

  @Test func `a reading is smaller where many have something to read, and never less than usual`() {
    #expect([0, 1, 16, 17, 32, 64, 1000].map(StreamFraming.reading) == [16384, 16384, 16384, 15420, 8192, 4096, 4096])
  }
}
