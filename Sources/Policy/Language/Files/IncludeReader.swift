internal import Diagnostics

/// Puts the statements of the files that `include` lines name under those lines.
///
/// Every file is read once: what it says would otherwise be said twice. So there is no end to reach but that of the files.
struct IncludeReader {
  /// Files that are included by files that are included.
  static let maximalDepth = 8

  private let folder: PolicyFolder
  /// Where each file was read: the `include` line, or nil for a file that is read anyway.
  private var readAt: [PolicyFolder.FileKey: SourceLocation?] = [:]
  /// The files being read, the outermost first.
  private var open: [(key: PolicyFolder.FileKey, path: String)] = []
  /// The files that were included, by their paths.
  private(set) var included: [String] = []

  init(_ folder: PolicyFolder, readAnyway paths: [String]) {
    self.folder = folder
    for path in paths { readAt[folder.key(path)] = .some(nil) }
  }

  /// Follows the `include` lines of a file, and of the files they name.
  mutating func follow(_ statements: inout [Statement], of path: String, _ diagnostics: inout DiagnosticList) {
    open.append((folder.key(path), path))
    follow(&statements, &diagnostics)
    open.removeLast()
  }

  private mutating func follow(_ statements: inout [Statement], _ diagnostics: inout DiagnosticList) {
    for index in statements.indices {
      switch statements[index].keyword.text {
      case "include": include(&statements[index], &diagnostics)
      case "origin":
        if var inner = statements[index].block?.statements {
          follow(&inner, &diagnostics)
          statements[index].block?.statements = inner
        }
      default: continue
      }
    }
  }

  /// Reads what one line names. Lines that are not well formed are left to ``PolicyReader``, which says so.
  private mutating func include(_ statement: inout Statement, _ diagnostics: inout DiagnosticList) {
    guard statement.words.count == 1, statement.block == nil, let word = statement.words.first, !word.text.isEmpty
    else {
      return
    }
    let path = folder.resolved(word.text)
    switch folder.list(path) {
    case .failure(let failure)?: refuse(word, path, failure, &diagnostics)
    case .success(let names)?:
      let policies = names.filter { $0.hasSuffix(".policy") && !$0.hasPrefix(".") }
      for name in policies { read("\(path == "/" ? "" : path)/\(name)", &statement, at: word, &diagnostics) }
      warnOfMisnamed(names, in: path, at: word, &diagnostics)
      if policies.isEmpty {
        diagnostics.warning(
          at: word.location, "there is no *.policy file in the folder \(path); remove the line, or add one")
      }
    case nil: read(path, &statement, at: word, &diagnostics)
    }
  }

  private func refuse(
    _ word: Word, _ path: String, _ failure: PolicyFolder.Unreadable, _ diagnostics: inout DiagnosticList
  ) {
    let base = folder.path.isEmpty || word.text.hasPrefix("/") ? "" : "; paths are relative to \(folder.path)"
    diagnostics.error(at: word.location, "\(path) cannot be read: \(failure.reason)\(base)")
  }

  private func warnOfMisnamed(
    _ names: [String], in path: String, at word: Word, _ diagnostics: inout DiagnosticList
  ) {
    for name in names where !name.hasPrefix(".") && !name.hasSuffix("~") && !name.hasSuffix(".policy") {
      guard let dot = name.lastIndex(of: "."),
        nearest(to: String(name[name.index(after: dot)...]), in: ["policy"]) != nil
      else { continue }
      diagnostics.warning(
        at: word.location,
        "\(path)/\(name) is passed over: only files that end in .policy are read; did you mean .policy?")
    }
  }

  private mutating func read(
    _ path: String, _ statement: inout Statement, at word: Word, _ diagnostics: inout DiagnosticList
  ) {
    let key = folder.key(path)
    if let start = open.firstIndex(where: { $0.key == key }) {
      let chain = (open[start...].map(\.path) + [path]).map {
        SourceLocation(file: $0, folderLength: folder.lengthOfPath(before: $0)).short
      }
      diagnostics.error(
        at: word.location,
        "\(chain[0]) includes itself: \(chain.joined(separator: " includes ")); remove one \"include\"")
      return
    }
    switch readAt[key] {
    case .some(.some(let other)):
      diagnostics.error(at: word.location, "\(path) is included already at \(other.short); keep one")
      return
    case .some(.none):
      diagnostics.error(
        at: word.location,
        "\(path) is read anyway, as every *.policy file of the configuration's own folder is; remove this line")
      return
    case .none: break
    }
    if open.count > Self.maximalDepth {
      diagnostics.error(
        at: word.location, "files include files more than \(Self.maximalDepth) deep here; include it from higher up")
      return
    }
    readAt[key] = .some(word.location)
    switch folder.open(path) {
    case .failure(let failure): refuse(word, path, failure, &diagnostics)
    case .success(let text):
      included.append(path)
      var statements = StatementParser.parse(
        file: path, folderLength: folder.lengthOfPath(before: path), text: text, &diagnostics)
      follow(&statements, of: path, &diagnostics)
      statement.files.append(statements)
    }
  }
}
