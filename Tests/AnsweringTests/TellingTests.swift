import Addresses
import DNSFormat
import FlatMemory
import Policy
import TestSupport
import Testing

@testable import Answering

private let text = RRType(16)
private let mesh = """
  origin e.test
  trust ecs from 127.0.0.53
  context laptop { from 127.0.0.0/8 }
  context prod { from 10.30.0.0/16; endpoints 10.40.0.0/16 }
  context shard-a in prod { from 10.30.1.0/24 }
  isolate laptop prod
  service web { runs-at 10.30.1.16/28 }
  service batch { runs-at 10.30.1.32/28 }
  service orders {
    allow web laptop
    allow checkout
    refuse batch
  }
  service checkout

  """

@Suite("DESIGN §4: explained in band, dig CH TXT")
struct TellingTests {
  private func fixture(_ more: String = "") throws -> Fixture {
    try Fixture(
      policy: mesh + more,
      [
        "e.test.zone": zoneHead
          + "orders A 10.40.0.1\nfree TXT free\npay CNAME orders\n*.t A 192.0.2.1\ngone A 192.0.2.1\nempty A 192.0.2.1\n"
          + "sub NS ns.sub\nold DNAME new\n",
        "laptop/e.test.zone": "$TTL 60\ngone CNAME .\nempty CNAME *.\norders A 127.0.0.9\n",
        "shard-a/e.test.zone": "$TTL 60\n; one\norders A 10.40.0.2\n",
      ])
  }

  private func ask(
    _ fixture: Fixture, _ name: String, from source: String = "127.0.0.1", _ type: RRType = text,
    udpSize: UInt16? = 1232, transport: Arrival.Transport = .udp
  ) throws -> Reply {
    var request = Request(name: name, type: type, rclass: 3)
    if let udpSize { request.edns = .init(udpSize: udpSize) }
    return try fixture.send(request.octets, from: source, transport: transport)
  }

  /// The facts, each a record of its own, without quotes.
  private func facts(_ reply: Reply) -> [String] {
    (reply.message?.answer ?? []).map { $0.text.split(separator: "\"").filter { $0 != " " }.joined() }
  }

  @Test(arguments: [
    (
      "127.0.0.1",
      [
        "address 127.0.0.1, by the packet", "context laptop, by from 127.0.0.0/8 (a.policy:3)",
        "no service: no runs-at prefix covers the address",
      ]
    ),
    (
      "10.30.1.17",
      [
        "address 10.30.1.17, by the packet", "context shard-a in prod, by from 10.30.1.0/24 (a.policy:5)",
        "service web, by runs-at 10.30.1.16/28 (a.policy:7), known by its address",
      ]
    ),
    (
      "2001:db8::1:0:0:1",
      [
        "address 2001:db8::1:0:0:1, by the packet", "in no context: no from prefix covers the address",
        "no service: no runs-at prefix covers the address",
      ]
    ),
  ])
  func `whoami tells who the caller is, and by which lines`(source: String, wanted: [String]) throws {
    let reply = try ask(fixture(), "WhoAmI.ambit.", from: source)
    #expect(facts(reply) == wanted && reply.rcode == "NOERROR" && reply.isAuthoritative)
    #expect(reply.message?.answer.allSatisfy { $0.ttl == 0 && $0.rclass == 3 } == true)
    #expect(reply.outcome.decision == .answered && reply.outcome.service == 0)
    #expect(try facts(ask(fixture(), "whoami.ambit.", from: source, .any)) == wanted)
    #expect(try facts(ask(fixture(), "whoami.ambit.", from: source, udpSize: nil)) == wanted)
    #expect(try facts(ask(fixture(), "whoami.ambit.", from: source, transport: .tcp)) == wanted)
  }

