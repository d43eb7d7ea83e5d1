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
    RRTypeRow(39, "DNAME", [.name("target", [])], "RFC 6672 §2.1"),
    RRTypeRow(43, "DS", delegationSigner, "RFC 4034 §5.1"),
    RRTypeRow(
      46, "RRSIG",
      [
        .type("type covered"), .code("algorithm", .algorithms), .u8("labels"), .period("original TTL"),
        .time("expiration"), .time("inception"), .u16("key tag"), .name("signer's name", []), .base64("signature"),
      ], "RFC 4034 §3.1"),
    RRTypeRow(47, "NSEC", [.name("next domain name", []), .types("type", canBeNone: false)], "RFC 4034 §4.1"),
    RRTypeRow(48, "DNSKEY", publicKey, "RFC 4034 §2.1"),
    RRTypeRow(
      50, "NSEC3",
      [
        .u8("hash algorithm"), .u8("flags"), .u16("iterations"), .salt("salt"), .base32hex("next hashed owner name"),
        .types("type", canBeNone: true),
      ], "RFC 5155 §3.2"),
    RRTypeRow(
      51, "NSEC3PARAM", [.u8("hash algorithm"), .u8("flags"), .u16("iterations"), .salt("salt")], "RFC 5155 §4.2"),
    RRTypeRow(59, "CDS", delegationSigner, "RFC 7344 §3.1"),
    RRTypeRow(60, "CDNSKEY", publicKey, "RFC 7344 §3.2"),
  ]

  private static let delegationSigner: [RDataField] = [
    .u16("key tag"), .code("algorithm", .algorithms), .code("digest type", .digests), .hexadecimal("digest", .dsDigest),
  ]

  private static let publicKey: [RDataField] = [
    .u16("flags"), .u8("protocol"), .code("algorithm", .algorithms), .base64("public key"),
  ]

  /// Rows by mnemonic, in capitals. Types of which only the name is known are among them, without fields.
  static let byMnemonic: [String: RRTypeRow] = Dictionary(
    uniqueKeysWithValues: (rows + questionOnly + named).map { ($0.mnemonic, $0) })

  /// Types that people ask for and write by name; their RDATA is written and printed as RFC 3597 §5 has it.
  private static let named = [
    RRTypeRow(13, "HINFO", [], "RFC 1035 §3.3.2"), RRTypeRow(29, "LOC", [], "RFC 1876"),
    RRTypeRow(35, "NAPTR", [], "RFC 3403 §4"),
    RRTypeRow(44, "SSHFP", [], "RFC 4255"),

    RRTypeRow(52, "TLSA", [], "RFC 6698 §2"),
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
