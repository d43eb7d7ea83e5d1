internal import DNSFormat
internal import Diagnostics

/// Fields of RDATA that are what the type allows and yet hardly what was meant. Looks at the text, since what was read no
/// longer tells; each look costs a record of its type a few octets.
extension ZoneFileReader {
  mutating func warnOfFields(
    of type: RRType, _ text: Span<UInt8>, _ lines: borrowing ZoneLines, from first: Int, file: UInt16
  ) {
    switch type.rawValue {
    case 16, 99: warnOfText(text, lines, from: first, file: file)  // TXT, SPF
    case 64, 65: warnOfBinding(type, text, lines, from: first, file: file)  // SVCB, HTTPS
    case 257:
      warnOfTag(text, lines, from: first, file: file)
      warnOfText(text, lines, from: first, file: file)
    default: break
    }
  }

  /// Text without quotes that a `;` cuts, as in `TXT v=DKIM1; k=rsa`, or in quotes that are none.
  private mutating func warnOfText(
    _ text: Span<UInt8>, _ lines: borrowing ZoneLines, from first: Int, file: UInt16
  ) {
    for index in first..<lines.fields.count where !lines.fields[index].isQuoted {
      let range = lines.fields[index].range
      if range.upperBound < text.count, text[range.upperBound] == UInt8(ascii: ";") {
        warn(
          lines.places[index], file,
          "the ; after \"\(text.string(range))\" starts a comment and cuts the text (RFC 1035 §5.1); put the text in quotes"
        )
      }
      if hasTypographicQuote(text, range) {
        warn(
          lines.places[index], file,
          "\u{201c} and \u{201d} are no quotes here and become part of the text (RFC 1035 §5.1); write \"")
        return
      }
    }
  }

  private func hasTypographicQuote(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    for offset in range.dropLast(2) where text[offset] == 0xe2 && text[offset + 1] == 0x80 {
      if text[offset + 2] == 0x9c || text[offset + 2] == 0x9d { return true }
    }
    return false
  }

  /// A parameter where the target is to stand, and parameters of an alias.
  private mutating func warnOfBinding(
    _ type: RRType, _ text: Span<UInt8>, _ lines: borrowing ZoneLines, from first: Int, file: UInt16
  ) {
    guard first + 1 < lines.fields.count else { return }
    let target = lines.fields[first + 1].range
    for offset in target where text[offset] == UInt8(ascii: "=") {
      return warn(
        lines.places[first + 1], file,
        "\"\(text.string(target))\" is read as the target of \(type) (RFC 9460 §2.1); write the target before it, . for the owner"
      )
    }
    if first + 2 < lines.fields.count, decimal(text, lines.fields[first].range) == 0 {
      warn(
        lines.places[first + 2], file,
        "parameters beside priority 0 are ignored (RFC 9460 §2.4.2); remove them, or write priority 1")
    }
  }

  /// The tags in use: RFC 8659 §4, RFC 9495, and of the CA/Browser Forum.
  private static let tags = ["issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"]

  /// A tag that no one knows is passed over by those who issue certificates (RFC 8659 §4.1).
  private mutating func warnOfTag(
    _ text: Span<UInt8>, _ lines: borrowing ZoneLines, from first: Int, file: UInt16
  ) {
    guard first + 1 < lines.fields.count else { return }
    let tag = text.string(lines.fields[first + 1].range)
    if Self.tags.contains(tag.lowercased()) { return }
    let remedy =
      nearest(to: tag, in: Self.tags).map { "did you mean \"\($0)\"?" } ?? "known are issue, issuewild and iodef"
    warn(lines.places[first + 1], file, "\"\(tag)\" is no tag of CAA in use, and is ignored (RFC 8659 §4.1); \(remedy)")
  }
}
