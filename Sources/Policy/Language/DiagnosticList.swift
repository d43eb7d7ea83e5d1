internal import Diagnostics

/// What was found wrong so far: bounded, so that a file of rubbish costs no more than its size.
struct DiagnosticList {
  /// More than this many errors, or warnings, of one file are counted but not kept.
  static let limit = 1000

  private(set) var all: [Diagnostic] = []
  private var counts: [Key: Int] = [:]
  /// How many more words may be compared when looking for the one that was meant: comparing is quadratic.
  private var comparisonsLeft = 50_000

  private struct Key: Hashable {
    let file: String
    let severity: Diagnostic.Severity
  }

  /// Adds an error; the text is not made where it would not be kept.
  mutating func error(at location: SourceLocation, _ message: @autoclosure () -> String) {
    guard admits(.error, location) else { return }
    all.append(.error(at: location, message()))
  }

  /// Adds an error about a word that names nothing: `message`, then the known word that may be meant, or `remedy`.
  mutating func error(
    at location: SourceLocation, _ message: @autoclosure () -> String, meant written: String,
    known: @autoclosure () -> [Known], remedy: @autoclosure () -> String
  ) {
    guard admits(.error, location) else { return }
    let hint = nearestKnown(written, known()).map { known in
      let place = known.location.map { " (\($0.short))" } ?? ""
      return "did you mean \(quoted(known.name))\(place)?"
    }
    all.append(.error(at: location, "\(message()); \(hint ?? remedy())"))
  }

  /// Adds a warning.
  mutating func warning(at location: SourceLocation, _ message: @autoclosure () -> String) {
    guard admits(.warning, location) else { return }
    all.append(.warning(at: location, message()))
  }

  private mutating func admits(_ severity: Diagnostic.Severity, _ location: SourceLocation) -> Bool {
    let count = counts[Key(file: location.file, severity: severity), default: 0] + 1
    counts[Key(file: location.file, severity: severity)] = count
    if count == Self.limit + 1 {
      let text = "\(Self.limit) \(severity.rawValue)s in this file, and more that are not shown; correct these first"
      all.append(Diagnostic(severity, at: location, text))
    }
    return count <= Self.limit
  }

  /// A word that would have been right, and where it is declared.
  struct Known {
    let name: String
    var location: SourceLocation?
  }

  private mutating func nearestKnown(_ written: String, _ known: [Known]) -> Known? {
    let size = written.utf8.count
    guard size <= 64 else { return nil }
    let near = known.filter { abs($0.name.utf8.count - size) <= max(1, size / 3) }
    guard near.count <= comparisonsLeft else { return nil }
    comparisonsLeft -= near.count
    guard let name = nearest(to: written, in: near.map(\.name)) else { return nil }
    return near.first { $0.name == name }
  }
}
