import TestSupport
import Testing

@testable import DNSFormat

@Suite("RDATA: what is printed is read back, and any octets can be printed")
struct RDataRoundTripTests {
  private func readBack(_ wire: [UInt8], of type: RRType) throws -> [UInt8] {
    try DNSFormatTests.rdata(rdataText(wire, of: type), of: type)
  }

  @Test(arguments: [41, 42] as [UInt64])
  func `valid RDATA of every type`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<rounds(60) {
      for row in RRTypeTable.rows {
        let wire = random.rdata(of: row)
        #expect(isValidRData(wire[...], of: row.type), "seed \(seed), \(row.mnemonic)")
        #expect(try readBack(wire, of: row.type) == wire, "seed \(seed), \(row.mnemonic)")
      }
    }
  }

  @Test(arguments: [43] as [UInt64])
  func `any octets print, and read back where they are RDATA of the type`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for round in 0..<rounds(4000) {
      let row = RRTypeTable.rows[round % RRTypeTable.rows.count]
      var wire = round.isMultiple(of: 2) ? random.rdata(of: row) : random.octets(random.number(0...40))
      if !wire.isEmpty, random.number(0...1) == 0 {
        wire[random.number(0...(wire.count - 1))] = UInt8(random.number(0...255))
      }
      let text = rdataText(wire, of: row.type)
      if isValidRData(wire[...], of: row.type) {
        #expect(try readBack(wire, of: row.type) == wire, "seed \(seed)")
      } else {
        #expect(text.hasPrefix("\\# \(wire.count)"), "seed \(seed)")
      }
      let unknown = RRType(65000)
      #expect(try readBack(wire, of: unknown) == wire, "seed \(seed)")
    }
  }

  @Test func `every octet of a string prints so that it is read back`() throws {
    let wire = [255] + (0...254).map(UInt8.init) + [1, 255]
    #expect(try readBack(wire, of: .txt) == wire)
  }

  @Test(arguments: [44, 45] as [UInt64])
  func `any words are RDATA that prints and is read back, or a mistake`(seed: UInt64) {
    let words = [
      "0", "1", "2", "10", "255", "256", "65536", "4294967296", "-1", "-", "@", ".", "a", "a.b.", "A", "NS", "TYPE0",
      "TYPE65535", "192.0.2.1", "2001:db8::1", "::", "1:0.0.0.0/0", "!2:::/1", "00", "0A1B", "0x00", "AA==", "AAAA",
      "AwEA", "VO", "20260101000000", "N", "S", "E", "W", "10m", "-1.5m", "59.999", "\"\"", "\"a b\"", "a\\", "\\256",
      "\\#", "alpn=h2", "alpn=\"h2,h3\"", "port=1", "mandatory=port", "key7=a", "ech", "dohpath=/{?dns}", "issue",
      "00-00-5e-00-53-2a", "1:2:3:4", "RSASHA256", "PKIX", "=", "\"", "é", "\u{0}", "ipv6hint=::,::",
    ]
    var random = SeededGenerator(seed: seed)
    var readable = 0
    for round in 0..<rounds(20000) {
      let row = RRTypeTable.rows[round % RRTypeTable.rows.count]
      let text = (0..<random.number(0...9)).map { _ in words.randomElement(using: &random) ?? "" }.joined(
        separator: " ")
      guard let wire = try? DNSFormatTests.rdata(text, of: row.type) else { continue }
      readable += 1
      #expect(isValidRData(wire[...], of: row.type), "seed \(seed), \(row.mnemonic) \(text)")
      #expect((try? readBack(wire, of: row.type)) == wire, "seed \(seed), \(row.mnemonic) \(text)")
    }
    #expect(readable > 500)
  }

  @Test func `addresses too many for a parameter are a mistake`() {
    let text = "1 . ipv6hint=" + Array(repeating: "::", count: 4096).joined(separator: ",")
    #expect(throws: RDataTextError(field: 2, problem: .badParameter("ipv6hint", .tooLong))) {
      try DNSFormatTests.rdata(text, of: .svcb)
    }
  }
}
