internal import Addresses
internal import DNSFormat
internal import FlatMemory

/// Reads the plain lines that nearly all of a zone consists of, eight octets at a time and without an allocation for each.
///
/// Plain is `OWNER [TTL] [IN] TYPE RDATA`, the owner perhaps left out, of type A, AAAA, NS, CNAME, PTR, MX, SRV or TXT:
/// words of ASCII letters, digits and signs, strings in quotes without escapes, a comment behind white space. No
/// parentheses, no directives, nothing wrong, nothing doubtful. Whatever else a line may be, it is left to the full reader
/// (``ZoneLines``), which would give the same records for the plain ones: the tests hold both against each other.
struct PlainLines {
  /// What the lines before leave behind.
  struct Position {
    var offset: Int
    var line: Int
  }

  /// Where the next line starts.
  private(set) var position: Position
  /// Octets of the zone so far.
  private(set) var used: Int
  private(set) var lastOwner: UInt32?
  private(set) var lastTTL: UInt32?
  /// True between an `$ORIGIN` and the next owner.
  private(set) var isOriginNew: Bool
  /// True where the memory was short, and not the line unusual.
  private(set) var needsRoom = false

  private let defaultTTL: UInt32?
  private let baseTTL: UInt32?
  private let file: UInt16
  private let doubts: NameDoubts
  /// The origin in wire format in words, the rest of the last one zero.
  private let origin: [UInt64]
  private let originCount: Int

  /// What the scan below gives up with: this line is not plain.
  private struct NotPlain: Error {}

  /// One line writes less than this: two names, and a copy may run over by a word. A TXT that needs more is
  /// left to the full reader.
  static let mostWritten = 1024

  init(
    at position: Position, used: Int, lastOwner: UInt32?, isOriginNew: Bool,
    ttl: (default: UInt32?, last: UInt32?, base: UInt32?), file: UInt16, origin: [UInt8], doubts: NameDoubts
  ) {
    self.position = position
    self.used = used
    self.lastOwner = lastOwner
    self.isOriginNew = isOriginNew
    (defaultTTL, lastTTL, baseTTL) = ttl
    self.file = file
    self.doubts = doubts
    originCount = origin.count
    self.origin = stride(from: 0, to: origin.count, by: 8).map { origin.span.paddedWord(at: $0) }
  }

  /// False where the line at an offset surely is not plain.
  static func mayStart(_ text: Span<UInt8>, at offset: Int) -> Bool {
    guard offset < text.count else { return false }
    let first = text[offset]
    return first < 0x80 && first != UInt8(ascii: "$") && first != UInt8(ascii: "(")
  }

  /// Reads lines until one is not plain, the text ends, or `memory` is short. `memory` holds `used` octets of the zone.
  mutating func read(
    _ text: Span<UInt8>, into memory: inout MutableSpan<UInt8>, _ records: inout [ZoneRecords.Record]
  ) {
    let origin = origin  // a copy of its own, so that a span of it may stay while this value changes
    needsRoom = false
    do throws(NotPlain) {
      while position.offset < text.count {
        guard memory.count &- used >= Self.mostWritten else {
          needsRoom = true
          return
        }
        try readLine(text, origin.span, &memory, &records)
      }
    } catch {}
  }

  // MARK: - A line

