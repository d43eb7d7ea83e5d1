import Addresses
import Answering
import DNSFormat
import FlatMemory
import Inspection
import Policy
import Testing
import ZoneFile

@testable import Server

@Suite("ambit diff --against-log reads what the server logs")
struct QueryReplayTests {
  private static let policy = """
    origin mesh.test
    context a { from 10.1.0.0/16; listen 127.0.0.54:5353 }
    context b { from 10.2.0.0/16 }
    trust proxy from 127.0.0.60
    trust ecs from 127.0.0.53
    service web { identity "web.prod" }
    service batch { uid 1000 }
    service pay

    """

  private func load(_ policy: String) -> LoadedConfiguration {
    let zone = "$TTL 60\n@ SOA ns1 h 1 3600 600 86400 5\n@ NS ns1\nns1 A 192.0.2.53\npay A 10.1.0.1\nother A 10.1.0.2\n"
    return SnapshotBuilder.build(
      ConfigurationFiles(
        policies: [("p.policy", Array(policy.utf8))],
        zones: [ConfigurationFiles.Zone(path: "mesh.test.zone", origin: "mesh.test", context: nil)],
        open: { _ in .success(Array(zone.utf8)) }), seed: 7)
  }

  /// The log's lines of the queries of pay, A, that some evidence brings.
  private func log(_ asked: [Evidence], _ snapshot: Snapshot) throws -> [[UInt8]] {
    var formatter = QueryLogFormatter()
    var buffer = OctetBuffer(capacity: 65536)
    formatter.append(LogChoice(), at: 0, to: &buffer)
    for evidence in asked {
      var record = DecisionRecord()
      record.generation = 1
      record.evidence = evidence
      record.caller = snapshot.policy.callers.caller(evidence)
      record.type = .a
      record.wire = try DomainName("pay.mesh.test.").wire
      formatter.append(record, snapshot.policy, to: &buffer)
    }
    formatter.append(dropped: 3, at: 0, to: &buffer)
    var empty = DecisionRecord()  // a request without a question
    empty.generation = 1
    empty.evidence = Evidence(source: IPAddress(v4: 0x0a01_0001))
    empty.wire = []
    formatter.append(empty, snapshot.policy, to: &buffer)
    return buffer.octets.octets(0..<buffer.count).split(separator: 10).map(Array.init)
  }

  private func replay(_ asked: [Evidence], _ newPolicy: String) throws -> Differences {
    let old = load(Self.policy), new = load(newPolicy)
    let snapshot = try #require(old.snapshot)
    var replay = QueryReplay(old, snapshot, new, try #require(new.snapshot), at: 0)
    for line in try log(asked, snapshot) { replay.add(line.span) }
    return replay.differences
  }

  private static let host = IPAddress(v4: 0x7f00_0001)
  private static let near = IPAddress(v4: 0x0a01_0009)
  private static let far = IPAddress(v4: 0x0a02_0009)
  private static let asked = [
    Evidence(source: host, listenerContext: 1),
    Evidence(source: near, addressSource: .proxy, certificateService: 1),
    Evidence(source: near, addressSource: .proxy, certificateService: 1),
    Evidence(source: near, user: 1000),
    Evidence(source: far, addressSource: .clientSubnet),
    Evidence(source: far),
  ]

  @Test(arguments: [
    ("refuse web", 2), ("refuse batch", 1), ("refuse a", 4), ("refuse b", 2), ("refuse *", 6), ("allow *", 0),
  ])
  func `a line is asked again as who asked it`(line: String, changed: Int) throws {
    let found = try replay(Self.asked, Self.policy.replacing("service pay", with: "service pay { \(line) }"))
    #expect(found.replay?.queryCount == 6 && found.replay?.changedCount == changed)
    #expect(found.replay?.malformedCount == 0 && found.replay?.missingCount == 3 && found.replay?.isPartial == false)
    #expect(found.causes.map { $0.queryCount ?? 0 }.reduce(0, +) == changed)
  }

  @Test(arguments: [
    ("trust proxy from 127.0.0.60\n", "127.0.0.60: a proxy, who says who asks → no proxy", 2),
    ("trust ecs from 127.0.0.53\n", "127.0.0.53: a forwarder, whose client subnets are believed → no forwarder", 1),
  ])
  func `queries by way of someone who is no longer believed change`(line: String, text: String, changed: Int) throws {
    let found = try replay(Self.asked, Self.policy.replacing(line, with: ""))
    #expect(found.replay?.changedCount == changed)
    #expect(found.causes.first { $0.text == text }?.queryCount == changed)
  }

  @Test func `queries from where a proxy is believed now lack its header`() throws {
    let found = try replay(Self.asked, Self.policy + "trust proxy from 10.2.0.9\n")
    #expect(found.replay?.changedCount == 1)
    #expect(found.causes.first?.queryCount == 1)
  }

  @Test func `who stands elsewhere is put down to the range that moved`() throws {
    let found = try replay(
      [Evidence(source: Self.near), Evidence(source: Self.far)],
      Self.policy.replacing("service pay", with: "service pay { allow a }")
        .replacing("10.2.0.0/16", with: "10.2.0.0/24").replacing("10.1.0.0/16", with: "10.1.0.0/24 10.2.1.0/24"))
    #expect(found.replay?.queryCount == 2 && found.replay?.changedCount == 1)
    let moved = try replay(
      [Evidence(source: Self.far)],
      Self.policy.replacing("10.2.0.0/16", with: "10.3.0.0/16").replacing(
        "10.1.0.0/16", with: "10.1.0.0/24 10.2.0.0/16"
      )
      .replacing("service pay", with: "service pay { refuse a }"))
    #expect(
      moved.causes.first { $0.queryCount == 1 }?.text == "10.2.0.0 to 10.2.255.255: no service in b → no service in a")
  }
}
