import Addresses
import DNSFormat
import FlatMemory
import TestSupport
import Testing

@testable import Answering

/// Contexts, endpoints of the service `orders`, and what stands in for it.
private let contexts = """
  origin s.test
  context prod { from 10.30.0.0/16; endpoints 10.31.0.0/16 }
  context shard-a in prod { from 10.30.1.0/24; endpoints 10.31.1.0/24 }
  context shard-b in prod { from 10.30.2.0/24; endpoints 10.31.2.0/24 }
  context test { from 10.20.0.0/16 }
  context laptop { from 127.0.0.0/8 }
  isolate test prod

  """

private let zone =
  zoneHead + """
    orders A 10.31.1.1
           A 10.31.1.2
           A 10.31.2.1
           AAAA fd00::1
           TXT "orders"
    _http._tcp.orders SRV 0 5 80 one.orders
                      SRV 0 5 80 two.orders
                      SRV 0 5 80 elsewhere.org.
    one.orders A 10.31.1.1
    two.orders A 10.31.1.2
    mail MX 10 orders
    backup A 10.31.9.1
           AAAA fd00::9
    third A 10.31.9.2
    both A 10.20.0.1
         A 10.31.1.1
         A 10.31.1.2
    plain A 192.0.2.1
          A 192.0.2.2

    """

private func fixture(_ lines: String, more: String = "") throws -> Fixture {
  try Fixture(policy: contexts + "service orders { \(lines) }\n\(more)", ["s.test.zone": zone])
}

extension Fixture {
  /// The same in a situation: these endpoints of the first service are down.
  fileprivate func with(
    down: [String], state: EndpointStates.ServiceState = .unsettled, service: UInt32 = 1
  ) throws -> Fixture {
    let addresses = try down.map { try #require(IPAddress($0)) }
    let row = EndpointStates.Row(service: service, state: state, down: Set(addresses))
    return Fixture(snapshot: snapshot.seeing(Situation(endpoints: EndpointStates([row]))))
  }

  /// The first address of so many answers, each to another query.
  fileprivate func firsts(
    _ name: String, _ type: RRType = .a, from source: String = "127.0.0.1", count: Int, seed: UInt64
  ) throws -> [String: Int] {
    var random = SeededGenerator(seed: seed)
    var firsts: [String: Int] = [:]
    for _ in 0..<count {
      let reply = try send(
        Message.query(try DomainName(name), type, id: UInt16(random.number(0...65535)), udpSize: nil), from: source,
        at: UInt32(random.number(0...1_000_000)))
      firsts[reply.message?.answer.first?.text ?? "none", default: 0] += 1
    }
    return firsts
  }
}

/// How far counts are from their shares: Pearson's chi-square. Infinitely far, where anything has none.
func chiSquare(_ counts: [String: Int], _ shares: [String: Double]) -> Double {
  if counts.contains(where: { $0.value > 0 && (shares[$0.key] ?? 0) == 0 }) { return .infinity }
  let total = Double(counts.values.reduce(0, +))
  let all = shares.values.reduce(0, +)
  return shares.reduce(0) { sum, share in
    let expected = total * share.value / all
    let difference = Double(counts[share.key] ?? 0) - expected
    return sum + difference * difference / expected
  }
}

@Suite("Balancing: which endpoints callers get, and in what order")
struct SteeringTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `answers begin with each address as often as its weight says`(seed: UInt64) throws {
    // With 2 and 1 degrees of freedom, exceeded with a chance of 1e-6 at 27.6 and 23.9.
    let three = try fixture("weight 10.31.1.1 90, 10.31.1.2 9; weight 10.31.2.1 1")
    let counts = try three.firsts("orders.s.test.", count: 4000, seed: seed)
    #expect(chiSquare(counts, ["10.31.1.1": 90, "10.31.1.2": 9, "10.31.2.1": 1]) < 27.6, "\(counts)")
    let even = try fixture("max-answers 1").firsts("orders.s.test.", count: 4000, seed: seed)
    #expect(chiSquare(even, ["10.31.1.1": 1, "10.31.1.2": 1, "10.31.2.1": 1]) < 27.6, "\(even)")
    let rest = try three.with(down: ["10.31.1.1"]).firsts("orders.s.test.", count: 4000, seed: seed)
    #expect(chiSquare(rest, ["10.31.1.2": 9, "10.31.2.1": 1]) < 23.9, "\(rest)")
  }

