internal import DNSFormat
internal import Diagnostics

/// What was found wrong so far: bounded, so that a file of rubbish costs no more than its size.
struct DiagnosticList {
  /// More than this many errors, or warnings, of one file are counted but not kept.
  static let limit = 1000

  private(set) var all: [Diagnostic] = []
  private var counts: [Key: Int] = [:]
  /// How many more words may be compared when looking for the one that was meant: comparing is quadratic.
  private var comparisonsLeft = 50_000
  /// How many more may be looked at for that, for their length.
  private var lookedAtLeft = 2_000_000

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
  /// - Parameter zone: what the word is relative to, where it is a name.
  mutating func error(
    at location: SourceLocation, _ message: @autoclosure () -> String, meant written: String,
    in zone: DomainName? = nil, known: @autoclosure () -> [Known], remedy: @autoclosure () -> String
  ) {
    guard admits(.error, location) else { return }
    let hint = nearestKnown(written, in: zone, known()).map { name, place in
      "did you mean \(quoted(name))\(place.map { " (\($0.short))" } ?? "")?"
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
    /// What the name is relative to; nil where that does not matter.
    var zone: DomainName?
    /// The name for those whose names are relative to something else.
    var absolute = ""
  }

  /// The known word nearest to what was written, as one would write it there, and where it is declared.
  private mutating func nearestKnown(
    _ written: String, in zone: DomainName?, _ known: [Known]
  ) -> (name: String, location: SourceLocation?)? {
    let size = written.utf8.count
    guard size <= 64, known.count <= lookedAtLeft else { return nil }
    lookedAtLeft -= known.count
    // What is written in full was meant in full.
    let isFull = written.utf8.last == UInt8(ascii: ".")
    func text(_ known: Known) -> String { isFull && !known.absolute.isEmpty ? known.absolute : known.name }
    let near = known.filter { abs(text($0).utf8.count - size) <= max(1, size / 3) }
    guard near.count <= comparisonsLeft else { return nil }
    comparisonsLeft -= near.count
    guard let found = nearest(to: written, in: near.map(text)) else { return nil }
    let called = near.filter { text($0) == found }
    guard let meant = called.first(where: { $0.zone == zone }) ?? called.first else { return nil }
    let isElsewhere = meant.zone != nil && meant.zone != zone
    return (isElsewhere ? meant.absolute : found, meant.location)
  }
}
