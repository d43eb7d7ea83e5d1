import Foundation
import Testing

@testable import ZoneFile

@Suite("Zone files and all that is said of them (Golden/zonefile)")
struct GoldenZoneFileTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "Golden/zonefile")

  static let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []

  /// Text, a line of dashes, then every mistake and the records that were read all the same.
  @Test(arguments: files) func `a text gives its mistakes, in order, and the rest of its records`(file: String) throws {
    let url = Self.folder.appending(path: file)
    let golden = try String(contentsOf: url, encoding: .utf8)
    let parts = golden.split(separator: "\n---\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let reading = try read(parts[0] + "\n")
    let found = (reading.diagnostics + reading.records).map { $0 + "\n" }.joined()
    if ProcessInfo.processInfo.environment["AMBIT_WRITE_GOLDEN"] != nil {
      try (parts[0] + "\n---\n" + found).write(to: url, atomically: true, encoding: .utf8)
    }
    #expect(parts.count == 2 && found == parts[1])
  }

  @Test func `there are golden files`() { #expect(Self.files.count >= 8) }
}