  @Test func `a weight of 0 is for an address that is given only when there is no other`() throws {
    let weighted = try fixture("weight 10.31.1.1 0, 10.31.1.2 0")
    #expect(try weighted.ask("orders.s.test.").data == ["10.31.2.1"])
    #expect(try weighted.with(down: ["10.31.2.1"]).ask("orders.s.test.").data == ["10.31.1.1", "10.31.1.2"])
    #expect(try weighted.ask("orders.s.test.", .aaaa).data == ["fd00::1"])
  }

  @Test func `of prefixes that cover an address the longest has its weight, and any drains it`() throws {
    let nested = try fixture("weight 10.31.0.0/16 0, 10.31.1.0/24 5; drain 10.31.1.2/31")
    #expect(try nested.ask("orders.s.test.").data == ["10.31.1.1"])
  }

  @Test func `the same query gets the same answer, and answer-order fixed keeps the zone's order`() throws {
    let fixed = try Fixture(
      policy: "answer-order fixed\n" + contexts + "service orders { max-answers 2 }", ["s.test.zone": zone])
    #expect(try fixed.firsts("orders.s.test.", count: 50, seed: 1) == ["10.31.1.1": 50])
    let weighted = try fixture("weight 10.31.1.1 3")
    #expect(try weighted.ask("orders.s.test.").octets == weighted.ask("orders.s.test.").octets)
  }

  @Test func `drained addresses are given to nobody, and a type without others has no data`() throws {
    let drained = try fixture("drain 10.31.1.0/24")
    #expect(try drained.ask("orders.s.test.").data == ["10.31.2.1"])
    #expect(try drained.ask("orders.s.test.", .txt).data == [#""orders""#])
    #expect(try drained.ask("mail.s.test.", .mx).additional.contains { $0.contains("10.31.1.") } == false)
    let family = try fixture("drain 10.31.0.0/16")
    let reply = try family.ask("orders.s.test.")
    #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty && reply.authority.count == 1)
    #expect(try family.ask("orders.s.test.", .aaaa).data == ["fd00::1"])
    let all = try fixture("drain 10.31.0.0/16 fd00::/16")
    for type in [RRType.a, .aaaa] {
      let reply = try all.ask("orders.s.test.", type)
      #expect(reply.rcode == "REFUSED" && reply.ede == "23 orders: none of 4 endpoints is given: drain, live or canary")
    }
  }

  @Test func `one line switches colours, and addresses without one stay`() throws {
    let colours = "blue 10.31.1.1; green 10.31.1.2;"
    #expect(try fixture("\(colours) live blue").ask("orders.s.test.").data == ["10.31.1.1", "10.31.2.1"])
    #expect(try fixture("\(colours) live green").ask("orders.s.test.").data == ["10.31.1.2", "10.31.2.1"])
  }

  @Test func `a canary has its share of callers, always the same, and others never get it`() throws {
    let canary = try fixture("canary 10.31.2.1 10%; canary fd00::1 0.1%")
    var chosen: Set<String> = []
    for host in 0..<5000 {
      let source = "127.1.\(host / 250).\(host % 250)"
      let data = try canary.ask("orders.s.test.", from: source, at: UInt32(host)).data
      #expect(data == ["10.31.2.1"] || data == ["10.31.1.1", "10.31.1.2"] || data.isEmpty)
      if data == ["10.31.2.1"] { chosen.insert(source) }
    }
    // 500 of 5000 callers, with a standard deviation of 21.
    #expect((390...610).contains(chosen.count), "\(chosen.count)")
    // Another load, another seed, another time, a name with capitals: the same callers.
    let other = try fixture("canary 10.31.2.1 10%; weight 10.31.1.1 2")
    for source in chosen { #expect(try other.ask("OrderS.s.test.", from: source, at: 99).data == ["10.31.2.1"]) }
    #expect(
      try other.with(down: ["10.31.2.1"]).ask("orders.s.test.", from: chosen.first ?? "").data
        == ["10.31.1.1", "10.31.1.2"])
  }

