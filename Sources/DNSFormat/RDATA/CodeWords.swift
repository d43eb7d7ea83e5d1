/// Numbers that may be written as words.
package enum CodeWords: Hashable, Sendable {
  /// Algorithms of DNSSEC keys and signatures (RFC 4034 Appendix A.1 and IANA's registry); printed as numbers.
  case algorithms
  /// Digests of DS (RFC 4034 Appendix A.2 and IANA's registry); printed as numbers.
  case digests
  /// Types of certificate in CERT (RFC 4398 §2.1).
  case certificates
  /// Schemes of DSYNC (RFC 9859 §2.2).
  case notifications

  /// Octets on the wire.
  var size: Int { self == .certificates ? 2 : 1 }

  /// The words, in capitals; of several for one number the first is the usual one.
  package var words: KeyValuePairs<String, UInt16> {
    switch self {
    case .algorithms:
      [
        "RSAMD5": 1, "DH": 2, "DSA": 3, "RSASHA1": 5, "DSA-NSEC3-SHA1": 6, "NSEC3DSA": 6, "RSASHA1-NSEC3-SHA1": 7,
        "NSEC3RSASHA1": 7, "RSASHA256": 8, "RSASHA512": 10, "ECC-GOST": 12, "ECCGOST": 12, "ECDSAP256SHA256": 13,
        "ECDSAP384SHA384": 14, "ED25519": 15, "ED448": 16, "SM2SM3": 17, "ECC-GOST12": 23, "INDIRECT": 252,
        "PRIVATEDNS": 253, "PRIVATEOID": 254,
      ]
    case .digests:
      ["SHA-1": 1, "SHA1": 1, "SHA-256": 2, "SHA256": 2, "GOST": 3, "SHA-384": 4, "SHA384": 4, "GOST12": 5, "SM3": 6]
    case .certificates:
      [
        "PKIX": 1, "SPKI": 2, "PGP": 3, "IPKIX": 4, "ISPKI": 5, "IPGP": 6, "ACPKIX": 7, "IACPKIX": 8, "URI": 253,
        "OID": 254,
      ]
    case .notifications: ["NOTIFY": 1]
    }
  }

  /// As it is printed.
  func text(of number: UInt16) -> String {
    self == .certificates || self == .notifications
      ? words.first { $0.value == number }?.key ?? String(number) : String(number)
  }
}

extension TextCursor {
  /// One field: a number, or one of the words in any case.
  mutating func readCode(
    _ label: String, _ words: CodeWords, text: Span<UInt8>, to wire: inout [UInt8]
  ) throws(RDataTextError) {
    let range = try take(label)
    let word = range.count <= 32 ? String(decoding: text.octets(range), as: UTF8.self).uppercased() : ""
    guard
      let number = decimal(text, range) ?? words.words.first(where: { $0.key == word }).map({ UInt32($0.value) }),
      number < 1 << UInt32(8 * words.size)
    else { throw error(.notACode(label, words)) }
    wire.append(contentsOf: words.size == 1 ? [UInt8(number)] : [UInt8(number >> 8), UInt8(number & 0xff)])
  }
}
