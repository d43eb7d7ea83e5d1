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
    for round in 0..<rounds(400) {
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
}
