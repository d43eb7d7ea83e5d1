import Addresses
import DNSFormat
import Diagnostics
import FlatMemory
import Policy
import Testing
import ZoneFile

@testable import Answering

/// What a query got: the outcome, the octets, and the message in them; nil for silence.
struct Reply {
  let outcome: Outcome
  let octets: [UInt8]
  let message: Message?

  var rcode: String { RCode(rawValue: message?.rcode ?? 0xffff)?.mnemonic ?? "none" }

  /// `owner TTL TYPE rdata`, a line each.
  var answer: [String] { Reply.lines(message?.answer) }
  var authority: [String] { Reply.lines(message?.authority) }
  var additional: [String] { Reply.lines(message?.additional) }
  /// The RDATA of the answer section, sorted: RRsets have no order.
  var data: [String] { (message?.answer ?? []).map(\.text).sorted() }
  var isAuthoritative: Bool { message?.isAuthoritative ?? false }
  var isTruncated: Bool { message?.isTruncated ?? false }
  /// `18 batch may not call orders: refuse (orders.policy:6)`.
  var ede: String? { message?.extendedError.map { $0.text.isEmpty ? "\($0.code)" : "\($0.code) \($0.text)" } }

  private static func lines(_ records: [Message.Record]?) -> [String] {
    (records ?? []).map { "\($0.owner) \($0.ttl) \($0.type) \($0.text)" }
  }
}

/// A configuration in memory, loaded as `serve` loads one.
struct Fixture {
  let snapshot: Snapshot
  let diagnostics: [String]
  let brokenZones: [String]

  /// - Parameters:
  ///   - policy: the text of `a.policy`.
  ///   - zones: text by path: `mesh.test.zone`, or `laptop/mesh.test.zone` for an overlay.
  ///   - strict: fail where there is any error.
  init(policy: String = "", _ zones: KeyValuePairs<String, String>, strict: Bool = true) throws {
    try self.init(policy: policy, files: zones.map { ($0.key, $0.value) }, strict: strict)
  }

  /// The same with files that were made up.
  init(policy: String = "", files zones: [(String, String)], strict: Bool = true) throws {
    let texts = Dictionary(zones, uniquingKeysWith: { first, _ in first })
    let files = zones.filter { $0.0.hasSuffix(".zone") }.map { path, _ in
      let parts = path.split(separator: "/").map(String.init)
      return ConfigurationFiles.Zone(
        path: path, origin: String((parts.last ?? "").dropLast(5)), context: parts.count > 1 ? parts[0] : nil)
    }
    let loaded = SnapshotBuilder.build(
      ConfigurationFiles(
        policies: [("a.policy", Array(policy.utf8))], zones: files,
        open: { path in texts[path].map { .success(Array($0.utf8)) } ?? .failure(.init(reason: "no such file")) }),
      seed: 0x1234_5678_9abc_def0)
    if strict, let first = loaded.diagnostics.first(where: { $0.severity == .error }) { throw first }
    guard let served = loaded.snapshot else { throw loaded.diagnostics[0] }
    snapshot = served
    diagnostics = loaded.diagnostics.map(\.description)
    brokenZones = loaded.brokenZones.map(\.description)
  }

  /// A snapshot made some other way.
  init(snapshot: Snapshot) {
    self.snapshot = snapshot
    (diagnostics, brokenZones) = ([], [])
  }

  /// Sends octets as they are.
  func send(
    _ request: [UInt8], from source: String = "127.0.0.1", transport: Arrival.Transport = .udp, at time: UInt32 = 0
  ) throws -> Reply {
    var workspace = Workspace()
    var buffer = OctetBuffer(capacity: 65535)
    let arrival = Arrival(source: try #require(IPAddress(source)), transport: transport, time: time)
    let outcome = respond(to: request.span, arrival, snapshot, using: &workspace, into: &buffer)
    let octets = buffer.octets.octets(0..<buffer.count)
    return Reply(outcome: outcome, octets: octets, message: octets.isEmpty ? nil : try Message(octets))
  }

  /// Asks a question.
  /// - Parameter udpSize: of the OPT; nil for none.
  func ask(
    _ name: String, _ type: RRType = .a, from source: String = "127.0.0.1", transport: Arrival.Transport = .udp,
    udpSize: UInt16? = 1232, at time: UInt32 = 0
  ) throws -> Reply {
    let reply = try send(
      Message.query(try DomainName(name), type, id: 0x4d2, udpSize: udpSize), from: source, transport: transport,
      at: time)
    if let message = reply.message {
      #expect(message.id == 0x4d2 && message.flags & 0x8000 != 0)
      #expect(message.questions.map { $0.name.wire } == [try DomainName(name).wire])
      #expect((message.options != nil) == (udpSize != nil), "an OPT answers an OPT")
      #expect(reply.octets.count <= (transport == .tcp ? 65535 : min(1232, Int(udpSize ?? 512))))
    }
    return reply
  }
}

/// The octets of a query, to be changed by a test.
func query(_ name: String, _ type: RRType = .a, udpSize: UInt16? = 1232) throws -> [UInt8] {
  Message.query(try DomainName(name), type, id: 0x4d2, udpSize: udpSize)
}

extension RRType {
  static let mx = RRType(15)
  static let srv = RRType(33)
}

/// The start of every zone here: TTL 300, an SOA with TTL 3600 and MINIMUM 60, a name server.
let zoneHead = """
  $TTL 300
  @ 3600 SOA ns hostmaster 1 3600 600 86400 60
  @ NS ns
  ns A 192.0.2.53

  """

/// The SOA of `zoneHead` as it stands in a negative answer.
func soa(_ origin: String, ttl: Int = 60) -> String {
  "\(origin) \(ttl) SOA ns.\(origin) hostmaster.\(origin) 1 3600 600 86400 60"
}
