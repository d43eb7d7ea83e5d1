internal import DNSFormat
internal import FlatMemory
internal import Forwarding

/// How a query that comes back is known: each Ambit writes a number of its own into an EDNS option of the queries it sends
/// (RFC 6891 §6.1.2; a code for local use, §9), behind those of the Ambits it came through. Who finds its own number in a
/// query has been asked by itself. The number is a hash of the question with a secret drawn at the start: another for every
/// name, so that nobody who sees the queries can tell by it which come from the same server. Servers of others ignore the option; a loop through one that does
/// not pass it on ends by merging: the question is being asked already, and its deadline holds.
enum LoopToken {
  /// The option's code.
  static let code: UInt16 = 65_153
  /// Ambits that a query may come through: a chain has two or three, and a loop ends at its second turn.
  static let longestPath = 8

  /// Our number in queries for a name and type.
  /// - Parameter secret: nobody outside knows it.
  static func number(_ question: ForwardedQuestion, secret: UInt64) -> UInt64 {
    // SipHash, with a key of the process's own.
    var hasher = Hasher()
    hasher.combine(secret)
    hasher.combine(question.name)
    hasher.combine(question.kind.type.rawValue)
    return UInt64(truncatingIfNeeded: hasher.finalize())
  }

  /// The option with the numbers of a path, as it goes into an OPT.
  static func option(_ path: [UInt64]) -> [UInt8] {
    var octets: [UInt8] = []
    for field in [code, UInt16(clamping: path.count * 8)] {
      octets.append(UInt8(field >> 8))
      octets.append(UInt8(truncatingIfNeeded: field))
    }
    for token in path {
      for shift in stride(from: 56, through: 0, by: -8) {
        octets.append(UInt8(truncatingIfNeeded: token >> UInt64(shift)))
      }
    }
    return octets
  }

  /// The numbers that a request brings; none where it has no such option. Any octets give a result.
  static func path(in request: Span<UInt8>) -> [UInt64] {
    guard request.count >= 12 else { return [] }
    var offset = 12
    for _ in 0..<request.u16(at: 4) {
      guard let end = endOfName(request, offset) else { return [] }
      offset = end + 4
    }
    let records = Int(request.u16(at: 6)) + Int(request.u16(at: 8)) + Int(request.u16(at: 10))
    for _ in 0..<min(records, 32) {
      guard let end = endOfName(request, offset), end + 10 <= request.count else { return [] }
      let size = Int(request.u16(at: end + 8))
      guard end + 10 + size <= request.count else { return [] }
      if request.u16(at: end) == 41 { return path(inOptions: request.extracting((end + 10)..<(end + 10 + size))) }
      offset = end + 10 + size
    }
    return []
  }

  private static func path(inOptions options: Span<UInt8>) -> [UInt64] {
    var offset = 0
    while offset + 4 <= options.count {
      let size = Int(options.u16(at: offset + 2))
      guard offset + 4 + size <= options.count else { return [] }
      if options.u16(at: offset) == code {
        let count = min(size / 8, longestPath + 1)
        return (0..<count).map { index in
          (0..<8).reduce(0) { $0 << 8 | UInt64(options[offset + 4 + index * 8 + $1]) }
        }
      }
      offset += 4 + size
    }
    return []
  }

  /// Where a name ends; nil where it does not.
  private static func endOfName(_ octets: Span<UInt8>, _ start: Int) -> Int? {
    var offset = start
    while offset < octets.count {
      let length = Int(octets[offset])
      if length == 0 { return offset + 1 }
      if length >= 0xc0 { return offset + 2 }
      offset += 1 + length
    }
    return nil
  }
}
