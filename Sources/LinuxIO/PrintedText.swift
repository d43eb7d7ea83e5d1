/// What a program has printed, however much: its beginning and its end.
package struct PrintedText: Equatable, Sendable {
  /// Octets kept of either at the most.
  package static let most = 4096

  /// The first octets.
  package private(set) var beginning: [UInt8] = []
  /// The last octets, of what is behind ``beginning``.
  package private(set) var end: [UInt8] = []

  package init() {}

  /// Takes what came next.
  package mutating func append(_ octets: ArraySlice<UInt8>) {
    let room = Self.most - beginning.count
    beginning += octets.prefix(room)
    end += octets.dropFirst(room).suffix(Self.most)
    if end.count > Self.most { end.removeFirst(end.count - Self.most) }
  }

  /// The first line; empty where nothing came, or the line is empty.
  package var firstLine: ArraySlice<UInt8> { beginning.prefix { !Self.isEnd($0) } }

  /// The last line that is not empty, where so much came that it is not in ``beginning``; else empty.
  package var lastLine: ArraySlice<UInt8> {
    guard let last = end.lastIndex(where: { !Self.isEnd($0) }) else { return [] }
    let start = end[...last].lastIndex(where: Self.isEnd).map { $0 + 1 } ?? end.startIndex
    return end[start...last]
  }

  private static func isEnd(_ octet: UInt8) -> Bool { octet == 0x0a || octet == 0x0d }
}
