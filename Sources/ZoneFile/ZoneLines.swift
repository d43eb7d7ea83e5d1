import DNSFormat

/// Cuts a master file's text into entries: the fields of one line, or of several held together by parentheses.
///
/// RFC 1035 §5.1: white space parts fields, `;` starts a comment, quotes hold a field together, `\` takes the next
/// octet as it is, parentheses make line ends white space, and may be nested. CR before LF is white space; elsewhere it
/// is a mistake, since in a file that ends its lines so, a comment would hide all that follows. Knows no zone: only text.
///
/// Takes time in proportion to the text, and memory for one entry's fields, of which there is a bound.
struct ZoneLines {
  /// A field's place.
  struct Place {
    var line: Int
    var column: Int
  }

  /// What a line may do wrong before its fields mean anything.
  struct Mistake: Error {
    enum Kind {
      case unterminatedQuote
      case unclosedParenthesis
      case surplusParenthesis
      case loneCarriageReturn
      case surplusField
    }
    let kind: Kind
    let place: Place
  }

  /// The fields of the entry read last, and where each stands.
  private(set) var fields: [TextField] = []
  private(set) var places: [Place] = []
  /// True where the entry starts with white space: its owner is the one before.
  private(set) var startsBlank = false
  /// Fields of one entry, at most: more than hexadecimal digits of the longest RDATA, each a field of its own.
  static let mostFields = 150_000
  private var firstSurplus: Place?
  /// How often the reader went back to after a parenthesis that is never closed.
  private var rewinds = 0
  private static let mostRewinds = 16
  private var offset = 0
  private var line = 1
  private var lineStart = 0

  /// Where the next entry, or what is between entries, starts.
  var position: PlainLines.Position { PlainLines.Position(offset: offset, line: line) }

  /// Goes on at the start of a later line.
  mutating func move(to position: PlainLines.Position) {
    if position.offset == offset { return }
    (offset, line, lineStart) = (position.offset, position.line, position.offset)
  }

  /// Reads the next entry that has fields; false at the end of the text.
  ///
  /// After an error the reader stands at the start of a later line and goes on there.
  mutating func next(_ text: Span<UInt8>) throws(Mistake) -> Bool {
    fields.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    firstSurplus = nil
    if offset == 0, text.count >= 3, text[0] == 0xef, text[1] == 0xbb, text[2] == 0xbf { offset = 3 }  // a BOM
    var depth = 0
    var outermost = (place: Place(line: 0, column: 0), offset: 0, lineStart: 0)
    startsBlank = offset < text.count && isBlank(text[offset])
    while offset < text.count {
      switch text[offset] {
      case UInt8(ascii: "\n"):
        startLine()
        if depth == 0 {
          if !fields.isEmpty { return try wholeEntry() }
          startsBlank = offset < text.count && isBlank(text[offset])
        }
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        offset += 1
      case UInt8(ascii: "\r"):
        try carriageReturn(text)
      case UInt8(ascii: ";"):
        while offset < text.count && text[offset] != UInt8(ascii: "\n") {
          if text[offset] == UInt8(ascii: "\r") { try carriageReturn(text) } else { offset += 1 }
        }
      case UInt8(ascii: "("):
        if depth == 0 { outermost = (place, offset, lineStart) }
        depth += 1
        offset += 1
      case UInt8(ascii: ")"):
        if depth == 0 { try fail(.surplusParenthesis, text) }
        depth -= 1
        offset += 1
      case UInt8(ascii: "\""):
        try quotedField(text)
      default:
        plainField(text)
      }
    }
    if depth > 0 {
      fields.removeAll()
      goBack(text, to: outermost.offset, outermost.place.line, outermost.lineStart)
      throw Mistake(kind: .unclosedParenthesis, place: outermost.place)
    }
    return fields.isEmpty ? false : try wholeEntry()
  }

  private func wholeEntry() throws(Mistake) -> Bool {
    if let firstSurplus { throw Mistake(kind: .surplusField, place: firstSurplus) }
    return true
  }

  /// After a parenthesis that is never closed, all that follows would be one entry. Goes on instead where the next
  /// entry likely starts: at the next line that does not start with white space. Not without end, since each time the
  /// rest of the text is read.
  private mutating func goBack(_ text: Span<UInt8>, to start: Int, _ startLine: Int, _ lineStart: Int) {
    guard rewinds < Self.mostRewinds else { return }
    rewinds += 1
    (offset, line, self.lineStart) = (start, startLine, lineStart)
    repeat { skipLine(text) } while offset < text.count && (isBlank(text[offset]) || text[offset] == UInt8(ascii: ")"))
  }

  private mutating func carriageReturn(_ text: Span<UInt8>) throws(Mistake) {
    let next = offset + 1
    guard next == text.count || text[next] == UInt8(ascii: "\n") || text[next] == UInt8(ascii: "\r") else {
      return try fail(.loneCarriageReturn, text)
    }
    offset = next
  }

  private mutating func fail(_ kind: Mistake.Kind, _ text: Span<UInt8>) throws(Mistake) {
    let mistake = Mistake(kind: kind, place: place)
    skipLine(text)
    throw mistake
  }

  @inline(__always) private mutating func append(_ range: Range<Int>, isQuoted: Bool, at place: Place) {
    guard fields.count < Self.mostFields else {
      if firstSurplus == nil { firstSurplus = place }
      return
    }
    fields.append(TextField(range: range, isQuoted: isQuoted))
    places.append(place)
  }

  private var place: Place { Place(line: line, column: offset - lineStart + 1) }

  private mutating func startLine() {
    offset += 1
    line += 1
    lineStart = offset
  }

  private mutating func skipLine(_ text: Span<UInt8>) {
    while offset < text.count && text[offset] != UInt8(ascii: "\n") { offset += 1 }
    if offset < text.count { startLine() }
  }

  private mutating func plainField(_ text: Span<UInt8>) {
    let start = offset
    let opening = place
    var end = offset
    let count = text.count
    scan: while end < count {
      switch text[end] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: ";"),
        UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\""):
        break scan
      case UInt8(ascii: "\\") where end + 1 < count && text[end + 1] != UInt8(ascii: "\n"):
        end += 2
      default:
        end += 1
      }
    }
    append(start..<end, isQuoted: false, at: opening)
    offset = end
  }

  private mutating func quotedField(_ text: Span<UInt8>) throws(Mistake) {
    let opening = place
    offset += 1
    let start = offset
    while offset < text.count, text[offset] != UInt8(ascii: "\n") {
      if text[offset] == UInt8(ascii: "\"") {
        append(start..<offset, isQuoted: true, at: opening)
        offset += 1
        return
      }
      let isEscape = text[offset] == UInt8(ascii: "\\") && offset + 1 < text.count
      offset += isEscape && text[offset + 1] != UInt8(ascii: "\n") ? 2 : 1
    }
    skipLine(text)
    throw Mistake(kind: .unterminatedQuote, place: opening)
  }
}

private func isBlank(_ octet: UInt8) -> Bool { octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") }
