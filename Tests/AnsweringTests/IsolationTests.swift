import DNSFormat
import Testing

@testable import Answering

@Suite("isolate: endpoints of one context never reach callers of another")
struct IsolationTests {
  private static let policy = """
    context test { from 10.20.0.0/16 fd00:20::/32 }
    context prod { from 10.30.0.0/16 fd00:30::/32 }
    isolate test prod

    """
  private static let zone =
    zoneHead + """
      both A 10.20.0.1
           A 10.30.0.1
           A 192.0.2.1
           AAAA fd00:20::1
      prod A 10.30.0.2
           AAAA fd00:30::2
           TXT "prod's own"
      split A 10.30.0.3
            AAAA fd00:20::3
            TXT "split"
      plain TXT "no address"
      mail MX 10 both
           MX 20 prod
           MX 30 split
      alias CNAME prod
      sub NS ns.sub
      ns.sub A 10.30.0.4
             A 10.20.0.4
      *.wild A 10.30.0.5
      """
  private let fixture: Fixture

  init() throws { fixture = try Fixture(policy: Self.policy, ["i.test.zone": Self.zone]) }

  @Test func `an IPv6 address that leads to an IPv4 endpoint is that endpoint too`() throws {
    // 10.30.0.1 is 0a1e:0001: by NAT64 (RFC 6052), 6to4 (RFC 3056), and neither.
    let zone =
      zoneHead + """
        nat64 AAAA 64:ff9b::10.30.0.1
        sixtofour AAAA 2002:0a1e:1::1
        hint HTTPS 1 . ipv6hint=64:ff9b::a1e:1
        own AAAA 64:ff9b::10.20.0.1
            AAAA 2002:0a14:1::1
        local AAAA 64:ff9b:1::10.30.0.1
              AAAA 64:ff9b:0:0:1::10.30.0.1
              AAAA 2001:0a1e:1::1

        """
    let fixture = try Fixture(policy: Self.policy, ["i.test.zone": zone])
    for (name, type) in [("nat64", RRType.aaaa), ("sixtofour", .aaaa), ("hint", .https)] {
      let reply = try fixture.ask("\(name).i.test.", type, from: "10.20.0.9")
      #expect(reply.rcode == "REFUSED" && reply.outcome.refusal?.rule == .isolate, "\(name)")
      #expect(try fixture.ask("\(name).i.test.", type, from: "10.30.0.9").rcode == "NOERROR")
    }
    #expect(try fixture.ask("own.i.test.", .aaaa, from: "10.20.0.9").answer.count == 2)
    #expect(try fixture.ask("local.i.test.", .aaaa, from: "10.20.0.9").answer.count == 3)
  }

  @Test func `each caller sees its own endpoints of one RRset, and those in no context`() throws {
    #expect(try fixture.ask("both.i.test.", from: "10.20.9.9").data == ["10.20.0.1", "192.0.2.1"])
    #expect(try fixture.ask("both.i.test.", from: "10.30.9.9").data == ["10.30.0.1", "192.0.2.1"])
    #expect(try fixture.ask("both.i.test.", from: "fd00:30::9").data == ["10.30.0.1", "192.0.2.1"])
    #expect(try fixture.ask("both.i.test.", from: "10.20.9.9").outcome.refusal == nil)
  }

  @Test(arguments: [.a, .aaaa, .txt, .mx, .any] as [RRType])
  func `where none remains the name is refused, whatever type is asked for`(type: RRType) throws {
    let reply = try fixture.ask("prod.i.test.", type, from: "10.20.9.9")
    #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty)
    #expect(reply.ede == "15 endpoints in prod are kept from callers in test: isolate (a.policy:3)")
    #expect(reply.outcome.refusal?.rule == .isolate)
    #expect(try fixture.ask("prod.i.test.", type, from: "10.30.9.9").rcode == "NOERROR")
  }

  @Test func `where addresses of another type remain, this type has no data`() throws {
    let reply = try fixture.ask("split.i.test.", .a, from: "10.20.9.9")
    #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty && reply.authority == [soa("i.test.")])
    #expect(try fixture.ask("split.i.test.", .aaaa, from: "10.20.9.9").data == ["fd00:20::3"])
    #expect(try fixture.ask("split.i.test.", .txt, from: "10.20.9.9").answer.count == 1)
    #expect(try fixture.ask("both.i.test.", .aaaa, from: "10.30.9.9").authority == [soa("i.test.")])
  }

