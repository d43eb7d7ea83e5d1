import DNSFormat
import Testing

@testable import Answering

@Suite("_timeout of a service that is elsewhere says how long it takes to ask for its names")
struct LookupTextTests {
  private let told = "lookup-p50=8ms source=forward"
  private let name = "_timeout.api.corp.example."

  /// Times of the lookups by the line of all, of `api.corp.example`.
  /// - Parameter lab: what is told of the other line's.
  private func desk(lab: String? = nil) throws -> Desk {
    let fixture = try Fixture(
      policy: """
        origin mesh.test
        context all { from 127.0.0.0/8 }
        context lab { from 10.0.0.0/8; forward . 192.0.2.55 }
        forward . 192.0.2.53
        service web { runs-at 127.0.0.2, 10.0.0.2 }
        service batch { runs-at 127.0.0.3 }
        service api.corp.example. { allow web }

        """, ["mesh.test.zone": zoneHead + "out CNAME _timeout.api.corp.example.\n"])
    let policy = fixture.snapshot.policy
    let service = policy.serviceNumber(for: try DomainName("api.corp.example."))
    var texts: [LookupTimes.Key: (text: String, labelCount: Int)] = [:]
    for (index, line) in policy.policy.forwards.enumerated() where line.context == 0 || lab != nil {
      let route = policy.forwards.fingerprint(of: UInt16(index + 1))
      texts[LookupTimes.Key(service: service, route: route)] = (line.context == 0 ? told : lab ?? "", 3)
    }
    return Desk(Fixture(snapshot: fixture.snapshot.seeing(Situation(lookups: LookupTimes(texts)))))
  }

  private func txt(_ name: String, isDNSSECOK: Bool = false) throws -> [UInt8] {
    try query(name, RRType(16), isDNSSECOK: isDNSSECOK)
  }

  private func query(_ name: String, _ type: RRType, isDNSSECOK: Bool = false) throws -> [UInt8] {
    var request = Request(name: name, type: type, flags: 0x0100)
    request.edns = .init(flags: isDNSSECOK ? 0x8000 : 0)
    return try request.octets
  }

  /// NXDOMAIN, that of a signed zone with the SOA's signature. Without an SOA it would not be kept.
  private let denial, signedDenial: [UInt8]

  init() throws {
    let times: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 60]
    let soa = try DomainName("ns.example.").wire + DomainName("root.example.").wire + times
    denial = [0, 0, 0, 1] + (try record("corp.example.", 6, soa))
    let signature: [UInt8] = [0, 6, 13, 2] + [UInt8](repeating: 0, count: 14)
    signedDenial =
      [0, 0, 0, 2] + denial[4...]
      + (try record("corp.example.", 46, signature + DomainName("corp.example.").wire + [7]))
  }

  @Test(arguments: ["_timeout.api.corp.example.", "_TimeOut.API.corp.Example."])
  func `it is told where its servers deny the name, and where nobody answers`(name: String) throws {
    for way in [Desk.Way.reply(denial, rcode: 3), .cache(now: 1, acceptsStale: false), .failure] {
      let desk = try desk()
      if case .cache = way { _ = try desk.ask(try txt(name), from: "127.0.0.2", by: .reply(denial, rcode: 3)) }
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

  @Test func `who asks for proofs has the denial of a signed zone, and no text where nobody answers`() throws {
    // Validated or not: the server may have its reasons not to.
    for isAuthentic in [true, false] {
      for type in [RRType(16), .a] {
        let request = try query(name, type, isDNSSECOK: true)
        let proved = try desk().ask(
          request, from: "127.0.0.2", by: .reply(signedDenial, rcode: 3, isAuthentic: isAuthentic))
        #expect(proved.outcome.decision == .forwarded && proved.message?.rcode == 3)
        #expect(proved.message?.answer.isEmpty == true && proved.message?.authority.count == 2)
      }
    }
    let unsigned = try desk().ask(try txt(name, isDNSSECOK: true), from: "127.0.0.2", by: .reply(denial, rcode: 3))
    #expect(unsigned.message?.answer.map(\.text) == ["\"\(told)\""] && unsigned.message?.flags == 0x8580)
    let failed = try desk().ask(try txt(name, isDNSSECOK: true), from: "127.0.0.2", by: .failure)
    #expect(failed.message?.rcode == 2 && failed.message?.answer.isEmpty == true)
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
    let (_, _, message, _) = try desk().ask(try txt(other), from: "127.0.0.2", by: .reply(denial, rcode: 3))
    #expect(message?.answer.contains { $0.type == RRType(16) } == false)
  }

  @Test func `other types have no data, and the name is not denied`() throws {
    for isDNSSECOK in [false, true] {
      var request = try query(name, .a, isDNSSECOK: isDNSSECOK)
      request[3] |= 0x20
      let found = try desk().ask(request, from: "127.0.0.2", by: .reply(denial, rcode: 3))
      #expect(found.outcome.decision == .forwarded && found.outcome.rcode == .noError)
      // Without AD: nobody has validated that.
      #expect(found.message?.flags == 0x8180 && found.message?.answer.isEmpty == true)
      #expect(found.message?.authority.map(\.type) == [.soa])
    }
    let other = try desk().ask(try query("x." + name, .a), from: "127.0.0.2", by: .reply(denial, rcode: 3))
    #expect(other.message?.rcode == 3)
  }

  @Test func `whose context asks others is told of those alone`() throws {
    let none = try desk().ask(try txt(name), from: "10.0.0.2", by: .failure)
    #expect(none.outcome.decision == .forwarded && none.message?.rcode == 2 && none.message?.answer.isEmpty == true)
    for (source, text) in [("10.0.0.2", "theirs"), ("127.0.0.2", told)] {
      let found = try desk(lab: "theirs").ask(try txt(name), from: source, by: .failure)
      #expect(found.outcome.decision == .answered && found.message?.answer.map(\.text) == ["\"\(text)\""])
    }
  }

  @Test func `nor is it told where an alias leads to whom nobody can ask`() throws {
    let found = try desk().ask(try txt(name), from: "127.0.0.2", by: .failureBehindAlias)
    #expect(found.message?.rcode == 2 && found.message?.answer.isEmpty == true)
  }

  @Test func `who asks why is told that it is there`() throws {
    var request = Request(name: name, type: RRType(16), rclass: 3)
    request.edns = .init(udpSize: 1232)
    let texts = try desk().ask(request.octets, from: "127.0.0.2", by: .failure).message?.answer.map(\.text) ?? []
    #expect(texts.contains { $0.contains("how long it takes to ask") })
  }
}