  private mutating func readLine(
    _ text: Span<UInt8>, _ originWords: Span<UInt64>, _ memory: inout MutableSpan<UInt8>,
    _ records: inout [ZoneRecords.Record]
  ) throws(NotPlain) {
    var offset = position.offset
    var owner = lastOwner
    var out = used
    var column = 1
    let startsBlank = isBlank(octet(text, offset))
    if startsBlank {
      skipBlanks(text, &offset)
      column = offset &- position.offset &+ 1
    }
    if try endLine(text, &offset) { return startNextLine(offset) }
    if startsBlank {
      guard owner != nil, !isOriginNew else { throw NotPlain() }
    } else {
      let name = try appendName(text, &offset, originWords, &memory, &out)
      if name.range.count == 2, text.equals("IN", in: name.range) { throw NotPlain() }
      if let last = owner, isSame(memory, used, Int(last), count: out &- used) {
        out = used
      } else {
        owner = UInt32(truncatingIfNeeded: used)
      }
      try skipSomeBlanks(text, &offset)
    }
    let (ttl, type) = try readTTLClassAndType(text, &offset)
    let rdata = out
    try appendRData(of: type, text, &offset, originWords, &memory, &out)
    guard try endLine(text, &offset), let owner, let ttl = ttl ?? defaultTTL ?? lastTTL ?? baseTTL else {
      throw NotPlain()
    }
    records.append(
      ZoneRecords.Record(
        owner: owner, rdata: UInt32(truncatingIfNeeded: rdata), ttl: ttl,
        line: UInt32(truncatingIfNeeded: position.line), rdataCount: UInt16(truncatingIfNeeded: out &- rdata),
        type: type, column: UInt16(clamping: column), file: file))
    lastTTL = ttl
    lastOwner = owner
    if !startsBlank { isOriginNew = false }
    used = out
    startNextLine(offset)
  }

  private mutating func startNextLine(_ offset: Int) {
    position.offset = offset
    position.line &+= 1
  }

  private func readTTLClassAndType(
    _ text: Span<UInt8>, _ offset: inout Int
  ) throws(NotPlain) -> (ttl: UInt32?, type: RRType) {
    var ttl: UInt32?
    var hasClass = false
    while true {
      let word = text.paddedWord(at: offset)
      let count = Self.end(of: word).octetsBefore
      guard count > 0, count < 8 else { throw NotPlain() }
      if isDigit(text[offset]) {
        guard ttl == nil else { throw NotPlain() }
        ttl = try number(text, offset, count)
        offset &+= count
      } else {
        offset &+= count
        let capitals = word.octets(count) & 0xdfdf_dfdf_dfdf_dfdf
        if capitals == Self.internet {
          guard !hasClass else { throw NotPlain() }
          hasClass = true
        } else {
          let type = try Self.type(capitals)
          try skipSomeBlanks(text, &offset)
          return (ttl, type)
        }
      }
      try skipSomeBlanks(text, &offset)
    }
  }

  private static let internet: UInt64 = 0x4e49

  /// The type whose mnemonic the octets are, the first one lowest.
  private static func type(_ capitals: UInt64) throws(NotPlain) -> RRType {
    switch capitals {
    case 0x41: .a
    case 0x4141_4141: .aaaa
    case 0x56_5253: .srv
    case 0x45_4d41_4e43: .cname
    case 0x54_5854: .txt
    case 0x534e: .ns
    case 0x584d: .mx
    case 0x52_5450: .ptr
    default: throw NotPlain()
    }
  }

  private func appendRData(
    of type: RRType, _ text: Span<UInt8>, _ offset: inout Int, _ originWords: Span<UInt64>,
    _ memory: inout MutableSpan<UInt8>, _ out: inout Int
  ) throws(NotPlain) {
    switch type {
    case .a:
      let range = try word(text, &offset)
      guard let bits = parseIPv4(text, range) else { throw NotPlain() }
      memory.set(word: UInt64(bits.byteSwapped), at: out)
      out &+= 4
    case .aaaa:
      let range = try word(text, &offset)
      guard let (high, low) = parseIPv6Groups(text, range) else { throw NotPlain() }
      memory.set(word: high.byteSwapped, at: out)
      memory.set(word: low.byteSwapped, at: out &+ 8)
      out &+= 16
    case .txt: try appendStrings(text, &offset, &memory, &out)
    default:
      let numbers = type == .srv ? 3 : type == .mx ? 1 : 0
      for _ in 0..<numbers {
        let count = Self.end(of: text.paddedWord(at: offset)).octetsBefore
        guard count > 0, count < 6, case let value = try number(text, offset, count), value <= 0xffff else {
          throw NotPlain()
        }
        memory.set(word: UInt64(UInt16(truncatingIfNeeded: value).byteSwapped), at: out)
        out &+= 2
        offset &+= count
        try skipSomeBlanks(text, &offset)
      }
      let name = try appendName(text, &offset, originWords, &memory, &out)
      if type == .ptr && name.isRelativeWithDot || doubts.looksLikeAddress(text, name.range) { throw NotPlain() }
    }
  }

