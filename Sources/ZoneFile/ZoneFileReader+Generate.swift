internal import DNSFormat

/// `$GENERATE RANGE OWNER [TTL] [CLASS] TYPE RDATA`, as BIND has it: a record for each number of a range.
///
/// BIND takes one word of RDATA, in quotes where it has more (`"10 mail$"`); here the words may also stand as in any
/// other record. The owner of before holds again after it.
extension ZoneFileReader {
  /// Numbers in one range, at most; BIND has no bound.
  private static let longestRange = 65_536
  /// Records that all ranges of a zone make, at most.
  private static let mostGenerated = 1 << 24

  mutating func readGenerate(_ text: Span<UInt8>, _ lines: borrowing ZoneLines, file: UInt16) {
    let fields = lines.fields
    let places = lines.places
    guard fields.count >= 5 else {
      return mistake(
        places[0], file,
        "$GENERATE takes a range, an owner, a type and its data; write for example $GENERATE 1-10 host$ A 192.0.2.$")
    }
    guard let range = GenerateRange(text, fields[1].range) else {
      return mistake(
        places[1], file,
        "\"\(text.string(fields[1].range))\" is no range; write for example 1-10, or 0-255/2 for every second number")
    }
    guard range.count <= Self.longestRange, generatedCount + range.count <= Self.mostGenerated else {
      return mistake(
        places[1], file,
        "\"\(text.string(fields[1].range))\" is \(range.count) numbers, and there may be \(Self.longestRange) in a range and \(Self.mostGenerated) in a zone; use fewer"
      )
    }
    guard let (ttl, type, typeAt) = readTTLClassAndType(text, lines, from: 3, file: file) else { return }
    generatedCount += range.count
    let template = rdataTemplate(text, fields[(typeAt + 1)...])
    let owner = lastOwner
    for number in stride(from: range.start, through: range.stop, by: range.step) {
      let isRead = generate(
        number, owner: text, fields[2].range, ttl: ttl, type: type, rdata: template.span,
        isFirst: number == range.start, at: places[0], file: file)
      if !isRead { break }  // the others of the line have the same mistake
    }
    lastOwner = owner
  }

  /// The RDATA as text: what is between the quotes where it is one quoted word, as BIND has it; else the words.
  private func rdataTemplate(_ text: Span<UInt8>, _ fields: ArraySlice<TextField>) -> [UInt8] {
    if fields.count == 1, let only = fields.first { return text.octets(only.range) }
    var template: [UInt8] = []
    for field in fields {
      if !template.isEmpty { template.append(UInt8(ascii: " ")) }
      template +=
        field.isQuoted
        ? [UInt8(ascii: "\"")] + text.octets(field.range) + [UInt8(ascii: "\"")]
        : text.octets(field.range)
    }
    return template
  }

  /// Makes the record of one number; false after a mistake.
  private mutating func generate(
    _ number: Int, owner: Span<UInt8>, _ ownerRange: Range<Int>, ttl: UInt32?, type: RRType, rdata: Span<UInt8>,
    isFirst: Bool, at place: ZoneLines.Place, file: UInt16
  ) -> Bool {
    var name: [UInt8] = []
    var data: [UInt8] = []
    do throws(GenerateMistake) {
      try appendGenerated(owner, ownerRange, number: number, to: &name)
      try appendGenerated(rdata, 0..<rdata.count, number: number, to: &data)
    } catch {
      switch error {
      case .modifier:
        mistake(
          place, file, "a ${ here is not ${OFFSET,WIDTH,BASE} with base d, o, x, X, n or N; write for example ${0,3,d}")
      case .number(let value):
        mistake(place, file, "an offset makes \(value) of \(number); write one that leaves 0 to 2147483647")
      }
      return false
    }
    guard readOwner(name.span, TextField(range: 0..<name.count, isQuoted: false), place, file: file, isDoubted: isFirst)
    else { return false }
    var entry = ZoneLines()
    do throws(ZoneLines.Mistake) {
      _ = try entry.next(data.span)
    } catch {
      mistake(
        place, file,
        "what stands for number \(number) is no RDATA: \"\(data.span.string(0..<data.count))\"; mend its quotes or parentheses"
      )
      return false
    }
    let fields = entry.fields
    do throws(RecordMistake) {
      try appendRecord(
        type: type, ttl: ttl, data.span, fields, from: 0, line: place.line, column: place.column, file: file)
      return true
    } catch {
      switch error {
      case .rdata(let problem):
        let written = problem.field < fields.count ? data.span.string(fields[problem.field].range) : ""
        mistake(place, file, problem.problem.message(type: type, written: written))
      case .noTTL, .tooLarge:
        mistake(place, file, error.message)
      }
      return false
    }
  }
}
