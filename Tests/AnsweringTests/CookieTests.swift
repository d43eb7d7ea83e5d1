import Addresses
import DNSFormat
import FlatMemory
import Testing

@testable import Answering

private let client: [UInt8] = [0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57]
private let secret = "cookie-secret e5e973e5a6b2a43f48e7dc849e37bfcf\n"
/// RFC 9018 §A.1.
private let now: UInt32 = 1_559_731_985
private let learned: [UInt8] =
  client + [1, 0, 0, 0, 0x5c, 0xf7, 0x9f, 0x11, 0x1f, 0x81, 0x30, 0xc3, 0xee, 0xe2, 0x94, 0x80]
private let renewed: [UInt8] =
  client + [1, 0, 0, 0, 0x5c, 0xf7, 0xa8, 0x71, 0xd4, 0xa5, 0x64, 0xa1, 0x44, 0x2a, 0xca, 0x77]

@Suite("RFC 7873 §5.2 to §5.4, RFC 9018: DNS cookies")
struct CookieTests {
  private func fixture(_ policy: String = secret) throws -> Fixture {
    let many = (0..<60).map { "many A 10.1.\($0).1\n" }.joined()
    return try Fixture(policy: policy, ["e.test.zone": zoneHead + "a A 192.0.2.1\n" + many])
  }

  /// Asks with a COOKIE option of this data.
  private func ask(
    _ fixture: Fixture, _ cookie: [UInt8]?, _ request: Request = Request(name: "a.e.test.", type: .a),
    from source: String = "198.51.100.100", transport: Arrival.Transport = .udp, at time: UInt32 = now
  ) throws -> Reply {
    var request = request
    request.edns = request.edns ?? .init()
    if let cookie { request.edns?.options.append((10, cookie)) }
    return try fixture.send(request.octets, from: source, transport: transport, at: time)
  }

  @Test func `a client cookie gets a server cookie beside the answer`() throws {
    let reply = try ask(fixture(), client)
    #expect(reply.option(10) == learned && reply.data == ["192.0.2.1"] && !reply.outcome.hasValidCookie)
  }

  @Test func `a good server cookie is known, comes back as it is, and is renewed after half an hour`() throws {
    let fixture = try fixture()
    let young = try ask(fixture, learned, at: now + 60)
    #expect(young.outcome.hasValidCookie && young.option(10) == learned)
    let old = try ask(fixture, learned, at: 1_559_734_385)
    #expect(old.outcome.hasValidCookie && old.option(10) == renewed)
    let stale = try ask(fixture, learned, at: now + 3601)
    #expect(!stale.outcome.hasValidCookie && stale.data == ["192.0.2.1"] && stale.option(10)?.prefix(8) == client[...])
  }

