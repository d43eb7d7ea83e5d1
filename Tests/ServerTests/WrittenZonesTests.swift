import Addresses
import Answering
import DNSFormat
import Foundation
import HTTP
import Inspection
import Metrics
import Testing

@testable import Server

@Suite("/explain.json: a server, which has let go of its zones' texts, names their lines all the same")
final class WrittenZonesTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
  private static let head = "$TTL 60\n@ SOA ns h 1 3600 600 86400 5\n@ NS ns\nns A 192.0.2.53\n"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
    try write(
      "p.policy", "origin a.test\ncontext in { from 10.0.0.0/8 }\nservice orders { allow * }\ncontext default\n")
    try write("a.test.zone", Self.head + "orders A 192.0.2.1\ncart CNAME Orders\n$INCLUDE hosts\n")
    try write("hosts", "many A 192.0.2.1\nMANY A 192.0.2.2\nmany A 192.0.2.3\n")
    try write("in/a.test.zone", "orders A 192.0.2.9\ngone CNAME .\n")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ path: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder).appendingPathComponent(path))
  }

  private func served() throws -> ServedSnapshot {
    let load = try ConfigurationLoad(folder)
    return ServedSnapshot(
      try #require(load.snapshot, "\(load.diagnostics)"), generation: 1, listeners: [], slots: MetricSlots(),
      written: load.written)
  }

  private let allowance = ReadingAllowance()

  private func explain(
    _ query: String, _ served: ServedSnapshot, isOfOtherSite: Bool = false, at now: UInt64 = 1
  ) -> (status: Int, text: String) {
    let request = HTTPRequest("/explain.json", query: query, isOfOtherSite: isOfOtherSite)
    let response = ExplainPage.response(to: request, served, allowance, at: now)
    return (response.status.rawValue, String(decoding: response.content, as: UTF8.self))
  }

  @Test(
    arguments: [
      ("orders", "192.0.2.200"), ("orders", "10.1.1.1"), ("cart.a.test", "10.1.1.1"), ("many.a.test", "192.0.2.200"),
      ("gone.a.test", "10.1.1.1"), ("nothing.a.test", "10.1.1.1"), ("elsewhere.test.", "10.1.1.1"),
    ])
  func `what it says is what one says who has read everything`(name: String, from: String) throws {
    let served = try served()
    let loaded = SnapshotBuilder.build(try ConfigurationFolder.read(folder), seed: 1)
    let snapshot = try #require(loaded.snapshot)
    let explanation = Explanation(
      try #require(snapshot.name(meantBy: name)), .a, Asker(try #require(IPAddress(from))), at: 0, loaded, snapshot)
    let said = explain("name=\(name)&from=\(from)", served)
    // Whose record comes first is told by each answer anew, and nothing is unknown to a server.
    func lines(_ text: String) throws -> [Substring] {
      var object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      object["unknown"] = nil
      let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
      return String(decoding: data, as: UTF8.self).split(separator: "\n").filter { !$0.contains(" IN A 192.0.2.") }
        .sorted()
    }
    #expect(said.status == 200 && !said.text.contains("\"unknown\""))
    #expect(try lines(said.text) == lines(indentedJSON(explanation)))
    if name == "orders" { #expect(said.text.contains("a.test.zone:")) }
  }

  @Test func `a line is where the record is written now; none for one that is no longer`() throws {
    let served = try served()
    #expect(explain("name=orders&from=192.0.2.200", served).text.contains("/a.test.zone:5\""))
    try write("a.test.zone", Self.head + "\n\norders A 192.0.2.1\n")
    #expect(explain("name=orders&from=192.0.2.200", served).text.contains("/a.test.zone:7\""))
    try write("a.test.zone", Self.head)
    #expect(!explain("name=orders&from=192.0.2.200", served).text.contains("/a.test.zone"))
    try FileManager.default.removeItem(atPath: folder + "/a.test.zone")
    let said = explain("name=orders&from=192.0.2.200", served)
    #expect(said.status == 200 && said.text.contains("orders.a.test. 60 IN A 192.0.2.1"))
  }

  @Test func `what is no name is told short, with what is wrong`() throws {
    let served = try served()
    let long = String(repeating: "a", count: 150) + String(repeating: "z", count: 150)
    let said = explain("name=\(long)&from=192.0.2.200", served)
    #expect(said.status == 400 && said.text.contains("aaa…zzz") && said.text.contains("more than 63 octets"))
    #expect(said.text.utf8.count < 250)
    #expect(explain("name=a..b&from=::1", served).text.contains("it has an empty label"))
    #expect(!explain("from=::1", served).text.contains("orders"))
  }

  @Test func `a zone too large to be read again has no lines`() throws {
    let served = try served()
    try write("hosts", String(repeating: "; nothing\n", count: 900_000))
    let said = explain("name=orders&from=192.0.2.200", served)
    #expect(said.status == 200 && !said.text.contains("/a.test.zone"))
  }

  @Test func `however many ask at once, 8 MiB of zones are read for them, and as many a second`() throws {
    let served = try served()
    try write("hosts", String(repeating: "; nothing\n", count: 500_000))
    func isLineNamed(at now: UInt64) -> Bool {
      let said = explain("name=orders&from=192.0.2.200", served, at: now)
      return said.status == 200 && said.text.contains("/a.test.zone:5\"")
    }
    #expect((0..<3).map { _ in isLineNamed(at: 1_000_000_000) } == [true, false, false])
    #expect(
      [1_100_000_000, 1_500_000_000, 1_600_000_000, 9_000_000_000].map(isLineNamed) == [false, true, false, true])
  }

  @Test func `a page of another site gets no explanation`() throws {
    let said = explain("name=orders&from=192.0.2.200", try served(), isOfOtherSite: true)
    #expect(said.status == 403 && !said.text.contains("orders"))
  }

  @Test func `a question that is none is told why`() throws {
    let served = try served()
    for (query, why) in [
      ("", "say which name is asked for"), ("name=orders", "say who asks"), ("name=orders&from=1", "is no address"),
      ("name=a..b&from=::1", "is no domain name"), ("name=a&from=::1&type=QX", "is no type of record"),
      ("name=a&name=b", "name is there twice"), ("who=a", "there may be name, type, from, certificate, user"),
      ("name=a&from=::1&user=no-such-user-here", "write the user's number"),
      ("name=a&from=::1&user=root", "write the user's number"),
      ("name=a&from=::1&user=0&certificate=x", "certificate or user"), ("name=%c3", "percent-encoded"),
    ] {
      let said = explain(query, served)
      #expect(said.status == 400 && said.text.contains(why), "\(query): \(said.text)")
      #expect(said.text.hasPrefix("{\n  \"error\" : \""))
    }
  }
}
