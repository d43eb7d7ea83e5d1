import Addresses
import Answering
import DNSFormat
import Testing
import ZoneFile

@testable import Inspection

/// A configuration in memory: `zones` by path, a path with a folder being an overlay; one policy file, `p.policy`.
func load(zones: [String: String], policy: String = "") -> LoadedConfiguration {
  load(zones: zones, policies: policy.isEmpty ? [:] : ["p.policy": policy])
}

/// A configuration in memory, with policy files by path.
func load(zones: [String: String], policies: [String: String]) -> LoadedConfiguration {
  let files = zones.keys.sorted().map { path in
    let parts = path.split(separator: "/").map(String.init)
    return ConfigurationFiles.Zone(
      path: path, origin: String(parts[parts.count - 1].dropLast(".zone".count)),
      context: parts.count == 2 ? parts[0] : nil)
  }
  let configuration = ConfigurationFiles(
    policies: policies.sorted { $0.key < $1.key }.map { ($0.key, Array($0.value.utf8)) }, zones: files,
    open: { path in
      zones[path].map { .success(Array($0.utf8)) } ?? .failure(ZoneFileReader.ReadFailure(reason: "no such file"))
    })
  return SnapshotBuilder.build(configuration, seed: 7)
}

/// A zone's first lines.
let apex = "$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 5\n@ NS ns1\nns1 A 192.0.2.53\n"
