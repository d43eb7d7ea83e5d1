import Foundation
@testable import Metrics
import TestSupport
import Testing

@Suite("RFC 8911 §7: a metric's registry entry")
struct DefinitionTests {
  @Test(arguments: MetricDefinition.all)
  func `a name has the six parts of RFC 8911 §7_1_2 and ends in its unit and output`(metric: MetricDefinition) {
    for transport in metric.transports {
      let name = metric.name(over: transport)
      let parts = name.split(separator: "_")
      #expect(parts.count == (metric.identifier == nil ? 7 : 6), "\(name)")
      #expect(name.hasPrefix("Priv_") == (metric.identifier == nil))
      #expect(name.hasSuffix("_\(metric.unit)_\(metric.output)"))
      #expect(MetricDefinition.called(name) == metric)
    }
    #expect(MetricDefinition.called(metric.word) == metric)
  }

  @Test func `the active metrics are IANA's entries 4 and 5, and Tmax is 5 s`() {
    #expect(
      MetricDefinition.active.map { "\($0.identifier ?? 0) \($0.names)" } == [
        "4 [\"RTDNS_Active_IP-UDP-Poisson_RFC8912sec6_Seconds_Raw\"]",
        "5 [\"RLDNS_Active_IP-UDP-Poisson_RFC8912sec6_Logical_Raw\"]",
      ])
    #expect(ActiveMeasurement.maximumWait == 5)
    for metric in MetricDefinition.active {
      #expect(metric.fixedParameters.contains { $0.name == "Tmax" && $0.text.hasPrefix("5.0 s") })
      for parameter in ["Src", "Dst", "T0", "Tf", "Reciprocal_lambda", "Trunc", "ID", "QNAME", "QTYPE"] {
        #expect(metric.runTimeParameters.contains { $0.name == parameter }, "\(parameter)")
      }
    }
    #expect(
      MetricDefinition.passive.flatMap(\.names) == [
        "Priv_ResidenceDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw",
        "Priv_ResidenceDNS_Passive_IP-TCP-DNS_RFCnone_Seconds_Raw",
        "Priv_QueueDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw",
        "Priv_NoResponseDNS_Passive_IP-UDP-DNS_RFCnone_Ratio_Mean",
        "Priv_NoResponseDNS_Passive_IP-TCP-DNS_RFCnone_Ratio_Mean",
      ])
    #expect(
      MetricDefinition.forwarding.flatMap(\.names) == [
        "Priv_UpstreamDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw",
        "Priv_UpstreamDNS_Passive_IP-TCP-DNS_RFCnone_Seconds_Raw",
      ])
  }

  @Test(arguments: MetricDefinition.all)
  func `an entry has every column of RFC 8911, in its order, and none is empty`(metric: MetricDefinition) throws {
    #expect(
      metric.categories.flatMap { [$0.title] + $0.columns.map { "  " + $0.title } } == [
        "Summary", "  Identifier", "  Name", "  URI", "  Description", "  Reference", "  Change Controller",
        "  Version of Registry Format", "Metric Definition", "  Reference Definition", "  Fixed Parameters",
        "Method of Measurement", "  Reference Method", "  Packet Stream Generation", "  Traffic Filter",
        "  Sampling Distribution", "  Run-Time Parameters", "  Role", "Output", "  Type", "  Reference Definition",
        "  Metric Units", "  Calibration", "Administrative Information", "  Status", "  Requester", "  Revision",
        "  Revision Date", "Comments and Remarks", "  Comments and Remarks", "Beyond RFC 8911", "  Populations",
        "  Uncertainty", "  Composition",
      ])
    #expect(!metric.conjectures.isEmpty && !metric.uncertainty.isEmpty && !metric.populations.isEmpty)
    for line in metric.text.split(separator: "\n") where !line.contains("https://") {
      #expect(line.count <= 100, "\(line)")
    }
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(definitionsJSON([metric]).utf8)) as? [String: Any])
    #expect(json.count == 8)
    let summary = try #require(json["summary"] as? [String: Any])
    #expect(summary["name"] as? [String] == metric.names)
    let uri = try #require(summary["uri"] as? String)
    #expect(
      metric.identifier == nil || uri == "https://www.iana.org/assignments/performance-metrics/\(metric.names[0])")
  }

  @Test func `docs_metrics_md has the result of a verification, all of which holds`() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/metrics.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let begin = try #require(text.range(of: "<!-- verify -->")), end = try #require(text.range(of: "<!-- /verify -->"))
    let result = text[begin.upperBound..<end.lowerBound]
    #expect(result.contains("scripts/verify --queries") && result.contains("what the delay adds"))
    #expect(result.contains("| yes |") && !result.contains("**no**"))
  }

  @Test func `docs_metrics_md has the definitions as they are`() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/metrics.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let mark = try #require(text.range(of: "in its place. -->\n\n"), "the line before the definitions")
    let written = String(text[mark.upperBound...])
    let right = MetricDefinition.all.map(\.markdown).joined(separator: "\n")
    #expect(written == right, "write the output of \"ambit metrics --markdown\" in its place")
  }
}

