import Addresses
import DNSFormat
import Policy
import Testing

@testable import Answering
@testable import Server

@Suite("What the server finds out is part of the snapshot, in its numbers")
struct FindingsTests {
  private func snapshot(_ services: String, records: String = "", overlay: String = "", overrides: [NameOverride] = [])
    throws
    -> Snapshot
  {
    let zone = "$TTL 60\n@ SOA ns h 1 60 60 60 5\n@ NS ns\nns A 192.0.2.53\n" + records
    var files = ConfigurationFiles(
      policies: [("p.policy", Array("origin x.test\n\(services)\n".utf8))],
      zones: [.init(path: "x.test.zone", origin: "x.test", context: nil)]
        + (overlay.isEmpty ? [] : [.init(path: "lab/x.test.zone", origin: "x.test", context: "lab")]),
      open: { .success(Array(($0 == "x.test.zone" ? zone : overlay).utf8)) })
    files.overrides = overrides
    let loaded = SnapshotBuilder.build(files, seed: 7)
    return try #require(loaded.snapshot, "\(loaded.diagnostics)")
  }

  private let one = IPAddress(v4: 0x0a00_0001)
  private let orders = DomainName(validWire: Array("\u{6}orders\u{1}x\u{4}test\u{0}".utf8))

  @Test func `what is known of a service follows its number, and goes with its checks`() throws {
    let findings = try Findings()
    findings.use(try snapshot("service orders { health tcp 1 }\nservice web"))
    findings.report([orders: .init(state: .unsettled, down: [one], notes: [.init(one, "n")])])
    #expect(findings.situation.endpoints.isDown(one, of: 1))
    findings.use(try snapshot("service web\nservice orders { health tcp 2 }"))
    let states = findings.situation.endpoints
    #expect(states.isDown(one, of: 2) && !states.isDown(one, of: 1))
    #expect(states.state(of: 2) == .unsettled && states.state(of: 1) == .well && states.notes(of: 2).count == 1)
    findings.use(try snapshot("service web\nservice orders"))
    #expect(!findings.situation.endpoints.isDown(one, of: 2))
  }

  @Test func `the situation is the same object while nothing has changed`() throws {
    let findings = try Findings()
    let snapshot = try snapshot("service orders { health tcp 1 }")
    findings.use(snapshot)
    let known: [DomainName: Findings.Service] = [orders: .init(state: .unsettled, down: [one])]
    findings.report(known)
    let first = findings.situation
    findings.report(known)
    findings.use(snapshot)
    #expect(findings.situation === first)
    findings.report([orders: .init()])
    #expect(findings.situation !== first && !findings.situation.endpoints.isDown(one, of: 1))
  }

  @Test func `news are taken a few times a second at most, and once`() throws {
    let findings = try Findings()
    let first = try snapshot("service orders { health tcp 1 }")
    let second: UInt64 = 1_000_000_000
    findings.use(first)
    findings.report([orders: .init(state: .unsettled)])
    let seen = first.seeing(try #require(findings.news(for: first, at: 10 * second)))
    #expect(findings.news(for: seen, at: 20 * second) == nil)
    findings.report([orders: .init(state: .broken)])
    let next = seen.seeing(try #require(findings.news(for: seen, at: 30 * second)))
    findings.report([orders: .init(state: .well)])
    #expect(findings.news(for: next, at: 30 * second + 199_999_999) == nil)
    #expect(findings.news(for: next, at: 30 * second + 200_000_000) != nil)
  }

  @Test func `times of lookups follow the service's number, and go with it`() throws {
    let findings = try Findings()
    let lines = "context a { from 127.0.0.0/8 }\nforward . 192.0.2.53\n"
    let shop = try DomainName("shop.example.")
    findings.use(try snapshot(lines + "service shop.example."))
    findings.report(lookups: [.init(service: shop, route: 7, text: "t"), .init(service: orders, route: 7, text: "o")])
    #expect(findings.situation.lookups.text(of: 1, route: 7) != nil)
    #expect(findings.situation.lookups.text(of: 1, route: 8) == nil)
    findings.use(try snapshot(lines + "service web\nservice shop.example."))
    let lookups = findings.situation.lookups
    #expect(lookups.text(of: 2, route: 7)?.labelCount == 2 && lookups.text(of: 1, route: 7) == nil)
    findings.use(try snapshot(lines + "service web\nservice example."))
    #expect(findings.situation.lookups.text(of: 2, route: 7) == nil)
  }

  @Test func `closing calls stay when endpoints change`() throws {
    let findings = try Findings()
    findings.use(try snapshot("service orders { health tcp 1 }"))
    findings.set(closingCalls: CallSet([CallSet.Call(caller: 1, callee: 2)], realms: [0]))
    findings.report([orders: .init(state: .broken)])
    #expect(findings.situation.closingCalls.contains(context: 0, caller: 1, callee: 2))
  }

  @Test func `another situation is another serial of the same load, and workers take it`() throws {
    let first = ServedSnapshot(try snapshot("service a"), generation: 3, listeners: [], slots: .init(), serial: 7)
    let holder = SnapshotHolder(first)
    var mine = first
    let next = ServedSnapshot(first.snapshot, generation: 3, listeners: [], slots: .init(), serial: 8)
    holder.swap(next)
    holder.refresh(&mine)
    #expect(mine === next && mine.generation == 3)
    var recent = RecentSnapshots(first)
    recent.replace(next)
    #expect(recent.all[3] === next && recent.all.count == 1)
    let hasForgotten = recent.forget(at: .max)
    #expect(!hasForgotten)
  }

  @Test func `all addresses of a service's names in every context are checked, each once`() throws {
    let services = try snapshot(
      "context lab { from 127.0.0.1 }\nservice orders { health tcp 1 every 1s }\nservice web",
      records:
        "orders A 192.0.2.1\norders A 192.0.2.2\norders AAAA 2001:db8::1\na.b.orders A 192.0.2.1\na.b.orders A 192.0.2.7\n"
        + "web A 192.0.2.99\n_http._tcp.orders SRV 0 0 80 host\nhost A 192.0.2.98\n",
      overlay: "$TTL 60\norders A 127.0.0.9\n"
    ).checkedServices
    #expect(services.map(\.display) == ["orders"])
    #expect(
      services.first?.addresses.map(\.description)
        == ["127.0.0.9", "192.0.2.1", "192.0.2.2", "192.0.2.7", "2001:db8::1"])
  }

  @Test func `an override's address is not checked, and what it stands for still is`() throws {
    let loopback = IPAddress(v4: 0x7f00_0001)
    let override = NameOverride(
      context: "lab", name: orders, addresses: [loopback], port: nil, title: "override by ann until 14:00")
    let services = try snapshot(
      "context lab { from 127.0.0.1 }\nservice orders { health tcp 1 every 1s }", records: "orders A 192.0.2.1\n",
      overrides: [override]
    ).checkedServices
    #expect(services.first?.addresses.map(\.description) == ["192.0.2.1"])
  }
}