  @Test func `whoami tells of a client subnet, and of one that is too short`() throws {
    func facts(_ source: UInt8, _ address: [UInt8]) throws -> [String] {
      var request = Request(name: "whoami.ambit.", type: text, rclass: 3)
      request.edns = Request.EDNS(options: [(8, [0, 1, source, 0] + address)])
      return try self.facts(fixture().send(request.octets, from: "127.0.0.53"))
    }
    #expect(
      try facts(24, [10, 30, 2]).prefix(2) == [
        "client subnet 10.30.2.0/24, by the trusted forwarder 127.0.0.53",
        "context prod, by from 10.30.0.0/16 (a.policy:4)",
      ])
    #expect(
      try facts(16, [10, 30]).dropFirst() == [
        "in no context: the client subnet 10.30.0.0/16 is too short: callers are told apart by /24 here",
        "no service: the client subnet is too short to tell",
      ])
  }

  @Test func `whoami tells of a certificate that is nobody's`() throws {
    let fixture = try Fixture(
      policy: "origin e.test\ntrust proxy from 192.0.2.1\ncontext prod { from 10.0.0.0/8 }\n"
        + "service web { runs-at 10.0.0.1; identity \"web\" }\n", ["e.test.zone": zoneHead])
    var request = Request(name: "whoami.ambit.", type: text, rclass: 3)
    request.edns = .init(udpSize: 1232)
    let octets = try request.octets
    var workspace = Workspace()
    var buffer = OctetBuffer(capacity: 65535)
    let evidence = Evidence(
      source: try #require(IPAddress("10.0.0.1")), addressSource: .proxy, certificateService: 0)
    let arrival = Arrival(evidence, transport: .tcp)
    let outcome = respond(to: octets.span, arrival, fixture.snapshot, using: &workspace, into: &buffer)
    let reply = try Reply(
      outcome: outcome, octets: [], message: Message(buffer.octets.octets(0..<buffer.count)))
    #expect(
      facts(reply) == [
        "address 10.0.0.1, by a trusted proxy's PROXY header", "context prod, by from 10.0.0.0/8 (a.policy:3)",
        "no service: no identity is the certificate's name, and nothing else counts",
      ])
  }

  @Test func `deny-as drop is silent to callers in no context, and mode observe is told`() throws {
    #expect(try ask(fixture("deny-as drop"), "whoami.ambit.", from: "192.0.2.1").octets.isEmpty)
    let facts = try facts(ask(fixture("mode observe"), "whoami.ambit."))
    #expect(facts.last == "mode observe: what the rules refuse is answered and logged")
  }

  @Test(arguments: [
    (
      "orders.e.test.", "10.30.1.17",
      [
        "allowed: allow (a.policy:10)",
        "service orders may be called by web, laptop (a.policy:10), checkout (a.policy:11)",
        "data from context shard-a, shard-a/e.test.zone:3",
      ]
    ),
    (
      "orders.e.test.", "10.30.1.33",
      [
        "refused: batch may not call orders: refuse (a.policy:12)",
        "refused: batch may not call orders: allow (a.policy:10)",
        "service orders may be called by web, laptop (a.policy:10), checkout (a.policy:11)",
        "data from context shard-a, shard-a/e.test.zone:3",
      ]
    ),
    (
      "x.orders.e.test.", "127.0.0.1",
      [
        "allowed: allow (a.policy:10)",
        "service orders may be called by web, laptop (a.policy:10), checkout (a.policy:11)",
        "does not exist here: NXDOMAIN",
      ]
    ),
    (
      "checkout.e.test.", "127.0.0.1",
      [
        "allowed: no rule says otherwise", "service checkout may be called by whoever no rule refuses: default allow",
        "does not exist here: NXDOMAIN",
      ]
    ),
    ("web.e.test.", "10.30.1.17", ["allowed: it is the service itself"]),
    (
      "free.e.test.", "127.0.0.1",
      ["belongs to no service: everyone may look it up", "data from the base, e.test.zone:6"]
    ),
    (
      "pay.e.test.", "127.0.0.1",
      [
        "belongs to no service: everyone may look it up", "data from the base, e.test.zone:7",
        "alias of orders.e.test., which is judged too: ask for it",
      ]
    ),
    (
      "a.t.e.test.", "127.0.0.1",
      [
        "belongs to no service: everyone may look it up",
        "made by the wildcard *.t.e.test., from the base, e.test.zone:8",
      ]
    ),
    (
      "gone.e.test.", "127.0.0.1",
      [
        "belongs to no service: everyone may look it up",
        "does not exist here: NXDOMAIN, by CNAME . in context laptop, laptop/e.test.zone:2",
      ]
    ),
    (
      "empty.e.test.", "127.0.0.1",
      [
        "belongs to no service: everyone may look it up",
        "exists and is empty: NODATA from context laptop, laptop/e.test.zone:3",
      ]
    ),
    (
      "empty.e.test.", "10.30.1.1",
      ["belongs to no service: everyone may look it up", "data from the base, e.test.zone:10"]
    ),
    ("t.e.test.", "127.0.0.1", ["belongs to no service: everyone may look it up", "exists and is empty: NODATA"]),
    (
      "x.sub.e.test.", "127.0.0.1",
      [
        "belongs to no service: everyone may look it up",
        "below the zone cut at sub.e.test.: the answer is a referral, from the base, e.test.zone:11",
      ]
    ),
    (
      "x.old.e.test.", "127.0.0.1",
      [
        "belongs to no service: everyone may look it up",
        "below the DNAME at old.e.test., which leads below new.e.test., from the base, e.test.zone:12",
      ]
    ),
    (
      "free.e.test.", "192.0.2.1",
      [
        "refused: the caller's address is in no context of the policy",
        "belongs to no service: everyone may look it up",
      ]
    ),
  ])
  func `a name is explained for the caller`(name: String, source: String, wanted: [String]) throws {
    let reply = try ask(fixture(), name, from: source)
    #expect(Array(facts(reply).prefix(wanted.count)) == wanted && reply.rcode == "NOERROR")
    if wanted.count > 1, source != "192.0.2.1" { #expect(facts(reply).count == wanted.count) }
  }

  @Test func `what isolate keeps back is told, and what would be refused in observe`() throws {
    let fixture = try Fixture(
      policy: mesh + "observe isolate", ["e.test.zone": zoneHead + "pay A 10.40.0.1\n"])
    #expect(
      try facts(ask(fixture, "pay.e.test."))[0]
        == "would be refused, in observe: endpoints in prod are kept from callers in laptop: isolate (a.policy:6)")
    let strict = try Fixture(
      policy: mesh, ["e.test.zone": zoneHead + "pay A 10.40.0.1\nboth A 10.40.0.1\n A 127.0.0.5\n"])
    #expect(
      try facts(ask(strict, "pay.e.test."))[0]
        == "refused: endpoints in prod are kept from callers in laptop: isolate (a.policy:6)")
    #expect(try facts(ask(strict, "both.e.test."))[0] == "endpoints that isolate keeps from the caller are left out")
  }

  @Test func `what isolate leaves out is told of all types together, and as it is in observe`() throws {
    let policy = """
      origin e.test
      context a { from 10.1.0.0/16 2001:db8:a::/48 }
      context b { from 10.2.0.0/16 2001:db8:b::/48 }
      isolate a b

      """
    let zone =
      zoneHead
      + "x A 10.1.0.1\nx A 10.2.0.1\ny A 10.1.0.1\ny AAAA 2001:db8:b::1\nz A 10.2.0.1\nz AAAA 2001:db8:a::1\nall A 10.1.0.1\n"
      + "none A 10.2.0.1\nnone AAAA 2001:db8:b::1\n"
    for (more, told) in [
      ("", "endpoints that isolate keeps from the caller are left out"),
      ("observe isolate\n", "endpoints that isolate keeps from the caller would be left out, in observe"),
      ("mode observe\n", "endpoints that isolate keeps from the caller would be left out, in observe"),
    ] {
      let fixture = try Fixture(policy: policy + more, ["e.test.zone": zone])
      for name in ["x", "y", "z"] {
        #expect(try facts(ask(fixture, "\(name).e.test.", from: "10.1.0.9")).first == told, "\(name)")
      }
      #expect(try facts(ask(fixture, "all.e.test.", from: "10.1.0.9")).count == 2)
      let refused = "endpoints in b are kept from callers in a: isolate (a.policy:4)"
      #expect(
        try facts(ask(fixture, "none.e.test.", from: "10.1.0.9")).first
          == (more.isEmpty ? "refused: \(refused)" : "would be refused, in observe: \(refused)"))
      #expect(try fixture.ask("y.e.test.", .aaaa, from: "10.1.0.9").data.isEmpty == more.isEmpty)
    }
  }

  @Test func `an exception is told with the rules that it lifts, its end, its reason and its place`() throws {
    let policy = """
      origin e.test
      tiers high > low
      acyclic
      context a { from 10.1.0.0/16 }
      context b { from 10.2.0.0/16 }
      isolate a b
      service web { tier high; runs-at 10.1.0.1; allow reports }
      service reports { tier low; allow * }

      """
    let zone = zoneHead + "reports A 10.2.0.1\nreports A 10.1.0.9\n"
    func told(_ reason: String, at time: UInt32 = 0) throws -> [String] {
      let except = "except a -> reports until 2026-06-30 because older\nexcept web -> reports until 2026-12-31 because"
      let fixture = try Fixture(policy: "\(policy)\(except) \"\(reason)\"\n", ["e.test.zone": zone])
      let request = Request(name: "reports.e.test.", type: text, rclass: 3)
      return try facts(fixture.send(request.octets, from: "10.1.0.1", transport: .tcp, at: time))
    }
    let note = "lifted by except until 2026-12-31 because INC-482, owner sre (a.policy:10)"
    #expect(
      try told("INC-482, owner sre").map { $0.replacing("\\", with: "") } == [
        "allowed: allow (a.policy:8)", "acyclic: \(note)", "tiers: \(note)", "isolate: \(note)",
        "service reports may be called by * (a.policy:8)", "data from the base, e.test.zone:5",
      ])
    #expect(try !told("x", at: 1_798_761_600).contains { $0.contains("lifted") }, "it has ended")
  }

  @Test func `a reason is cut so that the fact is one string`() throws {
    let policy = """
      origin e.test
      tiers high > low
      service web { tier high; runs-at 10.1.0.1 }
      service reports { tier low }
      except web -> reports until 2026-12-31 because "
      """
    for reason in [String(repeating: "x", count: 400), String(repeating: "\u{e9}", count: 300)] {
      let fixture = try Fixture(policy: "\(policy)\(reason)\"\n", ["e.test.zone": zoneHead])
      let request = Request(name: "reports.e.test.", type: text, rclass: 3)
      let records = try fixture.send(request.octets, from: "10.1.0.1", transport: .tcp).message?.answer ?? []
      let lifted = try #require(records.first { $0.text.contains("lifted") })
      #expect(lifted.text.contains("...") && lifted.text.contains("(a.policy:5)"))
      #expect(!lifted.text.contains("\" \""), "one string: \(lifted.text)")
    }
  }

  @Test func `the names of servers are answered as elsewhere, or refused`() throws {
    let fixture = try fixture("nsid \"ns-7\"")
    for name in ["version.bind.", "VERSION.server."] {
      #expect(try facts(ask(fixture, name)) == ["ambit \(ambitVersion)"])
    }
    for name in ["hostname.bind.", "id.server."] {
      #expect(try facts(ask(fixture, name)) == ["ns-7"])
      #expect(try ask(self.fixture(), name).rcode == "REFUSED")
      #expect(try ask(fixture, name, from: "192.0.2.1").rcode == "REFUSED", "who is in no context is refused")
    }
    #expect(try facts(ask(self.fixture("version \"a b\""), "version.bind.")) == ["a b"])
    #expect(try ask(self.fixture("version off"), "version.bind.").rcode == "REFUSED")
    #expect(try ask(fixture, "authors.bind.").rcode == "REFUSED")
    #expect(try ask(fixture, "version.bind.", .a).rcode == "REFUSED")
    #expect(try ask(fixture, "whoami.ambit.", .a).rcode == "REFUSED")
    #expect(try ask(fixture, "whoami.ambit.e.test.").rcode == "NOERROR", "a name of the zone like any")
    #expect(try ask(fixture, "elsewhere.org.").rcode == "REFUSED")
  }

  @Test func `explanations are kept from those who are not told, the texts of refusals too`() throws {
    for (policy, told, untold) in [("explain off", nil, "127.0.0.1"), ("explain to laptop", "127.0.0.1", "10.30.1.33")]
    {
      let fixture = try fixture(policy)
      for name in ["whoami.ambit.", "orders.e.test."] {
        let reply = try ask(fixture, name, from: untold)
        let why =
          told == nil
          ? "are switched off here"
          : "are not for callers in \(reply.outcome.caller.context == 0 ? "no context" : "shard-a")"
        #expect(reply.rcode == "REFUSED" && reply.ede == "18 explanations \(why)" && facts(reply).isEmpty)
        #expect(reply.outcome.decision == .refused)
        if let told { #expect(try !facts(ask(fixture, name, from: told)).isEmpty) }
      }
      #expect(try fixture.ask("orders.e.test.", from: "10.30.1.33").ede == "18")
      #expect(try facts(ask(fixture, "version.bind.", from: untold)).count == 1)
    }
    let inner = try fixture("explain to prod")
    #expect(try facts(ask(inner, "whoami.ambit.", from: "10.30.1.1")).count == 3)
    #expect(try ask(inner, "whoami.ambit.", from: "192.0.2.1").rcode == "REFUSED")
    #expect(try inner.ask("orders.e.test.", from: "10.30.1.33").ede?.hasPrefix("18 batch may not") == true)
  }

  @Test(arguments: ["nxdomain", "nodata"])
  func `a denial as nxdomain or nodata has no error for who is not told`(denial: String) throws {
    for (explain, ede) in [("off", nil), ("on", "18 batch may not call orders: refuse (a.policy:12)")] {
      let fixture = try fixture("explain \(explain)\ndeny-as \(denial)\n")
      let refused = try fixture.ask("orders.e.test.", from: "10.30.1.33")
      #expect(refused.ede == ede && refused.outcome.decision == .refused && refused.data == [])
      let absent = try fixture.ask("nowhere.e.test.", from: "10.30.1.33")
      #expect(absent.ede == nil && absent.message?.options == refused.message?.options || ede != nil)
    }
  }

  @Test func `what does not fit is truncated over UDP, and whole over TCP`() throws {
    let label = String(repeating: "x", count: 60)
    let callers = (0..<20).map { "\(label)\($0)" }
    let policy =
      "origin e.test\nservice orders { allow \(callers.joined(separator: " ")) }\n"
      + callers.map { "service \($0)\n" }.joined()
    let fixture = try Fixture(policy: policy, ["e.test.zone": zoneHead])
    let udp = try ask(fixture, "orders.e.test.")
    #expect(udp.isTruncated && udp.answer.isEmpty && udp.message?.options != nil && udp.outcome.isTruncated)
    let tcp = try ask(fixture, "orders.e.test.", transport: .tcp)
    let grants = facts(tcp).first { $0.hasPrefix("service orders") }
    #expect(grants?.hasSuffix("(a.policy:2) and 4 more") == true && !tcp.isTruncated)
    for size in 512...1232 {
      let reply = try ask(fixture, "whoami.ambit.", udpSize: UInt16(size))
      #expect(reply.octets.count <= size)
    }
  }

  @Test func `addresses are written as elsewhere`() throws {
    var random = SeededGenerator(seed: 7)
    var addresses = ["::", "::1", "1::", "0.0.0.0", "255.255.255.255", "1:0:0:2::", "2001:db8:0:1:1:1:1:1"].compactMap {
      IPAddress($0)
    }
    for _ in 0..<rounds(500) {
      let groups = (0..<8).map { _ in random.chance(50) ? UInt64(random.number(0...0xffff)) : 0 }
      addresses.append(
        IPAddress(high: groups[..<4].reduce(0) { $0 << 16 | $1 }, low: groups[4...].reduce(0) { $0 << 16 | $1 }))
      addresses.append(IPAddress(v4: .random(in: 0 ... .max, using: &random)))
    }
    for address in addresses {
      var buffer = OctetBuffer(capacity: 64)
      buffer.append(address)
      #expect(String(decoding: buffer.octets.octets(0..<buffer.count), as: UTF8.self) == address.description)
    }
  }
}
