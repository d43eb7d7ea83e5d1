internal import FoundationEssentials

/// An entry as it is printed: RFC 8911 §7's categories and columns in its order, then Ambit's own.
extension MetricDefinition {
  /// A group of columns.
  package struct Category: Sendable {
    package let title: String
    package let columns: [Column]
  }

  /// One column's content.
  package struct Column: Sendable {
    package let title: String
    package let content: Content
  }

  package enum Content: Sendable {
    case text(String)
    case list([Parameter])
  }

  /// The whole entry.
  package var categories: [Category] {
    func text(_ title: String, _ text: String) -> Column {
      Column(title: title, content: .text(text.isEmpty ? "None." : text))
    }
    func list(_ title: String, _ list: [Parameter]) -> Column {
      list.isEmpty ? text(title, "") : Column(title: title, content: .list(list))
    }
    return [
      Category(
        title: "Summary",
        columns: [
          text("Identifier", identifier.map(String.init) ?? "none: a private metric"),
          text("Name", names.joined(separator: "\n")),
          text("URI", identifier == nil ? address(of: "") : names.map(address).joined(separator: "\n")),
          text("Description", help + "."), text("Reference", reference), text("Change Controller", changeController),
          text("Version of Registry Format", "1.0"),
        ]),
      Category(
        title: "Metric Definition",
        columns: [text("Reference Definition", definition), list("Fixed Parameters", fixedParameters)]),
      Category(
        title: "Method of Measurement",
        columns: [
          text("Reference Method", measurement), text("Packet Stream Generation", stream),
          text("Traffic Filter", filter),
          text("Sampling Distribution", sampling), list("Run-Time Parameters", runTimeParameters), list("Role", roles),
        ]),
      Category(
        title: "Output",
        columns: [
          text("Type", outputType), list("Reference Definition", outputs), text("Metric Units", units),
          text("Calibration", calibration),
        ]),
      Category(
        title: "Administrative Information",
        columns: [
          text("Status", "Current"), text("Requester", identifier == nil ? "Ambit" : "RFC 8912"),
          text("Revision", "1.0"), text("Revision Date", identifier == nil ? "with Ambit's version" : "2021-11-17"),
        ]),
      Category(title: "Comments and Remarks", columns: [text("Comments and Remarks", remarks)]),
      Category(
        title: "Beyond RFC 8911",
        columns: [
          list("Populations", populations), list("Uncertainty", uncertainty),
          list(
            "Composition",
            conjectures.map { Parameter($0.kind.rawValue, "\($0.statement). Tried: \($0.test).") }),
        ]),
    ]
  }

  private var units: String {
    switch unit {
    case "Seconds": "seconds"
    case "Logical": "a logical value: 1 = lost, 0 = received"
    default: "1 (a ratio)"
    }
  }
}

// MARK: - For a person

extension MetricDefinition {
  /// The entry as text, in lines of at most 100 columns, ended by a newline.
  package var text: String {
    var lines: [String] = []
    for category in categories {
      if !lines.isEmpty { lines.append("") }
      lines.append(category.title)
      for column in category.columns {
        if column.title != category.title { lines.append("  \(column.title)") }
        switch column.content {
        case .text(let text):
          for line in text.split(separator: "\n") { lines += filled(String(line), indent: 4, hanging: 4) }
        case .list(let parameters):
          for parameter in parameters { lines += filled("\(parameter.name): \(parameter.text)", indent: 4, hanging: 6) }
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The entry in Markdown, a table a category, under a heading of the third level.
  package var markdown: String {
    var text = "### \(word)\n"
    for category in categories {
      text += "\n| \(category.title) | |\n| --- | --- |\n"
      for column in category.columns {
        let content =
          switch column.content {
          case .text(let text):
            column.title == "Name" || column.title == "URI" && identifier != nil
              ? text.split(separator: "\n").map { "`\($0)`" }.joined(separator: "<br>") : escaped(text)
          case .list(let parameters):
            parameters.map { "*\(escaped($0.name))*: \(escaped($0.text))" }.joined(separator: "<br>")
          }
        text += "| \(column.title) | \(content) |\n"
      }
    }
    return text
  }

  /// What a table of Markdown would take for its own.
  private func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      if "|<>*_".contains(character) { escaped.append("\\") }
      escaped.append(character)
    }
    return escaped
  }
}

/// Words in lines of at most 100 columns.
func filled(_ text: String, indent: Int, hanging: Int) -> [String] {
  var lines: [String] = []
  var line = String(repeating: " ", count: indent)
  var isEmpty = true
  for word in text.split(separator: " ") {
    if !isEmpty, line.count + 1 + word.count > 100 {
      lines.append(line)
      line = String(repeating: " ", count: hanging)
      isEmpty = true
    }
    line += isEmpty ? String(word) : " \(word)"
    isEmpty = false
  }
  return lines + [line]
}

// MARK: - For a program

extension MetricDefinition: Encodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  /// As an object: a member a category, which has a member a column, named like them: `methodOfMeasurement.runTimeParameters`.
  package func encode(to encoder: any Encoder) throws {
    var entry = encoder.container(keyedBy: Key.self)
    try entry.encode(word, forKey: Key("word"))
    for category in categories {
      var columns = entry.nestedContainer(keyedBy: Key.self, forKey: Key(memberName(category.title)))
      for column in category.columns {
        let key = Key(memberName(column.title))
        switch column.content {
        case .text(let text) where column.title == "Name":
          try columns.encode(text.split(separator: "\n").map(String.init), forKey: key)
        case .text(let text): try columns.encode(text, forKey: key)
        case .list(let parameters):
          var list = columns.nestedUnkeyedContainer(forKey: key)
          for parameter in parameters { try list.encode(["name": parameter.name, "text": parameter.text]) }
        }
      }
    }
  }

  /// `Run-Time Parameters` as a JSON member: `runTimeParameters`.
  private func memberName(_ title: String) -> String {
    let words = title.split { " -".contains($0) }
    return words.enumerated().map { index, word in
      index == 0
        ? (word.allSatisfy(\.isUppercase) ? word.lowercased() : word.prefix(1).lowercased() + word.dropFirst())
        : word.prefix(1).uppercased() + word.dropFirst()
    }.joined()
  }
}

/// The definitions as JSON: an object where one is asked for, else an array; ended by a newline.
package func definitionsJSON(_ definitions: [MetricDefinition]) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
  // Text and lists of text: there is nothing here that cannot be encoded.
  let data = definitions.count == 1 ? try? encoder.encode(definitions[0]) : try? encoder.encode(definitions)
  guard let data else { preconditionFailure("a definition can be encoded") }
  return String(decoding: data, as: UTF8.self) + "\n"
}

// MARK: - All of them

extension MetricDefinition {
  /// Every metric in a few lines, ended by a newline.
  package static var overview: String {
    var lines: [String] = []
    for metric in all {
      lines.append("\(metric.word), \(metric.symbol): \(metric.help)")
      lines += metric.names.map { "  \($0)" }
    }
    return lines.joined(separator: "\n")
      + "\n\nOne in full: ambit metrics NAME. What is counted beside them: ambit metrics events\n"
  }
}

extension EventDefinition {
  /// Every event in a line, ended by a newline.
  package static var text: String {
    all.map { "\($0.name)\n    \($0.help)\n" }.joined()
  }
}
