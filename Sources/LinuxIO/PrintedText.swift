/// What a program has printed, however much: its beginning and its end.
package struct PrintedText: Equatable, Sendable {
  /// Octets kept of either at the most.
  package static let most = 4096

  /// The first octets.
  package private(set) var beginning: [UInt8] = []
  /// The last octets, of what is behind ``beginning``.
  package private(set) var end: [UInt8] = []
  /// The octet before ``end``.
  private var before: UInt8 = 0

  package init() {}

  /// Takes what came next.
  package mutating func append(_ octets: ArraySlice<UInt8>) {
    let room = Self.most - beginning.count
    beginning += octets.prefix(room)
    let rest = octets.dropFirst(room)
    if end.isEmpty, let last = beginning.last { before = last }
    let surplus = end.count + rest.count - Self.most
    if surplus > 0 {
      before = surplus <= end.count ? end[surplus - 1] : rest[rest.startIndex + surplus - end.count - 1]
      end.removeFirst(min(surplus, end.count))
    }
    end += rest.suffix(Self.most)
  }

  /// The first line; empty where nothing came, or the line is empty.
  package var firstLine: ArraySlice<UInt8> { beginning.prefix { !Self.isEnd($0) } }

  /// The last line that is not empty, where so much came that it is not in ``beginning``; else empty. Of a line that is longer
  /// than ``end``, and of one that begins in ``beginning``, nothing: its middle would pass for a line.
  package var lastLine: ArraySlice<UInt8> {
    guard let last = end.lastIndex(where: { !Self.isEnd($0) }) else { return [] }
    if let start = end[...last].lastIndex(where: Self.isEnd) { return end[(start + 1)...last] }
    return Self.isEnd(before) ? end[...last] : []
  }

  private static func isEnd(_ octet: UInt8) -> Bool { octet == 0x0a || octet == 0x0d }
}