@Suite("DESIGN §6: what is exported is what is defined")
struct ExportTests {
  /// Something of everything that can be counted.
  private var everything: MetricsReport {
    let metrics = WorkerMetrics(slots: 2)
    for decision in MetricDecision.allCases {
      for transport in MetricTransport.allCases {
        metrics.record(
          Population(slot: 1, decision: decision, transport: transport), residence: 3000,
          queue: transport == .udp ? .time(500) : .unstamped)
      }
    }
    for counter in MetricCounter.allCases { metrics.count(counter) }
    for cause in SilenceCause.allCases { metrics.recordSilence(slot: 1, transport: .udp, cause: cause) }
    for rcode in 0...31 as ClosedRange<UInt16> { metrics.count(rcode: rcode) }
    for rule in 0..<16 {
      metrics.count(refusalBy: rule)
      metrics.count(wouldBeRefusalBy: rule)
    }
    return MetricsReport(
      metrics.read(), from: .distantPast, to: .distantPast, contextName: { _ in "c" }, monotonic: (1, 20),
      realtime: (1, 25))
  }

  private func lines() throws -> [[String: Any]] {
    try everything.jsonLines().split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func `the metrics log has the passive metrics, all of them and no other`() throws {
    let exported = Set(try lines().compactMap { $0["metric"] as? String })
    #expect(exported == Set(MetricDefinition.passive.flatMap(\.names) + ["events"]))
  }

  @Test func `a summary has the terms of uncertainty that its metric defines, and their total`() throws {
    for line in try lines() {
      guard let name = line["metric"] as? String, let terms = line["uncertainty"] as? [String: Any] else { continue }
      let metric = try #require(MetricDefinition.called(name))
      #expect(Set(terms.keys) == Set(metric.uncertainty.map(\.name) + ["total"]), "\(name)")
      #expect(line["unit"] as? String == metric.symbol)
      let outputs = metric.outputs.flatMap { $0.name.components(separatedBy: ", ") }
      let others = ["metric", "context", "decision", "transport", "unit"]
      #expect(Set(line.keys) == Set(outputs + others), "\(name)")
    }
  }

  @Test func `a ratio has the fields that its metric defines`() throws {
    for line in try lines() where line["ratio"] != nil {
      let fields = MetricDefinition.noResponse.outputs.flatMap { $0.name.components(separatedBy: ", ") }
      #expect(Set(line.keys) == Set(fields + ["metric", "context", "transport", "unit"]))
    }
  }

  @Test func `every event of the log is defined, and every one defined can be in it`() throws {
    let events = try #require(try lines().last?["events"] as? [String: Any])
    var met: Set<String> = []
    for event in events.keys {
      let definition = try #require(EventDefinition.of(event) { $0.hasPrefix("RCODE") }, "\(event)")
      met.insert(definition.name)
    }
    #expect(met == Set(EventDefinition.all.map(\.name)))
    #expect(EventDefinition.of("nonsense") { _ in false } == nil)
  }

  @Test func `every metric that the server measures has families in the exposition, whose names tell unit and kind`() {
    let families = ExpositionFamily.all
    #expect(Set(families.flatMap(\.metrics)) == Set(MetricDefinition.passive + MetricDefinition.forwarding))
    for family in families {
      #expect(!family.help.contains { "\n\\".contains($0) }, "\(family.name)")
      #expect(family.help.hasSuffix("."), "\(family.name)")
      switch family.kind {
      case .counter: #expect(family.name.hasSuffix("_total"))
      case .histogram: #expect(family.name.hasSuffix("_seconds"))
      case .gauge: #expect(!family.name.hasSuffix("_total"))
      }
    }
    for counter in MetricCounter.allCases {
      #expect(ExpositionFamily.event(counter).help.hasPrefix(counter.help))
    }
  }
}
