/// One field of an RDATA: its syntax on the wire and in text, and what it is called in messages.
///
/// The three things done with a field each have one function: ``RDataCheck``, ``RDataReading``, ``RDataPrinting``.
package enum RDataField: Hashable, Sendable {
  /// Four octets, as `192.0.2.1`.
  case ipv4(String)
  /// Sixteen octets, as `2001:db8::1`.
  case ipv6(String)
  /// A 16-bit number.
  case u16(String)
  /// A 32-bit number.
  case u32(String)
  /// A 32-bit number of seconds, units allowed in text: `1h30m`.
  case period(String)
  /// A domain name.
  case name(String, NameUse)
  /// One or more <character-string>s, to the end (RFC 1035 §3.3).
  case strings(String)

  /// What a domain name in RDATA is for.
  package struct NameUse: OptionSet, Hashable, Sendable, BitwiseCopyable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// May be compressed: only the types of RFC 1035 (RFC 3597 §4).
    package static let compressed = NameUse(rawValue: 1)
    /// Its addresses go into the additional section.
    package static let addressed = NameUse(rawValue: 2)
  }

  /// What messages call it: the RFC's own word.
  package var label: String {
    switch self {
    case .ipv4(let label), .ipv6(let label), .u16(let label), .u32(let label), .period(let label),
      .name(let label, _), .strings(let label):
      label
    }
  }
}

/// Everything Ambit knows of one RR type: its row in the table.
package struct RRTypeRow: Sendable {
  package let type: RRType
  package let mnemonic: String
  package let fields: [RDataField]
  /// Where the type is defined.
  package let reference: String

  fileprivate init(_ number: UInt16, _ mnemonic: String, _ fields: [RDataField], _ reference: String) {
    type = RRType(number)
    self.mnemonic = mnemonic
    self.fields = fields
    self.reference = reference
  }
}

/// Every RR type Ambit knows, by number. A row is all a type needs; the rest is derived from its fields.
package enum RRTypeTable {
  package static let rows: [RRTypeRow] = [
    RRTypeRow(1, "A", [.ipv4("address")], "RFC 1035 §3.4.1"),
    RRTypeRow(2, "NS", [.name("name server", [.compressed, .addressed])], "RFC 1035 §3.3.11"),
    RRTypeRow(5, "CNAME", [.name("canonical name", .compressed)], "RFC 1035 §3.3.1"),
    RRTypeRow(
      6, "SOA",
      [
        .name("primary name server", .compressed), .name("mailbox", .compressed), .u32("serial"),
        .period("refresh"), .period("retry"), .period("expire"), .period("minimum"),
      ], "RFC 1035 §3.3.13"),
    RRTypeRow(12, "PTR", [.name("name", .compressed)], "RFC 1035 §3.3.12"),
    RRTypeRow(15, "MX", [.u16("preference"), .name("exchange", [.compressed, .addressed])], "RFC 1035 §3.3.9"),
    RRTypeRow(16, "TXT", [.strings("text")], "RFC 1035 §3.3.14"),
    RRTypeRow(28, "AAAA", [.ipv6("address")], "RFC 3596 §2.2"),
    RRTypeRow(
      33, "SRV", [.u16("priority"), .u16("weight"), .u16("port"), .name("target", .addressed)], "RFC 2782"),
  ]

  /// Rows by mnemonic, in capitals. Types of which only the name is known are among them, without fields.
  static let byMnemonic: [String: RRTypeRow] = Dictionary(
    uniqueKeysWithValues: (rows + questionOnly + named).map { ($0.mnemonic, $0) })

  /// Types that people ask for and write by name; their RDATA is written and printed as RFC 3597 §5 has it.
  private static let named = [
    RRTypeRow(13, "HINFO", [], "RFC 1035 §3.3.2"), RRTypeRow(29, "LOC", [], "RFC 1876"),
    RRTypeRow(35, "NAPTR", [], "RFC 3403 §4"), RRTypeRow(39, "DNAME", [], "RFC 6672"),
    RRTypeRow(43, "DS", [], "RFC 4034 §5"), RRTypeRow(44, "SSHFP", [], "RFC 4255"),
    RRTypeRow(46, "RRSIG", [], "RFC 4034 §3"), RRTypeRow(47, "NSEC", [], "RFC 4034 §4"),
    RRTypeRow(48, "DNSKEY", [], "RFC 4034 §2"), RRTypeRow(52, "TLSA", [], "RFC 6698 §2"),
    RRTypeRow(64, "SVCB", [], "RFC 9460"), RRTypeRow(65, "HTTPS", [], "RFC 9460"),
    RRTypeRow(99, "SPF", [], "RFC 7208"), RRTypeRow(256, "URI", [], "RFC 7553"),
    RRTypeRow(257, "CAA", [], "RFC 8659 §4.1"),
  ]

  private static let questionOnly = [
    RRTypeRow(41, "OPT", [], "RFC 6891"), RRTypeRow(251, "IXFR", [], "RFC 1995"),
    RRTypeRow(252, "AXFR", [], "RFC 5936"), RRTypeRow(255, "ANY", [], "RFC 1035 §3.2.3"),
  ]

  private static let byNumber: [RRType: RRTypeRow] = Dictionary(
    uniqueKeysWithValues: (rows + questionOnly + named).map { ($0.type, $0) })

  /// The row of a type; nil for one of unknown fields (RFC 3597).
  package static func row(of type: RRType) -> RRTypeRow? { byNumber[type] }

  /// The mnemonics of types that can stand in a zone, for suggestions.
  package static var mnemonics: [String] { rows.map(\.mnemonic) }
}
