internal import Addresses

/// How many octets a field to the end of an RDATA may have.
package enum OctetCount: Hashable, Sendable {
  /// One or more.
  case any
  /// As many as the digest has whose number is the octet before: of DS (RFC 4034 §5.1.3, RFC 4509, RFC 6605).
  case dsDigest
  /// The same for ZONEMD (RFC 8976 §2.2.3), and at least 12 (§2.2.4).
  case zoneDigest
  /// The same for SSHFP (RFC 4255 §3.1.2, RFC 6594 §4).
  case fingerprint

  /// The number of octets there must be; nil where the code does not say.
  func exact(code: UInt8?) -> Int? {
    switch (self, code) {
    case (.dsDigest, 1), (.fingerprint, 1): 20
    case (.dsDigest, 2), (.dsDigest, 3), (.dsDigest, 5), (.dsDigest, 6), (.fingerprint, 2): 32
    case (.dsDigest, 4), (.zoneDigest, 1): 48
    case (.zoneDigest, 2): 64
    default: nil
    }
  }

  /// Whether there can be so many octets.
  func allows(_ count: Int, code: UInt8?) -> Bool {
    exact(code: code).map { count == $0 } ?? (count >= (self == .zoneDigest ? 12 : 1))
  }
}

/// Octets in hexadecimal, white space allowed between any two digits, from all the fields in `range`.
/// - Returns: false where the digits are odd in number.
func appendHexadecimal(
  text: Span<UInt8>, _ fields: ArraySlice<TextField>, or problem: RDataTextError.Problem, to wire: inout [UInt8]
) throws(RDataTextError) -> Bool {
  var high: UInt8?
  for index in fields.indices {
    for offset in fields[index].range {
      guard let digit = hexadecimalDigit(text[offset]) else { throw RDataTextError(field: index, problem: problem) }
      if let first = high {
        wire.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
  }
  return high == nil
}

extension TextCursor {
  /// All fields that are left, in hexadecimal.
  mutating func readHexadecimal(
    _ label: String, _ count: OctetCount, text: Span<UInt8>, to wire: inout [UInt8]
  ) throws(RDataTextError) {
    let first = next
    let code = wire.last
    let start = wire.count
    let problem = RDataTextError.Problem.unlike(label, example: "0A1B2C")
    guard try appendHexadecimal(text: text, takeRest(), or: problem, to: &wire) else {
      throw RDataTextError(field: first, problem: .oddDigits(label))
    }
    let found = wire.count - start
    guard count.allows(found, code: code) else {
      let right = count.exact(code: code) ?? (count == .zoneDigest ? 12 : 1)
      throw RDataTextError(field: first, problem: .wrongCount(label, found: found, right: right))
    }
  }

  /// One field in hexadecimal, `-` for none.
  mutating func readSalt(_ label: String, text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    let range = try take(label)
    let lengthAt = wire.count
    wire.append(0)
    if text.equals("-", in: range) { return }
    let field = TextField(range: range, isQuoted: false)
    let problem = RDataTextError.Problem.unlike(label, example: "AABBCCDD, or - for none")
    let isWhole: Bool
    do throws(RDataTextError) {
      isWhole = try appendHexadecimal(text: text, [field], or: problem, to: &wire)
    } catch {
      throw self.error(problem)
    }
    guard isWhole else { throw error(.oddDigits(label)) }
    let count = wire.count - lengthAt - 1
    guard count > 0 else { throw error(problem) }
    guard count <= 255 else { throw error(.wrongCount(label, found: count, right: 255)) }
    wire[lengthAt] = UInt8(count)
  }
}

/// Octets in hexadecimal, in capitals and one piece.
func hexadecimalText(_ octets: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  return String(decoding: octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
