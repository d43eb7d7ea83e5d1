/// Writes Prometheus' text format 0.0.4, family by family.
struct ExpositionWriter {
  private(set) var octets: [UInt8] = []

  /// The media type of what is written.
  static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  /// Begins a family: its samples follow.
  mutating func begin(_ family: ExpositionFamily) {
    let help = Self.escaped(family.help, quote: false)
    octets += Array("# HELP \(family.name) \(help)\n# TYPE \(family.name) \(family.kind)\n".utf8)
  }

  /// One sample.
  /// - Parameter labels: as ``labels(_:)`` makes them.
  mutating func add(_ name: String, _ labels: [UInt8], _ value: String) {
    octets += name.utf8
    if !labels.isEmpty {
      octets.append(UInt8(ascii: "{"))
      octets += labels
      octets.append(UInt8(ascii: "}"))
    }
    octets.append(UInt8(ascii: " "))
    octets += value.utf8
    octets.append(UInt8(ascii: "\n"))
  }

  /// One sample without labels.
  mutating func add(_ name: String, _ value: String) { add(name, [], value) }

  /// One bucket of a histogram: nearly all lines of a page are such, so nothing is put together first.
  mutating func add(_ name: [UInt8], _ labels: [UInt8], _ bound: [UInt8], _ count: UInt64) {
    octets += name
    octets.append(UInt8(ascii: "{"))
    octets += labels
    octets += bound
    octets.append(UInt8(ascii: "}"))
    octets.append(UInt8(ascii: " "))
    let start = octets.count
    var rest = count
    repeat {
      octets.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    octets[start...].reverse()
    octets.append(UInt8(ascii: "\n"))
  }

  /// `context="laptop",decision="answered"`.
  static func labels(_ labels: KeyValuePairs<String, String>) -> [UInt8] {
    Array(labels.map { "\($0.key)=\"\(escaped($0.value, quote: true))\"" }.joined(separator: ",").utf8)
  }

  private static func escaped(_ text: String, quote: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quote: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// Metrics of one name.
struct ExpositionFamily: Equatable, Sendable {
  enum Kind: String, Sendable, CustomStringConvertible {
    case counter, gauge, histogram
    var description: String { rawValue }
  }

  let name: String
  let kind: Kind
  let help: String
  /// The metrics it is of, or a part of; none for events, and for what the server says of itself.
  let metrics: [MetricDefinition]

  init(_ name: String, _ kind: Kind, _ help: String, of metrics: [MetricDefinition] = []) {
    self.name = name
    self.kind = kind
    self.help = help
    self.metrics = metrics
  }
}

/// Nanoseconds as seconds.
func secondsText(_ nanoseconds: UInt64) -> String { numberText(Double(nanoseconds) / 1e9) }

/// A number without a fraction that says nothing: `3`, not `3.0`.
func numberText(_ number: Double) -> String {
  let text = "\(number)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
