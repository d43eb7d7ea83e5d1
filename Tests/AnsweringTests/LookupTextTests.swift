import DNSFormat
import Testing

@testable import Answering

@Suite("_timeout of a service that is elsewhere says how long it takes to ask for its names")
struct LookupTextTests {
  private let told = "lookup-p50=8ms source=forward"
  private let name = "_timeout.api.corp.example."

  /// Times of the lookups by the first line, of `api.corp.example`.
  private func desk(_ more: String = "") throws -> Desk {
    let fixture = try Fixture(
      policy: """
        origin mesh.test
        context all { from 127.0.0.0/8 }
        context lab { from 10.0.0.0/8; forward . 192.0.2.55 }
        forward . 192.0.2.53
        service web { runs-at 127.0.0.2 }
        service batch { runs-at 127.0.0.3 }
        service api.corp.example. { allow web }
        \(more)
        """, ["mesh.test.zone": zoneHead + "out CNAME _timeout.api.corp.example.\n"])
    let policy = fixture.snapshot.policy
    let line = try #require(policy.policy.forwards.firstIndex { $0.context == 0 })
    let key = LookupTimes.Key(
      service: policy.serviceNumber(for: try DomainName("api.corp.example.")),
      route: policy.forwards.fingerprint(of: UInt16(line + 1)))
    return Desk(
      Fixture(
        snapshot: fixture.snapshot.seeing(Situation(lookups: LookupTimes([key: (text: told, labelCount: 3)])))))
  }

  private func txt(_ name: String, isDNSSECOK: Bool = false) throws -> [UInt8] {
    var request = try query(name, RRType(16))
    // The OPT's flags are before its empty RDATA.
    if isDNSSECOK { request[request.count - 4] |= 0x80 }
    return request
  }

  /// Without an SOA it would not be kept.
  private let denial: [UInt8]

  init() throws {
    let times: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 60]
    let soa = try DomainName("ns.example.").wire + DomainName("root.example.").wire + times
    denial = [0, 0, 0, 1] + (try record("corp.example.", 6, soa))
  }

  @Test(arguments: ["_timeout.api.corp.example.", "_TimeOut.API.corp.Example."])
  func `it is told where its servers deny the name, and where nobody answers`(name: String) throws {
    for way in [Desk.Way.reply(denial), .cache(now: 1, acceptsStale: false), .failure] {
      let desk = try desk()
      if case .cache = way { _ = try desk.ask(try txt(name), from: "127.0.0.2", by: .reply(denial)) }
      let (outcome, _, message, _) = try desk.ask(try txt(name), from: "127.0.0.2", by: way)
      #expect(outcome.decision == .answered && message?.rcode == 0 && message?.isAuthoritative == true)
      #expect(message?.answer.map(\.text) == ["\"\(told)\""] && message?.answer.first?.ttl == 10)
      #expect(message?.authority.isEmpty == true)
    }
  }

  @Test func `what its servers say themselves goes first`() throws {
    let text: [UInt8] = [4] + Array("mine".utf8)
    let reply: [UInt8] = [0, 1, 0, 0] + (try record(name, 16, text))
    let (outcome, _, message, _) = try desk().ask(try txt(name), from: "127.0.0.2", by: .reply(reply))
    #expect(outcome.decision == .forwarded && message?.answer.map(\.text) == ["\"mine\""])
  }

  @Test func `who asks for proofs has the denial of a zone that proves it`() throws {
    let desk = try desk()
    let proved = try desk.ask(try txt(name, isDNSSECOK: true), from: "127.0.0.2", by: .reply(denial))
    #expect(proved.outcome.decision == .forwarded && proved.message?.answer.isEmpty == true)
  }

  @Test func `who may not call the service is refused`() throws {
    for way in [Desk.Way.reply(denial), .failure] {
      let (outcome, _, message, _) = try desk().ask(try txt(name), from: "127.0.0.3", by: way)
      #expect(outcome.refusal?.rule == .allow && message?.rcode == 5 && message?.answer.isEmpty == true)
    }
  }

  @Test(arguments: [
    "_timeout.corp.example.", "_timeout.x.api.corp.example.", "x._timeout.api.corp.example.",
    "_timeou.api.corp.example.", "api.corp.example.", "out.mesh.test.",
  ])
  func `there is none at other names`(other: String) throws {
    let (_, _, message, _) = try desk().ask(try txt(other), from: "127.0.0.2", by: .reply(denial))
    #expect(message?.answer.contains { $0.type == RRType(16) } == false)
  }

  @Test func `nor of other types`() throws {
    let found = try desk().ask(try query(name, .a), from: "127.0.0.2", by: .reply(denial))
    #expect(found.outcome.decision == .forwarded && found.message?.answer.isEmpty == true)
  }

  @Test func `whose context asks others is told nothing of these`() throws {
    let found = try desk("service runner { runs-at 10.0.0.2; }\n").ask(try txt(name), from: "10.0.0.9", by: .failure)
    #expect(found.message?.answer.isEmpty == true)
  }

  @Test func `who asks why is told that it is there`() throws {
    var request = Request(name: name, type: RRType(16), rclass: 3)
    request.edns = .init(udpSize: 1232)
    let texts = try desk().ask(request.octets, from: "127.0.0.2", by: .failure).message?.answer.map(\.text) ?? []
    #expect(texts.contains { $0.contains("how long it takes to ask") })
  }
}
