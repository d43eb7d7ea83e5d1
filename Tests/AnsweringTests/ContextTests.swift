import DNSFormat
import Diagnostics
import Testing

@testable import Answering

@Suite("One name, as many answers as contexts")
struct ContextTests {
  private static let policy = """
    context laptop { from 127.0.0.0/8 }
    context test { from 10.20.0.0/16 }
    context prod { from 10.30.0.0/16 }
    context shard-a in prod { from 10.30.1.0/24 }
    context shard-b in prod { from 10.30.2.0/24 }
    context lab { from 10.40.0.0/16; sealed }
    """
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture(
      policy: Self.policy,
      [
        "mesh.test.zone": zoneHead
          + "orders A 192.0.2.1\n       AAAA 2001:db8::1\nlegacy A 192.0.2.2\nx.deep A 192.0.2.3\ncommon A 192.0.2.4\n",
        "laptop/mesh.test.zone": "$TTL 300\norders A 127.0.0.2\nlegacy CNAME .\ndeep CNAME .\nfresh A 127.0.0.3\n",
        "test/mesh.test.zone": "$TTL 300\norders A 10.20.0.2\nlegacy CNAME *.\n",
        "prod/mesh.test.zone": "$TTL 300\norders A 10.30.0.2\ncut NS ns.cut\nns.cut A 10.30.0.9\n",
        "shard-a/mesh.test.zone": "$TTL 300\norders A 10.30.1.2\ncut A 10.30.1.9\n",
        "lab/mesh.test.zone": "$TTL 300\nonly A 10.40.0.2\n",
      ])
  }

  @Test(arguments: [
    ("127.0.0.1", "127.0.0.2"), ("10.20.0.1", "10.20.0.2"), ("10.30.0.1", "10.30.0.2"), ("10.30.1.1", "10.30.1.2"),
    ("10.30.2.1", "10.30.0.2"),
  ])
  func `the answer is that of the caller's context, or of the nearest around it`(source: String, data: String) throws {
    #expect(try fixture.ask("orders.mesh.test.", from: source).data == [data])
    #expect(try fixture.ask("common.mesh.test.", from: source).data == ["192.0.2.4"])
  }

  @Test func `an overlay replaces an owner whole: its A never leaks the base's AAAA`() throws {
    let reply = try fixture.ask("orders.mesh.test.", .aaaa, from: "127.0.0.1")
    #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty && reply.authority == [soa("mesh.test.")])
  }

  @Test func `CNAME . hides a name, CNAME *. empties it`() throws {
    #expect(try fixture.ask("legacy.mesh.test.", from: "127.0.0.1").rcode == "NXDOMAIN")
    let empty = try fixture.ask("legacy.mesh.test.", from: "10.20.0.1")
    #expect(empty.rcode == "NOERROR" && empty.answer.isEmpty && empty.authority.count == 1)
    #expect(try fixture.ask("legacy.mesh.test.", .cname, from: "10.20.0.1").answer.isEmpty)
    #expect(try fixture.ask("legacy.mesh.test.", from: "10.30.0.1").data == ["192.0.2.2"])
    #expect(try fixture.ask("x.deep.mesh.test.", from: "127.0.0.1").rcode == "NXDOMAIN")
    #expect(try fixture.ask("deep.mesh.test.", from: "127.0.0.1").rcode == "NXDOMAIN")
    #expect(try fixture.ask("deep.mesh.test.", from: "10.20.0.1").rcode == "NOERROR")
  }

  @Test func `no wildcard stands in for a name that an overlay hides`() throws {
    let fixture = try Fixture(
      policy: """
        origin mesh.test
        context laptop { from 127.0.0.0/8 }
        context prod { from 10.0.0.0/8 }
        service ghost.x
        """,
      [
        "mesh.test.zone": "$TTL 300\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n* A 192.0.2.1\nx A 192.0.2.2\n",
        "laptop/mesh.test.zone": "x 5 CNAME .\n",
      ])
    #expect(try fixture.ask("x.mesh.test.", from: "127.0.0.1").rcode == "NXDOMAIN")
    #expect(try fixture.ask("a.b.x.mesh.test.", from: "127.0.0.1").rcode == "NXDOMAIN")
    #expect(try fixture.ask("ghost.x.mesh.test.", from: "127.0.0.1").rcode == "NXDOMAIN")
    #expect(try fixture.ask("y.mesh.test.", from: "127.0.0.1").data == ["192.0.2.1"])
    #expect(try fixture.ask("x.mesh.test.", from: "10.0.0.1").data == ["192.0.2.2"])
  }

  @Test func `a name of one context does not exist in another`() throws {
    #expect(try fixture.ask("fresh.mesh.test.", from: "127.0.0.1").data == ["127.0.0.3"])
    #expect(try fixture.ask("fresh.mesh.test.", from: "10.20.0.1").rcode == "NXDOMAIN")
  }

  @Test func `a zone cut may be in some contexts only`() throws {
    for source in ["10.30.0.1", "10.30.2.1"] {
      let reply = try fixture.ask("a.cut.mesh.test.", from: source)
      #expect(reply.authority == ["cut.mesh.test. 300 NS ns.cut.mesh.test."] && !reply.isAuthoritative)
      #expect(reply.additional == ["ns.cut.mesh.test. 300 A 10.30.0.9"])
    }
    #expect(try fixture.ask("cut.mesh.test.", from: "10.30.1.1").data == ["10.30.1.9"])
    #expect(try fixture.ask("a.cut.mesh.test.", from: "10.30.1.1").rcode == "NXDOMAIN")
    // Inherited, and there is no cut above it.
    #expect(try fixture.ask("ns.cut.mesh.test.", from: "10.30.1.1").data == ["10.30.0.9"])
    #expect(try fixture.ask("a.cut.mesh.test.", from: "127.0.0.1").rcode == "NXDOMAIN")
  }

  @Test func `a sealed context has the apex and its own names`() throws {
    #expect(try fixture.ask("only.mesh.test.", from: "10.40.0.1").data == ["10.40.0.2"])
    let reply = try fixture.ask("orders.mesh.test.", from: "10.40.0.1")
    #expect(reply.rcode == "NXDOMAIN" && reply.authority == [soa("mesh.test.")])
    #expect(try fixture.ask("mesh.test.", .ns, from: "10.40.0.1").answer == ["mesh.test. 300 NS ns.mesh.test."])
    #expect(try fixture.ask("only.mesh.test.", from: "10.20.0.1").rcode == "NXDOMAIN")
  }

  @Test func `an alias is followed in the caller's effective zone`() throws {
    let fixture = try Fixture(
      policy: Self.policy,
      ["mesh.test.zone": zoneHead + "www CNAME web\nweb A 192.0.2.1\n", "test/mesh.test.zone": "web 300 A 10.20.0.1\n"])
    #expect(try fixture.ask("www.mesh.test.", from: "10.20.0.9").data == ["10.20.0.1", "web.mesh.test."])
    #expect(try fixture.ask("www.mesh.test.", from: "10.30.0.9").data == ["192.0.2.1", "web.mesh.test."])
  }

  @Test func `a zone may exist in one context only`() throws {
    let fixture = try Fixture(
      policy: Self.policy,
      ["test.zone": zoneHead, "prod/inner.test.zone": zoneHead + "a A 10.30.0.1\n"])
    #expect(try fixture.ask("a.inner.test.", from: "10.30.1.9").data == ["10.30.0.1"])
    #expect(try fixture.ask("a.inner.test.", from: "10.20.0.9").authority == [soa("test.")])
    #expect(try fixture.ask("inner.test.", .soa, from: "10.20.0.9").rcode == "NXDOMAIN")
  }
}

