import Answering
import DNSFormat
import Foundation
import TestSupport
import Testing
import Zones

@testable import Server

@Suite("A reload takes over the zones of which nothing has changed, and no other")
final class TakenOverZonesTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
  private static let head = "$TTL 60\n@ SOA ns h 1 3600 600 86400 5\n@ NS ns\nns A 192.0.2.53\n"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try write("p.policy", Self.policy)
    for zone in ["a.test", "b.test", "c.test"] { try write("\(zone).zone", Self.head + "www A 192.0.2.1\n") }
    try write("c.test.zone", Self.head + "$INCLUDE inc/hosts\nmx MX 10 nowhere\n")
    try write("inc/hosts", "www A 192.0.2.1\n")
    try write("in/b.test.zone", "www A 192.0.2.2\n")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static let policy = "context in { from 10.0.0.0/8 }\nservice www.a.test. { runs-at 10.0.0.1 }\n"

  private func write(_ path: String, _ text: String) throws {
    let url = URL(fileURLWithPath: folder).appendingPathComponent(path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let handle = FileManager.default.createFile(atPath: url.path, contents: Data(text.utf8))
    #expect(handle)
  }

  private func zone(_ name: String, _ load: ConfigurationLoad) -> CompiledZone? {
    load.snapshot?.zones.zones.first { "\($0.origin)" == "\(name)." }
  }

  /// Loads again, and gives the zones that are the very ones of before, by their first letters.
  private func takenOver(
    from before: ConfigurationLoad, _ after: ConfigurationLoad
  ) -> String {
    ["a.test", "b.test", "c.test"].filter { zone($0, after) != nil && zone($0, before) === zone($0, after) }
      .map { String($0.prefix(1)) }.joined()
  }

  /// All that each zone holds, but for its index.
  private func octets(_ load: ConfigurationLoad) -> [[UInt8]]? {
    load.snapshot?.zones.zones.map { $0.memory.octets(0..<$0.memory.count) }
  }

  private func reload(_ before: ConfigurationLoad) throws -> ConfigurationLoad {
    let after = try ConfigurationLoad(folder, takingOver: before.kept)
    // Whatever is taken over, what is said is what a first load says.
    let fresh = try ConfigurationLoad(folder)
    #expect(after.diagnostics.map(\.description) == fresh.diagnostics.map(\.description))
    #expect(after.isClean == fresh.isClean)
    #expect(after.openedFiles == fresh.openedFiles)
    #expect(after.brokenZones == fresh.brokenZones)
    #expect(after.snapshot?.zones.zones.map(\.nameCount) == fresh.snapshot?.zones.zones.map(\.nameCount))
    #expect(after.snapshot?.zones.zones.map(\.recordCount) == fresh.snapshot?.zones.zones.map(\.recordCount))
    #expect(octets(after) == octets(fresh))
    return after
  }

  @Test func `where nothing has changed, all are; their warnings are said again`() throws {
    let first = try ConfigurationLoad(folder)
    #expect(first.isClean)
    #expect(first.diagnostics.contains { $0.message.contains("nowhere") })
    var load = first
    for _ in 0..<3 {
      let next = try reload(load)
      #expect(takenOver(from: load, next) == "abc")
      load = next
    }
  }

  @Test(arguments: [
    ("www A 192.0.2.9\n", "bc"), ("www A 192.0.2.1\n", "abc"), ("www A 192.0.2.1 \n", "bc"), ("www A 192.0.2\n", ""),
    ("", "bc"), ("*.x.test. A 192.0.2.1\n", ""),
  ]) func `a changed text is read, of whatever size`(line: String, taken: String) throws {
    let first = try ConfigurationLoad(folder)
    try write("a.test.zone", Self.head + line)
    let next = try reload(first)
    #expect(next.isClean != taken.isEmpty)
    if next.isClean { #expect(takenOver(from: first, next) == taken) }
  }

  @Test func `a text of the same size whose file keeps its time is read`() throws {
    let first = try ConfigurationLoad(folder)
    let path = folder + "/a.test.zone"
    let time = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] ?? Date()
    try write("a.test.zone", Self.head + "www A 192.0.2.7\n")
    try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
    #expect(takenOver(from: first, try reload(first)) == "bc")
  }

  @Test func `a file put in place by rename, and a link that leads elsewhere, are read`() throws {
    let first = try ConfigurationLoad(folder)
    try write("new", Self.head + "www A 192.0.2.8\n")
    try FileManager.default.removeItem(atPath: folder + "/a.test.zone")
    try FileManager.default.moveItem(atPath: folder + "/new", toPath: folder + "/a.test.zone")
    let second = try reload(first)
    #expect(takenOver(from: first, second) == "bc")
    try write("data/one", Self.head + "www A 192.0.2.1\n")
    try write("data/two", Self.head + "www A 192.0.2.3\n")
    try FileManager.default.removeItem(atPath: folder + "/a.test.zone")
    try FileManager.default.createSymbolicLink(atPath: folder + "/a.test.zone", withDestinationPath: "data/one")
    let third = try reload(second)
    #expect(takenOver(from: second, third) == "bc")
    try FileManager.default.removeItem(atPath: folder + "/a.test.zone")
    try FileManager.default.createSymbolicLink(atPath: folder + "/a.test.zone", withDestinationPath: "data/two")
    #expect(takenOver(from: third, try reload(third)) == "bc")
  }

  @Test func `an included file that changes, goes, and comes back`() throws {
    let first = try ConfigurationLoad(folder)
    try write("inc/hosts", "www A 192.0.2.4\n")
    let second = try reload(first)
    #expect(takenOver(from: first, second) == "ab")
    try FileManager.default.removeItem(atPath: folder + "/inc/hosts")
    #expect(try reload(second).isClean == false)
    try write("inc/hosts", "www A 192.0.2.4\n")
    #expect(takenOver(from: second, try reload(second)) == "abc")
  }

  @Test func `an overlay that changes, comes or goes`() throws {
    let first = try ConfigurationLoad(folder)
    try write("in/b.test.zone", "www A 192.0.2.3\n")
    let second = try reload(first)
    #expect(takenOver(from: first, second) == "ac")
    try write("in/a.test.zone", "www A 192.0.2.3\n")
    let third = try reload(second)
    #expect(takenOver(from: second, third) == "bc")
    try FileManager.default.removeItem(atPath: folder + "/in/a.test.zone")
    #expect(takenOver(from: third, try reload(third)) == "bc")
  }

  @Test(arguments: [
    (policy + "default allow\n", "abc"), (policy + "context out { from 192.0.2.0/24 }\n", ""),
    ("context in { from 10.0.0.0/8; sealed }\nservice www.a.test. { runs-at 10.0.0.1 }\n", ""),
    (policy + "service www.b.test. { runs-at 10.0.0.2 }\n", ""),
    ("context in { from 10.0.0.0/8 }\nservice WWW.a.test. { runs-at 10.0.0.1 }\n", ""),
    ("context in { from 10.0.0.0/9 }\nservice www.a.test. { runs-at 10.0.0.1 }\n", "abc"),
  ]) func `a policy with other contexts or services makes all zones anew, any other none`(text: String, taken: String)
    throws
  {
    let first = try ConfigurationLoad(folder)
    try write("p.policy", text)
    let next = try reload(first)
    #expect(next.isClean)
    #expect(takenOver(from: first, next) == taken)
  }

  @Test func `where endpoints lead elsewhere, or are first kept apart, all zones are made anew`() throws {
    func text(_ endpoints: String, isolates: Bool = true) -> String {
      "context in { from 10.0.0.0/8 }\ncontext out { from 10.0.0.0/24; endpoints \(endpoints) }\n"
        + (isolates ? "isolate in out\n" : "")
    }
    try write("p.policy", text("192.0.2.1", isolates: false))
    let first = try ConfigurationLoad(folder)
    try write("p.policy", text("192.0.2.1"))
    let second = try reload(first)
    #expect(takenOver(from: first, second) == "")
    try write("p.policy", text("192.0.2.1") + "default allow\n")
    let third = try reload(second)
    #expect(takenOver(from: second, third) == "abc")
    try write("p.policy", text("198.51.100.0/24"))
    let fourth = try reload(third)
    #expect(takenOver(from: third, fourth) == "")
    for (load, context) in [(first, nil), (third, 2), (fourth, 0)] as [(ConfigurationLoad, UInt16?)] {
      let zone = try #require(self.zone("a.test", load))
      let record = try #require(zone.recordOffsets.first { "\(zone.name(ofRecord: $0))" == "www.a.test." })
      #expect(zone.node(ofRecord: record, context: 0).rrset(.a, zone.memory)?.endpointContext == context)
    }
  }

  @Test func `a zone that comes below another changes what is doubtful there`() throws {
    try write("a.test.zone", Self.head + "@ MX 10 host.sub\n")
    let first = try ConfigurationLoad(folder)
    #expect(first.diagnostics.contains { $0.message.contains("host.sub.a.test.") })
    try write("sub.a.test.zone", Self.head + "host A 192.0.2.1\n")
    let next = try reload(first)
    #expect(takenOver(from: first, next) == "bc")
    #expect(!next.diagnostics.contains { $0.message.contains("host.sub.a.test.") })
  }

  @Test func `a broken zone is read again, and once more when it is mended`() throws {
    try write("a.test.zone", Self.head + "www A 192.0.2\n")
    let first = try ConfigurationLoad(folder)
    #expect(first.brokenZones == ["a.test."])
    #expect(takenOver(from: first, try reload(first)) == "bc")
    try write("a.test.zone", Self.head + "www A 192.0.2.1\n")
    let next = try reload(first)
    #expect(next.isClean)
    #expect(next.brokenZones.isEmpty)
    #expect(takenOver(from: first, next) == "bc")
  }

  @Test func `a zone with signatures is read each time, since they grow old`() throws {
    let signature = "www RRSIG A 8 3 60 20200101000000 20190101000000 1 a.test. AAAA\n"
    try write("a.test.zone", Self.head + "www A 192.0.2.1\n" + signature)
    let first = try ConfigurationLoad(folder)
    #expect(first.diagnostics.contains { $0.message.contains("ended before now") })
    #expect(takenOver(from: first, try reload(first)) == "bc")
  }

  @Test(arguments: [1] as [UInt64]) func `any row of edits leaves what a first load reads`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let paths = ["a.test.zone", "b.test.zone", "c.test.zone", "in/a.test.zone", "in/b.test.zone", "inc/hosts"]
    var load = try ConfigurationLoad(folder)
    var taken = 0
    for _ in 0..<rounds(60) {
      for _ in 0..<random.number(0...2) {
        let path = paths.randomElement(using: &random) ?? ""
        let line = ["www A 192.0.2.\(random.number(1...3))\n", "x TXT y\n", "y CNAME x\n", "z A 1\n"]
        let body = line.randomElement(using: &random) ?? ""
        try write(path, path.hasPrefix("in") ? body : Self.head + body)
      }
      let next = try reload(load)
      taken += takenOver(from: load, next).count
      if next.isClean { load = next }
    }
    #expect(taken > 0)
  }
}
