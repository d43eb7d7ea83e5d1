import Addresses
import DNSFormat
import FlatMemory
import Policy
import TestSupport
import Testing

@testable import Answering

private let forwarder = "127.0.0.53"
private let shards = """
  origin e.test
  trust ecs from 127.0.0.53
  context ops { from 127.0.0.0/8 }
  context prod { from 10.30.0.0/16 2001:db8::/32 }
  context shard-a in prod { from 10.30.1.0/24 }
  context shard-b in prod { from 10.30.2.0/24 }
  isolate shard-a shard-b
  service orders { refuse shard-b }

  """

/// A Client Subnet option's data.
private func subnet(_ family: UInt16, _ source: UInt8, _ address: [UInt8], scope: UInt8 = 0) -> [UInt8] {
  [UInt8(family >> 8), UInt8(family & 255), source, scope] + address
}

@Suite("RFC 7871: EDNS Client Subnet from trusted forwarders")
struct ClientSubnetTests {
  private func fixture(_ policy: String = shards) throws -> Fixture {
    try Fixture(
      policy: policy,
      [
        "e.test.zone": zoneHead + "a A 192.0.2.1\nonly-base A 192.0.2.2\norders A 192.0.2.3\n",
        "shard-a/e.test.zone": "$TTL 60\na A 10.30.1.9\nnew A 10.30.1.8\n",
        "shard-b/e.test.zone": "$TTL 60\na A 10.30.2.9\n",
      ])
  }

  private func ask(
    _ fixture: Fixture, _ options: [UInt8]..., name: String = "a.e.test.", from source: String = forwarder,
    transport: Arrival.Transport = .udp, udpSize: UInt16 = 1232
  ) throws -> Reply {
    var request = Request(name: name, type: .a)
    request.edns = .init(udpSize: udpSize, options: options.map { (8, $0) })
    return try fixture.send(request.octets, from: source, transport: transport)
  }

  @Test func `a trusted forwarder speaks for its clients, and the scope says for how many`() throws {
    let fixture = try fixture()
    let a = try ask(fixture, subnet(1, 24, [10, 30, 1]))
    #expect(a.data == ["10.30.1.9"] && a.option(8) == subnet(1, 24, [10, 30, 1], scope: 24))
    #expect(a.outcome.caller.addressSource == .clientSubnet && a.outcome.caller.isPlaced)
    let b = try ask(fixture, subnet(1, 32, [10, 30, 2, 77]))
    #expect(b.data == ["10.30.2.9"] && b.option(8) == subnet(1, 32, [10, 30, 2, 77], scope: 24))
    let six = try ask(fixture, subnet(2, 56, [0x20, 1, 0xd, 0xb8, 0, 0, 0]))
    #expect(six.data == ["192.0.2.1"] && six.option(8) == subnet(2, 56, [0x20, 1, 0xd, 0xb8, 0, 0, 0], scope: 32))
    let none = try ask(fixture)
    #expect(none.data == ["192.0.2.1"] && none.option(8) == nil, "the forwarder's own")
  }

  @Test func `nobody else does, and gets no such option back`() throws {
    let fixture = try fixture()
    for source in ["127.0.0.54", "10.30.2.1", "::1"] {
      let plain = try ask(fixture, from: source)
      let told = try ask(fixture, subnet(1, 24, [10, 30, 1]), from: source)
      #expect(told.octets == plain.octets && told.option(8) == nil && told.outcome.clientSubnet == nil)
    }
  }

  @Test func `negative answers and refusals have the scope too`() throws {
    let fixture = try fixture()
    let absent = try ask(fixture, subnet(1, 24, [10, 30, 2]), name: "new.e.test.")
    #expect(absent.rcode == "NXDOMAIN" && absent.option(8)?[3] == 24)
    let there = try ask(fixture, subnet(1, 24, [10, 30, 1]), name: "new.e.test.")
    #expect(there.data == ["10.30.1.8"] && there.option(8)?[3] == 24)
    let refused = try ask(fixture, subnet(1, 24, [10, 30, 2]), name: "orders.e.test.")
    #expect(refused.rcode == "REFUSED" && refused.option(8)?[3] == 24)
    #expect(refused.ede == "18 a caller in shard-b may not call orders: refuse (a.policy:8)")
    let outside = try ask(fixture, subnet(1, 24, [10, 30, 2]), name: "else.where.")
    #expect(outside.ede == "20" && outside.option(8)?[3] == 24)
    let placed = try ask(fixture, subnet(1, 24, [192, 0, 2]))
    #expect(placed.rcode == "REFUSED" && placed.option(8)?[3] == 1)
    #expect(placed.ede == "18 the client subnet 192.0.2.0/24 is in no context of the policy")
  }