@Suite("Zones that do not load")
struct BrokenZoneTests {
  private static let policy =
    "context lab { from 10.0.0.0/8 }\ncontext inner in lab { from 10.1.0.0/16 }\ncontext other { from 11.0.0.0/8 }\n"

  private func isServFail(_ reply: Reply) -> Bool {
    reply.rcode == "SERVFAIL" && reply.ede == "24 the zone did not load; the server's log says why"
      && reply.answer.isEmpty
      && reply.outcome.decision == .failed
  }

  @Test(arguments: ["@ A 1.2.3\n", "x CNAME y\nx A 192.0.2.1\n", "@ SOA . . 1 2 3 4 5\n", "other.org. A 192.0.2.1\n"])
  func `a broken zone answers SERVFAIL with EDE 24, and the others are served`(text: String) throws {
    let fixture = try Fixture(
      policy: Self.policy,
      ["b.test.zone": zoneHead + text, "good.test.zone": zoneHead + "a A 192.0.2.1\nto CNAME a.b.test.\n"],
      strict: false)
    for name in ["b.test.", "a.b.test."] { #expect(try isServFail(fixture.ask(name, from: "11.0.0.1"))) }
    #expect(try fixture.ask("a.good.test.", from: "11.0.0.1").data == ["192.0.2.1"])
    // Behind an alias too: half an answer would be taken for a whole one.
    #expect(try isServFail(fixture.ask("to.good.test.", from: "11.0.0.1")))
    #expect(fixture.brokenZones == ["b.test."])
  }

  @Test func `a zone without a file that can be read is broken`() throws {
    let fixture = try Fixture(["b.test.zone": zoneHead + "$INCLUDE nowhere\n"], strict: false)
    #expect(try isServFail(fixture.ask("a.b.test.")))
  }

  @Test(arguments: ["a A 1.2.3\n", "x 5 CNAME y\nx 5 A 192.0.2.1\n", "@ 5 CNAME .\n"])
  func `a broken overlay breaks its context and those in it, and no other`(text: String) throws {
    let fixture = try Fixture(
      policy: Self.policy, ["b.test.zone": zoneHead + "a A 192.0.2.1\n", "lab/b.test.zone": text], strict: false)
    #expect(try isServFail(fixture.ask("a.b.test.", from: "10.0.0.1")))
    #expect(try isServFail(fixture.ask("a.b.test.", from: "10.1.0.1")))
    #expect(try fixture.ask("a.b.test.", from: "11.0.0.1").data == ["192.0.2.1"])
  }

  @Test func `two files for one zone and context are a mistake that serves nothing`() throws {
    let overlays: KeyValuePairs = [
      "b.test.zone": zoneHead, "lab/b.TEST.zone": "x 5 A 192.0.2.1\n", "lab/b.test.zone": "y 5 A 192.0.2.1\n",
    ]
    for (twice, message) in [
      (["B.test.zone": zoneHead, "b.test.zone": zoneHead], "b.test.zone: error: B.test.zone is for zone b.test."),
      (overlays, "lab/b.test.zone: error: lab/b.TEST.zone is for zone b.test."),
    ] as [(KeyValuePairs<String, String>, String)] {
      let error = #expect(throws: Diagnostic.self) { try Fixture(policy: Self.policy, twice, strict: false) }
      #expect(error?.description == message + " and this context too; keep one of the two")
    }
  }
}