  @Test func `near endpoints come first, then those of the context around, as far as they are well`() throws {
    let near = try fixture("prefer near")
    #expect(try near.ask("orders.s.test.", from: "10.30.1.9").data == ["10.31.1.1", "10.31.1.2"])
    #expect(try near.ask("orders.s.test.", from: "10.30.2.9").data == ["10.31.2.1"])
    #expect(try near.ask("orders.s.test.", from: "10.30.9.9").data.count == 3)
    #expect(try near.ask("orders.s.test.", from: "127.0.0.1").data.count == 3)
    let half = try near.with(down: ["10.31.1.1"])
    #expect(try half.ask("orders.s.test.", from: "10.30.1.9").data == ["10.31.1.2"])
    let gone = try near.with(down: ["10.31.1.1", "10.31.1.2"])
    #expect(try gone.ask("orders.s.test.", from: "10.30.1.9").data == ["10.31.2.1"])
    let strict = try fixture("prefer near; floor 60%").with(down: ["10.31.1.1"])
    #expect(try strict.ask("orders.s.test.", from: "10.30.1.9").data == ["10.31.1.2", "10.31.2.1"])
  }

  @Test func `endpoints directly in the caller's context come first, then those within it, then the parent's`() throws {
    let zone = zoneHead + "orders A 10.31.1.1\norders A 10.31.9.1\norders A 10.40.0.1\n"
    let near = try Fixture(
      policy: contexts + "context else { from 10.40.0.0/16 }\nservice orders { prefer near; health tcp 80 }",
      ["s.test.zone": zone])
    // prod itself has 10.31.9.1, its shard a 10.31.1.1, and another context the third.
    func given(_ source: String, down: [String]) throws -> [String] {
      try near.with(down: down).ask("orders.s.test.", from: source).data
    }
    #expect(try given("10.30.9.9", down: []) == ["10.31.9.1"])
    #expect(try given("10.30.9.9", down: ["10.31.9.1"]) == ["10.31.1.1"])
    #expect(try given("10.30.9.9", down: ["10.31.9.1", "10.31.1.1"]) == ["10.40.0.1"])
    #expect(try given("10.30.1.9", down: []) == ["10.31.1.1"])
    #expect(try given("10.30.2.9", down: []) == ["10.31.9.1"])
    #expect(try given("10.30.2.9", down: ["10.31.9.1"]) == ["10.31.1.1"])
  }

  @Test func `prefer at the top level is said for all services that do not say it themselves`() throws {
    let fixture = try Fixture(
      policy: contexts + "prefer near\nservice orders\nservice backup { max-answers 5 }", ["s.test.zone": zone])
    #expect(try fixture.ask("orders.s.test.", from: "10.30.2.9").data == ["10.31.2.1"])
    #expect(fixture.snapshot.policy.steering.row(of: 2)?.prefersNear == true)
    let without = try Fixture(policy: contexts + "prefer near\nservice orders { prefer any }", ["s.test.zone": zone])
    #expect(try without.ask("orders.s.test.", from: "10.30.2.9").data.count == 3)
    #expect(try Fixture(policy: contexts + "prefer any\nservice orders", [:]).snapshot.policy.steering.isEmpty)
  }

  @Test func `a share may be written with a space before its sign`() throws {
    for lines in ["canary 10.31.1.1 12.5 %", "floor 30 %", "canary 10.31.1.1 10.31.2.1 10 %; floor 0 %"] {
      let spaced = try fixture(lines).snapshot.policy.policy.services[0].steering
      let plain = try fixture(lines.replacing(" %", with: "%")).snapshot.policy.policy.services[0].steering
      #expect(spaced.canaries.map(\.share) == plain.canaries.map(\.share) && spaced.floor == plain.floor)
      #expect(spaced.canaries.map { $0.prefixes.map(\.prefix) } == plain.canaries.map { $0.prefixes.map(\.prefix) })
    }
  }

