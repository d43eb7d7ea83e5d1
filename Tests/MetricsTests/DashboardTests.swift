import Foundation
import Testing

@testable import Metrics

@Suite("scripts: the alerts and the dashboard speak of what is exposed")
struct DashboardTests {
  private static let scripts = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "scripts")

  /// Words of a text that could be metrics of ours.
  private func names(in text: String) -> Set<String> {
    let words = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }
    return Set(words.map(String.init).filter { $0.hasPrefix("ambit_") || $0.hasPrefix("process_") })
  }

  @Test(arguments: ["prometheus/ambit.rules.yml", "prometheus/ambit.tests.yml", "grafana/ambit.json"])
  func `every metric that is named is exposed`(path: String) throws {
    let named = names(in: try String(contentsOf: Self.scripts.appending(path: path), encoding: .utf8))
    #expect(named.count >= 10)
    #expect(named.subtracting(Exposition.sampleNames) == [])
  }

  @Test func `each alert has a test in which it fires`() throws {
    let rules = try String(contentsOf: Self.scripts.appending(path: "prometheus/ambit.rules.yml"), encoding: .utf8)
    let tests = try String(contentsOf: Self.scripts.appending(path: "prometheus/ambit.tests.yml"), encoding: .utf8)
    let alerts = rules.components(separatedBy: "- alert: ").dropFirst().map { $0.prefix { !$0.isNewline } }
    #expect(alerts.count >= 7)
    for alert in alerts { #expect(tests.contains("ALERTS{alertname=\"\(alert)\", alertstate=\"firing\"}")) }
  }

  @Test func `the dashboard is JSON with a query in every panel`() throws {
    struct Dashboard: Decodable {
      struct Panel: Decodable {
        struct Target: Decodable { let expr: String }
        let id: Int
        let title: String
        let targets: [Target]
      }
      let panels: [Panel]
    }
    let data = try Data(contentsOf: Self.scripts.appending(path: "grafana/ambit.json"))
    let panels = try JSONDecoder().decode(Dashboard.self, from: data).panels
    #expect(panels.count >= 12 && Set(panels.map(\.id)).count == panels.count)
    for panel in panels { #expect(!panel.targets.isEmpty && panel.targets.allSatisfy { !$0.expr.isEmpty }) }
  }
}
