import Foundation
import Testing

@testable import Policy

@Suite("docs/policy.md teaches the language as it is")
struct ReferenceTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let page = root.appending(path: "docs/policy.md")

  /// The page's text, and its reference.
  private func parts() throws -> (lesson: Substring, reference: Substring) {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let mark = try #require(text.range(of: "what to do. -->\n\n"), "the line before the reference")
    return (text[..<mark.lowerBound], text[mark.upperBound...])
  }

  /// The blocks of a text that are marked as policies.
  private func policies(in text: Substring) -> [String] {
    text.components(separatedBy: "```policy\n").dropFirst().map { $0.components(separatedBy: "```\n")[0] }
  }

  @Test func `the reference is the table's`() throws {
    let written = String(try parts().reference)
    let right = PolicyReference.markdown
    #expect(
      written == right,
      "write the output of \"ambit help policy --markdown\" in its place, which is:\n\(right)")
  }

  @Test func `the lesson's configuration has neither error nor doubt at any step`() throws {
    var files: [String: String] = [:]
    let steps = policies(in: try parts().lesson)
    #expect(steps.count >= 10)
    for step in steps {
      let first = try #require(step.split(separator: "\n").first)
      let name = String(first.dropFirst(2))
      #expect(first.hasPrefix("# ") && name.hasSuffix(".policy"), "a block begins with its file's name: \(first)")
      files[name] = step
      // Two files change together where the next block is of the other.
      if name == "services.policy", step.contains("batch-hosts"), files["networks.policy"] == nil { continue }
      let reading = Policy.read(
        files.keys.sorted().map { (path: $0, text: Array(files[$0, default: ""].utf8)) })
      let found = reading.diagnostics.filter { $0.severity == .error || !step.contains("tiers critical") }
      #expect(found.map(\.description) == [], "after \(name)")
    }
  }

  @Test func `README's policy reads without an error, once what it names is declared`() throws {
    let text = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    let start = try #require(text.range(of: "    origin  mesh.test "))
    let end = try #require(text.range(of: "\n[docs/policy.md]", range: start.upperBound..<text.endIndex))
    let others = ["web", "checkout", "batch", "reports"].map { "service \($0) { runs-at 10.31.0.\($0.utf8.count) }" }
    let files = [
      ("a.policy", String(text[start.lowerBound..<end.lowerBound])), ("b.policy", others.joined(separator: "\n")),
    ]
    let reading = Policy.read(files.map { (path: $0.0, text: Array($0.1.utf8)) })
    #expect(reading.diagnostics.filter { $0.severity == .error }.map(\.description) == [])
    #expect(reading.policy?.services.count == 6)
  }

  @Test(arguments: StatementSpec.table.map(\.keyword))
  func `a statement's example reads without an error, and has the statement`(keyword: String) throws {
    let spec = try #require(StatementSpec.byKeyword[keyword])
    let folder = PolicyFolder(open: { _ in .success([]) })
    let files = [("a.policy", PolicyReference.exampleDeclarations), ("b.policy", spec.example)]
    let reading = Policy.read(files.map { (path: $0.0, text: Array($0.1.utf8)) }, including: folder)
    #expect(reading.diagnostics.filter { $0.severity == .error }.map(\.description) == [])
    #expect(spec.example.split(whereSeparator: { " \n{;".contains($0) }).contains(Substring(keyword)))
  }

  @Test func `an entry says all there is to a statement`() throws {
    for spec in StatementSpec.table {
      #expect(spec.meaning.hasSuffix(".") && spec.absence.hasSuffix("."), "\(spec.keyword)")
      #expect(try #require(PolicyReference.text(of: spec.keyword)).hasPrefix(spec.usage))
    }
    #expect(PolicyReference.text(of: "forwards") == nil)
    #expect(PolicyReference.overview.contains("  acyclic [observed]\n"))
  }
}
