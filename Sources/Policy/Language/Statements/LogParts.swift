/// What may follow a log's path.
struct LogParts {
  var choice = LogChoice()
  var rotation: LogRotation?
  /// Seconds between two records.
  var interval: UInt32?

  enum Part: String {
    case all, refused, one, rotate, every
  }
}

extension PolicyReader {
  /// Reads what follows a log's path, in any order: `all` or `refused`, `one in N`, `rotate SIZE keep N`, `every SECONDS`.
  /// - Parameters:
  ///   - first: the index of the first word behind the path.
  ///   - allowed: which of them the statement has.
  /// - Returns: nil where a word is wrong, which was said.
  mutating func logParts(_ statement: Statement, from first: Int, _ allowed: Set<LogParts.Part>) -> LogParts? {
    var parts = LogParts()
    var said: Set<LogParts.Part> = []
    var rest = statement.words[first...]
    while let word = rest.popFirst() {
      guard let part = word.isQuoted ? nil : LogParts.Part(rawValue: word.text), allowed.contains(part) else {
        let usage = StatementSpec.byKeyword[statement.keyword.text]?.usage ?? statement.keyword.text
        diagnostics.error(
          at: word.location, "\(quoted(word.text)) is not understood here", meant: word.text,
          known: allowed.map(\.rawValue).sorted().map { .init(name: $0) }, remedy: "write \(usage)")
        return nil
      }
      guard said.insert(part == .all ? .refused : part).inserted else {
        refuseAgain(word)
        return nil
      }
      switch part {
      case .all: parts.choice.scope = .all
      case .refused: parts.choice.scope = .refused
      case .one:
        guard rest.popFirst()?.text == "in", let word = rest.popFirst() else { return refusedForm(statement) }
        guard let number = number(word, in: 1...1_000_000, example: "100") else { return nil }
        parts.choice.sample = UInt32(number)
      case .every:
        guard let word = rest.popFirst() else { return refusedForm(statement) }
        guard let seconds = seconds(word, in: 1...86_400) else { return nil }
        parts.interval = seconds
      case .rotate:
        guard let sizeWord = rest.popFirst(), rest.popFirst()?.text == "keep", let keepWord = rest.popFirst() else {
          return refusedForm(statement)
        }
        guard let size = fileSize(sizeWord), let keep = number(keepWord, in: 1...1000, example: "5") else { return nil }
        parts.rotation = LogRotation(size: size, keep: keep)
      }
    }
    return parts
  }

  private mutating func refusedForm(_ statement: Statement) -> LogParts? {
    refuseForm(statement)
    return nil
  }

  /// `100MiB`, in octets.
  private mutating func fileSize(_ word: Word) -> UInt64? {
    for (unit, shift) in [("KiB", 10), ("MiB", 20), ("GiB", 30)] where word.text.hasSuffix(unit) {
      let octets = number(word.text.dropLast(3), in: 1...1 << 20).map { UInt64($0) << UInt64(shift) }
      if let octets, (4096...1 << 40).contains(octets) { return octets }
    }
    diagnostics.error(
      at: word.location, "\(quoted(word.text)) is no size of a file; write 4KiB to 1024GiB, for example 100MiB")
    return nil
  }
}