  @Test func `a subnet that does not say who the caller is is refused, and told the length it takes`() throws {
    let reply = try ask(fixture(), subnet(1, 16, [10, 30]))
    #expect(reply.rcode == "REFUSED" && reply.option(8) == subnet(1, 16, [10, 30], scope: 24))
    #expect(
      reply.ede == "18 the client subnet 10.30.0.0/16 is too short: callers are told apart by /24 here")
    #expect(reply.outcome.refusal == Refusal(.placement, reason: 0) && !reply.outcome.caller.isPlaced)
    // Nor is there a guess where a default context takes everyone else, and in shadow it is shown the base.
    let withDefault = try ask(fixture(shards + "context default { }"), subnet(1, 16, [10, 30]))
    #expect(withDefault.rcode == "REFUSED" && withDefault.option(8)?[3] == 24)
    let observed = try ask(fixture(shards + "mode observe"), subnet(1, 16, [10, 30]))
    #expect(observed.data == ["192.0.2.1"] && observed.option(8)?[3] == 24 && observed.outcome.isOnlyObserved)
    let six = try ask(fixture(), subnet(2, 8, [0x20]))
    #expect(six.ede == "18 the client subnet 2000::/8 is too short: callers are told apart by /16 here")
  }

  @Test func `where any caller of a subnet too short is enforced upon, it is refused whatever else is observed`() throws
  {
    let told = "18 the client subnet 10.30.1.0/24 is too short: callers are told apart by /27 here"
    for more in ["mode observe\n", "observe placement\n"] {
      let fixture = try Fixture(
        policy: more + """
          origin e.test
          trust ecs from 127.0.0.53
          context ops { from 127.0.0.0/8 }
          context shard-a { from 10.30.1.0/24; mode enforce }
          context shard-b { from 10.30.2.0/24 2001:db8:2::/48; mode enforce }
          isolate shard-a shard-b
          service web { runs-at 10.30.1.32/28 10.30.2.32/28 }
          """, ["e.test.zone": zoneHead + "a A 10.30.1.17\na A 10.30.2.17\n"])
      #expect(try ask(fixture, subnet(1, 32, [10, 30, 1, 5])).data == ["10.30.1.17"])
      let one = try ask(fixture, subnet(1, 24, [10, 30, 1]))
      #expect(one.rcode == "REFUSED" && one.data == [] && one.ede == told && one.option(8)?[3] == 27, "\(more)")
      let many = try ask(fixture, subnet(1, 8, [10]))
      #expect(many.rcode == "REFUSED" && many.data == [] && (many.option(8)?[3] ?? 0) > 8)
      let six = try ask(fixture, subnet(2, 16, [0x20, 1]))
      #expect(six.rcode == "REFUSED" && six.data == [])
      let all = try ask(fixture, subnet(2, 1, [0]))
      #expect(all.rcode == "REFUSED" && all.data == [])
    }
  }

  @Test func `where all of a subnet too short is observed, it is answered, as in its context where there is one`()
    throws
  {
    let policy = shards + "service web { runs-at 10.30.1.32/28 }\n"
    let fixture = try fixture(policy.replacing("10.30.1.0/24 }", with: "10.30.1.0/24; mode observe }"))
    let one = try ask(fixture, subnet(1, 24, [10, 30, 1]))
    #expect(one.data == ["10.30.1.9"] && one.option(8)?[3] == 27 && one.outcome.isOnlyObserved)
    #expect(one.outcome.refusal == Refusal(.placement, reason: 0))
    #expect(try ask(fixture, subnet(1, 16, [10, 30])).rcode == "REFUSED")
    let refused = try ask(self.fixture(policy), subnet(1, 24, [10, 30, 1]))
    #expect(refused.rcode == "REFUSED" && refused.option(8)?[3] == 27)
  }

  /// What the forwarder is told at a listener of shard-b's for a client subnet of 16 bits.
  private func askAtShardB(_ fixture: Fixture) throws -> Message {
    let shardB = try #require(fixture.snapshot.contexts.number(of: "shard-b"))
    var workspace = Workspace()
    var buffer = OctetBuffer(capacity: 1232)
    var request = Request(name: "a.e.test.", type: .a)
    request.edns = Request.EDNS(options: [(8, subnet(1, 16, [10, 30]))])
    let octets = try request.octets
    let source = try #require(IPAddress(forwarder))
    _ = respond(
      to: octets.span, Arrival(source: source, listenerContext: UInt16(shardB), transport: .udp), fixture.snapshot,
      using: &workspace, into: &buffer)
    return try Message(buffer.octets.octets(0..<buffer.count))
  }

  @Test func `a listener's context is that of a subnet too short too`() throws {
    for (mode, rcode) in [("enforce", 5), ("observe", 0)] {
      let message = try askAtShardB(
        fixture(
          shards.replacing("10.30.2.0/24 }", with: "10.30.2.0/24; mode \(mode) }")
            + "observe placement\nservice web { runs-at 10.30.1.32/28 }\n"))
      #expect(message.rcode == rcode && message.answer.map(\.text) == (rcode == 0 ? ["10.30.2.9"] : []))
      #expect(message.options?.first { $0.code == 8 }?.data[3] == 24)
    }
  }

  @Test(arguments: [subnet(1, 0, []), subnet(2, 0, []), subnet(0, 0, [])])
  func `a length of 0 hides the client: the forwarder is the caller, the scope 0`(option: [UInt8]) throws {
    let reply = try ask(fixture(), option)
    #expect(reply.data == ["192.0.2.1"] && reply.option(8) == option)
    #expect(reply.outcome.clientSubnet == nil && reply.outcome.caller.addressSource == .packet)
  }

  @Test(
    arguments: [
      [], [0], [0, 1, 24], subnet(1, 24, [10, 30]), subnet(1, 24, [10, 30, 1, 0]),
      subnet(1, 24, [10, 30, 1], scope: 24),
      subnet(1, 33, [10, 30, 1, 1, 0]), subnet(1, 20, [10, 30, 1]), subnet(2, 129, [UInt8](repeating: 0, count: 17)),
      subnet(2, 70, [UInt8](repeating: 1, count: 9)), subnet(2, 95, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]),
      subnet(0, 8, [10]), subnet(3, 0, []), subnet(3, 8, [1]), subnet(0xffff, 24, [10, 30, 1]), subnet(1, 0, [0]),
    ] as [[UInt8]])
  func `what is malformed is FORMERR, whoever sends it`(option: [UInt8]) throws {
    for source in [forwarder, "10.30.1.1"] {
      let reply = try ask(fixture(), option, from: source)
      #expect(reply.rcode == "FORMERR" && reply.option(8) == nil && reply.message?.options != nil)
    }
  }

  @Test func `two options are FORMERR: one of them is somebody else's`() throws {
    let one = subnet(1, 24, [10, 30, 1])
    #expect(try ask(fixture(), one, one).rcode == "FORMERR")
  }

  @Test func `an IPv4-mapped address is IPv4, and its scope has 96 bits more`() throws {
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 30, 1]
    let reply = try ask(fixture(), subnet(2, 120, mapped))
    #expect(reply.data == ["10.30.1.9"] && reply.option(8) == subnet(2, 120, mapped, scope: 120))
    let short = try ask(fixture(), subnet(2, 112, Array(mapped.dropLast())))
    #expect(short.ede == "18 the client subnet 10.30.0.0/16 is too short: callers are told apart by /24 here")
    #expect(short.option(8)?[3] == 120)
  }

  @Test func `the option has room, however full the response is`() throws {
    let many = (0..<90).map { "many A 10.30.1.\($0)\n" }.joined()
    let fixture = try Fixture(policy: shards, ["e.test.zone": zoneHead + many])
    let six: [UInt8] = [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]
    for size in 512...1232 {
      let reply = try ask(fixture, subnet(2, 128, six), name: "many.e.test.", udpSize: UInt16(size))
      #expect(reply.option(8) == subnet(2, 128, six, scope: 32) && reply.octets.count <= size)
    }
  }

  @Test func `what is known of the forwarder is not known of its client`() throws {
    let fixture = try fixture()
    var workspace = Workspace()
    var buffer = OctetBuffer(capacity: 1232)
    var request = Request(name: "a.e.test.", type: .a)
    request.edns = Request.EDNS(options: [(8, subnet(1, 24, [10, 30, 1]))])
    let evidence = Evidence(
      source: try #require(IPAddress(forwarder)), addressSource: .proxy, certificateService: 1, user: 0)
    let octets = try request.octets
    let outcome = respond(
      to: octets.span, Arrival(evidence, transport: .udp), fixture.snapshot, using: &workspace, into: &buffer)
    #expect(outcome.caller.service == 0 && outcome.caller.addressSource == .clientSubnet)
    #expect(fixture.snapshot.policy.contextName(outcome.caller.context) == "shard-a")
    // What came before has left nothing behind.
    let plain = try query("a.e.test.")
    let next = respond(
      to: plain.span, Arrival(source: evidence.source, transport: .udp), fixture.snapshot, using: &workspace,
      into: &buffer)
    #expect(next.clientSubnet == nil && next.caller.addressSource == .packet)
    #expect(try Message(buffer.octets.octets(0..<buffer.count)).options == [])
  }

  @Test func `a listener's context claims them all the same`() throws {
    let message = try askAtShardB(fixture())
    #expect(message.answer.map(\.text) == ["10.30.2.9"])
    #expect(message.options?.first { $0.code == 8 }?.data == subnet(1, 16, [10, 30], scope: 0))
  }

  @Test func `with deny-as drop a forwarder in no context still speaks for others`() throws {
    let fixture = try fixture(
      "deny-as drop\ntrust ecs from 203.0.113.1\ncontext prod { from 10.0.0.0/8 }\ncontext shard-a in prod { }\ncontext shard-b { }\n"
    )
    let reply = try ask(fixture, subnet(1, 24, [10, 30, 1]), from: "203.0.113.1")
    #expect(reply.rcode == "NOERROR" && reply.option(8)?[3] == 8)
    #expect(try ask(fixture, subnet(1, 24, [192, 0, 2]), from: "203.0.113.1").octets.isEmpty)
    #expect(try ask(fixture, from: "203.0.113.1").octets.isEmpty)
    #expect(try ask(fixture, subnet(1, 24, [10, 30, 1]), from: "203.0.113.2").octets.isEmpty)
  }

  @Test(arguments: ["drop", "nxdomain", "nodata"])
  func `a subnet too short is REFUSED with the scope, whatever deny-as says`(denial: String) throws {
    for placement in ["enforce", "observe"] {
      let fixture = try fixture(
        "deny-as \(denial)\nmode \(placement)\ntrust ecs from 127.0.0.53\ncontext shard-a { from 10.30.1.0/24; mode enforce }\ncontext shard-b { from 10.30.2.0/24 }\n"
      )
      let reply = try ask(fixture, subnet(1, 16, [10, 30]))
      #expect(reply.rcode == "REFUSED" && reply.option(8) == subnet(1, 16, [10, 30], scope: 24))
      #expect(reply.ede == "18 the client subnet 10.30.0.0/16 is too short: callers are told apart by /24 here")
      #expect(reply.outcome.decision == .refused)
    }
  }

  @Test(arguments: 0..<rounds(2))
  func `a cache that goes by the scope gives nobody another's answer`(seed: Int) throws {
    let fixture = try fixture()
    var random = SeededGenerator(seed: UInt64(seed))
    /// What a resolver has kept of one name: prefix and answer.
    var cache: [(prefix: Prefix, data: [String], rcode: String)] = []
    var hits = 0
    for _ in 0..<400 {
      let address = IPAddress(
        v4: (10 << 24) | (UInt32(random.number(29...31)) << 16) | (UInt32(random.number(0...4)) << 8)
          | UInt32(random.number(0...255)))
      let length = [24, 24, 32, 16, 25][random.number(0...4)]
      let asked = Prefix(address, length: length).address
      let octets = Array(asked.octets.prefix((length + 7) / 8))
      let real = try ask(fixture, subnet(1, UInt8(length), octets))
      let scope = Int(try #require(real.option(8))[3])
      let kept = Prefix(asked, length: min(scope, length))
      if let hit = cache.first(where: { $0.prefix.length <= length && $0.prefix.contains(asked) }), scope <= length {
        #expect(hit.data == real.data && hit.rcode == real.rcode, "\(asked)/\(length) by \(hit.prefix)")
        hits += 1
      }
      if scope <= length { cache.append((kept, real.data, real.rcode)) }
    }
    #expect(hits > 200)
  }
}
