import Diagnostics

@testable import Policy

/// Reads files given as name and text.
func read(_ files: (String, String)...) -> (policy: Policy?, diagnostics: [Diagnostic]) {
  Policy.read(files.map { (path: $0.0, text: Array($0.1.utf8)) })
}

/// What is said of one file, called `p`, a line each.
func findings(_ text: String) -> String {
  read(("p", text)).diagnostics.map(\.description).joined(separator: "\n")
}

/// The policy of a text that must be free of errors; what is odd in it may be odd on purpose.
func policy(_ text: String) throws -> Policy {
  let (policy, diagnostics) = read(("p", text))
  if let first = diagnostics.first(where: { $0.severity == .error }) { throw first }
  return try policy.orThrow()
}

struct Missing: Error {}

extension Optional {
  /// The value, or an error that fails the test.
  func orThrow() throws -> Wrapped {
    guard let self else { throw Missing() }
    return self
  }
}
