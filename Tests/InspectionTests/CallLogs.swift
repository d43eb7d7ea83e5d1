import Addresses
import Answering
import DNSFormat
import Foundation
import Policy
import Testing

@testable import Inspection

/// A line of a query log.
func logLine(
  _ source: String, _ name: String, _ type: String = "A", target: String? = nil, rules: [String] = [],
  observed: Bool = false, time: String = "2026-11-21T10:00:00.000000Z", more: String = ""
) -> String {
  let broken = rules.map { "{\"rule\":\"\($0)\",\"place\":\"p.policy:1\"}" }.joined(separator: ",")
  return "{\"time\":\"\(time)\",\"source\":\"\(source)\",\"transport\":\"udp\",\"context\":null,\"service\":null,"
    + "\"known\":\"address\"\(more),\"name\":\"\(name)\",\"type\":\"\(type)\","
    + "\"target\":\(target.map { "\"\($0)\"" } ?? "null"),"
    + "\"decision\":\"\(rules.isEmpty || observed ? "answered" : "refused")\",\"rcode\":\"NOERROR\","
    + "\"rules\":[\(broken)],\"observed\":\(observed)}"
}

/// The tally of a log's lines.
func tally(_ lines: [String], _ snapshot: Snapshot) -> CallTally {
  var tally = CallTally(snapshot, at: 1_795_255_464)
  for line in lines { tally.add(Array(line.utf8).span) }
  return tally
}

/// Services in tiers and shards, with an alias, a cycle, a call to a lower tier and an endpoint that is isolated.
let shop = load(
  zones: [
    "mesh.test.zone": apex
      + """
      web A 10.1.0.1
      web A 10.2.0.1
      orders A 10.1.0.2
      orders A 10.2.0.2
      stock A 10.1.0.3
      reports A 10.2.0.4
      cart CNAME orders
      info TXT "open"
      """ + "\n"
  ],
  policy: """
    origin mesh.test
    mode observe
    tiers critical > standard
    acyclic
    context prod { from 10.0.0.0/8 }
    context shard-a in prod { from 10.1.0.0/16 }
    context shard-b in prod { from 10.2.0.0/16 }
    isolate shard-a shard-b
    service web { runs-at 10.1.0.1 10.2.0.1
      tier standard }
    service orders { runs-at 10.1.0.2 10.2.0.2
      tier critical
      allow web stock
      refuse batch }
    service stock { runs-at 10.1.0.3
      tier critical
      allow orders prod }
    service reports { runs-at 10.2.0.4
      tier standard
      allow stock }
    service batch { runs-at 10.1.0.66 }
    """)

/// A day of theirs.
let shopLog =
  Array(repeating: logLine("10.1.0.1", "cart.mesh.test."), count: 12) + [
    "{\"time\":\"2026-11-21T09:00:00.000000Z\",\"scope\":\"all\"}",
    logLine("10.1.0.1", "stock.mesh.test.", target: "stock"),
    logLine("10.1.0.2", "stock.mesh.test.", "AAAA", target: "stock"),
    logLine("10.1.0.2", "web.mesh.test.", target: "web"),
    logLine("10.1.0.66", "orders.mesh.test.", target: "orders", rules: ["refuse", "allow"], observed: true),
    logLine("10.1.0.66", "web.mesh.test.", target: "web"),
    logLine("10.1.0.9", "orders.mesh.test.", target: "orders", rules: ["allow"], observed: true),
    logLine("10.1.0.3", "reports.mesh.test.", target: "reports", rules: ["isolate"], observed: true),
    logLine("10.2.0.2", "reports.mesh.test.", target: "reports", rules: ["allow"]),
    logLine("10.2.0.9", "info.mesh.test.", "TXT"), logLine("10.2.0.9", "example.org."),
    logLine("192.0.2.1", "web.mesh.test.", rules: ["placement"]),
    logLine("10.2.0.9", ""), "no JSON at all", "{\"time\":\"x\"}", "",
    "{\"time\":\"2026-11-21T11:00:00.000000Z\",\"dropped\":7}",
    logLine("10.1.0.1", "orders.mesh.test.", target: "orders", time: "2026-11-21T12:00:00.000000Z"),
  ]
