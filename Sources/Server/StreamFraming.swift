internal import FlatMemory

/// Finds requests in a stream of octets (RFC 1035 §4.2.2, RFC 7766 §8): two octets of length, then the message, however
/// the stream is cut into pieces.
///
/// Pure: octets are handed in and requests told as ranges of them; what is held is the start of a request whose rest has
/// not come, at most 65,536 octets, and what was read of a peer that must first take its responses, at most one reading.
/// An octet is copied a fixed number of times, however small the pieces it comes in, but for the first few hundred of an
/// unfinished request: so few are put in front of each reading, which may then be one of the usual size.
struct StreamFraming {
  /// A length and the longest message.
  static let longestFrame = 2 + 65535
  /// Octets of a reading where many connections have something to read: enough for a hundred requests, few enough that
  /// others have their turn soon.
  static let usualReading = 4096
  /// Octets of a reading where few have: each costs system calls, and what it brings is answered in one writing.
  static let largestReading = 16384
  /// An unfinished request of so few octets is put in front of the next reading.
  private static let few = 512
  /// Memory for so many octets stays with a connection that once held some, so that holding allocates nothing.
  private static let staying = 2 * few

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

  /// Octets to read from one of so many connections that have something to read: a wait brings at most 64, so that
  /// together they come to no more than 64 readings of the usual size.
  static func reading(ofReady count: Int) -> Int {
    min(largestReading, max(usualReading, 64 * usualReading / max(1, count)))
  }

  /// Makes a buffer ready for the next reading, of at most so many octets, or of what a long unfinished request lacks.
  /// - Parameter isInPlace: true where all that is held is to be looked at together with the reading, whatever its size.
  mutating func prepare(_ input: inout OctetBuffer, reading: Int, isInPlace: Bool = false) {
    input.reset()
    if isInPlace || kept.count <= Self.few {
      release(into: &input)
      input.limit = min(input.count + reading, input.capacity)
    } else {
      input.limit = max(1, 2 + Int(kept.span.u16(at: 0)) - kept.count)
    }
  }

  /// Takes a reading that came into a buffer made ready.
  /// - Returns: true where the buffer now has something to look at; false where a long request is still unfinished.
  mutating func take(_ input: inout OctetBuffer) -> Bool {
    if kept.isEmpty { return true }
    kept.append(input.octets)
    guard Self.next(in: kept.span, at: 0) != .incomplete else { return false }
    input.reset()
    release(into: &input)
    return true
  }

  /// Hands over all that is held, to an empty buffer.
  mutating func release(into input: inout OctetBuffer) {
    if kept.isEmpty { return }
    input.append(kept.span)
    forget()
  }

  /// Holds what is left of a reading.
  mutating func keep(_ input: borrowing OctetBuffer, from offset: Int) {
    forget()
    if offset < input.count { kept.append(input.octets.extracting(droppingFirst: offset)) }
  }

  private mutating func forget() {
    if !kept.isEmpty { kept.removeAll(keepingCapacity: kept.capacity <= Self.staying) }
  }
}
