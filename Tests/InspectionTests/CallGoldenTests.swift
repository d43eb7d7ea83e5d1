import Foundation
import Testing

@testable import Inspection

@Suite("What audit and graph print of a day (Golden/calls)")
struct CallGoldenTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "Golden/calls")

  private func check(_ file: String, _ found: String) throws {
    let url = Self.folder.appending(path: file)
    if ProcessInfo.processInfo.environment["AMBIT_WRITE_GOLDEN"] != nil {
      try found.write(to: url, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: url, encoding: .utf8) == found)
  }

  @Test func `audit tells the calls, what is never used, what would break, and the lines that it takes`() throws {
    let snapshot = try #require(shop.snapshot)
    let audit = Audit(tally(shopLog, snapshot), at: 1_795_255_464, until: "2026-12-31")
    try check("audit.txt", audit.text)
    // The order of a log is of no consequence.
    let backwards = Audit(tally(shopLog.reversed(), snapshot), at: 1_795_255_464, until: "2026-12-31")
    #expect(backwards.lines.map(\.allow) == audit.lines.map(\.allow))
  }

  @Test func `graph draws what is allowed`() throws {
    let graph = CallDrawing(try #require(shop.snapshot), at: 1_795_255_464)
    try check("graph.txt", graph.text)
    try check("graph.dot", graph.dot)
    try check("graph.svg", graph.svg)
  }

  @Test func `graph draws what a log shows`() throws {
    let graph = CallDrawing(tally(shopLog, try #require(shop.snapshot)), at: 1_795_255_464)
    try check("graph-log.txt", graph.text)
    try check("graph-log.dot", graph.dot)
    try check("graph-log.svg", graph.svg)
  }

  @Test func `a drawing is XML with nothing to fetch or run, whatever services are called`() throws {
    let policy = """
      origin mesh.test
      service "<script>alert(1)</script>&" { allow "a\\"b" }
      service "a\\"b" { allow "]]>" }
      service "]]>" { allow * }
      """
    let loaded = load(zones: ["mesh.test.zone": apex], policy: policy)
    let snapshot = try #require(loaded.snapshot, "\(loaded.diagnostics)")
    let svg = CallDrawing(snapshot, at: 0).svg
    #expect(!svg.contains("<script") && !svg.contains("href") && !svg.contains("@import"))
    #expect(XMLTags(svg).areBalanced)
    #expect(CallDrawing(snapshot, at: 0).dot.contains(#"\"b"#))
  }

  @Test func `a context's permission is used by calls from the contexts in it, and by services there`() throws {
    let policy = """
      origin mesh.test
      context prod { from 127.0.5.0/24 }
      context prod-a in prod { from 127.0.5.0/25 }
      service a { runs-at 127.0.6.1; allow prod }
      service b { runs-at 127.0.6.2; allow prod }
      service c { runs-at 127.0.6.3; allow prod }
      service web { runs-at 127.0.5.9 }
      """
    let loaded = load(zones: ["mesh.test.zone": apex + "a A 127.0.6.1\nb A 127.0.6.2\n"], policy: policy)
    let lines = [logLine("127.0.5.1", "a.mesh.test."), logLine("127.0.5.9", "b.mesh.test.")]
    let text = CallDrawing(tally(lines, try #require(loaded.snapshot)), at: 0).text
    #expect(text.contains("-> a  allowed by p.policy:4; 1 query\n"))
    #expect(text.contains("-> b  allowed by p.policy:5; used by callers drawn by themselves\n"))
    #expect(text.contains("-> c  allowed by p.policy:6; never used\n"))
    #expect(text.contains("web -> b") || text.contains("-> b  not declared; 1 query\n"))
    #expect(text.hasSuffix("4 services, 3 permissions, 1 never used, 1 calls not declared\n"))
  }

  @Test func `a box says how many contexts it does not show, and titles lie above the lines`() throws {
    let contexts = (1...6).map { "context c\($0) { from 10.\($0).0.0/16 }\n" }.joined()
    let policy =
      "origin mesh.test\n\(contexts)service a { runs-at \((1...6).map { "10.\($0).0.1" }.joined(separator: " ")) }\n"
    let loaded = load(zones: ["mesh.test.zone": apex], policy: policy + "service b { allow a }\n")
    let svg = CallDrawing(try #require(loaded.snapshot), at: 0).svg
    #expect(svg.contains(">c3</text>") && !svg.contains(">c4</text>") && svg.contains(">+3</text>"))
    let line = try #require(svg.range(of: "<path class=\"e declared\"")),
      title = try #require(svg.range(of: ">services</text>"))
    #expect(line.upperBound < title.lowerBound)
  }

  @Test(arguments: [(2000, false), (2001, true)])
  func `a graph is too large for a picture from so many services on`(services: Int, isLarge: Bool) throws {
    let policy = "origin mesh.test\n" + (0..<services).map { "service s\($0)\n" }.joined()
    let snapshot = try #require(load(zones: ["mesh.test.zone": apex], policy: policy).snapshot)
    let graph = CallDrawing(snapshot, at: 0)
    #expect(graph.nodeCount == services && graph.isLargeForSVG == isLarge)
  }

  @Test func `boxes of a row do not overlap, and hundreds of services fit`() throws {
    var policy = "origin mesh.test\ntiers high > low\n"
    for number in 0..<300 {
      let callers = [number * 7 % 300, number * 13 % 300].filter { $0 < number }.map { "s\($0)" }
      policy += "service s\(number) { tier \(number % 3 == 0 ? "high" : "low")\n"
      policy += callers.isEmpty ? "}\n" : "allow \(callers.joined(separator: " "))\n}\n"
    }
    let graph = CallDrawing(try #require(load(zones: ["mesh.test.zone": apex], policy: policy).snapshot), at: 0)
    let layout = GraphLayout(graph)
    for row in Dictionary(grouping: layout.boxes, by: \.row).values {
      let inOrder = row.sorted { $0.x < $1.x }
      for (left, right) in zip(inOrder, inOrder.dropFirst()) { #expect(left.x + left.width < right.x) }
      #expect(inOrder.allSatisfy { $0.x > 0 && $0.x + $0.width < layout.width && $0.bottom < layout.height })
    }
    #expect(layout.width < 5000 && layout.height < 8000)
    #expect(
      CallDrawing(try #require(load(zones: ["mesh.test.zone": apex], policy: policy).snapshot), at: 0).svg == graph.svg)
  }
}

/// Looks whether the tags of a text fit each other.
private struct XMLTags {
  var areBalanced = true

  init(_ text: String) {
    var open: [Substring] = []
    for piece in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
      guard let end = piece.firstIndex(of: ">") else {
        areBalanced = false
        return
      }
      let tag = piece[..<end]
      if tag.hasSuffix("/") { continue }
      let name = tag.prefix { $0 != " " && $0 != "\n" }
      if name.hasPrefix("/") {
        if open.popLast() != name.dropFirst() { areBalanced = false }
      } else {
        open.append(name)
      }
    }
    if !open.isEmpty { areBalanced = false }
  }
}
