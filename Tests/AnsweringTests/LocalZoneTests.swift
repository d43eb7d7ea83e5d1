import Addresses
import DNSFormat
import Policy
import Testing
import Zones

@testable import Answering

@Suite("RFC 6303, RFC 6761: names that have no business outside are answered here")
struct LocalZoneTests {
  private let mesh = "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns A 192.0.2.1\norders 60 A 10.0.0.7\n"

  @Test(arguments: [
    ("localhost.", "A", ["127.0.0.1"]), ("x.localhost.", "AAAA", ["::1"]),
    ("1.0.0.127.in-addr.arpa.", "PTR", ["localhost."]),
    ("localhost.", "SOA", ["localhost. nobody.invalid. 1 3600 1200 604800 10800"]),
    ("10.in-addr.arpa.", "NS", ["10.in-addr.arpa."]),
    (String(repeating: "0.", count: 31) + "ip6.arpa.", "PTR", []),
    ("1." + String(repeating: "0.", count: 31) + "ip6.arpa.", "PTR", ["localhost."]),
  ])
  func `what they have is answered with authority`(name: String, type: String, data: [String]) throws {
    let fixture = try Fixture(policy: "forward . 192.0.2.53", ["mesh.test.zone": mesh])
    let reply = try fixture.ask(name, try #require(RRType(mnemonic: type)))
    #expect(reply.data == data)
    #expect(reply.isAuthoritative || data.isEmpty)
  }

  @Test(arguments: [
    "x.invalid.", "x.other.test.", "facebookcorewwwi.onion.", "printer.local.", "nas.home.arpa.",
    "9.0.0.10.in-addr.arpa.",
    "1.1.168.192.in-addr.arpa.", "1.99.100.in-addr.arpa.", "b.a.9.8.e.f.ip6.arpa.", "2.0.0.127.in-addr.arpa.",
  ])
  func `what they lack does not exist, and is remembered so`(name: String) throws {
    let fixture = try Fixture(policy: "forward . 192.0.2.53", ["mesh.test.zone": mesh])
    let reply = try fixture.ask(name, .a)
    #expect(reply.rcode == "NXDOMAIN" && reply.isAuthoritative)
    let isReverse = ["10.in", "168.192.in", "100.in", "127.in", ".e.f.ip6"].contains { name.contains($0) }
    #expect(reply.authority.count == 1 && reply.authority[0].contains(" \(isReverse ? 60 : 10800) SOA "))
  }

  @Test func `loopback and link-local addresses have names, and localhost is localhost`() throws {
    let fixture = try Fixture(
      policy: "forward . 192.0.2.53",
      ["mesh.test.zone": mesh + "lo A 127.0.2.20\nlink A 169.254.1.2\nsix AAAA fe80::1\nself A 127.0.0.1\n"])
    #expect(try fixture.ask("20.2.0.127.in-addr.arpa.", .ptr).data == ["lo.mesh.test."])
    #expect(try fixture.ask("2.1.254.169.in-addr.arpa.", .ptr).data == ["link.mesh.test."])
    let six = "1." + String(repeating: "0.", count: 28) + "8.e.f.ip6.arpa."
    #expect(try fixture.ask(six, .ptr).data == ["six.mesh.test."])
    #expect(try fixture.ask("1.0.0.127.in-addr.arpa.", .ptr).data == ["localhost."])
  }

  @Test func `without a forward line there is none of them, and where they are switched off`() throws {
    for policy in ["", "forward . off", "forward . 192.0.2.53\nlocal-zones off\nreverse-zones off"] {
      let fixture = try Fixture(policy: policy, ["mesh.test.zone": mesh])
      #expect(fixture.snapshot.zones.all.count == 1)
      #expect(try fixture.ask("x.localhost.", .a).outcome.decision != .answered)
    }
  }

  @Test func `they are not among the zones that are counted, and nothing is doubted`() throws {
    let fixture = try Fixture(policy: "forward . 192.0.2.53", ["mesh.test.zone": mesh])
    #expect(fixture.snapshot.zones.zones.map(\.origin.description) == ["mesh.test."])
    #expect(fixture.snapshot.layers.count == 1)
    #expect(fixture.diagnostics == [])
  }

  @Test func `they are compiled without a remark`() throws {
    let options = ZoneBuildOptions(contexts: try Fixture(policy: "", [:]).snapshot.contexts, services: [], seed: 1)
    for local in LocalZone.all {
      let source = ZoneSource(origin: local.origin, layers: [.init(context: 0, records: local.records(isMade: false))])
      #expect(ZoneBuilder.build(source, options).diagnostics.map(\.description) == [])
    }
    #expect(Set(LocalZone.all.map(\.origin)).count == LocalZone.all.count)
  }

  @Test func `a zone of one's own and a forward line come before, for whom they are`() throws {
    let fixture = try Fixture(
      policy: """
        context a { from 10.1.0.0/16; forward home.arpa 192.0.2.9; forward nas.localhost 192.0.2.9 }
        context b { from 10.2.0.0/16 }
        forward . 192.0.2.53
        """,
      ["mesh.test.zone": mesh, "onion.zone": "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns A 192.0.2.1\nx A 192.0.2.2\n"])
    #expect(try fixture.ask("x.onion.", .a, from: "10.1.0.1").data == ["192.0.2.2"])
    let forwarded = try fixture.ask("nas.home.arpa.", .a, from: "10.1.0.1").outcome
    #expect(forwarded.decision == .forwarded && forwarded.route == 1)
    #expect(try fixture.ask("nas.home.arpa.", .a, from: "10.2.0.1").rcode == "NXDOMAIN")
    #expect(try fixture.ask("x.nas.localhost.", .a, from: "10.1.0.1").outcome.decision == .forwarded)
    #expect(try fixture.ask("localhost.", .a, from: "10.1.0.1").data == ["127.0.0.1"])
    #expect(try fixture.ask("x.nas.localhost.", .a, from: "10.2.0.1").data == ["127.0.0.1"])
  }

  @Test func `sealed contexts have them too, and isolation keeps nobody from localhost`() throws {
    let fixture = try Fixture(
      policy: """
        forward . 192.0.2.53
        context laptop { from 127.0.0.0/8 ::1 }
        context prod { from 10.2.0.0/16; sealed }
        isolate laptop prod
        """, ["mesh.test.zone": mesh])
    for source in ["10.2.0.1", "127.0.0.1"] {
      #expect(try fixture.ask("localhost.", .a, from: source).data == ["127.0.0.1"])
      #expect(try fixture.ask("x.localhost.", .a, from: source).data == ["127.0.0.1"])
      #expect(try fixture.ask("1.0.0.127.in-addr.arpa.", .ptr, from: source).data == ["localhost."])
      #expect(try fixture.ask("x.invalid.", .a, from: source).rcode == "NXDOMAIN")
    }
  }

  @Test func `callers in no context are refused, never forwarded for nor answered`() throws {
    let fixture = try Fixture(
      policy: "forward . 192.0.2.53\ncontext a { from 10.1.0.0/16; forward corp.example 192.0.2.54 }",
      ["mesh.test.zone": mesh])
    for name in ["www.example.", "x.corp.example.", "localhost.", "orders.mesh.test.", "7.0.0.10.in-addr.arpa."] {
      let reply = try fixture.ask(name, .a, from: "10.9.0.1")
      #expect(reply.outcome.decision == .refused && reply.rcode == "REFUSED" && reply.outcome.route == 0, "\(name)")
    }
    #expect(try fixture.ask("www.example.", .a, from: "10.1.0.1").outcome.route == 1)
  }

  @Test func `a bare name has no address, unless a line is for it`() throws {
    let fixture = try Fixture(policy: "forward . 192.0.2.53\nforward intranet 192.0.2.54", ["mesh.test.zone": mesh])
    let bare = try fixture.ask("orders.", .a)
    #expect(bare.outcome.decision == .answered && bare.rcode == "NOERROR" && bare.authority == [])
    for type in [RRType.aaaa, .https, .svcb] {
      #expect(try fixture.ask("orders.", type).outcome.decision == .answered)
    }
    #expect(try fixture.ask("org.", .ns).outcome.route == 1)
    #expect(try fixture.ask("intranet.", .a).outcome.route == 2)
    #expect(try fixture.ask(".", .a).outcome.route == 1)
    #expect(try Fixture(policy: "", ["mesh.test.zone": mesh]).ask("orders.", .a).rcode == "REFUSED")
  }

  @Test func `a line below a zone of ours takes that part of it, and one for its apex does not`() throws {
    let fixture = try Fixture(
      policy: """
        forward aws.mesh.test 192.0.2.53
        forward mesh.test 192.0.2.54
        forward x.aws.mesh.test off
        """, ["mesh.test.zone": mesh + "old.aws A 192.0.2.8\nx.aws A 192.0.2.9\n"])
    #expect(
      fixture.diagnostics == [
        "a.policy:1:1: warning: names below aws.mesh.test. are asked for elsewhere, so the records of mesh.test. there are "
          + "never answered with, see mesh.test.zone:5; remove them, or this line",
        "a.policy:2:1: warning: mesh.test. is a zone served here, so nobody is asked for its names; remove the line, or the "
          + "zone's files",
      ])
    for _ in 0..<2 {
      #expect(try fixture.ask("orders.mesh.test.", .a).data == ["10.0.0.7"])
      #expect(try fixture.ask("old.aws.mesh.test.", .a).outcome.route == 1)
      #expect(try fixture.ask("new.aws.mesh.test.", .a).outcome.route == 1)
      #expect(try fixture.ask("x.aws.mesh.test.", .a).data == ["192.0.2.9"])
      #expect(try fixture.ask("absent.mesh.test.", .a).rcode == "NXDOMAIN")
    }
  }
}
