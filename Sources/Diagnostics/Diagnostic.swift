/// One mistake or doubt about something the operator wrote: where, how bad, and what to do.
///
/// The message says what is wrong in the user's words, the rule it breaks, then a semicolon and the remedy; lower
/// case, no full stop.
public struct Diagnostic: Error, Hashable, Sendable {
  /// How bad it is: an error stops a load, a warning does not.
  package enum Severity: String, Sendable {
    case error
    case warning
  }

  package var location: SourceLocation
  package var severity: Severity
  package var message: String
  /// How many it stands for: more than one where it says that others are not listed.
  package var count = 1

  package init(_ severity: Severity, at location: SourceLocation, _ message: String) {
    self.location = location
    self.severity = severity
    self.message = message
  }

  package static func error(at location: SourceLocation, _ message: String) -> Diagnostic {
    Diagnostic(.error, at: location, message)
  }

  package static func warning(at location: SourceLocation, _ message: String) -> Diagnostic {
    Diagnostic(.warning, at: location, message)
  }
}

extension Diagnostic: CustomStringConvertible {
  /// `zones/orders.policy:5:17: error: no service is called "chekout"; did you mean "checkout"?`
  public var description: String { visible("\(location): \(severity.rawValue): \(message)") }
}

extension Sequence where Element == Diagnostic {
  /// True where nothing found stops a load.
  package var hasErrors: Bool { contains { $0.severity == .error } }

  /// In order of place, each once: what a person is shown.
  package var inOrder: [Diagnostic] {
    var seen: Set<Diagnostic> = []
    return filter { seen.insert($0).inserted }
      .enumerated()
      .sorted { ($0.element.location, $0.offset) < ($1.element.location, $1.offset) }
      .map(\.element)
  }
}
