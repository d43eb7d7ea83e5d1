internal import Diagnostics
internal import DNSFormat

/// Reads statements, one after the other, into a draft of the policy.
///
/// What a statement says by itself is checked here; what statements say together is checked by ``PolicyResolver``,
/// once all files are read, because anything may be declared anywhere and in any order.
struct PolicyReader {
  /// The kinds of block a statement may stand in.
  enum Place: Hashable, Sendable {
    case top
    case context
    case service

    /// As a message calls it.
    var phrase: String {
      switch self {
      case .top: "at the top level"
      case .context: "in a context"
      case .service: "in a service"
      }
    }
  }

  /// The block being read: the last context or service of the draft, or none.
  private(set) var place = Place.top
  var draft = PolicyDraft()
  var diagnostics: DiagnosticList
  /// What relative names are relative to, here.
  var origin: DomainName?

  /// The networks of all files.
  var networks: NetworkTable
  /// How many more prefixes the networks' names may stand for: a name is short, and what it stands for is not.
  var networkPrefixesLeft = NetworkTable.maximalCount

  init(_ networks: NetworkTable, _ diagnostics: DiagnosticList) {
    self.networks = networks
    self.diagnostics = diagnostics
  }

  /// Reads the statements of a file or of an `origin`'s block; `origin` holds until they say another, and no longer than
  /// to their end.
  mutating func readStatements(_ statements: [Statement], origin: DomainName?) {
    let outer = self.origin
    self.origin = origin
    for statement in statements { read(statement) }
    self.origin = outer
  }

  /// Reads the block of a context or service that was just added to the draft.
  mutating func readBlock(of statement: Statement, in place: Place) {
    self.place = place
    for statement in statement.block?.statements ?? [] { read(statement) }
    self.place = .top
  }

  private mutating func read(_ asWritten: Statement) {
    var statement = asWritten
    let keyword = statement.keyword
    guard let spec = StatementSpec.byKeyword[keyword.text] else { return refuseUnknown(keyword) }
    guard spec.places.contains(place) else {
      let right = [Place.top, .context, .service].filter(spec.places.contains).map(\.phrase)
      diagnostics.error(
        at: keyword.location,
        "\(quoted(keyword.text)) does not belong \(place.phrase); write it \(right.joined(separator: " or "))")
      return
    }
    if spec.usage.contains("PERCENT%") { statement.words = statement.words.joiningPercent }
    if let block = statement.block, !spec.hasBlock {
      diagnostics.error(at: block.location, "\(quoted(keyword.text)) takes no { }; write \(spec.usage)")
      return
    }
    if statement.words.count < spec.words.lowerBound {
      diagnostics.error(at: keyword.location, "\(quoted(keyword.text)) needs more after it; write \(spec.usage)")
      return
    }
    if statement.words.count > spec.words.upperBound {
      refuseSurplus(statement, from: spec.words.upperBound)
      return
    }
    spec.read(statement, &self)
  }

  private mutating func refuseUnknown(_ keyword: Word) {
    let place = place
    diagnostics.error(
      at: keyword.location, "there is no statement \(quoted(keyword.text))", meant: keyword.text,
      known: StatementSpec.keywords(nearestTo: place).map { .init(name: $0) },
      remedy: "\(place.phrase) there may be "
        + StatementSpec.keywords(in: place).joined(separator: ", "))
  }

  /// Says how a statement is written, because it is not written so.
  mutating func refuseForm(_ statement: Statement, at word: Word? = nil) {
    let keyword = statement.keyword.text
    let usage = StatementSpec.byKeyword[keyword]?.usage ?? keyword
    let subject = word.map { "\(quoted($0.text)) is not understood here" } ?? "\(quoted(keyword)) needs more after it"
    diagnostics.error(at: (word ?? statement.keyword).location, "\(subject); write \(usage)")
  }

  /// Says that part of a statement is there twice.
  mutating func refuseAgain(_ word: Word) {
    diagnostics.error(at: word.location, "\(quoted(word.text)) is already said in this line; keep one")
  }

  /// Says that the words from `index` on are too many.
  mutating func refuseSurplus(_ statement: Statement, from index: Int) {
    let keyword = statement.keyword.text
    let usage = StatementSpec.byKeyword[keyword]?.usage ?? keyword
    diagnostics.error(
      at: statement.words[index].location,
      "\(quoted(statement.words[index].text)) is one word too many for \(quoted(keyword)); write \(usage)")
  }

  /// Takes what may be said once, or names the other place.
  mutating func setOnce<Value>(
    _ slot: WritableKeyPath<PolicyDraft, Located<Value>?>, to value: Value, by statement: Statement
  ) {
    set(&draft[keyPath: slot], to: value, by: statement, &diagnostics)
  }

  /// Takes what the service being read may say once, or names the other place.
  mutating func setOnce<Value>(
    ofService slot: WritableKeyPath<PolicyDraft.Service, Located<Value>?>, to value: Value, by statement: Statement
  ) {
    set(&draft.services[draft.services.count - 1][keyPath: slot], to: value, by: statement, &diagnostics)
  }
}

private func set<Value>(
  _ slot: inout Located<Value>?, to value: Value, by statement: Statement, _ diagnostics: inout DiagnosticList
) {
  if let first = slot {
    diagnostics.error(
      at: statement.keyword.location,
      "\(quoted(statement.keyword.text)) is already said at \(first.location.short); keep one")
  } else {
    slot = Located(value, at: statement.keyword.location)
  }
}
