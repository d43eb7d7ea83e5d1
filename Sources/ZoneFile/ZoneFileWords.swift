internal import DNSFormat
internal import Diagnostics

extension RDataTextError.Problem {
  /// The message for a problem with a field of RDATA.
  func message(type: RRType, written: String) -> String {
    let reference = RRTypeTable.row(of: type).map { " (\($0.reference))" } ?? ""
    switch self {
    case .missing(let label):
      return "\(type) ends before its \(label)\(reference); add it"
    case .surplus:
      return "\(type) has no field for \"\(written)\"\(reference); remove it, or quote text that has spaces"
    case .notAnAddress(let what):
      let example = what.hasPrefix("IPv4") ? "192.0.2.1" : "2001:db8::1"
      return "\"\(written)\" is no \(what)\(reference); write for example \(example)"
    case .notANumber(let label, let max):
      return "\"\(written)\" is no \(label) of \(type)\(reference); write a number from 0 to \(max)"
    case .notAPeriod(let label):
      return
        "\"\(written)\" is no \(label) of \(type)\(reference); write seconds up to 4294967295, or units as in 15m or 1h30m"
    case .unlike(let label, let example):
      return "\"\(written)\" is no \(label) of \(type)\(reference); write for example \(example)"
    case .notACode(let label, let words):
      let known = words.words.map(\.key)
      let remedy =
        nearest(to: written, in: known).map { "did you mean \"\($0)\"?" }
        ?? "write its number, or a word such as \(known.last ?? "")"
      return "\"\(written)\" is no \(label) of \(type)\(reference); \(remedy)"
    case .notAType(let label):
      let suggestion = didYouMean(written, in: RRTypeTable.mnemonics)
      return "\"\(written)\" is no \(label) of \(type)\(reference)"
        + (suggestion.isEmpty ? "; write types as A or TYPE12345" : suggestion)
    case .oddDigits(let label):
      return "the \(label) of \(type) has half an octet\(reference); write two hexadecimal digits for each octet"
    case .badPadding(let label):
      return "the \(label) of \(type) ends amid an octet\(reference); copy all of it, with its = at the end"
    case .spareBits(let label):
      return "the last character of the \(label) of \(type) has bits that are no octet (RFC 4648 §3.5); check the copy"
    case .wrongCount(let label, let found, let right):
      let count =
        right.count == 1
        ? "\(right.lowerBound)"
        : right.upperBound < 65535 ? "\(right.lowerBound) to \(right.upperBound)" : "\(right.lowerBound) or more"
      return "the \(label) of \(type) has \(found) octets where \(count) are right\(reference); copy all of it"
    case .badParameter(let key, let problem):
      return problem.message(key: key, reference: reference)
    case .badName(let label, let error):
      return "\(label) \"\(written)\" \(error)"
    case .longString:
      return "the string has more than 255 octets (RFC 1035 §3.3); split it into several"
    case .badEscape:
      return "\"\(written)\" has a bad escape (RFC 1035 §5.1); write \\\" or \\DDD with three digits up to 255"
    case .badUnknown:
      return "\\# takes the number of octets, then as many in hexadecimal (RFC 3597 §5); make the two agree"
    case .wrongLength:
      return "these octets are no RDATA of \(type)\(reference); write its fields instead of \\#"
    case .unknownNeedsHash:
      return "the fields of \(type) are not known; write its RDATA as \\# LENGTH HEX (RFC 3597 §5)"
    }
  }
}

extension SvcParamProblem {
  /// The message for a problem with a parameter of SVCB.
  fileprivate func message(key: String, reference: String) -> String {
    switch self {
    case .unknownKey:
      return "\"\(key)\" is no key of a parameter\(reference); write a known one such as alpn, or key667=\"value\""
    case .quotedWhole: return "a parameter is in quotes, key and all (RFC 9460 §2.1); quote the value only: alpn=\"h2\""
    case .twice: return "parameter \(key) is there twice (RFC 9460 §2.2); keep one"
    case .badValue(let example): return "this is no value of parameter \(key) (RFC 9460 §7); write as in \(example)"
    case .missingValue(let example): return "parameter \(key) has no value (RFC 9460 §7); write as in \(example)"
    case .surplusValue: return "parameter \(key) takes no value (RFC 9460 §7); remove it with its ="
    case .tooLong: return "parameter \(key) has more than 65535 octets (RFC 9460 §2.2); shorten it"
    case .ofItself: return "mandatory names itself (RFC 9460 §8); remove it from its list"
    case .lacks(let key):
      return "mandatory names \(key), which is not there (RFC 9460 §8); add it, or take it off the list"
    case .names(let key): return "mandatory names \(key) twice (RFC 9460 §8); keep one"
    case .needsALPN: return "no-default-alpn is there without alpn (RFC 9460 §7.1.1); add for example alpn=h2"
    }
  }
}

extension ZoneLines.Mistake.Kind {
  /// What is wrong with a line before its fields mean anything.
  var message: String {
    switch self {
    case .unterminatedQuote: "the quote that opens here is not closed on its line; end it with \""
    case .unclosedParenthesis: "the ( that opens here is never closed; add the )"
    case .surplusParenthesis: "there is no ( for this ); remove it"
    case .loneCarriageReturn: "a carriage return stands here without a line feed; end lines with LF or CR LF"
    case .surplusField: "more than \(ZoneLines.mostFields) fields are no record; split the line"
    }
  }
}

extension Span<UInt8> {
  /// The octets in `range` as a person reads them.
  func string(_ range: Range<Int>) -> String { String(decoding: octets(range.prefix(200)), as: UTF8.self) }

  /// The first octet of a field; 0 for an empty one.
  subscript(at field: TextField) -> UInt8 { field.range.isEmpty ? 0 : self[field.range.lowerBound] }

  /// True where the octets are the capital `word`, in any case.
  func isWord(_ word: StaticString, in range: Range<Int>) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    var index = range.lowerBound
    for octet in word.description.utf8 {
      if self[index] & 0xdf != octet { return false }
      index += 1
    }
    return true
  }

  /// True for `IN` and `CLASS1` (RFC 3597 §5), in any case.
  func isInternetClass(_ range: Range<Int>) -> Bool {
    isWord("IN", in: range)
      || range.count == 6 && isWord("CLASS", in: range.prefix(5)) && self[range.upperBound - 1] == UInt8(ascii: "1")
  }

  /// What to add to a message about a line whose owner is a type by its looks, as in `MX 10 mail`.
  func hintOfOwner(_ owner: TextField) -> String {
    let word = string(owner.range)
    guard !owner.isQuoted, word == "IN" || word == word.uppercased() && RRTypeTable.mnemonics.contains(word) else {
      return ""
    }
    return "; if \(word) is not the owner, put white space before it"
  }

  /// The types that nearly every record has, told apart without making a string.
  func commonType(in range: Range<Int>) -> RRType? {
    switch range.count {
    case 1: isWord("A", in: range) ? .a : nil
    case 2: isWord("NS", in: range) ? .ns : nil
    case 3:
      isWord("TXT", in: range) ? .txt : isWord("SRV", in: range) ? RRType(33) : isWord("PTR", in: range) ? .ptr : nil
    case 4: isWord("AAAA", in: range) ? .aaaa : nil
    case 5: isWord("CNAME", in: range) ? .cname : nil
    default: nil
    }
  }
}

extension Range<Int> {
  /// At most the first `count`.
  func prefix(_ count: Int) -> Range<Int> { lowerBound..<Swift.min(upperBound, lowerBound + count) }
}
