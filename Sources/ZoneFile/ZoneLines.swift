import DNSFormat

/// Cuts a master file's text into entries: the fields of one line, or of several held together by parentheses.
///
/// RFC 1035 §5.1: white space parts fields, `;` starts a comment, quotes hold a field together, `\` takes the next
/// octet as it is, parentheses make line ends white space. CR before LF is white space. Knows no zone: only text.
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
    }
    let kind: Kind
    let place: Place
  }

  /// The fields of the entry read last, and where each stands.
  private(set) var fields: [TextField] = []
  private(set) var places: [Place] = []
  /// True where the entry starts with white space: its owner is the one before.
  private(set) var startsBlank = false
  private var offset = 0
  private var line = 1
  private var lineStart = 0

  /// Reads the next entry that has fields; false at the end of the text.
  ///
  /// After an error the reader stands at the start of a later line and goes on there.
  mutating func next(_ text: Span<UInt8>) throws(Mistake) -> Bool {
    fields.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    if offset == 0, text.count >= 3, text[0] == 0xef, text[1] == 0xbb, text[2] == 0xbf { offset = 3 }  // a BOM
    var opened: [Place] = []
    startsBlank = offset < text.count && isBlank(text[offset])
    while offset < text.count {
      let octet = text[offset]
      switch octet {
      case UInt8(ascii: "\n"):
        startLine()
        if opened.isEmpty {
          if !fields.isEmpty { return true }
          startsBlank = offset < text.count && isBlank(text[offset])
        }
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        offset += 1
      case UInt8(ascii: ";"):
        while offset < text.count && text[offset] != UInt8(ascii: "\n") { offset += 1 }
      case UInt8(ascii: "("):
        opened.append(place)
        offset += 1
      case UInt8(ascii: ")"):
        if opened.popLast() == nil {
          let mistake = Mistake(kind: .surplusParenthesis, place: place)
          skipLine(text)
          throw mistake
        }
        offset += 1
      case UInt8(ascii: "\""):
        try quotedField(text)
      default:
        plainField(text)
      }
    }
    if let place = opened.last {
      fields.removeAll()
      throw Mistake(kind: .unclosedParenthesis, place: place)
    }
    return !fields.isEmpty
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
    places.append(place)
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
    fields.append(TextField(range: start..<end, isQuoted: false))
    offset = end
  }

  private mutating func quotedField(_ text: Span<UInt8>) throws(Mistake) {
    let opening = place
    offset += 1
    let start = offset
    while offset < text.count, text[offset] != UInt8(ascii: "\n") {
      if text[offset] == UInt8(ascii: "\"") {
        fields.append(TextField(range: start..<offset, isQuoted: true))
        places.append(opening)
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
