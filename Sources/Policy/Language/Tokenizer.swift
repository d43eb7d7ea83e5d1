internal import Diagnostics

/// What a policy file is made of.
enum Token {
  case word(Word)
  case open(SourceLocation)
  case close(SourceLocation)
  /// A newline or `;`: a statement ends.
  case end
  case endOfFile(SourceLocation)
}

/// Cuts a policy file into words and punctuation.
///
/// Total: any octets give tokens, and what is no text gives diagnostics with them. Looks at every octet once.
struct Tokenizer {
  private let file: String
  private let folderLength: Int?
  private let text: [UInt8]
  private var offset = 0
  private var line = 1
  private var lineStart = 0
  private var isAfterComma = false

  /// - Parameter folderLength: of the places, see ``SourceLocation``.
  init(file: String, folderLength: Int? = nil, text: [UInt8]) {
    self.file = file
    self.folderLength = folderLength
    self.text = text
    if text.starts(with: [0xef, 0xbb, 0xbf]) { offset = 3 }  // the mark some editors write at the start of UTF-8
  }

  /// The next token; `endOfFile` again and again once there are no more.
  mutating func next(_ diagnostics: inout DiagnosticList) -> Token {
    while offset < text.count {
      let place = location(offset)
      switch text[offset] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        offset += 1
      case UInt8(ascii: ","):
        offset += 1
        isAfterComma = true
      case UInt8(ascii: "#"):
        while offset < text.count, text[offset] != UInt8(ascii: "\n") { offset += 1 }
      case UInt8(ascii: "\n"):
        offset += 1
        line += 1
        lineStart = offset
        isAfterComma = false
        return .end
      case UInt8(ascii: ";"):
        offset += 1
        isAfterComma = false
        return .end
      case UInt8(ascii: "{"):
        offset += 1
        isAfterComma = false
        return .open(place)
      case UInt8(ascii: "}"):
        offset += 1
        isAfterComma = false
        return .close(place)
      case UInt8(ascii: "\""):
        return quotedWord(&diagnostics)
      default:
        return plainWord(&diagnostics)
      }
    }
    return .endOfFile(location(offset))
  }

  private mutating func plainWord(_ diagnostics: inout DiagnosticList) -> Token {
    let start = offset
    while offset < text.count, !Self.endsWord(text[offset]) { offset += 1 }
    if offset < text.count, text[offset] == UInt8(ascii: "\"") {
      diagnostics.error(at: location(offset), "a quote begins inside a word; put a space before it")
    }
    return word(start..<offset, at: location(start), isQuoted: false, &diagnostics)
  }

  private mutating func quotedWord(_ diagnostics: inout DiagnosticList) -> Token {
    let place = location(offset)
    offset += 1
    let start = offset
    while offset < text.count, text[offset] != UInt8(ascii: "\n"), text[offset] != UInt8(ascii: "\"") {
      let isEscape = text[offset] == UInt8(ascii: "\\") && offset + 1 < text.count
      offset += isEscape && text[offset + 1] != UInt8(ascii: "\n") ? 2 : 1
    }
    let end = offset
    if offset < text.count, text[offset] == UInt8(ascii: "\"") {
      offset += 1
      if offset < text.count, !Self.endsWord(text[offset]) || text[offset] == UInt8(ascii: "\"") {
        diagnostics.error(at: location(offset), "a word begins right after a quote; put a space before it")
      }
    } else {
      diagnostics.error(at: place, "this quote is not closed before the end of its line; add \"")
    }
    return word(start..<end, at: place, isQuoted: true, &diagnostics)
  }

  private mutating func word(
    _ range: Range<Int>, at place: SourceLocation, isQuoted: Bool, _ diagnostics: inout DiagnosticList
  ) -> Token {
    let octets = text[range]
    let isControl = { (octet: UInt8) in octet < 0x20 && octet != UInt8(ascii: "\t") || octet == 0x7f }
    if let control = octets.firstIndex(where: isControl) {
      diagnostics.error(
        at: location(control),
        "there is a control character (octet \(octets[control])) in this word; type the word anew")
    } else if String(validating: octets, as: UTF8.self) == nil {
      diagnostics.error(at: place, "this word is not UTF-8; save the file as UTF-8")
    }
    let followsComma = isAfterComma
    isAfterComma = false
    let text = String(decoding: octets, as: UTF8.self)
    return .word(Word(text, at: place, isQuoted: isQuoted, followsComma: followsComma))
  }

  private static func endsWord(_ octet: UInt8) -> Bool {
    switch octet {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: ","),
      UInt8(ascii: "#"), UInt8(ascii: ";"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "\""):
      true
    default: false
    }
  }

  private func location(_ offset: Int) -> SourceLocation {
    SourceLocation(file: file, line: line, column: offset - lineStart + 1, folderLength: folderLength)
  }
}
