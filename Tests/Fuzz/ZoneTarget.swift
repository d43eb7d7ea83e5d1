import Addresses
import Answering
import DNSFormat
import Diagnostics
import Inspection
import ZoneFile

/// Any text is a zone or has mistakes, and what loads can be asked. An input is a zone, and behind lines of three hyphens
/// an overlay, the overlay of a sealed context, and the text that every `$INCLUDE` gets.
struct ZoneTarget: FuzzTarget {
  private let policy = Array(
    """
    origin fuzz.test
    context base { from 192.0.2.0/25 }
    context over in base { from 192.0.2.128/26 }
    context sealed in base { from 192.0.2.192/26; sealed }
    isolate over sealed
    service www { allow base }
    service a.b { refuse over }
    """.utf8)
  private let callers = ["192.0.2.1", "192.0.2.129", "192.0.2.193"].compactMap { IPAddress($0) }
  private let types = [RRType.a, .any, .ds, .cname]
  private let origin: DomainName

  init() {
    guard let origin = try? DomainName("fuzz.test.") else { fatalError("a name") }
    self.origin = origin
  }

  func run(_ input: [UInt8]) {
    let parts = parts(input, atLeast: 4)
    let (records, mistakes) = ZoneFileReader.read(parts[0], path: "fuzz.test.zone", origin: origin) { _ in
      .success(parts[3])
    }
    check(mistakes, files: records.files)
    readBack(records)
    let files = ConfigurationFiles(
      policies: [("fuzz.policy", policy)],
      zones: [
        .init(path: "0", origin: "fuzz.test", context: nil),
        .init(path: "1", origin: "fuzz.test", context: "over"),
        .init(path: "2", origin: "fuzz.test", context: "sealed"),
      ].filter { $0.path == "0" || !parts[Int($0.path) ?? 0].isEmpty },
      open: { path in .success(parts[Int(path).map { min(max($0, 0), 3) } ?? 3]) })
    let loaded = SnapshotBuilder.build(files, seed: 1)
    let checks = Checks(loaded, at: 1_800_000_000)
    check(checks.diagnostics, files: nil)
    guard let snapshot = loaded.snapshot else { return }
    for (index, record) in records.records.prefix(6).enumerated() {
      let owner = records.owner(of: record)
      for name in [owner] + below(owner) {
        let explanation = Explanation(
          name, types[(index + name.labelCount) % types.count], Asker(callers[index % callers.count]),
          at: 1_800_000_000, loaded, snapshot)
        hold(!explanation.text.isEmpty, "an answer can be explained")
      }
    }
  }

  /// A name below another, where there is room.
  private func below(_ name: DomainName) -> [DomainName] {
    (try? DomainName(wire: [1, UInt8(ascii: "x")] + name.wire)).map { [$0] } ?? []
  }

  /// A mistake has words on one line, and its place in a file that was read.
  private func check(_ diagnostics: [Diagnostic], files: [String]?) {
    for diagnostic in diagnostics {
      hold(!diagnostic.description.contains { $0.isNewline }, "a message is one line: \(diagnostic)")
      if let files { hold(files.contains(diagnostic.location.file), "a message's file was read: \(diagnostic)") }
    }
  }

  /// What was read is printed, and read again from what was printed.
  private func readBack(_ zone: ZoneRecords) {
    guard !zone.records.isEmpty else { return }
    var text = ""
    for record in zone.records {
      let rdata = rdataText(Array(zone.rdata(of: record)), of: record.type)
      text += "\(zone.owner(of: record)) \(record.ttl) \(record.type) \(rdata)\n"
    }
    let (again, mistakes) = ZoneFileReader.read(Array(text.utf8), path: "again", origin: origin) { _ in .success([]) }
    hold(!mistakes.hasErrors && again.records.count == zone.records.count, "what is printed reads: \(text) \(mistakes)")
    for (old, new) in zip(zone.records, again.records) {
      let isSame =
        old.type == new.type && old.ttl == new.ttl && zone.rdata(of: old) == again.rdata(of: new)
        && zone.owner(of: old).wire == again.owner(of: new).wire
      hold(isSame, "what is printed reads as the same: \(text)")
    }
  }
}
