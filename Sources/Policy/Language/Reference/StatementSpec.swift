/// A kind of statement: where it may stand, how it is written, how it is read, and what the reference says of it.
struct StatementSpec: Sendable {
  let keyword: String
  /// The blocks it may stand in.
  let places: Set<PolicyReader.Place>
  /// How many words follow the keyword.
  let words: ClosedRange<Int>
  /// True where a `{ }` may follow.
  let hasBlock: Bool
  /// How to write it, as messages show it.
  let usage: String
  /// What it means: whole sentences.
  let meaning: String
  /// What holds where it is not written: what follows "Without it:".
  let absence: String
  /// Lines that read without an error in a policy that has the declarations of ``PolicyReference/exampleDeclarations``.
  let example: String
  /// Reads a statement whose place and count of words were checked.
  let read: @Sendable (Statement, inout PolicyReader) -> Void

  init(
    _ keyword: String, in places: Set<PolicyReader.Place>, words: ClosedRange<Int>, hasBlock: Bool = false,
    _ usage: String, _ meaning: String, without absence: String, example: String,
    _ read: @escaping @Sendable (Statement, inout PolicyReader) -> Void
  ) {
    self.keyword = keyword
    self.places = places
    self.words = words
    self.hasBlock = hasBlock
    self.usage = usage
    self.meaning = meaning
    self.absence = absence
    self.example = example
    self.read = read
  }

  /// A count of words without an upper end.
  static let many = 1...Int.max

  /// Every statement of the language, by topic. A further one is a row in one of these and a file in Statements/.
  static let topics: [(title: String, statements: [StatementSpec])] = [
    ("Names and files", naming),
    ("Who calls", calling),
    ("Who may call whom", ruling),
    ("Which endpoints are well", checking),
    ("Which endpoints", steering),
    ("Leases", leasing),
    ("Names of others", forwarding),
    ("What is told", telling),
    ("The server", serving),
  ]

  /// Every statement of the language.
  static let table = topics.flatMap(\.statements)

  /// The statements by their keywords.
  static let byKeyword = Dictionary(uniqueKeysWithValues: table.map { ($0.keyword, $0) })

  /// The keywords that may stand in a block.
  static func keywords(in place: PolicyReader.Place) -> [String] {
    table.filter { $0.places.contains(place) }.map(\.keyword)
  }

  /// All keywords, those that may stand in a block first: of two that are equally near, the first is suggested.
  static func keywords(nearestTo place: PolicyReader.Place) -> [String] {
    keywords(in: place) + table.filter { !$0.places.contains(place) }.map(\.keyword)
  }
}
