internal import Diagnostics

/// Reads a policy file as statements, whatever their keywords.
///
/// Total: any octets give some statements, and diagnostics for what is not well formed. Linear in the text's size, and
/// the depth of blocks is bounded, so that no file is a way to exhaust the stack.
struct StatementParser {
  /// Blocks in blocks in blocks; the language itself needs one.
  static let maximalDepth = 8

  private var tokenizer: Tokenizer
  private var diagnostics = DiagnosticList()
  private var pending: Token?

  private init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

  /// The statements of one file.
  /// - Parameter folderLength: how much of the file's path places leave out in their short form, see ``SourceLocation``.
  static func parse(
    file: String, folderLength: Int? = nil, text: [UInt8], _ diagnostics: inout DiagnosticList
  ) -> [Statement] {
    var parser = StatementParser(Tokenizer(file: file, folderLength: folderLength, text: text))
    swap(&parser.diagnostics, &diagnostics)
    let statements = parser.statements(opening: nil, depth: 0)
    swap(&parser.diagnostics, &diagnostics)
    return statements
  }

  /// Statements up to the `}` that belongs to `opening`, or to the end of the file.
  private mutating func statements(opening: SourceLocation?, depth: Int) -> [Statement] {
    var statements: [Statement] = []
    while true {
      switch next() {
      case .end:
        continue
      case .word(let keyword):
        statements.append(statement(keyword, depth: depth))
      case .open(let place):
        diagnostics.error(at: place, "this { has no keyword before it; put it on the line of its keyword")
        _ = block(at: place, depth: depth + 1)
      case .close(let place):
        if opening != nil { return statements }
        diagnostics.error(at: place, "this } closes nothing; remove it")
      case .endOfFile:
        if let opening { diagnostics.error(at: opening, "this { is not closed before the end of the file; add }") }
        return statements
      }
    }
  }

  private mutating func statement(_ keyword: Word, depth: Int) -> Statement {
    var statement = Statement(keyword: keyword)
    while true {
      let token = next()
      switch token {
      case .word(let word):
        statement.words.append(word)
      case .open(let place):
        statement.block = block(at: place, depth: depth + 1)
        return statement
      case .end:
        return statement
      case .close, .endOfFile:
        pending = token
        return statement
      }
    }
  }

  private mutating func block(at place: SourceLocation, depth: Int) -> Statement.Block {
    if depth <= Self.maximalDepth {
      return Statement.Block(location: place, statements: statements(opening: place, depth: depth))
    }
    diagnostics.error(at: place, "blocks are more than \(Self.maximalDepth) deep here; close some with }")
    var open = 1
    while open > 0 {
      let token = next()
      switch token {
      case .open: open += 1
      case .close: open -= 1
      case .endOfFile:
        pending = token
        open = 0
      case .word, .end: continue
      }
    }
    return Statement.Block(location: place, statements: [])
  }

  private mutating func next() -> Token {
    if let token = pending {
      pending = nil
      return token
    }
    return tokenizer.next(&diagnostics)
  }
}
