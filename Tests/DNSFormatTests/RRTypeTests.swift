import Foundation
import Testing

@testable import DNSFormat

@Suite("The RR types' fields: golden text and wire (Golden/rrtypes)")
struct RRTypeTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "Golden/rrtypes")

  /// `0001-A.txt` and so on.
  static let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []

  /// One text and what it must become: hexadecimal wire format, or `error: field N: PROBLEM`.
  private struct Case {
    let text: String
    let expected: String
  }

  private func cases(_ file: String) throws -> (type: RRType, cases: [Case]) {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    let number = try #require(file.split(separator: "-").first.flatMap { UInt16($0) })
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let cases = lines.indices.filter { lines[$0] == "---" }.map { Case(text: lines[$0 - 1], expected: lines[$0 + 1]) }
    return (RRType(number), cases)
  }

  private func found(_ text: String, of type: RRType) -> String {
    do {
      return hexadecimal(try rdata(text, of: type))
    } catch let error as RDataTextError {
      return "error: field \(error.field): \(error.problem)"
        .replacing("DNSFormat.SvcParamProblem.", with: "").replacing("DNSFormat.CodeWords.", with: "")
    } catch {
      return "\(error)"
    }
  }

  @Test func `every type of the table has a golden file`() {
    let expected = RRTypeTable.rows.map { row in
      let digits = String(row.type.rawValue)
      return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "-\(row.mnemonic).txt"
    }
    #expect(Set(expected).isSubset(of: Set(Self.files)))
  }

  /// Puts what was found into a golden file, for review.
  private func rewrite(_ file: String, of type: RRType) throws {
    let url = Self.folder.appending(path: file)
    var lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
    for index in lines.indices where lines[index] == "---" { lines[index + 1] = found(lines[index - 1], of: type) }
    try lines.joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
  }

  @Test(arguments: files) func `text becomes the wire format, or the mistake is named`(file: String) throws {
    let (type, cases) = try cases(file)
    if ProcessInfo.processInfo.environment["AMBIT_WRITE_GOLDEN"] != nil { return try rewrite(file, of: type) }
    #expect(!cases.isEmpty)
    for each in cases {
      #expect(found(each.text, of: type) == each.expected, "\(file): \(each.text)")
    }
  }

  @Test(arguments: files) func `the wire format printed is read back`(file: String) throws {
    let (type, cases) = try cases(file)
    for each in cases where !each.expected.hasPrefix("error") {
      let wire = try rdata(each.text, of: type)
      #expect(found(rdataText(wire, of: type), of: type) == each.expected, "\(file): \(each.text)")
      #expect(isValidRData(wire[...], of: type))
    }
  }

  @Test func `nothing is appended where there is a mistake`() {
    var wire: [UInt8] = [1, 2, 3]
    let text = Array("10 a..b".utf8)
    #expect(throws: RDataTextError.self) {
      try appendRData(
        of: RRType(15), text: text.span, fields: fields(of: "10 a..b"), from: 0, origin: [0], to: &wire)
    }
    #expect(wire == [1, 2, 3])
  }

  @Test func `a relative name needs an origin`() {
    var wire: [UInt8] = []
    for written in ["a", "@"] {
      let text = Array(written.utf8)
      #expect(throws: RDataTextError(field: 0, problem: .badName("name server", .noOrigin))) {
        try appendRData(of: .ns, text: text.span, fields: fields(of: written), from: 0, origin: [], to: &wire)
      }
    }
  }

  @Test(
    arguments: [
      ("a", 1), ("AAAA", 28), ("aaaa", 28), ("TYPE1", 1), ("type65280", 65280), ("TYPE65535", 65535), ("ANY", 255),
      ("Axfr", 252),
    ] as [(String, UInt16)])
  func `a type is known by its mnemonic in any case, or by number`(text: String, number: UInt16) {
    #expect(RRType(mnemonic: text) == RRType(number))
  }

  @Test(arguments: ["", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "AA", "IN", "TYPE+5"])
  func `what is no type is none`(text: String) { #expect(RRType(mnemonic: text) == nil) }

  @Test func `a type prints as its mnemonic, or by number`() {
    #expect(RRType(28).description == "AAAA" && RRType(65280).description == "TYPE65280")
    for row in RRTypeTable.rows { #expect(RRType(mnemonic: row.mnemonic) == row.type) }
  }

  @Test func `types of questions only cannot be in a zone`() {
    for number in [0, 41, 128, 250, 251, 252, 255] as [UInt16] { #expect(RRType(number).isMeta, "\(number)") }
    for number in [1, 43, 127, 256, 257, 65280] as [UInt16] { #expect(!RRType(number).isMeta, "\(number)") }
  }

  @Test(
    arguments: [
      (2, 0, 1, [.compressed, .addressed]), (15, 2, 1, [.compressed, .addressed]), (33, 6, 1, .addressed),
      (18, 2, 1, .addressed), (36, 2, 1, .addressed), (21, 2, 1, .addressed), (64, 2, 1, .addressed),
      (65, 2, 1, .addressed), (6, 0, 2, .compressed), (14, 0, 2, .compressed), (5, 0, 1, .compressed),
      (12, 0, 1, .compressed), (1, 0, 0, []), (16, 0, 0, []), (35, 0, 0, []), (39, 0, 0, []), (46, 0, 0, []),
      (47, 0, 0, []), (17, 0, 0, []), (10, 0, 0, []), (65280, 0, 0, []),
    ] as [(UInt16, Int, Int, NameUse)])
  func `names are compressed in types of RFC 1035 only, and looked up where a type's RFC says so`(
    number: UInt16, offset: Int, count: Int, use: NameUse
  ) {
    let found = RRType(number).nameFields
    #expect(found.offset == offset && found.count == count && found.use == use)
  }

  @Test func `no type but those of RFC 1035 is compressed, and no addressed name is behind a field of any length`() {
    for row in RRTypeTable.rows {
      let names = row.type.nameFields
      #expect(!names.use.contains(.compressed) || row.type.rawValue <= 15, "\(row.mnemonic)")
      let wanted = row.fields.contains {
        if case .name(_, let use) = $0 { !use.isDisjoint(with: [.compressed, .addressed]) } else { false }
      }
      #expect((names.count > 0) == wanted, "\(row.mnemonic)")
    }
  }

  @Test(
    arguments: [
      (17, "c00c c00c"), (18, "0001 c00c"), (21, "0001 c00c"), (26, "0001 c00c c00c"), (33, "000100020003 c00c"),
      (35, "00010002 0161 0162 00 c00c"), (36, "0001 c00c"), (39, "c00c"), (47, "c00c 000140"),
      (46, "0001050000000000000000000000000000 01 c00c ff"), (24, "0001050000000000000000000000000000 01 c00c ff"),
    ] as [(UInt16, String)])
  func `names that a peer compressed are whole in a message taken apart`(number: UInt16, rdata: String) throws {
    let digits = rdata.filter { $0 != " " }
    let octets = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(digits.dropFirst($0).prefix(2), radix: 16)
    }
    var message: [UInt8] = [0, 0, 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0x61, 0, 0, 1, 0, 1]
    message +=
      [0xc0, 12] + [UInt8(number >> 8), UInt8(number & 255), 0, 1, 0, 0, 0, 0, 0, UInt8(octets.count)] + octets
    let record = try #require(try Message(message).answer.first)
    #expect(hexadecimal(record.rdata) == digits.replacing("c00c", with: "016100"))
    #expect(isValidRData(record.rdata[...], of: record.type))
  }
}