  @Test func `a name without addresses is not judged`() throws {
    #expect(try fixture.ask("plain.i.test.", .txt, from: "10.20.9.9").answer.count == 1)
    #expect(try fixture.ask("plain.i.test.", .a, from: "10.20.9.9").rcode == "NOERROR")
    #expect(try fixture.ask("none.i.test.", .a, from: "10.20.9.9").rcode == "NXDOMAIN")
  }

  @Test func `the end of an alias, and a wildcard, are judged too`() throws {
    #expect(try fixture.ask("alias.i.test.", from: "10.20.9.9").rcode == "REFUSED")
    #expect(try fixture.ask("alias.i.test.", from: "10.20.9.9").answer.isEmpty)
    #expect(try fixture.ask("any.wild.i.test.", from: "10.20.9.9").rcode == "REFUSED")
    #expect(try fixture.ask("any.wild.i.test.", from: "10.30.9.9").data == ["10.30.0.5"])
  }

  @Test func `endpoints are left out of the additional section, and glue`() throws {
    let mail = try fixture.ask("mail.i.test.", .mx, from: "10.20.9.9")
    #expect(mail.answer.count == 3)
    #expect(
      mail.additional.sorted() == [
        "both.i.test. 300 A 10.20.0.1", "both.i.test. 300 A 192.0.2.1", "both.i.test. 300 AAAA fd00:20::1",
        "split.i.test. 300 AAAA fd00:20::3",
      ])
    #expect(try fixture.ask("x.sub.i.test.", from: "10.20.9.9").additional == ["ns.sub.i.test. 300 A 10.20.0.4"])
  }

  @Test func `endpoints lines say where services live`() throws {
    let policy =
      "context a { from 10.1.0.0/16; endpoints 10.9.1.0/24 }\ncontext b { from 10.2.0.0/16; endpoints 10.9.2.0/24 }\nisolate a b\n"
    let fixture = try Fixture(policy: policy, ["i.test.zone": zoneHead + "x A 10.9.1.1\n  A 10.9.2.1\n  A 10.2.0.1\n"])
    #expect(try fixture.ask("x.i.test.", from: "10.1.0.1").data == ["10.9.1.1"])
    #expect(try fixture.ask("x.i.test.", from: "10.2.0.1").data == ["10.2.0.1", "10.9.2.1"])
  }

  @Test func `inner contexts are isolated as those around them are, and siblings as their own line says`() throws {
    let policy = """
      context test { from 10.20.0.0/16 }
      context prod { from 10.30.0.0/16 }
      context shard-a in prod { from 10.30.1.0/24 }
      context shard-b in prod { from 10.30.2.0/24 }
      isolate test prod
      isolate shard-a shard-b
      """
    let fixture = try Fixture(
      policy: policy, ["i.test.zone": zoneHead + "x A 10.30.1.1\n  A 10.30.2.1\n  A 10.30.9.1\n  A 10.20.0.1\n"])
    #expect(try fixture.ask("x.i.test.", from: "10.30.1.9").data == ["10.30.1.1", "10.30.9.1"])
    #expect(try fixture.ask("x.i.test.", from: "10.30.2.9").data == ["10.30.2.1", "10.30.9.1"])
    #expect(try fixture.ask("x.i.test.", from: "10.30.9.9").data == ["10.30.1.1", "10.30.2.1", "10.30.9.1"])
    #expect(try fixture.ask("x.i.test.", from: "10.20.0.9").data == ["10.20.0.1"])
  }

  @Test func `mode observe lets every endpoint pass`() throws {
    let observing = try Fixture(policy: Self.policy + "mode observe\n", ["i.test.zone": Self.zone])
    let free = try Fixture(policy: Self.policy.replacing("isolate test prod", with: ""), ["i.test.zone": Self.zone])
    for (name, type) in [
      ("both", .a), ("prod", .a), ("prod", .txt), ("split", .a), ("mail", .mx), ("alias", .a), ("x.sub", .a),
    ] as [(String, RRType)] {
      let reply = try observing.ask("\(name).i.test.", type, from: "10.20.9.9")
      #expect(try reply.octets == free.ask("\(name).i.test.", type, from: "10.20.9.9").octets, "\(name)")
    }
    let reply = try observing.ask("prod.i.test.", from: "10.20.9.9")
    #expect(reply.outcome.isOnlyObserved && reply.outcome.refusal?.rule == .isolate)
  }
}
