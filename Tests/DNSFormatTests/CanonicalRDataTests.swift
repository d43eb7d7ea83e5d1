import Testing

@testable import DNSFormat

@Suite("RFC 4034 §6.2, RFC 6840 §5.1: names in RDATA, in small letters")
struct CanonicalRDataTests {
  private let name: [UInt8] = [1, UInt8(ascii: "X"), 2, UInt8(ascii: "Y"), 0x5b, 0]
  private let small: [UInt8] = [1, UInt8(ascii: "x"), 2, UInt8(ascii: "y"), 0x5b, 0]

  /// Every type of the list that has a row; HINFO is there by mistake (erratum 1062), NSEC no more.
  @Test func `the types of the list have their names made small, others keep theirs`() {
    let listed: Set<UInt16> = [2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15, 17, 18, 21, 24, 26, 33, 35, 36, 39, 46]
    for row in RRTypeTable.rows {
      var rdata: [UInt8] = [], expected: [UInt8] = []
      for field in row.fields {
        let octets = octets(of: field)
        rdata += octets
        expected += octets == name && listed.contains(row.type.rawValue) ? small : octets
      }
      #expect(canonicalRData(rdata[...], of: row.type) == expected[...], "\(row.mnemonic)")
    }
  }

  @Test func `what is cut short, or of no known type, stays as it is from there on`() {
    #expect(canonicalRData([1, 0x58, 0, 1, 0x58], of: RRType(14)) == [1, 0x78, 0, 1, 0x58])
    #expect(canonicalRData([0, 1, 0x58], of: RRType(15)) == [0, 1, 0x58])
    #expect(canonicalRData([], of: RRType(15)).isEmpty)
    #expect(canonicalRData([1, 0x58, 0], of: RRType(65280)) == [1, 0x58, 0])
    // A slice of something longer, as zones hand it over.
    let zone: [UInt8] = [9, 9, 1, 0x58, 0, 9]
    #expect(canonicalRData(zone[2..<5], of: RRType(2)) == [1, 0x78, 0])
  }

  private func octets(of field: RDataField) -> [UInt8] {
    switch field {
    case .name: name
    case .string: [2, 0x58, 0x59]
    default: [UInt8](repeating: 0x58, count: field.fixedSize ?? 3)
    }
  }
}
