/// The first line of an HTTP/1 response, read strictly (RFC 9112 §4).
package enum HTTPStatusLine {
  /// What the octets so far are.
  package enum Reading: Equatable, Sendable {
    case incomplete
    case status(Int)
    /// No HTTP/1 response.
    case wrong
  }

  /// Octets of the line at the most, its end included.
  package static let longest = 1024

  /// Reads what has come of a response.
  package static func read(_ octets: Span<UInt8>) -> Reading {
    // HTTP/1.x SP 3DIGIT SP reason CR LF; without a reason some leave out the space before it.
    let pattern = Array("HTTP/1.# ###".utf8)
    for index in 0..<min(octets.count, pattern.count) {
      let isDigit = octets[index] >= 0x30 && octets[index] <= 0x39
      if pattern[index] == UInt8(ascii: "#") ? !isDigit : octets[index] != pattern[index] { return .wrong }
    }
    var index = pattern.count
    while index < octets.count {
      let octet = octets[index]
      if index == pattern.count, octet != 0x20, octet != 0x0d { return .wrong }
      if octet == 0x0d {
        if index + 1 == octets.count { return .incomplete }
        let status = (9..<12).reduce(0) { $0 * 10 + Int(octets[$1]) - 0x30 }
        return octets[index + 1] == 0x0a && (100...599).contains(status) ? .status(status) : .wrong
      }
      if octet < 0x20 && octet != 0x09 || octet == 0x7f { return .wrong }
      index += 1
    }
    return octets.count >= longest ? .wrong : .incomplete
  }
}
