internal import Addresses
internal import DNSFormat
internal import FlatMemory

/// Finds names that read otherwise than they were hardly meant to: a final dot is missing, an address stands for a name.
///
/// Looks at the text, since what was read no longer tells `mail.mesh.test` from `mail.mesh.test.mesh.test.`. Nearly every
/// name is passed over at its last octet.
struct NameDoubts {
  /// The apex and the origin in effect as text, small letters, without the final dot. Not the root.
  private var suffixes: [[UInt8]] = []
  /// True below `arpa.`, where names of hosts are names of other zones.
  private var isReverse = false

  /// - Parameters: names in wire format.
  init(apex: [UInt8], origin: [UInt8]) {
    for name in apex == origin ? [apex] : [apex, origin] where name.count > 1 {
      var text: [UInt8] = []
      printName(name.span, at: 0, to: &text)
      suffixes.append(text.dropLast().map(lowercased))
    }
    isReverse = apex.suffix(6).map(lowercased) == [4, 0x61, 0x72, 0x70, 0x61, 0]
  }

  /// True for `mail.mesh.test` where the origin is `mesh.test.`.
  func lacksDot(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard let last = range.last, text[last] != UInt8(ascii: ".") else { return false }
    for suffix in suffixes where endsIn(suffix, text, range) { return true }
    return false
  }

  /// True for `sub.mesh.test` and for `other.test` where the zone is `mesh.test.`: few origins end in a top-level domain.
  func lacksDotAsOrigin(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    if lacksDot(text, range) { return true }
    guard let apex = suffixes.first, let dot = apex.lastIndex(of: UInt8(ascii: ".")), isRelativeWithDot(text, range)
    else { return false }
    return endsIn(Array(apex[(dot + 1)...]), text, range)
  }

  private func endsIn(_ suffix: [UInt8], _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let start = range.upperBound - suffix.count
    // `com` in the zone `com.` may well be com.com.
    guard start > range.lowerBound || start == range.lowerBound && suffix.contains(UInt8(ascii: ".")) else {
      return false
    }
    guard start == range.lowerBound || text[start - 1] == UInt8(ascii: ".") else { return false }
    var index = suffix.count - 1
    while index >= 0 {
      if lowercased(text[start + index]) != suffix[index] { return false }
      index -= 1
    }
    return true
  }

  /// What is doubtful about a field of RDATA that is a name.
  enum Doubt {
    case lacksDot
    case isAddress
    case hasAt
  }

  /// What is doubtful about an RDATA's names: each one's field, and its label.
  func find(
    in type: RRType, _ text: Span<UInt8>, _ fields: [TextField], from first: Int
  ) -> [(field: Int, label: String, doubt: Doubt)] {
    var found: [(field: Int, label: String, doubt: Doubt)] = []
    var index = first
    while index < fields.count, index < first + 4 {
      let range = fields[index].range
      var doubt: Doubt?
      if lacksDot(text, range) || type == .ptr && isReverse && isRelativeWithDot(text, range) {
        doubt = .lacksDot
      } else if looksLikeAddress(text, range) {
        doubt = .isAddress
      } else if type == .soa, index == first + 1, isMailbox(text, range) {
        doubt = .hasAt
      }
      if let doubt, case .name(let label, _)? = fieldKind(of: type, at: index - first) {
        found.append((index, label, doubt))
      }
      index += 1
    }
    return found
  }

  private func fieldKind(of type: RRType, at index: Int) -> RDataField? {
    guard let row = RRTypeTable.row(of: type), index < row.fields.count else { return nil }
    return row.fields[index]
  }

  private func isRelativeWithDot(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard let last = range.last, text[last] != UInt8(ascii: ".") else { return false }
    for offset in range where text[offset] == UInt8(ascii: ".") { return true }
    return false
  }

  /// True for four numbers and three dots, or hexadecimal digits and two colons, with or without a final dot.
  func looksLikeAddress(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard range.count >= 3, range.count <= 40,
      hexadecimalDigit(text[range.lowerBound]) != nil || text[range.lowerBound] == UInt8(ascii: ":")
    else { return false }
    var dots = 0, colons = 0
    for offset in range {
      switch text[offset] {
      case UInt8(ascii: "."): dots += 1
      case UInt8(ascii: ":"): colons += 1
      case let octet where hexadecimalDigit(octet) == nil: return false
      default: break
      }
    }
    guard dots >= 3 || colons >= 2 else { return false }
    let octets = text.octets(range)
    let name = octets.last == UInt8(ascii: ".") ? octets.dropLast() : octets[...]
    return parseIPv4(name) != nil || parseIPv6(Array(name)) != nil
  }

  /// True for `hostmaster@mesh.test`, not for a lone `@`.
  private func isMailbox(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    for offset in range.dropFirst()
    where text[offset] == UInt8(ascii: "@") && text[offset - 1] != UInt8(ascii: "\\") { return true }
    return false
  }
}
