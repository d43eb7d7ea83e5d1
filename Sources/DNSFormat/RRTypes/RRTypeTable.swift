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
    RRTypeRow(2, "NS", [.name("name server", [.compressed, .addressed, .notAliased])], "RFC 1035 §3.3.11"),
    RRTypeRow(3, "MD", [.name("mail agent", .compressed)], "RFC 1035 §3.3.4"),
    RRTypeRow(4, "MF", [.name("mail agent", .compressed)], "RFC 1035 §3.3.5"),
    RRTypeRow(5, "CNAME", [.name("canonical name", .compressed)], "RFC 1035 §3.3.1"),
    RRTypeRow(
      6, "SOA",
      [
        .name("primary name server", .compressed), .name("mailbox", .compressed), .u32("serial"),
        .period("refresh"), .period("retry"), .period("expire"), .period("minimum"),
      ], "RFC 1035 §3.3.13"),
    RRTypeRow(7, "MB", [.name("mailbox host", .compressed)], "RFC 1035 §3.3.3"),
    RRTypeRow(8, "MG", [.name("mailbox", .compressed)], "RFC 1035 §3.3.6"),
    RRTypeRow(9, "MR", [.name("new mailbox", .compressed)], "RFC 1035 §3.3.8"),
    RRTypeRow(12, "PTR", [.name("name", .compressed)], "RFC 1035 §3.3.12"),
    RRTypeRow(13, "HINFO", [.string("CPU"), .string("OS")], "RFC 1035 §3.3.2"),
    RRTypeRow(
      14, "MINFO", [.name("responsible mailbox", .compressed), .name("error mailbox", .compressed)],
      "RFC 1035 §3.3.7"),
    RRTypeRow(
      15, "MX", [.u16("preference"), .name("exchange", [.compressed, .addressed, .notAliased])], "RFC 1035 §3.3.9"),
    RRTypeRow(16, "TXT", [.strings("text")], "RFC 1035 §3.3.14"),
    RRTypeRow(17, "RP", [.name("mailbox", .folded), .name("text name", .folded)], "RFC 1183 §2.2"),
    RRTypeRow(18, "AFSDB", [.u16("subtype"), .name("host name", [.addressed, .folded])], "RFC 1183 §1"),
    RRTypeRow(19, "X25", [.string("PSDN address")], "RFC 1183 §3.1"),
    RRTypeRow(20, "ISDN", [.string("ISDN address"), .optionalString("subaddress")], "RFC 1183 §3.2"),
    RRTypeRow(21, "RT", [.u16("preference"), .name("intermediate host", [.addressed, .folded])], "RFC 1183 §3.3"),
    RRTypeRow(22, "NSAP", [.nsap("NSAP")], "RFC 1706 §7"),
    RRTypeRow(23, "NSAP-PTR", [.name("owner", [])], "RFC 1348"),
    RRTypeRow(24, "SIG", signature, "RFC 2535 §4.1"),
    RRTypeRow(
      25, "KEY",
      [
        .u16("flags"), .u8("protocol"), .code("algorithm", .algorithms), .base64("public key", canBeNone: true),
      ], "RFC 2535 §3.1"),
    RRTypeRow(
      26, "PX", [.u16("preference"), .name("RFC 822 name", .folded), .name("X.400 name", .folded)], "RFC 2163 §4"),
    RRTypeRow(27, "GPOS", [.string("longitude"), .string("latitude"), .string("altitude")], "RFC 1712 §3"),
    RRTypeRow(28, "AAAA", [.ipv6("address")], "RFC 3596 §2.2"),
    RRTypeRow(29, "LOC", [.location("latitude")], "RFC 1876 §3"),
    RRTypeRow(31, "EID", [.hexadecimal("endpoint", .any)], "draft-ietf-nimrod-dns"),
    RRTypeRow(32, "NIMLOC", [.hexadecimal("locator", .any)], "draft-ietf-nimrod-dns"),
    RRTypeRow(
      33, "SRV",
      [.u16("priority"), .u16("weight"), .u16("port"), .name("target", [.addressed, .folded, .notAliased])], "RFC 2782"),
    RRTypeRow(
      35, "NAPTR",
      [
        .u16("order"), .u16("preference"), .string("flags"), .string("services"), .string("regexp"),
        .name("replacement", .folded),
      ], "RFC 3403 §4.1"),
    RRTypeRow(36, "KX", [.u16("preference"), .name("exchanger", [.addressed, .folded])], "RFC 2230 §3.1"),
    RRTypeRow(
      37, "CERT",
      [.code("type", .certificates), .u16("key tag"), .code("algorithm", .algorithms), .base64("certificate")],
      "RFC 4398 §2.2"),
    RRTypeRow(39, "DNAME", [.name("target", .folded)], "RFC 6672 §2.1"),
    RRTypeRow(42, "APL", [.prefixes("address prefix")], "RFC 3123 §5"),
    RRTypeRow(43, "DS", delegationSigner, "RFC 4034 §5.1"),
    RRTypeRow(
      44, "SSHFP", [.u8("algorithm"), .u8("fingerprint type"), .hexadecimal("fingerprint", .fingerprint)],
      "RFC 4255 §3.1"),
    RRTypeRow(
      45, "IPSECKEY",
      [
        .u8("precedence"), .u8("gateway type"), .u8("algorithm"), .gateway("gateway"),
        .base64("public key", canBeNone: true),
      ], "RFC 4025 §2.1"),
    RRTypeRow(46, "RRSIG", signature, "RFC 4034 §3.1"),
    RRTypeRow(47, "NSEC", [.name("next domain name", []), .types("type", canBeNone: false)], "RFC 4034 §4.1"),
    RRTypeRow(48, "DNSKEY", publicKey, "RFC 4034 §2.1"),
    RRTypeRow(49, "DHCID", [.base64("identifier")], "RFC 4701 §3.2"),
    RRTypeRow(
      50, "NSEC3",
      [
        .u8("hash algorithm"), .u8("flags"), .u16("iterations"), .salt("salt"), .base32hex("next hashed owner name"),
        .types("type", canBeNone: true),
      ], "RFC 5155 §3.2"),
    RRTypeRow(
      51, "NSEC3PARAM", [.u8("hash algorithm"), .u8("flags"), .u16("iterations"), .salt("salt")], "RFC 5155 §4.2"),
    RRTypeRow(52, "TLSA", association, "RFC 6698 §2.1"),
    RRTypeRow(53, "SMIMEA", association, "RFC 8162 §2"),
    RRTypeRow(55, "HIP", [.hostIdentity("algorithm")], "RFC 8005 §5"),
    RRTypeRow(56, "NINFO", [.strings("zone status")], "draft-reid-dnsext-zs"),
    RRTypeRow(57, "RKEY", publicKey, "draft-reid-dnsext-rkey"),
    RRTypeRow(
      58, "TALINK", [.name("previous name", []), .name("next name", [])], "draft-ietf-dnsop-dnssec-trust-history"),
    RRTypeRow(59, "CDS", delegationSigner, "RFC 7344 §3.1"),
    RRTypeRow(60, "CDNSKEY", publicKey, "RFC 7344 §3.2"),
    RRTypeRow(61, "OPENPGPKEY", [.base64("public key")], "RFC 7929 §2.1"),
    RRTypeRow(62, "CSYNC", [.u32("serial"), .u16("flags"), .types("type", canBeNone: true)], "RFC 7477 §2.1"),
    RRTypeRow(
      63, "ZONEMD", [.u32("serial"), .u8("scheme"), .u8("hash algorithm"), .hexadecimal("digest", .zoneDigest)],
      "RFC 8976 §2.2"),
    RRTypeRow(64, "SVCB", serviceBinding, "RFC 9460 §2.1"),
    RRTypeRow(65, "HTTPS", serviceBinding, "RFC 9460 §9"),
    RRTypeRow(
      66, "DSYNC",
      [.type("type"), .code("scheme", .notifications), .u16("port"), .name("target", [])], "RFC 9859 §2.1"),
    RRTypeRow(99, "SPF", [.strings("text")], "RFC 7208 §3.1"),
    RRTypeRow(104, "NID", [.u16("preference"), .groups("node identifier", .locator)], "RFC 6742 §2.1"),
    RRTypeRow(105, "L32", [.u16("preference"), .ipv4("locator")], "RFC 6742 §2.2"),
    RRTypeRow(106, "L64", [.u16("preference"), .groups("locator", .locator)], "RFC 6742 §2.3"),
    RRTypeRow(107, "LP", [.u16("preference"), .name("name", [])], "RFC 6742 §2.4"),
    RRTypeRow(108, "EUI48", [.groups("address", .eui48)], "RFC 7043 §3"),
    RRTypeRow(109, "EUI64", [.groups("address", .eui64)], "RFC 7043 §4"),
    RRTypeRow(
      256, "URI", [.u16("priority"), .u16("weight"), .text("target", canBeEmpty: false)], "RFC 7553 §4.5"),
    RRTypeRow(257, "CAA", [.u8("flags"), .tag("tag"), .text("value", canBeEmpty: true)], "RFC 8659 §4.1"),
    RRTypeRow(258, "AVC", [.strings("metadata")], "IANA's registry"),
    RRTypeRow(261, "RESINFO", [.strings("resolver information")], "RFC 9606 §4"),
    RRTypeRow(262, "WALLET", [.strings("wallet")], "IANA's registry"),
    RRTypeRow(32768, "TA", delegationSigner, "IANA's registry"),
    RRTypeRow(32769, "DLV", delegationSigner, "RFC 4431 §2"),
  ]

  private static let signature: [RDataField] = [
    .type("type covered"), .code("algorithm", .algorithms), .u8("labels"), .period("original TTL"),
    .time("expiration"), .time("inception"), .u16("key tag"), .name("signer's name", .folded), .base64("signature"),
  ]

  private static let association: [RDataField] = [
    .u8("certificate usage"), .u8("selector"), .u8("matching type"), .hexadecimal("association data", .association),
  ]

  private static let serviceBinding: [RDataField] = [
    .u16("priority"), .name("target", .addressed), .parameters("parameter"),
  ]

  private static let delegationSigner: [RDataField] = [
    .u16("key tag"), .code("algorithm", .algorithms), .code("digest type", .digests), .hexadecimal("digest", .dsDigest),
  ]

  private static let publicKey: [RDataField] = [
    .u16("flags"), .u8("protocol"), .code("algorithm", .algorithms), .base64("public key"),
  ]

  /// Rows by mnemonic, in capitals; types without fields are among them.
  static let byMnemonic: [String: RRTypeRow] = Dictionary(
    uniqueKeysWithValues: (rows + fieldless).map { ($0.mnemonic, $0) })

  /// Types without fields: NULL, whose RDATA is any octets, written as RFC 3597 §5 has it, and those of questions.
  private static let fieldless = [
    RRTypeRow(10, "NULL", [], "RFC 1035 §3.3.10"), RRTypeRow(41, "OPT", [], "RFC 6891"),
    RRTypeRow(249, "TKEY", [], "RFC 2930"), RRTypeRow(250, "TSIG", [], "RFC 8945"),
    RRTypeRow(251, "IXFR", [], "RFC 1995"), RRTypeRow(252, "AXFR", [], "RFC 5936"),
    RRTypeRow(253, "MAILB", [], "RFC 1035 §3.2.3"), RRTypeRow(254, "MAILA", [], "RFC 1035 §3.2.3"),
    RRTypeRow(255, "ANY", [], "RFC 1035 §3.2.3"),
  ]

  private static let byNumber: [RRType: RRTypeRow] = Dictionary(
    uniqueKeysWithValues: (rows + fieldless).map { ($0.type, $0) })

  /// The row of a type; nil for one of unknown fields (RFC 3597).
  package static func row(of type: RRType) -> RRTypeRow? { byNumber[type] }

  /// The mnemonics of types that can stand in a zone, for suggestions.
  package static var mnemonics: [String] { rows.map(\.mnemonic) }
}
