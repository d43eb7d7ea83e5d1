import Addresses
import DNSFormat
import FlatMemory
import Forwarding
import Testing

@testable import Answering

private func copy(of buffer: borrowing OctetBuffer) -> [UInt8] { buffer.octets.octets(0..<buffer.count) }

/// A server that has been told what others say.
final class Desk {
  let snapshot: Snapshot
  private var workspace = Workspace()
  private var buffer = OctetBuffer(capacity: 65535)
  private var image = ReplyImage()
  private var reader = ReplyReader(seed: 1)
  private let cache: ReplyCache
  private var writer: ReplyCacheWriter

  init(_ fixture: Fixture, cacheSize: Int = 1 << 20) {
    snapshot = fixture.snapshot
    cache = ReplyCache(size: cacheSize, seed: 2)
    writer = ReplyCacheWriter(cache)
    writer.staleTime = 1000
  }

  enum Way {
    case cache(now: UInt32, acceptsStale: Bool)
    /// The counts of the answer's and the authority section's records, and these.
    case reply([UInt8], rcode: UInt8 = 0, isAuthentic: Bool = true)
    case failure, failureBehindAlias
  }

  /// Asks, and answers in a way; nil where nothing was written.
  func ask(
    _ request: [UInt8], _ transport: Arrival.Transport = .udp, from source: String = "127.0.0.1", by way: Way
  ) throws -> (outcome: Outcome, finding: ReplyCache.Finding, message: Message?, size: Int) {
    let arrival = Arrival(source: try #require(IPAddress(source)), transport: transport)
    var outcome = respond(to: request.span, arrival, snapshot, using: &workspace, into: &buffer)
    var finding = ReplyCache.Finding.miss
    if outcome.decision == .forwarded {
      #expect(buffer.count == 0)
      switch way {
      case .cache(let now, let acceptsStale):
        finding = workspace.answerForwarded(
          to: request.span, arrival, snapshot, from: cache, now: now, acceptsStale: acceptsStale, &outcome,
          into: &buffer)
      case .reply(let records, let rcode, let isAuthentic):
        let question = workspace.forwardedQuestion(snapshot, outcome)
        let query = UpstreamQuery(question, id: 9, caseBits: nil)
        // The records' section counts and octets follow the question.
        let flags: [UInt8] = [0x81, (isAuthentic ? 0xa0 : 0x80) | rcode]
        let reply =
          [0, 9] + flags + [0, 1] + records[..<4] + [0, 0] + query.octets[12..<(12 + question.name.count + 4)]
          + records[4...]
        let result = reader.read(reply.span, to: query, ReplyLimits(), RebindingGuard(), into: &image)
        #expect(result == .usable)
        writer.insert(image, for: question, now: 0)
        let heard = HeardReply()
        heard.take(image, to: question)
        finding = workspace.answerForwarded(
          to: request.span, arrival, snapshot, from: cache, heard: [heard], now: 0, &outcome, into: &buffer)
      case .failure, .failureBehindAlias:
        let isBehindAlias = if case .failureBehindAlias = way { true } else { false }
        let text = Array("192.0.2.53 timed out".utf8)
        workspace.failForwarded(
          to: request.span, arrival, snapshot, .noReachableAuthority, text.span, isBehindAlias: isBehindAlias, &outcome,
          into: &buffer)
      }
    }
    let octets = copy(of: buffer)
    return (outcome, finding, octets.isEmpty ? nil : try Message(octets), octets.count)
  }
}

func record(_ owner: String, _ type: UInt8, _ rdata: [UInt8]) throws -> [UInt8] {
  try DomainName(owner).wire + [0, type, 0, 1, 0, 0, 1, 44, UInt8(rdata.count >> 8), UInt8(rdata.count & 255)] + rdata
}

@Suite("Names that others have")
struct ForwardedAnswerTests {
  private let desk: Desk

  init() throws {
    desk = Desk(
      try Fixture(
        policy: "context all { from 127.0.0.0/8 }\nforward . 192.0.2.53\nanswer-order fixed",
        ["mesh.test.zone": zoneHead + "out CNAME www.example.org.\nfar CNAME near\nnear CNAME deep.www.example.org.\n"])
    )
  }

