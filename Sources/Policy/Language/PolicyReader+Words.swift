internal import Addresses
internal import Diagnostics
internal import DNSFormat

/// Reading single words: addresses, names, times.
extension PolicyReader {
  /// The prefixes that words say; warns of bits beyond a prefix's length.
  mutating func prefixes(_ words: [Word]) -> [LocatedPrefix] {
    var prefixes: [LocatedPrefix] = []
    for word in words {
      guard let prefix = Prefix(word.text) else {
        diagnostics.error(
          at: word.location,
          "\(quoted(word.text)) is no address or prefix; write for example 10.20.0.0/16 or ::1")
        continue
      }
      let written = word.text.split(separator: "/", maxSplits: 1).first.flatMap { IPAddress(String($0)) }
      if written != prefix.address {
        diagnostics.warning(
          at: word.location,
          "\(quoted(word.text)) has bits beyond its length and reads as \(prefix); write \(prefix) if that is meant")
      }
      prefixes.append(LocatedPrefix(prefix: prefix, location: word.location))
    }
    return prefixes
  }

  /// A name, relative to the origin where it does not end in a dot.
  mutating func name(_ word: Word) -> DomainName? {
    if origin == nil, word.text == "@" || !isAbsolute(word.text) {
      diagnostics.error(
        at: word.location,
        "\(quoted(word.text)) is relative and there is no origin; write for example \"origin mesh.test\" above it, "
          + "or end it with a dot")
      return nil
    }
    do throws(NameError) {
      return try DomainName(word.text, relativeTo: origin ?? .root)
    } catch {
      diagnostics.error(at: word.location, "\(quoted(word.text)) \(error)")
      return nil
    }
  }

  /// `5` or `5s`, in seconds.
  mutating func seconds(_ word: Word, in range: ClosedRange<UInt32>) -> UInt32? {
    let digits = word.text.hasSuffix("s") ? word.text.dropLast() : word.text[...]
    if digits.utf8.allSatisfy(isDigit), let seconds = UInt32(digits), range.contains(seconds) { return seconds }
    diagnostics.error(
      at: word.location,
      "\(quoted(word.text)) is no time in seconds; write \(range.lowerBound) to \(range.upperBound), for example 10s")
    return nil
  }

  /// A whole number without signs, in a range.
  mutating func number(_ word: Word, in range: ClosedRange<Int>, example: String) -> Int? {
    if let number = number(word.text[...], in: range) { return number }
    diagnostics.error(
      at: word.location,
      "\(quoted(word.text)) is no number here; write \(range.lowerBound) to \(range.upperBound), for example \(example)"
    )
    return nil
  }

  /// The number that a text is, where it is within the range.
  func number(_ text: Substring, in range: ClosedRange<Int>) -> Int? {
    guard text.utf8.allSatisfy(isDigit), let number = Int(text), range.contains(number) else { return nil }
    return number
  }

  /// `/24`.
  mutating func prefixLength(_ word: Word, in range: ClosedRange<Int>) -> Int? {
    if word.text.hasPrefix("/"), let length = number(word.text.dropFirst(), in: range) { return length }
    diagnostics.error(
      at: word.location,
      "\(quoted(word.text)) is no length of a prefix here; write /\(range.lowerBound) to /\(range.upperBound)")
    return nil
  }

  /// One of the cases of an enumeration that is written as its name.
  mutating func choice<Value: RawRepresentable & CaseIterable>(_ word: Word) -> Value? where Value.RawValue == String {
    if let value = Value(rawValue: word.text) { return value }
    let known = Value.allCases.map(\.rawValue)
    diagnostics.error(
      at: word.location, "\(quoted(word.text)) is not understood here", meant: word.text,
      known: known.map { .init(name: $0) }, remedy: "write \(known.joined(separator: " or "))")
    return nil
  }
}

/// True for a name that ends in a dot which is not escaped.
private func isAbsolute(_ text: String) -> Bool {
  guard text.utf8.last == UInt8(ascii: ".") else { return false }
  let escapes = text.utf8.dropLast().reversed().prefix { $0 == UInt8(ascii: "\\") }
  return escapes.count.isMultiple(of: 2)
}
