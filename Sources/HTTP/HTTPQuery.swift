/// The names and values of a request's query, as a form writes them: `name=orders&type=A`, percent-encoded, + for a space.
package struct HTTPQuery: Equatable, Sendable {
  private var values: [String: String] = [:]

  /// Why a query is none.
  package struct Problem: Error, Equatable {
    package let text: String
  }

  /// Takes a query apart.
  /// - Parameter known: the names there may be.
  /// - Throws: for a name that is not known or there twice, and for what does not decode to UTF-8 text.
  package init(_ query: String, known: [String]) throws(Problem) {
    for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0]), let value = parts.count > 1 ? Self.decoded(parts[1]) : "" else {
        throw Problem(text: "the query is no percent-encoded UTF-8 text")
      }
      guard known.contains(name) else {
        throw Problem(
          text: "the query has no place for a value of that name; there may be \(known.joined(separator: ", "))")
      }
      guard values.updateValue(value, forKey: name) == nil else { throw Problem(text: "\(name) is there twice") }
    }
  }

  /// The value of a name; nil where it is not there or empty, as a form leaves it.
  package subscript(_ name: String) -> String? {
    values[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func decoded(_ octets: Substring.UTF8View) -> String? {
    var result: [UInt8] = []
    var rest = octets[...]
    while let octet = rest.popFirst() {
      switch octet {
      case UInt8(ascii: "+"): result.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
        result.append(high << 4 | low)
      default: result.append(octet)
      }
    }
    return String(validating: result, as: UTF8.self)
  }

  private static func digit(_ octet: UInt8) -> UInt8? {
    switch octet {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