  @Test func `a reply is written at once, and again from the cache with less of its time`() throws {
    let request = try query("WWW.example.org.")
    #expect(try desk.ask(request, by: .cache(now: 0, acceptsStale: false)).message == nil)
    let first = try desk.ask(request, by: .reply([0, 1, 0, 0] + record("www.example.org.", 1, [192, 0, 2, 1])))
    #expect(first.outcome.decision == .forwarded && first.outcome.rcode == .noError)
    #expect(first.message?.answer.map(\.text) == ["192.0.2.1"])
    #expect(first.message?.flags == 0x8180)
    let again = try desk.ask(request, by: .cache(now: 100, acceptsStale: false))
    #expect(again.finding == .fresh && again.message?.answer.first?.ttl == 200)
    #expect(again.message?.questions == first.message?.questions)
    #expect(try desk.ask(request, by: .cache(now: 300, acceptsStale: false)).message == nil)
    let stale = try desk.ask(request, by: .cache(now: 301, acceptsStale: true))
    #expect(stale.finding == .stale && stale.message?.answer.first?.ttl == 30)
    #expect(stale.message?.extendedError?.code == 3)
    // AD is for who says that it knows the bit.
    var knowing = request
    knowing[3] |= 0x20
    #expect(try desk.ask(knowing, by: .cache(now: 1, acceptsStale: false)).message?.flags == 0x81a0)
  }

  @Test func `aliases of ours come first and the rest is of others`() throws {
    let data = try record("www.example.org.", 1, [192, 0, 2, 1])
    let reply = try desk.ask(try query("out.mesh.test."), by: .reply([0, 1, 0, 0] + data))
    #expect(
      reply.message?.answer.map { "\($0.owner) \($0.type) \($0.text)" } == [
        "out.mesh.test. CNAME www.example.org.", "www.example.org. A 192.0.2.1",
      ])
    #expect(reply.message?.isAuthoritative == false)
    // Two aliases, one more of theirs, and a denial whose SOA is of a name above the question's.
    let alias = try record("deep.www.example.org.", 5, DomainName("x.www.example.org.").wire)
    let soa = try record(
      "example.org.", 6,
      DomainName("ns.example.org.").wire + DomainName("h.example.org.").wire + [UInt8](repeating: 0, count: 16) + [
        0, 0, 0, 60,
      ])
    let denial = try desk.ask(try query("far.mesh.test."), by: .reply([0, 1, 0, 1] + alias + soa))
    #expect(
      denial.message?.answer.map { "\($0.owner) \($0.type) \($0.text)" } == [
        "far.mesh.test. CNAME near.mesh.test.", "near.mesh.test. CNAME deep.www.example.org.",
        "deep.www.example.org. CNAME x.www.example.org.",
      ])
    #expect(
      denial.message?.authority.map { "\($0.owner) \($0.ttl) \($0.text)" } == [
        "example.org. 60 ns.example.org. h.example.org. 0 0 0 0 60"
      ])
    let cached = try desk.ask(try query("far.mesh.test."), .tcp, by: .cache(now: 10, acceptsStale: false))
    #expect(cached.message?.authority.first?.ttl == 50 && cached.message?.answer.last?.ttl == 290)
  }

  @Test func `what does not fit is truncated, and whole over TCP`() throws {
    let text = (0..<6).flatMap { _ in [250] + [UInt8](repeating: 65, count: 250) }
    let request = try query("big.test.example.", .txt)
    let first = try desk.ask(request, by: .reply([0, 1, 0, 0] + record("big.test.example.", 16, text)))
    #expect(first.message?.isTruncated == true && first.message?.answer.isEmpty == true && first.outcome.isTruncated)
    let whole = try desk.ask(request, .tcp, by: .cache(now: 0, acceptsStale: false))
    #expect(whole.message?.answer.count == 1 && whole.size > 1500 && !whole.outcome.isTruncated)
  }

  @Test func `who cannot be asked is told of`() throws {
    let reply = try desk.ask(try query("www.example.org."), by: .failure)
    #expect(reply.message?.rcode == 2 && reply.message?.flags == 0x8182)
    #expect(reply.message?.extendedError?.text == "192.0.2.53 timed out")
    #expect(try desk.ask(try query("www.example.org.", udpSize: nil), by: .failure).message?.rcode == 2)
  }

  @Test func `nobody else is forwarded for`() throws {
    #expect(try desk.ask(try query("www.example.org."), from: "198.51.100.1", by: .failure).message?.rcode == 5)
    var request = try query("www.example.org.")
    request[2] &= 0xfe
    #expect(try desk.ask(request, by: .failure).message?.rcode == 5)
  }
}
