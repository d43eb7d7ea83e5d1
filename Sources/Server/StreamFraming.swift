internal import FlatMemory

/// Finds requests in a stream of octets (RFC 1035 §4.2.2, RFC 7766 §8): two octets of length, then the message, however
/// the stream is cut into pieces.
///
/// Pure: octets are handed in and requests told as ranges of them; what is held is the start of a request whose rest has
/// not come, at most 65,536 octets, and what was read of a peer that must first take its responses, at most one reading.
/// An octet is copied a fixed number of times, however small the pieces it comes in.
struct StreamFraming {
  /// A length and the longest message.
  static let longestFrame = 2 + 65535
  /// Octets of a reading where no request is unfinished: enough for a hundred requests, few enough that others have their
  /// turn soon.
  static let usualReading = 4096

  /// Octets that came and are not answered yet.
  private(set) var kept: [UInt8] = []

  /// What comes next in a stream.
  enum Next: Equatable {
    /// A whole request, its length left out.
    case request(Range<Int>)
    /// The rest has not come.
    case incomplete
    /// A message shorter than a header: the peer does not speak DNS, or has lost count; nothing behind it means anything.
    /// NSD and BIND end the connection too.
    case broken

    /// True for a whole request.
    var isRequest: Bool { if case .request = self { true } else { false } }
  }

  /// The next request from `offset` on.
  static func next(in octets: Span<UInt8>, at offset: Int) -> Next {
    guard offset &+ 2 <= octets.count else { return .incomplete }
    let size = Int(octets.u16(at: offset))
    guard size >= 12 else { return .broken }
    guard offset &+ 2 &+ size <= octets.count else { return .incomplete }
    return .request((offset &+ 2)..<(offset &+ 2 &+ size))
  }

  /// How much to read next: what an unfinished request lacks, or the usual.
  var readingLimit: Int {
    if kept.isEmpty { return Self.usualReading }
    if kept.count == 1 { return 1 }
    return max(1, 2 + Int(kept.span.u16(at: 0)) - kept.count)
  }

  /// Takes a reading of an unfinished request.
  /// - Returns: true where there is something to look at: a whole request, or a length that cannot be.
  mutating func add(_ octets: Span<UInt8>) -> Bool {
    kept += octets.octets(0..<octets.count)
    return Self.next(in: kept.span, at: 0) != .incomplete
  }

  /// Hands over all that is held, to an empty buffer.
  mutating func release(into input: inout OctetBuffer) {
    input.append(kept.span)
    kept = []
  }

  /// Holds what is left of a reading.
  mutating func keep(_ input: borrowing OctetBuffer, from offset: Int) {
    kept = offset == input.count ? [] : input.octets.octets(offset..<input.count)
  }
}
