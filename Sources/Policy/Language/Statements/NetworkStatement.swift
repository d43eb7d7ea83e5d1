internal import Addresses
internal import Diagnostics

/// `network NAME PREFIX|NETWORK...`: prefixes under one name. ``NetworkTable`` collected them before the other statements
/// were read, because a network may be used above the line that declares it.
func readNetwork(_ statement: Statement, _ reader: inout PolicyReader) {}

/// What the `network` lines of all files say.
struct NetworkTable {
  /// Networks are named within sentences; these words would be read as the sentence's own.
  private static let reserved: Set<String> = ["from", "except", "slip", "ipv4", "ipv6", "including"]
  /// How many prefixes all networks may come to, those of networks in networks counted each time.
  static let maximalCount = 1_000_000

  private var names: [Word] = []
  private var members: [[Word]] = []
  private var byName: [String: Int] = [:]
  private var prefixes: [[Prefix]] = []
  private var used: Set<Int> = []

  /// Collects the networks of statements at the top level, and in the files these include.
  init(_ files: [[Statement]], _ diagnostics: inout DiagnosticList) {
    for statements in files { collect(statements, &diagnostics) }
    resolve(&diagnostics)
  }

  /// How many there are.
  var count: Int { names.count }

  /// The networks as a message suggests them.
  var known: [DiagnosticList.Known] { names.map { .init(name: $0.text, location: $0.location) } }

  /// What a network's name stands for; nil where no network is called so.
  mutating func prefixes(of name: String) -> [Prefix]? {
    guard let index = byName[name] else { return nil }
    used.insert(index)
    return prefixes[index]
  }

  func warnOfUnused(_ diagnostics: inout DiagnosticList) {
    for index in names.indices where !used.contains(index) {
      diagnostics.warning(
        at: names[index].location,
        "network \(quoted(names[index].text)) is used nowhere; use it where a prefix may be, "
          + "or remove it")
    }
  }

  private mutating func collect(_ statements: [Statement], _ diagnostics: inout DiagnosticList) {
    for statement in statements {
      switch statement.keyword.text {
      case "include": for file in statement.files { collect(file, &diagnostics) }
      case "origin": collect(statement.block?.statements ?? [], &diagnostics)
      case "network" where statement.words.count > 1 && statement.block == nil: declare(statement, &diagnostics)
      default: continue
      }
    }
  }

  private mutating func declare(_ statement: Statement, _ diagnostics: inout DiagnosticList) {
    let name = statement.words[0]
    if !isPlainName(name.text) {
      diagnostics.error(at: name.location, "\(quoted(name.text)) is no network's name; \(plainNameRemedy)")
    } else if Prefix(name.text) != nil || Self.reserved.contains(name.text) {
      diagnostics.error(
        at: name.location, "\(quoted(name.text)) means something else where a network may stand; choose another name")
    }
    if let first = byName[name.text] {
      diagnostics.error(
        at: name.location,
        "network \(quoted(name.text)) is declared twice, first at \(names[first].location.short); make them one")
    } else {
      byName[name.text] = names.count
    }
    names.append(name)
    members.append(Array(statement.words[1...]))
  }

  private mutating func resolve(_ diagnostics: inout DiagnosticList) {
    var sets = NestedSets<Prefix>(limit: Self.maximalCount)
    for words in members {
      var set: [NestedSets<Prefix>.Member] = []
      for word in words {
        if let prefix = readPrefix(word, &diagnostics) {
          set.append(.element(prefix, at: word.location))
        } else if let inner = byName[word.text] {
          used.insert(inner)
          set.append(.set(inner, at: word.location))
        } else {
          refusePrefix(word, known: known, &diagnostics)
        }
      }
      sets.members.append(set)
    }
    sets.flatten(called: "network", names, &diagnostics)
    prefixes = sets.flat.map { $0.map(\.element) }
  }
}
