/// What there is to know of each statement, from the table by which statements are read.
package enum PolicyReference {
  /// What the examples of statements take for declared.
  package static let exampleDeclarations = """
    origin mesh.test
    context test { from 10.20.0.0/16 }
    context prod { from 10.30.0.0/16 }
    context shard-a in prod { from 10.30.1.0/24 }
    context shard-b in prod { from 10.30.2.0/24 }
    service web
    service checkout
    service batch
    service reports
    """

  /// Every statement's keyword, in the order of the reference.
  package static var keywords: [String] { StatementSpec.table.map(\.keyword) }

  /// A statement's example.
  package static func example(of keyword: String) -> String? { StatementSpec.byKeyword[keyword]?.example }

  /// The reference as Markdown: an entry for every statement, by topic.
  package static var markdown: String {
    StatementSpec.topics.map { topic in
      "### \(topic.title)\n\n" + topic.statements.map(markdown).joined(separator: "\n")
    }.joined(separator: "\n")
  }

  private static func markdown(_ spec: StatementSpec) -> String {
    """
    #### \(spec.keyword)

    `\(spec.usage)`

    \(lines(spec.meaning, width: 118))

    \(lines("Stands \(places(spec)). Without it: \(spec.absence)", width: 118))

    ```policy
    \(spec.example)
    ```

    """
  }

  /// A statement for a terminal; nil where there is no such statement.
  package static func text(of keyword: String) -> String? {
    guard let spec = StatementSpec.byKeyword[keyword] else { return nil }
    let example = spec.example.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    return """
      \(spec.usage)

      \(lines(spec.meaning, width: 78))

      \(lines("Stands \(places(spec)). Without it: \(spec.absence)", width: 78))

      example:
      \(example)

      """
  }

  /// All statements for a terminal: how each is written, by topic.
  package static var overview: String {
    StatementSpec.topics.map { topic in
      "\(topic.title)\n" + topic.statements.map { "  \($0.usage)\n" }.joined()
    }.joined(separator: "\n")
  }

  private static func places(_ spec: StatementSpec) -> String {
    [PolicyReader.Place.top, .context, .service].filter(spec.places.contains).map(\.phrase).joined(separator: ", ")
  }

  /// A text in lines of at most so many letters, cut at its spaces.
  private static func lines(_ text: String, width: Int) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? "\(word)" : " \(word)"
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
