// ZoneFile: the grammar of master files (RFC 1035 §5). Takes text, gives records, each with its place, and every
// mistake of the text at once. Opens no file itself: what `$INCLUDE` names is asked for. Whether the records make a
// zone is not its business.

internal import Addresses
package import DNSFormat
package import Diagnostics

/// Reads master files: RFC 1035 §5, `$TTL` of RFC 2308 §4, unknown types of RFC 3597 §5, TTL units and `$GENERATE` as
/// BIND's.
///
/// Where the RFCs leave a choice: a record without a TTL takes `$TTL`, else the TTL of the record before it, else the
/// MINIMUM of the SOA it is, as BIND does; in an overlay, else what its base has. `$INCLUDE` paths are relative to the
/// file that includes, and the origin and the owner of before hold again after it (RFC 1035 §5.1), while a `$TTL` of
/// the included file goes on. An owner left out is the one before, whatever `$ORIGIN` says in between. TTLs above
/// 2³¹−1, which BIND makes 0, are mistakes. Any field may be quoted, and a quoted string ends on its line, as for BIND.
package struct ZoneFileReader {
  /// The octets of a file that `$INCLUDE` names, or the reason why there are none.
  package typealias Opener = (String) -> Result<[UInt8], ReadFailure>

  /// Why a file could not be read, in words.
  package struct ReadFailure: Error {
    package let reason: String

    package init(reason: String) { self.reason = reason }
  }

  /// More mistakes than this in one zone are counted, not listed.
  static let mistakesListed = 500
  /// `$INCLUDE` inside `$INCLUDE`, at the deepest.
  private static let deepestInclude = 16
  /// `$INCLUDE`s in one zone: a record's file is a number of 16 bits.
  private static let mostIncludes = Int(UInt16.max) - 1

  private let open: Opener
  /// What was read so far.
  private(set) var zone: ZoneRecords
  var diagnostics: [Diagnostic] = []
  var mistakesUnlisted = 0
  var warningCount = 0
  private var defaultTTL: UInt32?
  private var lastTTL: UInt32?
  private var baseTTL: UInt32?
  /// True from the first `$TTL` on.
  private var hasTTL = false
  var origin: [UInt8] {
    didSet { doubts = NameDoubts(apex: zone.origin.wire, origin: origin) }
  }
  var doubts: NameDoubts
  /// Where in the zone's octets the owner of the record before is.
  var lastOwner: UInt32?
  /// True between an `$ORIGIN` and the next owner.
  private var isOriginNew = false
  private var includeStack: [String]
  /// Records that `$GENERATE`s made, or tried to.
  var generatedCount = 0
  /// False where the full reader is to read plain lines too, as the judge of the short way.
  private var readsPlainLines = true

  /// Reads a zone's file.
  /// - Parameters:
  ///   - path: as messages name it; paths in `$INCLUDE` are relative to its folder.
  ///   - origin: absolute; the zone's apex.
  ///   - baseTTL: ``ZoneRecords/ownTTL`` of the base whose overlay this is: for records before any TTL of their own file.
  ///   - readsPlainLines: false lets the full reader read what ``PlainLines`` would: the same, slower, for tests.
  package static func read(
    _ text: [UInt8], path: String, origin: DomainName, baseTTL: UInt32? = nil, readsPlainLines: Bool = true,
    open: @escaping Opener
  ) -> (zone: ZoneRecords, diagnostics: [Diagnostic]) {
    var reader = ZoneFileReader(path: path, origin: origin, open: open)
    reader.baseTTL = baseTTL
    reader.readsPlainLines = readsPlainLines
    reader.read(text, file: 0)
    if reader.mistakesUnlisted > 0 {
      var rest = Diagnostic.error(
        at: SourceLocation(file: path), "\(reader.mistakesUnlisted) more mistakes are not listed; mend these first")
      rest.count = reader.mistakesUnlisted
      reader.diagnostics.append(rest)
    }
    return (reader.zone, reader.diagnostics)
  }

  private init(path: String, origin: DomainName, open: @escaping Opener) {
    self.open = open
    self.origin = origin.wire
    doubts = NameDoubts(apex: origin.wire, origin: origin.wire)
    zone = ZoneRecords(origin: origin, file: path)
    includeStack = [plainPath(path)]
  }

  private mutating func read(_ text: [UInt8], file: UInt16) {
    zone.octets.reserveCapacity(zone.octets.count + text.count)
    zone.records.reserveCapacity(zone.records.count + text.count / 28)
    readEntries(text.span, file: file)
  }

  private mutating func readEntries(_ text: Span<UInt8>, file: UInt16) {
    var lines = ZoneLines()
    while true {
      if readsPlainLines { readPlainLines(text, &lines, file: file) }
      do throws(ZoneLines.Mistake) {
        guard try lines.next(text) else { return }
      } catch {
        report(error, file: file)
        continue
      }
      let isDirective =
        !lines.startsBlank && !lines.fields[0].isQuoted && text[at: lines.fields[0]] == UInt8(ascii: "$")
      if isDirective {
        readDirective(text, lines, file: file)
      } else {
        readRecord(text, lines, file: file)
      }
    }
  }
}

