import Addresses
import Answering
import Contexts
import DNSFormat
import FlatMemory
import Foundation
import LinuxIO
import Metrics
import Policy
import Testing

@testable import Server

@Suite("The query log: one JSON object a line, whatever was asked, and never part of one")
struct QueryLogTests {
  private func policy() throws -> CompiledPolicy {
    let text = """
      origin mesh.test
      context prod { from 10.0.0.0/8 }
      service web { runs-at 10.1.0.0/16 }
      service "we\\"ird" { runs-at 10.2.0.0/16 }
      service orders { refuse web
        allow prod }
      """
    return CompiledPolicy(try #require(Policy.read([("p.policy", Array(text.utf8))]).policy))
  }

  private func line(_ record: DecisionRecord, _ policy: CompiledPolicy) throws -> [String: Any] {
    var formatter = QueryLogFormatter()
    var buffer = OctetBuffer(capacity: 16384)
    formatter.append(record, policy, to: &buffer)
    let octets = buffer.octets.octets(0..<buffer.count)
    #expect(octets.last == 10 && octets.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7f })
    return try #require(JSONSerialization.jsonObject(with: Data(octets)) as? [String: Any])
  }

  @Test func `a refusal says who, what, and every rule with its place`() throws {
    let policy = try policy()
    var record = DecisionRecord()
    record.generation = 1
    record.time = 1_795_255_464_123_456_789
    record.evidence = Evidence(source: try #require(IPAddress("10.1.2.3")), user: 33)
    record.caller = policy.callers.caller(record.evidence)
    record.service = policy.serviceNumber(for: try DomainName("orders.mesh.test."))
    record.refusal = policy.judge(record.caller, target: record.service, at: 0).refusal
    record.brokenRules = [RuleSet(.refuse)]
    record.decision = .refused
    record.rcode = .refused
    record.type = .aaaa
    record.wire = try DomainName("_http._tcp.orders.mesh.test.").wire
    let line = try line(record, policy)
    let texts = line.compactMapValues { $0 as? String }
    #expect(
      texts == [
        "time": "2026-11-21T10:04:24.123456Z", "source": "10.1.2.3", "transport": "udp", "context": "prod",
        "service": "web", "known": "address address", "name": "_http._tcp.orders.mesh.test.", "type": "AAAA",
        "target": "orders", "decision": "refused", "rcode": "REFUSED",
      ])
    #expect(line["user"] as? Int == 33 && line["observed"] as? Bool == false)
    #expect(line["rules"] as? [[String: String]] == [["rule": "refuse", "place": "p.policy:5"]])
  }

  @Test func `any octets of a name read back as they were`() throws {
    let policy = try policy()
    var record = DecisionRecord()
    for first in stride(from: 0, to: 256, by: 32) {
      record.wire = [32] + (first..<(first + 32)).map { UInt8($0) } + [0]
      let name = try #require(try line(record, policy)["name"] as? String)
      #expect(try DomainName(name).wire == record.wire)
    }
    record.wire = [0]
    #expect(try line(record, policy)["name"] as? String == ".")
    record.wire = []
    #expect(try line(record, policy)["name"] as? String == "")
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000000Z"), (951_782_399_000_000_999, "2000-02-28T23:59:59.000000Z"),
      (951_782_400_000_001_000, "2000-02-29T00:00:00.000001Z"),
      (951_868_800_999_999_999, "2000-03-01T00:00:00.999999Z"),
      (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000Z"),
      (1_798_761_599_123_456_789, "2026-12-31T23:59:59.123456Z"),
    ] as [(UInt64, String)]) func `a time is written as the calendar has it`(time: UInt64, text: String) throws
  {
    var record = DecisionRecord()
    record.time = time
    #expect(try line(record, try policy())["time"] as? String == text)
  }

  @Test func `a text is a JSON string, whatever is in it`() throws {
    let text = "a\"b\\c\n\u{1}\u{7f}ü"
    let read = try JSONSerialization.jsonObject(with: Data(jsonText(text)), options: .fragmentsAllowed) as? String
    #expect(read == text)
  }
}

@Suite("The server's log of refusals: those alike are told once a second")
struct RefusalLogTests {
  @Test func `a flood is its first and its last`() throws {
    let policy = CompiledPolicy(
      try #require(Policy.read([("p.policy", Array("context prod { from 10.0.0.0/8 }".utf8))]).policy))
    var lines: [String] = []
    var log = RefusalLog { line, _ in lines.append(line) }
    func refused(_ source: String, at time: UInt64) throws -> DecisionRecord {
      var record = DecisionRecord()
      record.generation = 1
      record.time = time
      record.evidence = Evidence(source: try #require(IPAddress(source)))
      record.caller = policy.callers.caller(record.evidence)
      record.refusal = Refusal(.placement, reason: 0)
      record.wire = try DomainName("x.test.").wire
      record.type = .a
      return record
    }
    let start: UInt64 = 1_000_000_000_000
    log.add(try refused("192.0.2.1", at: start), policy)
    #expect(lines.count == 1 && lines[0].hasPrefix("refused x.test. A to 192.0.2.1: "))
    for host in 2...200 { log.add(try refused("192.0.2.\(host)", at: start + UInt64(host)), policy) }
    #expect(lines.count == 1)
    log.tell(before: start + 999_999_999)
    #expect(lines.count == 1)
    log.tell(before: start + 1_000_000_000)
    #expect(lines.count == 2)
    #expect(lines[1].hasPrefix("199 more within a second, the last: refused x.test. A to 192.0.2.200: "))
    // The next second begins anew; a single repetition is told as it is.
    log.add(try refused("192.0.2.7", at: start + 2_000_000_000), policy)
    log.add(try refused("192.0.2.8", at: start + 2_000_000_001), policy)
    log.tellAll()
    #expect(lines.dropFirst(2).map { $0.split(separator: " ")[4] } == ["192.0.2.7:", "192.0.2.8:"])
  }
}

@Suite("Snapshots that records may be of")
struct RecentSnapshotsTests {
  private func served(_ generation: UInt64) throws -> ServedSnapshot {
    let files = ConfigurationFiles(policies: [(path: "p.policy", text: [])], zones: []) { _ in .success([]) }
    let snapshot = try #require(SnapshotBuilder.build(files, seed: 1, server: ServerFacts()).snapshot)
    return ServedSnapshot(snapshot, generation: generation, listeners: [], slots: MetricSlots())
  }

  @Test func `each stays for a while after another took its place, however many come`() throws {
    var recent = RecentSnapshots(try served(1))
    let second: UInt64 = 1_000_000_000
    for generation in UInt64(2)...5 { recent.add(try served(generation), at: generation * second) }
    #expect(recent.all.keys.sorted() == [1, 2, 3, 4, 5])
    #expect(recent.forget(at: 4 * second) == false)
    #expect(recent.forget(at: 5 * second + 1) && recent.all.keys.sorted() == [3, 4, 5])
    #expect(recent.forget(at: 100 * second) && recent.all.keys.sorted() == [5])
    #expect(recent.forget(at: 200 * second) == false)
  }

  @Test func `refusals whose snapshot is gone are counted`() throws {
    var lines: [String] = []
    var log = RefusalLog { line, _ in lines.append(line) }
    let ring = DecisionRing()
    let outcome = Outcome(
      caller: Caller(context: 0), refusal: Refusal(.placement, reason: 0), service: 0, brokenRules: [],
      endpointContext: 0, isOnlyObserved: false, wouldLeaveOut: false)
    let request: [UInt8] = [0, 0]
    for _ in 0..<3 {
      _ = ring.push(
        outcome, Evidence(source: IPAddress(v4: 1)), .udp, request: request.span, time: 5_000_000_000, generation: 9)
    }
    log.writeRefusals(of: ring, [:])
    log.tellAll()
    #expect(lines.count == 1 && lines[0].hasPrefix("3 more refusals within a second"))
  }
}

@Suite("Reading a file line by line")
struct LineReaderTests {
  private func lines(_ text: [UInt8]) throws -> ([String], tooLong: Int) {
    let path = FileManager.default.temporaryDirectory.appending(path: "lines-\(UInt64.random(in: .min ... .max))").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text).write(to: URL(fileURLWithPath: path))
    var reader = try LineReader(path)
    var lines: [String] = []
    while try reader.next({ lines.append(String(decoding: $0.octets(0..<$0.count), as: UTF8.self)) }) {}
    return (lines, reader.tooLongCount)
  }

  @Test func `every line, the last without an end too`() throws {
    #expect(try lines([]).0 == [])
    #expect(try lines(Array("\n".utf8)).0 == [""])
    #expect(
      try lines(Array("a\n\nbc\nlonger than a word\nlast".utf8)).0 == ["a", "", "bc", "longer than a word", "last"])
    let many = (0..<100_000).map { "line \($0) \(String(repeating: "x", count: $0 % 50))" }
    #expect(try lines(Array(many.joined(separator: "\n").utf8)).0 == many)
  }

  @Test func `a line that is too long is passed over and counted`() throws {
    let long = [UInt8](repeating: 97, count: 3 << 20)
    let (found, tooLong) = try lines(Array("a\n".utf8) + long + Array("\nb\n".utf8) + long)
    #expect(found == ["a", "b"] && tooLong == 2)
  }
}
