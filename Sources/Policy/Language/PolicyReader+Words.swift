internal import Addresses
internal import Diagnostics
internal import DNSFormat

extension [Word] {
  /// The same with `10 %` as one word, `10%`: a share is written either way.
  var joiningPercent: [Word] {
    var joined: [Word] = []
    for word in self {
      if word.text == "%", !word.isQuoted, !word.followsComma, let share = joined.last, !share.isQuoted,
        !share.text.isEmpty, share.text.utf8.count(where: { $0 == UInt8(ascii: ".") }) <= 1,
        share.text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) })
      {
        joined[joined.count - 1] = Word(share.text + "%", at: share.location, followsComma: share.followsComma)
      } else {
        joined.append(word)
      }
    }
    return joined
  }
}

/// Reading single words: addresses, names, times.
extension PolicyReader {
  /// The prefixes that words say, by themselves or as a network's name; warns of bits beyond a prefix's length.
  mutating func prefixes(_ words: [Word]) -> [LocatedPrefix] {
    var prefixes: [LocatedPrefix] = []
    for word in words {
      if let prefix = readPrefix(word, &diagnostics) {
        prefixes.append(LocatedPrefix(prefix: prefix, location: word.location))
      } else if let network = networks.prefixes(of: word.text) {
        let wereEnough = networkPrefixesLeft >= 0
        networkPrefixesLeft -= network.count
        guard networkPrefixesLeft >= 0 else {
          if wereEnough {
            diagnostics.error(
              at: word.location,
              "the networks that lines name come to more than \(NetworkTable.maximalCount) prefixes; name them less often"
            )
          }
          continue
        }
        prefixes += network.map { LocatedPrefix(prefix: $0, location: word.location) }
      } else {
        refusePrefix(word, known: networks.known, &diagnostics)
      }
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

/// The prefix that a word is; nil, without complaint, where it is none. Warns of bits beyond its length.
func readPrefix(_ word: Word, _ diagnostics: inout DiagnosticList) -> Prefix? {
  guard let prefix = Prefix(word.text) else { return nil }
  let written = word.text.split(separator: "/", maxSplits: 1).first.flatMap { IPAddress(String($0)) }
  if written != prefix.address {
    diagnostics.warning(
      at: word.location,
      "\(quoted(word.text)) has bits beyond its length and reads as \(prefix); write \(prefix) if that is meant")
  }
  return prefix
}

/// Says that a word is no prefix, and no network's name.
func refusePrefix(_ word: Word, known: @autoclosure () -> [DiagnosticList.Known], _ diagnostics: inout DiagnosticList) {
  diagnostics.error(
    at: word.location,
    "\(quoted(word.text)) is no address\(isPlainName(word.text) ? ", prefix or network" : " or prefix")",
    meant: word.text, known: isPlainName(word.text) ? known() : [], remedy: "write for example 10.20.0.0/16 or ::1")
}

/// True for a name as contexts, groups and networks have: 1 to 63 letters, digits, hyphens and underscores.
func isPlainName(_ text: String) -> Bool {
  (1...63).contains(text.utf8.count)
    && text.utf8.allSatisfy { octet in
      switch octet {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
}

/// What to do where a name is none of these.
let plainNameRemedy = "write 1 to 63 of the letters A to Z, digits, - and _"