// MARK: - Plain lines

extension ZoneFileReader {
  /// Reads plain lines up to the first line that is none.
  private mutating func readPlainLines(_ text: Span<UInt8>, _ lines: inout ZoneLines, file: UInt16) {
    let used = zone.octets.count
    guard used < Self.mostOctets, PlainLines.mayStart(text, at: lines.position.offset) else { return }
    var plain = PlainLines(
      at: lines.position, used: used, lastOwner: lastOwner, isOriginNew: isOriginNew,
      ttl: (defaultTTL, lastTTL, baseTTL), file: file, origin: origin, doubts: doubts)
    // Room is made in steps: few octets for a few lines, many for many.
    var room = 2 * PlainLines.mostWritten
    var octets = exchange(&zone.octets, with: [])
    repeat {
      octets.append(contentsOf: repeatElement(0, count: plain.used + room - octets.count))
      var memory = octets.mutableSpan
      plain.read(text, into: &memory, &zone.records)
      room = min(room * 2, 1 << 18)
    } while plain.needsRoom && plain.used < Self.mostOctets
    octets.removeLast(octets.count - plain.used)
    zone.octets = octets
    lines.move(to: plain.position)
    (lastOwner, lastTTL, isOriginNew) = (plain.lastOwner, plain.lastTTL, plain.isOriginNew)
  }

  /// Octets of names and RDATA in a zone, at most: offsets have 32 bits, and one line more still fits.
  private static let mostOctets = Int(UInt32.max / 2) - (1 << 20)
}

// MARK: - Records

extension ZoneFileReader {
  private mutating func readRecord(_ text: Span<UInt8>, _ lines: borrowing ZoneLines, file: UInt16) {
    let fields = lines.fields
    var next = 0
    if !lines.startsBlank {
      guard readOwner(text, fields[0], lines.places[0], file: file) else { return }
      next = 1
    }
    if isOriginNew, lines.startsBlank, let lastOwner {
      let owner = zone.name(at: lastOwner)
      warn(
        lines.places[0], file, "the owner is still \(owner), $ORIGIN does not change it; write @ if the origin is meant"
      )
    }
    isOriginNew = false
    guard lastOwner != nil else {
      return mistake(lines.places[0], file, "the first record has no owner; write a name, or @ for the apex")
    }
    guard let (ttl, type, typeAt) = readTTLClassAndType(text, lines, from: next, file: file) else { return }
    do throws(RecordMistake) {
      try appendRecord(
        type: type, ttl: ttl, text, fields, from: typeAt + 1, line: lines.places[typeAt].line,
        column: lines.places[0].column, file: file)
    } catch {
      switch error {
      case .rdata(let error):
        let place = error.field < fields.count ? lines.places[error.field] : lines.places[typeAt]
        let written = error.field < fields.count ? text.string(fields[error.field].range) : ""
        return mistake(place, file, error.problem.message(type: type, written: written))
      case .noTTL, .tooLarge:
        return mistake(lines.places[typeAt], file, error.message)
      }
    }
    if type == .a || type == .aaaa || isUnknownForm(text, fields, typeAt + 1) { return }
    if type != .txt { warnOfNames(in: type, text, lines, from: typeAt + 1, file: file) }
    warnOfFields(of: type, text, lines, from: typeAt + 1, file: file)
  }

  /// True for RDATA as RFC 3597 §5 has it: `\# 4 0A000001`.
  private func isUnknownForm(_ text: Span<UInt8>, _ fields: [TextField], _ first: Int) -> Bool {
    first < fields.count && !fields[first].isQuoted && text.equals("\\#", in: fields[first].range)
  }

  /// Why a record was not taken.
  enum RecordMistake: Error {
    case rdata(RDataTextError)
    case noTTL
    case tooLarge

    /// What to say, where it is not about the RDATA.
    var message: String {
      switch self {
      case .rdata: ""
      case .noTTL: "no TTL is known for this record (RFC 1035 §5.1); put $TTL 300 at the top"
      case .tooLarge: "the zone has more than 2 GiB of data; split it into several zones"
      }
    }
  }

