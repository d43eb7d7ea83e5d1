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
  /// The same for TLSA and SMIMEA, by the matching type (RFC 6698 §2.1.3): all of the data, SHA-256, SHA-512.
  case association

  /// The number of octets there must be; nil where the code does not say.
  func exact(code: UInt8?) -> Int? {
    switch (self, code) {
    case (.dsDigest, 1), (.fingerprint, 1): 20
    case (.dsDigest, 2), (.dsDigest, 3), (.dsDigest, 5), (.dsDigest, 6), (.fingerprint, 2), (.association, 1): 32
    case (.dsDigest, 4), (.zoneDigest, 1): 48
    case (.zoneDigest, 2), (.association, 2): 64
    default: nil
    }
  }

  /// How many octets there can be.
  func range(code: UInt8?) -> ClosedRange<Int> {
    exact(code: code).map { $0...$0 } ?? (self == .zoneDigest ? 12 : 1)...65535
  }
}

/// Octets in hexadecimal, white space allowed between any two digits, from all the fields in `range`.
/// - Parameter problem: that of a field with another character.
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
    guard count.range(code: code).contains(found) else {
      throw RDataTextError(field: first, problem: .wrongCount(label, found: found, right: count.range(code: code)))
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
    guard count <= 255 else { throw error(.wrongCount(label, found: count, right: 1...255)) }
    wire[lengthAt] = UInt8(count)
  }
}

/// Octets in hexadecimal, in capitals and one piece.
func hexadecimalText(_ octets: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  return String(decoding: octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

// MARK: - Groups of digits

/// Octets in hexadecimal, parted into groups.
package enum DigitGroups: Hashable, Sendable {
  /// Six octets, `00-00-5e-00-53-2a` (RFC 7043 §3.2).
  case eui48
  /// Eight octets, `00-00-5e-ef-10-00-00-2a` (RFC 7043 §4.2).
  case eui64
  /// Eight octets, `2001:0db8:1140:1000`, zeros at the front of a group optional (RFC 6742 §2.1.2).
  case locator

  var size: Int { self == .eui48 ? 6 : 8 }
  private var groupSize: Int { self == .locator ? 2 : 1 }
  private var separator: UInt8 { self == .locator ? UInt8(ascii: ":") : UInt8(ascii: "-") }

  /// As people write it.
  var example: String {
    switch self {
    case .eui48: "00-00-5e-00-53-2a"
    case .eui64: "00-00-5e-ef-10-00-00-2a"
    case .locator: "2001:0db8:1140:1000"
    }
  }

  /// The octets; nil where the text is not of this form.
  func octets(_ text: [UInt8]) -> [UInt8]? {
    let groups = text.split(separator: separator, omittingEmptySubsequences: false)
    guard groups.count * groupSize == size else { return nil }
    var octets: [UInt8] = []
    for group in groups {
      guard (self == .locator ? 1...4 : 2...2).contains(group.count) else { return nil }
      var value: UInt16 = 0
      for octet in group {
        guard let digit = hexadecimalDigit(octet) else { return nil }
        value = value << 4 | UInt16(digit)
      }
      octets += groupSize == 2 ? [UInt8(value >> 8), UInt8(value & 0xff)] : [UInt8(value)]
    }
    return octets
  }

  /// The text of so many octets, in small letters as RFC 7043 and RFC 6742 write them.
  func text(_ octets: ArraySlice<UInt8>) -> String {
    let digits = Array(hexadecimalText(octets).lowercased())
    return stride(from: 0, to: digits.count, by: 2 * groupSize)
      .map { String(digits[$0..<min($0 + 2 * groupSize, digits.count)]) }
      .joined(separator: self == .locator ? ":" : "-")
  }
}

extension TextCursor {
  /// One field: groups of digits.
  mutating func readGroups(
    _ label: String, _ groups: DigitGroups, text: Span<UInt8>, to wire: inout [UInt8]
  ) throws(RDataTextError) {
    guard let octets = groups.octets(text.octets(try take(label))) else {
      throw error(.unlike(label, example: groups.example))
    }
    wire += octets
  }

  /// One field: `0x` and digits, dots anywhere between them (RFC 1706 §7).
  mutating func readNSAP(_ label: String, text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    let written = text.octets(try take(label))
    let digits = written.dropFirst(2).filter { $0 != UInt8(ascii: ".") }.map { hexadecimalDigit($0) }
    guard written.count > 2, written[0] == UInt8(ascii: "0"), written[1] | 0x20 == UInt8(ascii: "x"),
      !digits.isEmpty, !digits.contains(nil)
    else { throw error(.unlike(label, example: "0x47.0005.80.005a00")) }
    guard digits.count.isMultiple(of: 2) else { throw error(.oddDigits(label)) }
    for index in stride(from: 0, to: digits.count, by: 2) {
      wire.append((digits[index] ?? 0) << 4 | (digits[index + 1] ?? 0))
    }
  }
}
