/// What a domain name in RDATA is for.
@usableFromInline package struct NameUse: OptionSet, Hashable, Sendable, BitwiseCopyable {
  @usableFromInline package let rawValue: UInt8

  @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// May be compressed: only the types of RFC 1035 (RFC 3597 §4).
  @inlinable package static var compressed: NameUse { NameUse(rawValue: 1) }
  /// Its addresses go into the additional section.
  @inlinable package static var addressed: NameUse { NameUse(rawValue: 2) }
  /// Is in small letters in canonical form (RFC 4034 §6.2, RFC 6840 §5.1); the compressed ones are too.
  package static let folded = NameUse(rawValue: 4)
  /// May not be an alias (RFC 2181 §10.3, RFC 2782).
  package static let notAliased = NameUse(rawValue: 8)
}

/// One field of an RDATA: its syntax on the wire and in text, and what it is called in messages.
///
/// Three things are done with a field: ``isValidRData(_:of:)``, ``appendRData(of:text:fields:from:origin:to:)`` and
/// ``rdataText(_:of:)`` each hand it to the file of its syntax.
package enum RDataField: Hashable, Sendable {
  /// Four octets, as `192.0.2.1`.
  case ipv4(String)
  /// Sixteen octets, as `2001:db8::1`.
  case ipv6(String)
  /// An 8-bit number.
  case u8(String)
  /// A 16-bit number.
  case u16(String)
  /// A 32-bit number.
  case u32(String)
  /// A 32-bit number of seconds, units allowed in text: `1h30m`.
  case period(String)
  /// A moment in 32 bits, as `20260101000000` (RFC 4034 §3.2).
  case time(String)
  /// A number that has words for some of its values: `RSASHA256`.
  case code(String, CodeWords)
  /// The number of an RR type, as `NSEC` or `TYPE65280`.
  case type(String)
  /// The types of a type bitmap, to the end (RFC 4034 §4.1.2).
  case types(String, canBeNone: Bool)
  /// A domain name.
  case name(String, NameUse)
  /// One <character-string> (RFC 1035 §3.3).
  case string(String)
  /// One <character-string> that may be left out.
  case optionalString(String)
  /// One or more <character-string>s, to the end.
  case strings(String)
  /// Octets of text, to the end; no length before them.
  case text(String, canBeEmpty: Bool)
  /// A length octet and so many letters and digits (RFC 8659 §4.1).
  case tag(String)
  /// Octets in hexadecimal, to the end; how many may depend on the octet before.
  case hexadecimal(String, OctetCount)
  /// A length octet and so many octets in hexadecimal, `-` for none (RFC 5155 §3.3).
  case salt(String)
  /// A length octet and so many octets, at least one, in base32hex (RFC 5155 §3.3).
  case base32hex(String)
  /// Octets in base64, to the end.
  case base64(String, canBeNone: Bool = false)
  /// Octets in hexadecimal, parted into groups.
  case groups(String, DigitGroups)
  /// Octets in hexadecimal after `0x`, to the end (RFC 1706 §7).
  case nsap(String)
  /// A place on the earth, all of the RDATA (RFC 1876).
  case location(String)
  /// Address prefixes, to the end (RFC 3123).
  case prefixes(String)
  /// A gateway of the type that stands two octets before (RFC 4025 §2.5).
  case gateway(String)
  /// A host identity, its key and servers, all of the RDATA (RFC 8005).
  case hostIdentity(String)
  /// SvcParams, to the end (RFC 9460 §2.2).
  case parameters(String)

  /// What messages call it: the RFC's own word.
  package var label: String {
    switch self {
    case .ipv4(let label), .ipv6(let label), .u8(let label), .u16(let label), .u32(let label), .period(let label),
      .time(let label), .code(let label, _), .type(let label), .types(let label, _), .name(let label, _),
      .string(let label), .optionalString(let label), .strings(let label), .text(let label, _), .tag(let label),
      .hexadecimal(let label, _), .salt(let label), .base32hex(let label), .base64(let label, _),
      .groups(let label, _), .nsap(let label), .location(let label), .prefixes(let label), .gateway(let label),
      .hostIdentity(let label), .parameters(let label):
      label
    }
  }

  /// Octets on the wire of a field that always has as many; nil for any other.
  package var fixedSize: Int? {
    switch self {
    case .u8: 1
    case .u16, .type: 2
    case .ipv4, .u32, .period, .time: 4
    case .ipv6: 16
    case .code(_, let words): words.size
    case .groups(_, let groups): groups.size
    default: nil
    }
  }

  /// True for a field whose text takes all words that follow.
  package var takesAllWords: Bool {
    switch self {
    case .types, .optionalString, .strings, .hexadecimal, .base64, .location, .prefixes, .hostIdentity, .parameters:
      true
    default: false
    }
  }

  /// True for a field that text may leave out, being the last.
  var canBeAbsent: Bool {
    switch self {
    case .types(_, let canBeNone), .base64(_, let canBeNone): canBeNone
    case .optionalString, .prefixes, .parameters: true
    default: false
    }
  }
}