  /// Reads RDATA and adds a record at the owner in effect.
  mutating func appendRecord(
    type: RRType, ttl written: UInt32?, _ text: Span<UInt8>, _ fields: [TextField], from first: Int, line: Int,
    column: Int, file: UInt16
  ) throws(RecordMistake) {
    let rdata = zone.octets.count
    do throws(RDataTextError) {
      try appendRData(of: type, text: text, fields: fields, from: first, origin: origin, to: &zone.octets)
    } catch {
      throw .rdata(error)
    }
    let count = zone.octets.count - rdata
    guard zone.octets.count < UInt32.max / 2 else {
      zone.octets.removeLast(count)
      throw .tooLarge
    }
    guard let owner = lastOwner,
      let ttl = written ?? defaultTTL ?? lastTTL ?? minimum(of: type, rdata: rdata, count: count) ?? baseTTL
    else {
      zone.octets.removeLast(count)
      throw .noTTL
    }
    lastTTL = ttl
    if zone.ownTTL == nil { zone.ownTTL = minimum(of: type, rdata: rdata, count: count) }
    zone.records.append(
      ZoneRecords.Record(
        owner: owner, rdata: UInt32(rdata), ttl: ttl, line: UInt32(line), rdataCount: UInt16(count), type: type,
        column: UInt16(clamping: column), file: file))
  }

  /// Notes the owner for this record and those after it that have none; false after a mistake.
  mutating func readOwner(
    _ text: Span<UInt8>, _ field: TextField, _ place: ZoneLines.Place, file: UInt16, isDoubted: Bool = true
  ) -> Bool {
    let start = zone.octets.count
    if field.range.count == 1, text[field.range.lowerBound] == UInt8(ascii: "@"), !field.isQuoted {
      zone.octets.append(contentsOf: origin)
    } else {
      do {
        try appendName(text: text, field.range, origin: origin, to: &zone.octets)
      } catch {
        mistake(place, file, "owner \"\(text.string(field.range))\" \(error)")
        return false
      }
      if isDoubted, doubts.lacksDot(text, field.range) {
        let read = name(text, field.range)
        warn(place, file, "owner reads as \(read); end it with a dot if not meant")
      }
    }
    // Records of one owner mostly follow each other: they share its octets.
    if let last = lastOwner,
      zone.octets[start...].elementsEqual(zone.octets[Int(last)...].prefix(zone.octets.count - start))
    {
      zone.octets.removeLast(zone.octets.count - start)
    } else {
      lastOwner = UInt32(start)
    }
    return true
  }

  /// RFC 1035 §5.1: TTL and class, both optional, in either order, then the type.
  mutating func readTTLClassAndType(
    _ text: Span<UInt8>, _ lines: borrowing ZoneLines, from first: Int, file: UInt16
  ) -> (ttl: UInt32?, type: RRType, at: Int)? {
    let fields = lines.fields
    // Made only for a message: where white space is missing before a type, the type is taken for the owner.
    func hint() -> String { first == 1 ? text.hintOfOwner(fields[0]) : "" }
    var next = first
    var ttl: UInt32?
    var hasClass = false
    while next < fields.count {
      let range = fields[next].range
      if ttl == nil, !range.isEmpty, isDigit(text[range.lowerBound]) {
        guard let value = checkedTTL(text, range, lines.places[next], file: file, hint()) else { return nil }
        ttl = value
      } else if !hasClass, text.isInternetClass(range) {
        hasClass = true
      } else if let type = text.commonType(in: range) ?? RRType(mnemonic: text.string(range)) {
        guard !type.isMeta else {
          mistake(lines.places[next], file, "\(type) is a type of questions, not of records; remove the line")
          return nil
        }
        if first == 1, !hasClass, text.equals("IN", in: fields[0].range), !fields[0].isQuoted {
          let read = name(text, fields[0].range)
          warn(
            lines.places[0], file,
            "owner reads as \(read); put white space before IN if it is the class")
        }
        return (ttl, type, next)
      } else {
        let word = text.string(range)
        if ["CH", "HS", "CS"].contains(word.uppercased()) || word.uppercased().hasPrefix("CLASS") {
          mistake(lines.places[next], file, "class \(word) is not served; write IN or nothing")
        } else {
          let known = RRTypeTable.mnemonics
          let suggestion = hint().isEmpty ? didYouMean(word, in: known) : hint()
          mistake(
            lines.places[next], file,
            "\"\(word)\" is no type of record"
              + (suggestion.isEmpty ? "; write a type such as A, AAAA, MX or TXT, or by number TYPE12345" : suggestion))
        }
        return nil
      }
      next += 1
    }
    mistake(lines.places[max(0, next - 1)], file, "the line ends before a type; write for example A 192.0.2.1" + hint())
    return nil
  }

