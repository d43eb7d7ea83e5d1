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
      return "error: field \(error.field): \(error.problem)".replacing("DNSFormat.NameError.", with: "")
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
}
