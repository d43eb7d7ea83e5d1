import Diagnostics
import Testing

@testable import Policy

@Suite("DESIGN §2: include takes in files of a folder")
struct IncludeTests {
  /// Reads `zones/*.policy` of these files, the others by `include`. A path that ends in a slash is a folder.
  private func read(_ files: [String: String]) -> PolicyReading {
    let folder = PolicyFolder(
      "zones",
      open: { path in
        files[path].map { .success(Array($0.utf8)) } ?? .failure(.init("no such file or directory"))
      },
      list: { path in
        if files["\(path)/"] == "locked" { return .failure(.init("permission denied")) }
        let inside = files.keys.filter { $0.hasPrefix("\(path)/") }.map { String($0.dropFirst(path.utf8.count + 1)) }
        return inside.isEmpty ? nil : .success(inside.filter { !$0.isEmpty && !$0.contains("/") }.sorted())
      })
    let own = files.keys.filter {
      $0.hasPrefix("zones/") && $0.hasSuffix(".policy") && $0.split(separator: "/").count == 2
    }
    return Policy.read(own.sorted().map { (path: $0, text: Array(files[$0, default: ""].utf8)) }, including: folder)
  }

  private func findings(_ files: [String: String]) -> [String] { read(files).diagnostics.map(\.description) }

  @Test func `a file and a folder are read in the line's place, under the origin that holds there`() throws {
    let reading = read([
      "zones/a.policy": "origin a.test; include teams/b.inc; service last; origin c.test { include ./teams//c }",
      "zones/teams/b.inc": "service one; origin b.test; service two; network n 10.0.0.1",
      "zones/teams/c/2.policy": "service four { runs-at n }",
      "zones/teams/c/1.policy": "service three; group g four three; service five { allow g }",
      "zones/teams/c/notes.txt": "no policy", "zones/teams/c/.hidden.policy": "no policy",
    ])
    #expect(reading.diagnostics.isEmpty)
    let policy = try #require(reading.policy)
    #expect(
      policy.services.map(\.name.description)
        == ["one.a.test.", "two.b.test.", "last.a.test.", "three.c.test.", "five.c.test.", "four.c.test."])
    #expect(policy.services[5].runsAt.map(\.location.description) == ["zones/teams/c/2.policy:1:24"])
    #expect(reading.includedFiles == ["zones/teams/b.inc", "zones/teams/c/1.policy", "zones/teams/c/2.policy"])
  }

  @Test func `what is missing or cannot be read is said at the line`() {
    #expect(
      findings([
        "zones/a.policy": "mode observe\ninclude teams/x\ninclude /etc/none\ninclude closed", "zones/closed/": "locked",
      ])
        == [
          "zones/a.policy:2:9: error: zones/teams/x cannot be read: no such file or directory; paths are relative to zones",
          "zones/a.policy:3:9: error: /etc/none cannot be read: no such file or directory",
          "zones/a.policy:4:9: error: zones/closed cannot be read: permission denied; paths are relative to zones",
        ])
  }

  @Test func `a folder without policies, and a file whose ending is nearly right, are doubted`() {
    #expect(
      findings(["zones/a.policy": "include x", "zones/x/orders.polcy": "", "zones/x/readme": ""])
        == [
          "zones/a.policy:1:9: warning: zones/x/orders.polcy is passed over: only files that end in .policy are read; did you mean .policy?",
          "zones/a.policy:1:9: warning: there is no *.policy file in the folder zones/x; remove the line, or add one",
        ])
  }

  @Test func `a file is read once`() {
    #expect(
      findings([
        "zones/a.policy": "include x/1\ninclude x/../x/1\ninclude b.policy\ninclude a.policy", "zones/b.policy": "",
        "zones/x/1": "mode observe",
      ]) == [
        "zones/a.policy:2:9: error: zones/x/../x/1 is included already at a.policy:1; keep one",
        "zones/a.policy:3:9: error: zones/b.policy is read anyway, as every *.policy file of the configuration's own folder is; remove this line",
        "zones/a.policy:4:9: error: a.policy includes itself: a.policy includes a.policy; remove one \"include\"",
      ])
  }

  @Test func `a file that includes itself by way of others is told by its path`() {
    #expect(
      findings([
        "zones/a.policy": "include x/1", "zones/x/1": "include x/2", "zones/x/2": "\ninclude x/1",
      ]) == ["zones/x/2:2:9: error: x/1 includes itself: x/1 includes x/2 includes x/1; remove one \"include\""])
  }

  @Test func `files in files in files have an end`() {
    var files = ["zones/a.policy": "include x/1"]
    for number in 1...20 { files["zones/x/\(number)"] = "include x/\(number + 1)" }
    #expect(
      findings(files)
        == ["zones/x/8:1:9: error: files include files more than 8 deep here; include it from higher up"])
  }

  @Test func `mistakes in a file that is included have its own places`() {
    #expect(
      findings(["zones/a.policy": "include x/1", "zones/x/1": "context a {\n  form ::1\n}"])
        == [#"zones/x/1:2:3: error: there is no statement "form"; did you mean "from"?"#])
  }

  @Test func `a place in short has the folder of an included file, and leaves out the configuration's own`()
    throws
  {
    let reading = read([
      "zones/a.policy": "origin a.test; service one; include teams/b/c.policy; include ../other/d; include /etc/e",
      "zones/teams/b/c.policy": "service two", "zones/../other/d": "service three", "/etc/e": "service four",
    ])
    let policy = try #require(reading.policy)
    #expect(
      policy.services.map(\.location.short)
        == ["a.policy:1", "teams/b/c.policy:1", "../other/d:1", "/etc/e:1"])
  }
}