  private mutating func checkedTTL(
    _ text: Span<UInt8>, _ range: Range<Int>, _ place: ZoneLines.Place, file: UInt16,
    _ hint: @autoclosure () -> String = ""
  ) -> UInt32? {
    guard let value = seconds(text, range), value <= 0x7fff_ffff else {
      mistake(
        place, file,
        "\"\(text.string(range))\" is no TTL (RFC 2181 §8); write seconds up to 2147483647, or units as in 1h30m"
          + hint())
      return nil
    }
    return value
  }

  /// The last field of an SOA's RDATA just read (RFC 2308 §4), for a zone without any TTL.
  private func minimum(of type: RRType, rdata: Int, count: Int) -> UInt32? {
    guard type == .soa, count >= 4 else { return nil }
    return min(zone.octets[(rdata + count - 4)...].reduce(0) { $0 << 8 | UInt32($1) }, 0x7fff_ffff)
  }
}

// MARK: - Directives

extension ZoneFileReader {
  private mutating func readDirective(_ text: Span<UInt8>, _ lines: borrowing ZoneLines, file: UInt16) {
    let fields = lines.fields
    let word = text.string(fields[0].range).uppercased()
    let place = lines.places[0]
    switch word {
    case "$ORIGIN" where fields.count == 2:
      if let name = readOrigin(text, fields[1], lines.places[1], file: file) {
        origin = name
        isOriginNew = true
      }
    case "$ORIGIN":
      mistake(place, file, "$ORIGIN takes one name; write for example $ORIGIN example.org.")
    case "$TTL" where fields.count == 2:
      if let ttl = checkedTTL(text, fields[1].range, lines.places[1], file: file) {
        defaultTTL = ttl
        if !hasTTL { zone.ownTTL = ttl }
        hasTTL = true
      }
    case "$TTL":
      mistake(place, file, "$TTL takes one number of seconds; write for example $TTL 300")
    case "$INCLUDE" where fields.count == 2 || fields.count == 3:
      let includedOrigin = fields.count == 3 ? readOrigin(text, fields[2], lines.places[2], file: file) : origin
      if let includedOrigin {
        // All of the path: `string(_:)` cuts what is only shown to a person.
        let path = String(decoding: text.octets(fields[1].range), as: UTF8.self)
        include(path, origin: includedOrigin, from: lines.places[1], file: file)
      }
    case "$GENERATE":
      readGenerate(text, lines, file: file)
    case "$INCLUDE":
      mistake(place, file, "$INCLUDE takes a file and perhaps an origin; write for example $INCLUDE hosts.inc")
    default:
      mistake(
        place, file,
        "\(text.string(fields[0].range)) is not supported"
          + (nearest(to: word, in: ["$ORIGIN", "$TTL", "$INCLUDE", "$GENERATE"]).map { "; did you mean \($0)?" }
            ?? "; there are $ORIGIN, $TTL, $INCLUDE and $GENERATE"))
    }
  }

  private mutating func readOrigin(
    _ text: Span<UInt8>, _ field: TextField, _ place: ZoneLines.Place, file: UInt16
  ) -> [UInt8]? {
    var name: [UInt8] = []
    if text.string(field.range) == "@" { return origin }
    do {
      try appendName(text: text, field.range, origin: origin, to: &name)
      if doubts.lacksDotAsOrigin(text, field.range) {
        warn(
          place, file, "origin reads as \(DomainName(validWire: name)); end it with a dot if not meant")
      }
      return name
    } catch {
      mistake(place, file, "origin \"\(text.string(field.range))\" \(error)")
      return nil
    }
  }

  private mutating func include(_ path: String, origin newOrigin: [UInt8], from place: ZoneLines.Place, file: UInt16) {
    let folder = zone.files[Int(file)].lastIndex(of: "/").map { String(zone.files[Int(file)][...$0]) } ?? ""
    let resolved = plainPath(path.hasPrefix("/") ? path : folder + path)
    guard !includeStack.contains(resolved) else {
      let way = (includeStack + [resolved]).joined(separator: " includes ")
      return mistake(place, file, "$INCLUDE goes round in a circle: \(way); remove one of them")
    }
    guard includeStack.count <= Self.deepestInclude else {
      return mistake(
        place, file,
        "$INCLUDE is nested more than \(Self.deepestInclude) deep; include fewer files, or does one include itself by "
          + "another path?")
    }
    guard zone.files.count <= Self.mostIncludes else {
      return mistake(
        place, file, "a zone has more than \(Self.mostIncludes) $INCLUDEs; put more records into one file")
    }
    switch open(resolved) {
    case .failure(let failure):
      mistake(place, file, "cannot include \"\(path)\": \(failure.reason); paths are relative to this file's folder")
    case .success(let included):
      let before = (origin, lastOwner)
      origin = newOrigin
      includeStack.append(resolved)
      zone.files.append(resolved)
      read(included, file: UInt16(zone.files.count - 1))
      includeStack.removeLast()
      (origin, lastOwner) = before
    }
  }
}
