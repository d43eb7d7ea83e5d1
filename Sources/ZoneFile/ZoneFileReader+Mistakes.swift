internal import DNSFormat
internal import Diagnostics

/// What is wrong, and what is doubtful, with its place.
extension ZoneFileReader {
  mutating func mistake(_ place: ZoneLines.Place, _ file: UInt16, _ message: @autoclosure () -> String) {
    guard diagnostics.count - warningCount < Self.mistakesListed else {
      mistakesUnlisted += 1
      return
    }
    diagnostics.append(.error(at: location(place, file), message()))
  }

  /// Counted apart from mistakes, which must not hide behind warnings.
  mutating func warn(_ place: ZoneLines.Place, _ file: UInt16, _ message: @autoclosure () -> String) {
    guard warningCount < Self.mistakesListed else { return }
    warningCount += 1
    diagnostics.append(.warning(at: location(place, file), message()))
  }

  private func location(_ place: ZoneLines.Place, _ file: UInt16) -> SourceLocation {
    SourceLocation(file: zone.files[Int(file)], line: place.line, column: place.column)
  }

  mutating func report(_ error: ZoneLines.Mistake, file: UInt16) {
    mistake(error.place, file, error.kind.message)
  }

  /// Says which names of an RDATA read otherwise than they were hardly meant to.
  mutating func warnOfNames(
    in type: RRType, _ text: Span<UInt8>, _ lines: borrowing ZoneLines, from first: Int, file: UInt16
  ) {
    for (field, label, doubt) in doubts.find(in: type, text, lines.fields, from: first) {
      warn(of: doubt, label, text, lines.fields[field].range, at: lines.places[field], file: file)
    }
  }

  private mutating func warn(
    of doubt: NameDoubts.Doubt, _ label: String, _ text: Span<UInt8>, _ range: Range<Int>, at place: ZoneLines.Place,
    file: UInt16
  ) {
    switch doubt {
    case .lacksDot:
      let read = name(text, range)
      warn(place, file, "\(label) reads as \(read); end it with a dot if not meant")
    case .isAddress:
      warn(
        place, file,
        "\(label) \"\(text.string(range))\" looks like an address and is read as a name; name the host instead")
    case .hasAt:
      warn(place, file, "\(label) \"\(text.string(range))\" has an @ (RFC 1035 §8); write a dot for it")
    }
  }

  /// A name as it reads here.
  func name(_ text: Span<UInt8>, _ range: Range<Int>) -> String {
    var wire: [UInt8] = []
    do throws(NameError) {
      try appendName(text: text, range, origin: origin, to: &wire)
    } catch {
      return text.string(range)
    }
    return DomainName(validWire: wire).description
  }
}