  @Test(arguments: [(0, 1, 3), (50, 1, 3), (75, 1, 3), (76, 1, 4), (50, 2, 2), (51, 2, 4), (26, 3, 4), (25, 3, 1)])
  func `with fewer endpoints well than the floor all are answered`(floor: Int, down: Int, given: Int) throws {
    let all = ["10.31.1.1", "10.31.1.2", "10.31.2.1"]
    let fixture = try fixture("floor \(floor)%").with(down: Array(all.prefix(down)))
    let count = try fixture.ask("orders.s.test.").data.count + fixture.ask("orders.s.test.", .aaaa).data.count
    #expect(count == given)
  }

  @Test func `where none is well the service fails as it says`() throws {
    let all = ["10.31.1.1", "10.31.1.2", "10.31.2.1", "fd00::1"]
    #expect(try fixture("fail open").with(down: all).ask("orders.s.test.").data.count == 3)
    #expect(try fixture("max-answers 1").with(down: all).ask("orders.s.test.").data.count == 1)
    for type in [RRType.a, .aaaa, .srv] {
      let refused = try fixture("fail refuse").with(down: all)
      let reply = try refused.ask("orders.s.test.", type == .srv ? .a : type)
      #expect(reply.rcode == "REFUSED" && reply.ede == "23 orders: 4 of 4 endpoints are down", "\(type)")
    }
    #expect(try fixture("fail refuse").with(down: all).ask("orders.s.test.", .txt).rcode == "NOERROR")
    let fallback = "fail fallback backup"
    let backup = try fixture(fallback, more: "service backup").with(down: all)
    let reply = try backup.ask("orders.s.test.")
    #expect(reply.answer == ["orders.s.test. 5 A 10.31.9.1"])
    #expect(try backup.ask("orders.s.test.", .aaaa).answer == ["orders.s.test. 5 AAAA fd00::9"])
    #expect(try fixture(fallback, more: "service backup").ask("orders.s.test.").data.count == 3)
    let barred = try fixture(fallback, more: "service backup { refuse laptop }").with(down: all)
    #expect(try barred.ask("orders.s.test.").rcode == "REFUSED")
    #expect(try barred.ask("orders.s.test.", from: "10.30.1.1").data == ["10.31.9.1"])
    let chain = try fixture(
      fallback, more: "service backup { drain 10.31.9.1 fd00::9; fail fallback third }\nservice third")
    #expect(try chain.with(down: all).ask("orders.s.test.").data == ["10.31.9.2"])
  }

  @Test func `a broken service fails though its endpoints are not known to be down`() throws {
    let broken = try fixture("fail refuse").with(down: [], state: .broken)
    let reply = try broken.ask("orders.s.test.")
    #expect(reply.rcode == "REFUSED" && reply.ede == "23 orders: the circuit breaker is open")
    #expect(try fixture("floor 10%").with(down: [], state: .broken).ask("orders.s.test.").data.count == 3)
  }

  @Test func `answers of an unsettled service are not believed for long`() throws {
    let settled = try fixture("floor 10%")
    #expect(try settled.ask("orders.s.test.", .aaaa).answer == ["orders.s.test. 300 AAAA fd00::1"])
    let unsettled = try settled.with(down: ["10.31.1.1"])
    #expect(try unsettled.ask("orders.s.test.", .aaaa).answer == ["orders.s.test. 5 AAAA fd00::1"])
    let gone = try settled.with(down: ["fd00::1"]).ask("orders.s.test.", .aaaa)
    #expect(gone.answer.isEmpty && gone.authority.first?.contains(" 5 SOA") == true)
  }

  @Test func `SRV records lead to endpoints that are given, with the weights of their addresses`() throws {
    let weighted = try fixture("weight 10.31.1.1 70, 10.31.1.2 0")
    let reply = try weighted.ask("_http._tcp.orders.s.test.", .srv)
    #expect(reply.data == ["0 5 80 elsewhere.org.", "0 70 80 one.orders.s.test."])
    #expect(reply.additional == ["one.orders.s.test. 300 A 10.31.1.1"])
    let down = try weighted.with(down: ["10.31.1.1"]).ask("_http._tcp.orders.s.test.", .srv)
    #expect(down.data == ["0 5 80 elsewhere.org."])
    let drained = try fixture("drain 10.31.1.2").ask("_http._tcp.orders.s.test.", .srv)
    #expect(drained.data == ["0 5 80 elsewhere.org.", "0 5 80 one.orders.s.test."])
  }