  // MARK: - Fields

  /// A name that was read.
  private struct Name {
    let range: Range<Int>
    let isRelativeWithDot: Bool
  }

  /// Reads a name and appends its wire format; it is left to the full reader where it may lack its final dot.
  private func appendName(
    _ text: Span<UInt8>, _ offset: inout Int, _ originWords: Span<UInt64>, _ memory: inout MutableSpan<UInt8>,
    _ out: inout Int
  ) throws(NotPlain) -> Name {
    let start = offset, first = out
    var lengthAt = out
    var hasDot = false
    out &+= 1
    while true {
      let word = text.paddedWord(at: offset)
      memory.set(word: word, at: out)
      let ends = Self.end(of: word), dots = word.first(UInt8(ascii: "."))
      let count = (ends | dots).octetsBefore
      offset &+= count
      out &+= count
      guard out &- first <= 255 else { throw NotPlain() }
      if count == 8 { continue }
      guard dots != 0, dots.octetsBefore == count else { break }
      try close(&memory, lengthAt, out)
      hasDot = true
      lengthAt = out
      out &+= 1
      offset &+= 1
    }
    let range = start..<offset
    if lengthAt == out &- 1, hasDot {  // the root's length, behind a final dot
      memory[lengthAt] = 0
      return Name(range: range, isRelativeWithDot: false)
    }
    if range.count == 1, text[start] == UInt8(ascii: "@") {
      out = first
    } else {
      try close(&memory, lengthAt, out)
    }
    for index in originWords.indices { memory.set(word: originWords[index], at: out &+ index &* 8) }
    out &+= originCount
    guard out &- first <= 255, !hasDot || !doubts.lacksDot(text, range) else { throw NotPlain() }
    return Name(range: range, isRelativeWithDot: hasDot)
  }

  /// Writes the length of a label that ends here.
  private func close(_ memory: inout MutableSpan<UInt8>, _ lengthAt: Int, _ out: Int) throws(NotPlain) {
    let length = out &- lengthAt &- 1
    guard length > 0, length <= 63 else { throw NotPlain() }
    memory[lengthAt] = UInt8(truncatingIfNeeded: length)
  }

  /// One or more strings up to the end of the line, in quotes or plain words.
  private func appendStrings(
    _ text: Span<UInt8>, _ offset: inout Int, _ memory: inout MutableSpan<UInt8>, _ out: inout Int
  ) throws(NotPlain) {
    let first = out
    while true {
      let next = octet(text, offset)
      if next == UInt8(ascii: "\n") || next == UInt8(ascii: "\r") || next == UInt8(ascii: ";") { break }
      guard memory.count &- out >= 300, out &- first < 60_000 else { throw NotPlain() }
      let isQuoted = next == UInt8(ascii: "\"")
      if isQuoted { offset &+= 1 }
      let lengthAt = out
      out &+= 1
      while true {
        let word = text.paddedWord(at: offset)
        memory.set(word: word, at: out)
        let count = (isQuoted ? Self.endOfQuoted(word) : Self.end(of: word)).octetsBefore
        offset &+= count
        out &+= count
        guard out &- lengthAt <= 256 else { throw NotPlain() }
        if count < 8 { break }
      }
      memory[lengthAt] = UInt8(truncatingIfNeeded: out &- lengthAt &- 1)
      if isQuoted {
        guard octet(text, offset) == UInt8(ascii: "\"") else { throw NotPlain() }
        offset &+= 1
      } else if out == lengthAt &+ 1 {
        throw NotPlain()
      }
      guard isBlank(octet(text, offset)) || isLineEnd(octet(text, offset)) else { throw NotPlain() }
      skipBlanks(text, &offset)
    }
    if out == first { throw NotPlain() }
  }

