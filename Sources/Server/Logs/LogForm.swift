internal import FlatMemory

/// How a log's file is divided: where its records end, and what stands before the first and behind the last.
struct LogForm: Sendable {
  private enum Division: Sendable {
    case lines, frames
  }

  private let division: Division
  /// What a file begins with.
  let opening: [UInt8]
  /// What a file ends with that is complete.
  let closing: [UInt8]
  /// What its records are called.
  let unit: String

  /// Lines, each with its end.
  static let lines = LogForm(division: .lines, opening: [], closing: [], unit: "lines")
  /// Frames of a Frame Streams file.
  static let frames = LogForm(
    division: .frames, opening: FrameStream.start, closing: FrameStream.stop, unit: "frames")

  /// The whole records in `octets[start..<limit]`, from the first on.
  /// - Parameters:
  ///   - octets: whole records, one of which begins at `start`.
  ///   - most: no more records than that.
  /// - Returns: the end of the last of them, and how many they are.
  func records(in octets: Span<UInt8>, from start: Int, to limit: Int, most: Int = .max) -> (end: Int, count: Int) {
    var (end, count) = (start, 0)
    while count < most, let next = recordEnd(octets, end), next <= limit { (end, count) = (next, count + 1) }
    return (end, count)
  }

  /// The end of the record that begins at `start`; nil where there is none whole.
  private func recordEnd(_ octets: Span<UInt8>, _ start: Int) -> Int? {
    switch division {
    case .lines:
      var end = start
      while end < octets.count, octets[end] != UInt8(ascii: "\n") { end &+= 1 }
      return end < octets.count ? end + 1 : nil
    case .frames:
      guard start <= octets.count - 4 else { return nil }
      let end = start + 4 + Int(octets.u32(at: start))
      return end <= octets.count ? end : nil
    }
  }
}
