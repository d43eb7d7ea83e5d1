package import Diagnostics

/// One word of a policy file, and its place.
package struct Word: Hashable, Sendable {
  /// As written; of a quoted word what is between the quotes, with its escapes.
  package let text: String
  package let location: SourceLocation
  /// True for `"..."`.
  package let isQuoted: Bool
  /// True where a comma stands between the word before and this one: `10.30.1.17 90, 10.30.1.18 10`.
  package let followsComma: Bool

  package init(_ text: String, at location: SourceLocation, isQuoted: Bool = false, followsComma: Bool = false) {
    self.text = text
    self.location = location
    self.isQuoted = isQuoted
    self.followsComma = followsComma
  }
}

/// A keyword, the words after it, and its block where it has one: all there is to the grammar.
struct Statement {
  let keyword: Word
  var words: [Word] = []
  var block: Block?
  /// Of an `include`: the statements of each file it names.
  var files: [[Statement]] = []

  /// What stands between `{` and `}`.
  struct Block {
    /// Where the `{` is.
    let location: SourceLocation
    var statements: [Statement]
  }
}

/// A word as a message shows it: in quotes, cut where it is very long, without octets that would disturb a terminal.
func quoted(_ text: String) -> String {
  let scalars = text.unicodeScalars
  return "\"\(visible(String(scalars.prefix(60))))\(scalars.count > 60 ? "..." : "")\""
}