  /// A word and where it ends.
  private func word(_ text: Span<UInt8>, _ offset: inout Int) throws(NotPlain) -> Range<Int> {
    let start = offset
    while true {
      let count = Self.end(of: text.paddedWord(at: offset)).octetsBefore
      offset &+= count
      guard offset &- start <= 64 else { throw NotPlain() }
      if count < 8 { return start..<offset }
    }
  }

  /// A number of at most seven digits.
  private func number(_ text: Span<UInt8>, _ offset: Int, _ count: Int) throws(NotPlain) -> UInt32 {
    var value: UInt32 = 0
    for index in offset..<(offset &+ count) {
      guard isDigit(text[index]) else { throw NotPlain() }
      value = value &* 10 &+ UInt32(text[index] &- 48)
    }
    return value
  }

  // MARK: - Octets

  /// Where a plain word ends: at any octet but letters, digits and the signs from `*` on, and those two that mean more.
  /// Above them some may be found that are none.
  private static func end(of word: UInt64) -> UInt64 {
    word.first(below: UInt8(ascii: "*")) | word.first(UInt8(ascii: ";")) | word.first(UInt8(ascii: "\\"))
      | word.notASCII
  }

  /// Where a string in quotes ends, or is not plain.
  private static func endOfQuoted(_ word: UInt64) -> UInt64 {
    word.first(UInt8(ascii: "\"")) | word.first(UInt8(ascii: "\\")) | word.first(UInt8(ascii: "\n")) | word.first(0)
  }

  /// The octet at an offset; a line feed behind the end of the text.
  private func octet(_ text: Span<UInt8>, _ offset: Int) -> UInt8 {
    offset < text.count ? text[offset] : UInt8(ascii: "\n")
  }

  private func isBlank(_ octet: UInt8) -> Bool { octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") }

  private func isLineEnd(_ octet: UInt8) -> Bool { octet == UInt8(ascii: "\n") || octet == UInt8(ascii: "\r") }

  private func skipBlanks(_ text: Span<UInt8>, _ offset: inout Int) {
    while offset < text.count, isBlank(text[offset]) { offset &+= 1 }
  }

  /// White space between two fields.
  private func skipSomeBlanks(_ text: Span<UInt8>, _ offset: inout Int) throws(NotPlain) {
    guard isBlank(octet(text, offset)) else { throw NotPlain() }
    skipBlanks(text, &offset)
  }

  /// White space, perhaps a comment behind it, and the end of the line; false, and nothing skipped, at anything else.
  private func endLine(_ text: Span<UInt8>, _ offset: inout Int) throws(NotPlain) -> Bool {
    let before = offset
    skipBlanks(text, &offset)
    if octet(text, offset) == UInt8(ascii: ";"), offset == position.offset || isBlank(text[offset &- 1]) {
      while offset < text.count, text[offset] != UInt8(ascii: "\n"), text[offset] != UInt8(ascii: "\r") { offset &+= 1 }
    }
    if octet(text, offset) == UInt8(ascii: "\r") {
      offset &+= 1
      guard octet(text, offset) == UInt8(ascii: "\n") else { throw NotPlain() }
    }
    guard octet(text, offset) == UInt8(ascii: "\n") else {
      offset = before
      return false
    }
    offset = min(offset &+ 1, text.count)
    return true
  }

  /// True where the `count` octets from both offsets on are the same.
  private func isSame(_ memory: borrowing MutableSpan<UInt8>, _ left: Int, _ right: Int, count: Int) -> Bool {
    var index = 0
    while index < count {
      let difference = memory.word(at: left &+ index) ^ memory.word(at: right &+ index)
      let rest = count &- index
      if (rest < 8 ? difference.octets(rest) : difference) != 0 { return false }
      index &+= 8
    }
    return true
  }
}
