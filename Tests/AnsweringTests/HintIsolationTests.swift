import DNSFormat
import Testing

@testable import Answering

@Suite("isolate: the addresses in SVCB and HTTPS records (RFC 9460 §7.3)")
struct HintIsolationTests {
  private static let policy = """
    context test { from 10.20.0.0/16 fd00:20::/32 }
    context prod { from 10.30.0.0/16 fd00:30::/32 }
    isolate test prod

    """
  private static let zone =
    zoneHead + """
      some HTTPS 1 . ipv4hint=10.20.0.1
           HTTPS 2 . ipv4hint=10.20.0.2,10.30.0.2
           HTTPS 3 . ipv6hint=fd00:30::3
           HTTPS 4 . alpn=h2
      all HTTPS 1 . ipv4hint=10.30.0.1
          HTTPS 2 . ipv6hint=fd00:30::1
      last SVCB 1 svc alpn=h2 port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1,fd00:30::4
      plain HTTPS 0 svc
      beside HTTPS 1 .
             A 10.30.0.5
      signed HTTPS 1 . ipv4hint=10.20.0.1
             HTTPS 2 . ipv4hint=10.30.0.1
             RRSIG \(SignedZones.signature(of: "signed.h.test.", "HTTPS", apex: "h.test.", ttl: 300))
      whole HTTPS 1 . ipv4hint=10.20.0.1
            RRSIG \(SignedZones.signature(of: "whole.h.test.", "HTTPS", apex: "h.test.", ttl: 300))
      """

  /// The priorities of the RRs in an answer, in order.
  private func priorities(_ reply: Reply) -> [UInt8] { (reply.message?.answer ?? []).map { $0.rdata[1] }.sorted() }

  private let fixture: Fixture

  init() throws { fixture = try Fixture(policy: Self.policy, ["h.test.zone": Self.zone]) }

  @Test func `an RR with a hint that crosses is left out, the others stay`() throws {
    let test = try fixture.ask("some.h.test.", .https, from: "10.20.0.9")
    #expect(test.rcode == "NOERROR" && priorities(test) == [1, 4])
    let prod = try fixture.ask("some.h.test.", .https, from: "10.30.0.9")
    #expect(priorities(prod) == [3, 4])
  }

  @Test(arguments: [("all", RRType.https), ("last", .svcb)])
  func `where none remains the lookup is refused`(name: String, type: RRType) throws {
    let reply = try fixture.ask("\(name).h.test.", type, from: "10.20.0.9")
    #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty)
    #expect(reply.ede == "15 endpoints in prod are kept from callers in test: isolate (a.policy:3)")
    #expect(try fixture.ask("\(name).h.test.", type, from: "10.30.0.9").rcode == "NOERROR")
  }

  @Test(
    arguments: [
      "L32 10 10.30.0.5", "IPSECKEY 10 1 2 10.30.0.5 AAAA", "IPSECKEY 10 2 2 fd00:30::5 AAAA", "APL 1:10.30.0.0/24",
      "APL 1:192.0.2.0/24 2:fd00:30::/64", "TYPE11 \\# 5 0A1E000506",
      "L64 10 fd00:30:0:0", "TYPE260 \\# 6 0A010A1E0005",
      "TYPE260 \\# 18 0A02FD000030000000000000000000000005",
    ]) func `other types with addresses are judged too`(record: String) throws
  {
    let fixture = try Fixture(policy: Self.policy, ["h.test.zone": zoneHead + "x \(record)\n"])
    let type = try #require(RRType(mnemonic: String(record.prefix { $0 != " " })))
    #expect(try fixture.ask("x.h.test.", type, from: "10.20.0.9").rcode == "REFUSED")
    #expect(try fixture.ask("x.h.test.", type, from: "10.30.0.9").answer.count == 1)
  }

  @Test func `a signed set is whole or refused`() throws {
    for source in ["10.20.0.9", "10.30.0.9"] {
      #expect(try fixture.askSigned("signed.h.test.", .https, from: source).rcode == "REFUSED")
    }
    #expect(try fixture.askSigned("whole.h.test.", .https, from: "10.20.0.9").answer.count == 2)
    #expect(try fixture.askSigned("whole.h.test.", .https, from: "10.30.0.9").rcode == "REFUSED")
  }

  @Test func `records without hints, and the name's own addresses`() throws {
    #expect(try fixture.ask("plain.h.test.", .https, from: "10.20.0.9").answer.count == 1)
    // isolate judges a name by its addresses too, whatever type was asked for.
    #expect(try fixture.ask("beside.h.test.", .https, from: "10.20.0.9").rcode == "REFUSED")
    #expect(try fixture.ask("beside.h.test.", .https, from: "10.30.0.9").rcode == "NOERROR")
  }

  @Test func `mode observe lets every hint pass`() throws {
    let observing = try Fixture(policy: Self.policy + "mode observe\n", ["h.test.zone": Self.zone])
    #expect(try observing.ask("some.h.test.", .https, from: "10.20.0.9").answer.count == 4)
    let all = try observing.ask("all.h.test.", .https, from: "10.20.0.9")
    #expect(all.answer.count == 2 && all.outcome.isOnlyObserved && all.outcome.refusal?.rule == .isolate)
  }
}