  @Test func `no query without a cookie, or with another's, counts as one with a good one`() throws {
    let fixture = try fixture()
    #expect(try !ask(fixture, nil).outcome.hasValidCookie)
    #expect(try ask(fixture, nil).option(10) == nil)
    #expect(try !ask(fixture, learned, from: "198.51.100.101").outcome.hasValidCookie)
    #expect(try !ask(fixture, client + [UInt8](repeating: 0, count: 16)).outcome.hasValidCookie)
    #expect(try !ask(fixture, client + [UInt8](repeating: 0, count: 32)).outcome.hasValidCookie)
    // What came before has left nothing behind: one workspace, a good cookie, then a plain query.
    var workspace = Workspace()
    var buffer = OctetBuffer(capacity: 65535)
    let arrival = Arrival(source: try #require(IPAddress("198.51.100.100")), transport: .udp, time: now)
    let cookie: [(code: UInt16, data: [UInt8])] = [(10, learned)]
    let good = try Request(name: "a.e.test.", edns: .init(options: cookie)).octets
    let plain = try Request(name: "a.e.test.", edns: .init()).octets
    #expect(respond(to: good.span, arrival, fixture.snapshot, using: &workspace, into: &buffer).hasValidCookie)
    #expect(!respond(to: plain.span, arrival, fixture.snapshot, using: &workspace, into: &buffer).hasValidCookie)
  }

  @Test(arguments: [0, 1, 7, 9, 15, 41, 60]) func `a length that cannot be is FORMERR, with an OPT`(size: Int) throws {
    let reply = try ask(fixture(), [UInt8](repeating: 1, count: size))
    #expect(reply.rcode == "FORMERR" && reply.message?.options?.isEmpty == true)
  }

  @Test func `errors and refusals carry a cookie too; BADVERS does not`() throws {
    let fixture = try fixture()
    let requests: [(Request, String)] = [
      (Request(name: "elsewhere."), "REFUSED"), (Request(name: "no.e.test."), "NXDOMAIN"),
      (Request(name: "e.test.", flags: 5 << 11), "NOTIMP"), (Request(additional: [[0]]), "FORMERR"),
    ]
    for (request, rcode) in requests {
      let reply = try ask(fixture, client, request)
      #expect(reply.rcode == rcode && reply.option(10) == learned, "\(rcode)")
    }
    let reply = try ask(fixture, client, Request(edns: .init(version: 1)))
    #expect(reply.rcode == "BADVERS" && reply.message?.options?.isEmpty == true)
  }

  @Test func `an answer that is cut still has its cookie, and room was kept for it`() throws {
    for size in [512, 600, 900, 1000, 1030, 1232] as [UInt16] {
      let reply = try ask(fixture(), client, Request(name: "many.e.test.", type: .a, edns: .init(udpSize: size)))
      #expect(reply.option(10) == learned && reply.octets.count <= Int(size))
      #expect(reply.isTruncated == (reply.answer.isEmpty))
    }
  }

  @Test func `QDCOUNT 0 asks for a cookie and gets one (RFC 7873 §5.4)`() throws {
    let reply = try ask(fixture(), client, Request(questions: 0))
    #expect(reply.rcode == "NOERROR" && reply.option(10) == learned && reply.message?.questions.isEmpty == true)
    #expect(reply.answer.isEmpty && reply.authority.isEmpty && !reply.isAuthoritative)
    #expect(try ask(fixture(), nil, Request(questions: 0)).rcode == "FORMERR")
    let off = try ask(fixture("cookies off"), client, Request(questions: 0))
    #expect(off.rcode == "FORMERR" && off.outcome.wireError == .questionCount)
  }

  @Test(arguments: [Arrival.Transport.udp, .tcp])
  func `QDCOUNT 0 with a server cookie that is no good gets BADCOOKIE, and a good one`(
    transport: Arrival.Transport
  ) throws {
    for policy in [secret, secret + "cookies require"] {
      let fixture = try fixture(policy)
      func ask(_ cookie: [UInt8], from source: String = "198.51.100.100", at time: UInt32 = now) throws -> Reply {
        try self.ask(fixture, cookie, Request(questions: 0), from: source, transport: transport, at: time)
      }
      let wrong = [8, 9, 16, 31, 32].map { client + [UInt8](repeating: 0, count: $0) }
      var replies = try wrong.map { try ask($0) }
      try replies.append(ask(learned, from: "198.51.100.101"))
      try replies.append(ask(learned, at: now + 3601))
      for reply in replies {
        #expect(reply.rcode == "BADCOOKIE" && reply.message?.questions.isEmpty == true)
        #expect(reply.option(10)?.prefix(8) == client[...] && reply.option(10)?.count == 24)
        #expect(reply.outcome.decision == .failed && !reply.outcome.hasValidCookie)
      }
      #expect(try ask(wrong[0]).option(10) == learned)
      let good = try ask(learned, at: now + 60)
      #expect(good.rcode == "NOERROR" && good.option(10) == learned && good.outcome.hasValidCookie)
    }
  }

  @Test func `cookies off: the option is passed over`() throws {
    let reply = try ask(fixture("cookies off"), learned)
    #expect(reply.message?.options?.isEmpty == true && reply.data == ["192.0.2.1"] && !reply.outcome.hasValidCookie)
  }

  @Test func `cookies require: BADCOOKIE over UDP for a client cookie alone, with what to come back with`() throws {
    let fixture = try fixture(secret + "cookies require")
    let first = try ask(fixture, client)
    #expect(first.rcode == "BADCOOKIE" && first.answer.isEmpty && first.option(10) == learned)
    #expect(first.outcome.decision == .failed && first.message?.questions.count == 1)
    #expect(try ask(fixture, client + [UInt8](repeating: 9, count: 16)).rcode == "BADCOOKIE")
    #expect(try ask(fixture, first.option(10)).data == ["192.0.2.1"])
    #expect(try ask(fixture, client, transport: .tcp).data == ["192.0.2.1"])
    #expect(try ask(fixture, nil).data == ["192.0.2.1"])
    #expect(try ask(fixture, client, Request(questions: 0)).rcode == "NOERROR")
  }

  @Test func `servers with one secret know each other's cookies, and those of the secret before (RFC 9018 §5)`() throws
  {
    let other = "445536bcd2513298075a5d379663c962"
    let turned = try fixture("cookie-secret \(other) e5e973e5a6b2a43f48e7dc849e37bfcf")
    let reply = try ask(turned, learned)
    #expect(reply.outcome.hasValidCookie && reply.option(10) != learned)
    #expect(try ask(fixture("cookie-secret \(other)"), reply.option(10)).outcome.hasValidCookie)
    #expect(try !ask(fixture("cookie-secret \(other)"), learned).outcome.hasValidCookie)
    #expect(try !ask(fixture(""), learned).outcome.hasValidCookie)
  }

  @Test func `a secret may be in a file beside the policy`() throws {
    let text = "e5e973e5a6b2a43f48e7dc849e37bfcf\n\t445536bcd2513298075a5d379663c962\r\n"
    let zone = zoneHead + "a A 192.0.2.1\n"
    let fixture = try Fixture(
      policy: "cookie-secret file secret", ["e.test.zone": zone, "secret": text])
    #expect(try ask(fixture, client).option(10) == learned)
    func errors(_ files: KeyValuePairs<String, String>) -> String {
      do {
        return try Fixture(policy: "cookie-secret file secret", files).diagnostics.joined()
      } catch {
        return "\(error)"
      }
    }
    #expect(
      errors(["e.test.zone": zone])
        == "a.policy:1:1: warning: the cookie secret's file secret cannot be read here: no such file; a server does not start without it"
    )
    for text in ["", "x", "e5e973e5a6b2a43f48e7dc849e37bf", "\(text) 445536bcd2513298075a5d379663c962", "\u{0}"] {
      #expect(
        errors(["e.test.zone": zone, "secret": text])
          == "secret: error: the cookie secret's file holds one or two words of 32 hexadecimal digits, and this one something else; make one: openssl rand -hex 16"
      )
    }
  }
}
