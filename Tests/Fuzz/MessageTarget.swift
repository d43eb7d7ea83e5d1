import Addresses
import Answering
import DNSFormat
import FlatMemory
import Server

/// Any octets get a response or silence: from the example and Configuration/ together, over UDP and TCP, for callers of
/// every context. An input is the number of a caller, 128 more where `cookies require` holds, then a request.
struct MessageTarget: FuzzTarget {
  private let snapshot: Snapshot
  private let requiring: Snapshot
  /// In the example's contexts, as services of it, in the contexts of Configuration/, and in none.
  private let callers = [
    "127.0.0.1", "127.0.1.1", "127.0.2.1", "127.0.3.1", "127.0.2.10", "127.0.2.66", "::1", "10.40.0.1", "10.50.0.1",
    "10.50.9.1", "10.60.0.1", "198.51.100.1", "2001:db8::9",
  ].compactMap { IPAddress($0) }
  /// Has answered before.
  private let used = Desk()

  init() {
    do {
      var files = try ConfigurationFolder.read("zones")
      let corners = try ConfigurationFolder.read("Tests/Fuzz/Configuration")
      files.policies += corners.policies
      files.zones += corners.zones
      snapshot = Self.build(files)
      files.policies.append(("require.policy", Array("cookies require; answer-order fixed".utf8)))
      requiring = Self.build(files)
    } catch {
      fatalError("\(error)")
    }
  }

  private static func build(_ files: ConfigurationFiles) -> Snapshot {
    let loaded = SnapshotBuilder.build(files, seed: 0x1234_5678_9abc_def0)
    let mistakes = loaded.diagnostics.filter {
      $0.severity == .error && !$0.location.file.hasSuffix("lab/signed.test.zone")
    }
    guard let snapshot = loaded.snapshot, mistakes.isEmpty else { fatalError("\(mistakes)") }
    return snapshot
  }

  func run(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let caller = callers[Int(first & 0x7f) % callers.count]
    let request = Array(input.dropFirst())
    let isRequiring = first & 0x80 != 0
    let udp = respond(to: request, from: caller, .udp, isRequiring ? requiring : snapshot)
    let tcp = respond(to: request, from: caller, .tcp, isRequiring ? requiring : snapshot)
    hold(udp.response.isEmpty == tcp.response.isEmpty, "UDP and TCP are silent alike")
    hold(isRequiring || udp.outcome.decision == tcp.outcome.decision, "UDP and TCP decide alike")
  }

  private func respond(
    to request: [UInt8], from caller: IPAddress, _ transport: Arrival.Transport, _ snapshot: Snapshot
  ) -> (outcome: Outcome, response: [UInt8]) {
    let arrival = Arrival(source: caller, transport: transport)
    let (outcome, response) = used.answer(request, arrival, snapshot)
    let first = Desk().answer(request, arrival, snapshot)
    hold(
      first.outcome.decision == outcome.decision && first.response == response,
      "a workspace that was used answers as a new one")
    check(response, to: request, outcome, limit: transport == .tcp ? 65535 : udpLimit(of: request))
    return (outcome, response)
  }

  /// RFC 1035 §4.2.1 and RFC 6891 §6.2.5, and no more than any path carries.
  private func udpLimit(of request: [UInt8]) -> Int {
    var query = Query()
    var name = NameKey()
    try? query.read(request.span, name: &name)
    return query.hasEDNS ? min(1232, query.udpSize) : 512
  }

  private func check(_ response: [UInt8], to request: [UInt8], _ outcome: Outcome, limit: Int) {
    hold(response.isEmpty == (outcome.decision == .silent), "only a silent decision is silence")
    if response.isEmpty { return }
    hold(request.count >= 12 && request[2] & 0x80 == 0, "a response is not responded to")
    hold(response.count <= limit, "\(response.count) octets are at most \(limit)")
    guard let message = try? Message(response) else { return hold(false, "the response decodes") }
    hold(response[0...1] == request[0...1], "the ID is echoed")
    hold(message.flags & 0x8000 != 0, "QR is set")
    hold((message.flags ^ UInt16(request[2]) << 8) & 0x7900 == 0, "opcode and RD are echoed")
    hold(message.flags & 0x00f0 == 0, "RA, Z, AD and CD are clear")
    hold(message.rcode == outcome.rcode.rawValue, "the outcome has the RCODE")
    hold(message.isTruncated == outcome.isTruncated, "the outcome has TC")
    hold(message.questions.count <= 1, "at most one question")
    if let question = message.questions.first {
      let range = 12..<(12 + question.name.wire.count + 4)
      hold(request.count >= range.upperBound && response[range] == request[range], "the question is echoed")
    }
    let records = message.answer + message.authority + message.additional
    hold(Set(records).count == records.count, "no record comes twice")
    hold(outcome.decision != .refused || message.answer.isEmpty, "who is refused gets no data")
  }
}

/// What a worker answers with.
private final class Desk {
  private struct Bench: ~Copyable {
    var workspace = Workspace()
    var buffer = OctetBuffer(capacity: 65535)

    mutating func answer(_ request: [UInt8], _ arrival: Arrival, _ snapshot: Snapshot) -> (Outcome, [UInt8]) {
      let outcome = respond(to: request.span, arrival, snapshot, using: &workspace, into: &buffer)
      return (outcome, buffer.octets.octets(0..<buffer.count))
    }
  }

  private var bench = Bench()

  func answer(
    _ request: [UInt8], _ arrival: Arrival, _ snapshot: Snapshot
  ) -> (outcome: Outcome, response: [UInt8]) {
    bench.answer(request, arrival, snapshot)
  }
}