  @Test func `steering never shows what isolate hides`() throws {
    let lines = """
      service both { LINES }
      service backup
      """
    for text in ["fail open", "prefer near", "canary 10.31.1.1 100%", "floor 100%", "weight 10.31.1.1 9, 10.20.0.1 0"] {
      let fixture = try Fixture(
        policy: contexts + lines.replacing("LINES", with: text), ["s.test.zone": zone])
      for down in [[], ["10.20.0.1"], ["10.20.0.1", "10.31.1.1"]] {
        let reply = try fixture.with(down: down).ask("both.s.test.", from: "10.20.0.9")
        #expect(reply.data == ["10.20.0.1"], "\(text), down \(down)")
        let prod = try fixture.with(down: down).ask("both.s.test.", from: "10.30.1.9")
        #expect(!prod.data.contains("10.20.0.1"), "\(text), down \(down)")
      }
    }
    // What stands in is judged for the caller too.
    let fallback = try Fixture(
      policy: contexts + lines.replacing("LINES", with: "fail fallback backup"), ["s.test.zone": zone])
    let reply = try fallback.with(down: ["10.20.0.1"]).ask("both.s.test.", from: "10.20.0.9")
    #expect(!reply.answer.contains { $0.contains("10.31.") })
  }

  @Test func `a set of thousands is weighed and cut as one of two is`() throws {
    let many = zoneHead + (0..<4000).map { "many A 10.\($0 / 250).\($0 % 250).1\n" }.joined()
    let fixture = try Fixture(
      policy: "origin s.test\ncontext all { from 0.0.0.0/0 }\nservice many { weight 10.0.0.0/16 0; max-answers 700 }",
      ["s.test.zone": many])
    let reply = try fixture.ask("many.s.test.", transport: .tcp)
    #expect(reply.answer.count == 700 && Set(reply.data).count == 700 && !reply.data.contains { $0.hasPrefix("10.0.") })
    #expect(try fixture.ask("many.s.test.").isTruncated)
  }

  @Test func `names that nobody steers are answered the direct way, and those below a steered name are not`() throws {
    let steered = try fixture("max-answers 1")
    for (name, isDirect) in [("plain", true), ("backup", true), ("orders", false), ("one.orders", false)] {
      var workspace = Workspace()
      var response = OctetBuffer(capacity: 512)
      let request = Message.query(try DomainName("\(name).s.test."), .a, id: 1, udpSize: nil)
      _ = respond(
        to: request.span, Arrival(source: try #require(IPAddress("127.0.0.1")), transport: .udp), steered.snapshot,
        using: &workspace, into: &response)
      #expect((workspace.chance == 0) == isDirect, "\(name)")
    }
  }
}

@Suite("RFC 4035 §2.2: signed sets stay whole for who validates")
struct SignedSteeringTests {
  @Test func `who asks for signatures gets the whole set, others what is given`() throws {
    let zone = SignedZones.text(
      """
      z.test. SOA ns.z.test. h.z.test. 1 3600 600 86400 60
      z.test. NS ns.z.test.
      z.test. NSEC ns.z.test. NS SOA RRSIG NSEC
      ns.z.test. A 192.0.2.53
      ns.z.test. NSEC orders.z.test. A RRSIG NSEC
      orders.z.test. A 192.0.2.1
      orders.z.test. A 192.0.2.2
      orders.z.test. NSEC z.test. A RRSIG NSEC
      """, apex: "z.test.", ttl: 300)
    let fixture = try Fixture(
      policy: "origin z.test\ncontext all { from 0.0.0.0/0 }\nservice orders { drain 192.0.2.1 }", ["z.test.zone": zone]
    )
    #expect(try fixture.ask("orders.z.test.").data == ["192.0.2.2"])
    let signed = try fixture.askSigned("orders.z.test.")
    #expect(Reply.unsigned(signed.answer).count == 2 && Reply.signed(signed.answer) == ["orders.z.test. A"])
  }
}
