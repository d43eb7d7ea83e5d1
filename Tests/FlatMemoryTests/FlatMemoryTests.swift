import TestSupport
import Testing

@testable import FlatMemory

@Suite("Flat memory holds what was put in")
struct FlatMemoryTests {
  /// Octets of which many are letters, and many just before or behind them.
  private func text(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
    let edges: [UInt8] = [0x40, 0x41, 0x5a, 0x5b, 0x60, 0x61, 0x7a, 0x7b, 0xc1, 0xda, 0, 0xff]
    return (0..<count).map { _ in
      random.chance(50) ? edges[random.number(0...edges.count - 1)] : UInt8(random.number(0...255))
    }
  }

  private func lowercased(_ octet: UInt8) -> UInt8 { octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet }

  @Test(arguments: 0...20) func `octets are taken in small letters, zeros behind them, wherever they lie`(size: Int) {
    var random = SeededGenerator(seed: UInt64(size))
    for start in 0...9 {
      for behind in 0...9 {
        let source = text(start + size + behind, &random)
        var words = FlatScratch<UInt64>(repeating: .max, count: size / 8 + 4)
        words.loadLowercased(source.span, from: start, count: size)
        var expected = source[start..<(start + size)].map(lowercased)
        expected += [UInt8](repeating: 0, count: (size / 8 + 2) * 8 - size)
        var found: [UInt8] = []
        for word in 0..<(size / 8 + 2) {
          for octet in 0..<8 { found.append(UInt8(truncatingIfNeeded: words[word] >> UInt64(octet * 8))) }
        }
        #expect(found == expected, "\(size) octets from \(start) of \(source.count)")
        let behindThem = [words[size / 8 + 2], words[size / 8 + 3]]
        #expect(behindThem == [.max, .max], "what is behind is not touched")
      }
    }
  }

  @Test func `aligned scratch is zero, begins with a cache line, and keeps what is written`() {
    for count in [0, 1, 7, 8, 9, 1000] {
      var scratch = FlatScratch<UInt64>(alignedZeros: count)
      let isZero = scratch.count == count && (0..<count).allSatisfy { scratch[$0] == 0 }
      #expect(isZero)
      let address = UInt(bitPattern: scratch.base)
      #expect(address % 64 == 0)
      for index in 0..<count { scratch[index] = UInt64(index) &* 0x9e37_79b9_7f4a_7c15 }
      let isKept = (0..<count).allSatisfy { scratch[$0] == UInt64($0) &* 0x9e37_79b9_7f4a_7c15 }
      #expect(isKept)
    }
  }

  @Test func `to ask for an element ahead is allowed at any index`() {
    let array = FlatArray<UInt64>([1, 2, 3])
    let scratch = FlatScratch<UInt64>(repeating: 5, count: 3)
    let empty = FlatArray<UInt64>([])
    for index in [0, 2, 3, -1, 1 << 40, .max, .min] {
      array.prefetch(index)
      scratch.prefetch(index)
      empty.prefetch(index)
    }
    let elements = [array[0], array[1], array[2], scratch[0], scratch[1], scratch[2]]
    #expect(elements == [1, 2, 3, 5, 5, 5])
  }

  // Eight MiB is where large pages are asked for.
  @Test(arguments: [(8 << 20) - 1, 8 << 20, (8 << 20) + 4097, 9 << 20])
  func `memory for large pages keeps its contents`(size: Int) {
    var builder = OctetBuilder(capacity: 64)
    var random = SeededGenerator(seed: UInt64(size))
    let part = random.octets(4099)
    while builder.count + part.count <= size { builder.append(part.span, octets: 0..<part.count) }
    builder.append(part.span, octets: 0..<(size - builder.count))
    let built = builder.finish()
    let isSame = built.count == size && (0..<size).allSatisfy { built[$0] == part[$0 % part.count] }
    #expect(isSame)
    var scratch = FlatScratch<UInt8>(alignedZeros: size)
    let isZero = (0..<size).allSatisfy { scratch[$0] == 0 }
    #expect(isZero)
    for index in stride(from: 0, to: size, by: 511) { scratch[index] = UInt8(index % 251) }
    let isKept = stride(from: 0, to: size, by: 511).allSatisfy { scratch[$0] == UInt8($0 % 251) }
    #expect(isKept)
  }

  @Test func `objects are lent while they are kept, and let go with what kept them`() {
    final class Object: Sendable {
      let number: Int
      init(_ number: Int) { self.number = number }
    }
    weak var last: Object?
    do {
      let lent = LentObjects((0..<100).map(Object.init))
      last = lent.all[99]
      let areThose = (0..<100).allSatisfy { index in lent.with(index) { $0.number } == index }
      #expect(areThose)
      let isLast = lent.with(99) { $0 === last }
      #expect(isLast)
    }
    #expect(last == nil)
    let none = LentObjects<Object>([])
    let count = none.count
    #expect(count == 0)
  }
}
