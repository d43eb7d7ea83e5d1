import Addresses
import Answering
import DNSFormat
import Testing

@testable import Inspection

@Suite("Balancing, as check, diff and explain tell it")
struct SteeringWordsTests {
  private let zone =
    apex + "orders A 10.1.0.1\norders A 10.1.0.2\norders A 10.1.0.3\nbackup A 10.1.9.1\nempty TXT none\n"
  private let policy = """
    origin example.test
    context near { from 10.0.0.0/8 }
    service backup
    service empty
    service orders {
      LINES
    }

    """

  private func load(_ lines: String) -> LoadedConfiguration {
    InspectionTests.load(
      zones: ["example.test.zone": zone], policy: policy.replacing("LINES", with: lines))
  }

  private func warnings(_ lines: String) -> [String] {
    Checks(load(lines), at: 1_800_000_000).diagnostics.map(\.description)
  }

  @Test func `check warns of lines about addresses that nobody has`() {
    #expect(warnings("drain 10.1.0.1; weight 10.1.0.0/24 5; canary 10.1.0.2 5%") == [])
    #expect(
      warnings("drain 10.1.0.7") == [
        "p.policy:6:9: warning: no record of any zone has 10.1.0.7, so this drain does nothing; "
          + "correct the address, or remove it"
      ])
    #expect(warnings("weight 10.1.0.1 9, 10.2.0.0/16 1").map { $0.contains("so this weight does nothing") } == [true])
  }

  @Test func `what checks and seen calls would say is told to be unknown without a server`() throws {
    func unknown(_ lines: String, _ more: String = "", from source: String = "10.0.0.1") throws -> [String] {
      let loaded = InspectionTests.load(
        zones: ["example.test.zone": zone],
        policy: policy.replacing("LINES", with: lines) + "service web { runs-at 10.0.0.1 }\nexplain off\nhttp off\n"
          + more)
      let explanation = Explanation(
        try DomainName("orders.example.test"), .a, Asker(try #require(IPAddress(source))), at: 0, loaded,
        try #require(loaded.snapshot))
      return try #require(explanation.unknown).map { "\($0.text) [\($0.place ?? "")]" }
    }
    let up = "which endpoints of orders are up: here all are taken to be [p.policy:6]"
    let way = "ask the server that runs: it tells nobody (explain off, http off); see its log []"
    #expect(try unknown("") == [])
    #expect(try unknown("health tcp 80") == [up, way])
    #expect(
      try unknown("health tcp 80; fail refuse")
        == [up, "whether all endpoints of orders are down: then it is refused [p.policy:6]", way])
    #expect(
      try unknown("health tcp 80; fail fallback backup")
        == [up, "whether all endpoints of orders are down: then backup stands in for it [p.policy:6]", way])
    #expect(
      try unknown("", "acyclic observed")
        == ["whether orders was seen calling web: then acyclic observed counts [p.policy:11]", way])
    #expect(try unknown("", "acyclic observed", from: "10.0.0.2") == [])
  }

  @Test func `check warns of a service that stands in and has no address`() {
    #expect(warnings("fail fallback backup") == [])
    #expect(
      warnings("fail fallback empty") == [
        "p.policy:6:3: warning: empty.example.test. has no address in any zone, so it stands in for nothing and "
          + "orders.example.test. is refused where it fails; give it addresses, or name another service"
      ])
  }

  @Test(arguments: [
    ("", "refused"), ("deny-as nxdomain", "refused"), ("deny-as nxdomain", "nxdomain"), ("deny-as nodata", "nodata"),
    ("deny-as nodata", "refused"),
  ])
  func `an expect line sees a service without endpoints as refused, and in the words of its denial`(
    denial: String, word: String
  ) {
    let drain = "drain 10.1.0.0/24\n\(denial)\n}\nexpect from 10.0.0.1 orders.example.test. A ->"
    func found(_ word: String) -> [String] {
      Checks(
        InspectionTests.load(
          zones: ["example.test.zone": zone],
          policy: policy.replacing("LINES\n}", with: "\(drain) \(word)")), at: 1_800_000_000
      ).diagnostics.map(\.description).filter { $0.contains("expected") }
    }
    #expect(found(word) == [])
    #expect(found("10.1.0.1").first?.contains("none of its endpoints is given") == true)
  }

  @Test(arguments: [
    ("", "drain 10.1.0.1", ["drain of orders: nothing → 10.1.0.1"]),
    ("weight 10.1.0.1 9", "weight 10.1.0.1 8", ["weight of orders: 10.1.0.1 9 → 10.1.0.1 8"]),
    ("canary 10.1.0.2 5%", "", ["canary of orders: 10.1.0.2 5% → nothing"]),
    (
      "blue 10.1.0.1; green 10.1.0.2; live blue", "blue 10.1.0.1; green 10.1.0.2; live green",
      ["live of orders: blue → green"]
    ),
    ("", "max-answers 2; prefer near", ["max-answers of orders: nothing → 2", "prefer of orders: nothing → near"]),
    (
      "floor 50%; fail refuse", "fail fallback backup",
      ["fail of orders: refuse → fallback backup.example.test.", "floor of orders: 50% → nothing"]
    ),
    ("drain 10.1.0.1 10.1.0.2", "drain 10.1.0.2 10.1.0.1", []),
  ])
  func `diff has a line for each setting that is another one`(old: String, new: String, lines: [String]) throws {
    let before = load(old), after = load(new)
    let found = Differences(before, try #require(before.snapshot), after, try #require(after.snapshot), at: 0)
    let told = found.text(bound: 100).split(separator: "\n").map(String.init)
    for line in lines { #expect(told.contains { $0.contains(line) }, "\(line) in \(told)") }
    #expect(told.count { $0.contains(" of orders: ") } == lines.count, "\(told)")
  }

  @Test func `explain says of each address which line it is left out by, and of the service the rest`() throws {
    let loaded = load(
      "drain 10.1.0.1; weight 10.1.0.2 7; canary 10.1.0.3 100%; max-answers 1; fail fallback backup; floor 20%")
    let text = Explanation(
      try DomainName("orders.example.test"), .a, Asker(try #require(IPAddress("10.0.0.7"))), at: 0, loaded,
      try #require(loaded.snapshot)
    ).text
    for words in [
      "A 10.1.0.1  (left out: drain (p.policy:6))", "A 10.1.0.2  (weight 7 (p.policy:6))",
      "A 10.1.0.3  (given: canary of 100% of the callers (p.policy:6), this one among them)",
      "max-answers 1  [p.policy:6]",
      "fail fallback backup.example.test.  [p.policy:6]", "floor 20%  [p.policy:6]",
    ] {
      #expect(text.contains(words), "\(words) in \(text)")
    }
  }
}
