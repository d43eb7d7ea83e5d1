import Addresses
import Answering
import DNSFormat
import Diagnostics
import Policy
import Testing
import ZoneFile

@testable import Server

@Suite("DESIGN §2, reload guard: what a reload would change for those who asked lately")
struct ReloadImpactTests {
  private static let policy = """
    origin x.test
    context a { from 127.0.0.0/24 }
    context b { from 127.0.1.0/24 }
    context l { listen 127.0.0.9:53 }
    service web { runs-at 127.0.0.10 }
    service orders
    service batch { identity "batch.prod" "batch.test" }
    """
  private static let zone = """
    $TTL 60
    @ SOA ns1 hostmaster 1 3600 600 86400 5
    @ NS ns1
    ns1 A 192.0.2.53
    orders A 192.0.2.1
    orders A 192.0.2.2
    mail MX 10 web.elsewhere.test.
    old A 192.0.2.9
    sub NS ns.sub
    ns.sub A 192.0.2.77
    alias CNAME orders
    """

  private func snapshot(_ policy: String = policy, _ zones: [String: String] = ["x.test.zone": zone]) throws -> Snapshot
  {
    let files = ConfigurationFiles(
      policies: [("p.policy", Array(policy.utf8))],
      zones: zones.keys.sorted().map { path in
        let parts = path.split(separator: "/").map(String.init)
        return .init(
          path: path, origin: String(parts[parts.count - 1].dropLast(5)), context: parts.count == 2 ? parts[0] : nil)
      },
      open: { path in
        zones[path].map { .success(Array($0.utf8)) } ?? .failure(ZoneFileReader.ReadFailure(reason: "none"))
      })
    let loaded = SnapshotBuilder.build(files, seed: 7)
    try #require(!loaded.diagnostics.contains { $0.severity == .error }, "\(loaded.diagnostics)")
    return try #require(loaded.snapshot)
  }

  private func query(
    _ name: String, _ type: RRType = .a, from source: String = "127.0.0.1", listener: Int = 0,
    certificate: RecentQuery.Certificate? = nil, proxy: String? = nil, for subnet: ClientSubnet? = nil
  ) throws -> RecentQuery {
    RecentQuery(
      source: try #require(IPAddress(source)), addressSource: proxy == nil ? .packet : .proxy,
      way: QueryWay(listener: listener, peer: try #require(IPAddress(proxy ?? source)), hasHeader: proxy != nil),
      certificate: certificate, user: nil, clientSubnet: subnet, name: try DomainName(name), type: type)
  }

  private func impact(
    _ queries: [RecentQuery: UInt64], to new: Snapshot, from old: Snapshot? = nil, percent: Int = 20,
    past: [UInt64: [DomainName]] = [:]
  ) throws -> ReloadImpact {
    let listeners = try ["127.0.0.1:53", "127.0.0.9:53"].map { try #require(SocketAddress($0, defaultPort: 53)) }
    return ReloadImpact(
      of: queries, from: ReloadSide(try old ?? snapshot(), generation: 4, listeners: listeners, past: past),
      to: ReloadSide(new, generation: 0, listeners: listeners),
      bound: try #require(snapshot("reload guard \(percent)%\n", [:]).policy.policy.reloadGuard), at: 0)
  }

  private func edited(_ old: String, _ new: String) throws -> Snapshot {
    try #require(Self.zone.contains(old))
    return try snapshot(Self.policy, ["x.test.zone": Self.zone.replacing(old, with: new)])
  }

  @Test(arguments: [
    ("$TTL 60", "$TTL 5"),  // TTLs
    ("hostmaster 1 ", "hostmaster 2 "),  // a serial
    ("orders A 192.0.2.1\norders A 192.0.2.2", "orders A 192.0.2.2\norders A 192.0.2.1"),  // an order
    ("old A 192.0.2.9", "old TXT x"),  // what nobody asked for
  ])
  func `what callers do not get otherwise is no change`(old: String, new: String) throws {
    let asked =
      try [
        query("orders.x.test"): 3, query("x.test", .soa): 2, query("mail.x.test", .mx): 1, query("none.x.test"): 1,
        query("ns1.x.test", .aaaa): 1, query("y.sub.x.test"): 1, query("alias.x.test"): 1, query("elsewhere.test"): 1,
        query("orders.x.test", from: "10.0.0.1"): 1,
      ] as [RecentQuery: UInt64]
    let impact = try impact(asked, to: edited(old, new))
    #expect(impact.asked == 12 && impact.changed == 0 && impact.changes.isEmpty && !impact.isTooMuch)
    #expect(
      impact.summary(isForced: false) == "none of 12 recently asked answers changes (reload guard 20%, p.policy:1)")
  }

  @Test(arguments: [
    ("192.0.2.2", "192.0.2.3", "orders", "data", "192.0.2.1 192.0.2.2 -> 192.0.2.1 192.0.2.3"),
    ("orders A 192.0.2.2\n", "", "orders", "data", "192.0.2.1 192.0.2.2 -> 192.0.2.1"),
    ("old A 192.0.2.9", "old TXT x", "old", "nodata", "192.0.2.9 -> nodata"),
    ("old A 192.0.2.9\n", "", "old", "nxdomain", "192.0.2.9 -> nxdomain"),
    ("sub NS ns.sub", "sub NS ns1", "y.sub", "referral", "referral to ns.sub.x.test. -> referral to ns1.x.test."),
    ("alias CNAME orders", "alias CNAME old", "alias", "data", "192.0.2.1 192.0.2.2 -> 192.0.2.9"),
  ])
  func `what callers get otherwise is a change`(
    old: String, new: String, name: String, word: String, told: String
  ) throws {
    let impact = try impact([query("\(name).x.test"): 4, query("ns1.x.test"): 12], to: edited(old, new))
    #expect(impact.asked == 16 && impact.changed == 4 && impact.isTooMuch)
    #expect(impact.list(atMost: 20) == ["  \(name).x.test. A: \(told); asked 4 times by 127.0.0.1 in a"])
  }

  @Test func `a refusal is a change; one that is only observed is none`() throws {
    let asked = try [query("orders.x.test", from: "127.0.0.10"): UInt64(2), query("orders.x.test"): 2]
    let refusing = Self.policy.replacing("service orders", with: "service orders { refuse web }")
    let impact = try impact(asked, to: snapshot(refusing))
    #expect(impact.changed == 2 && impact.changes.first?.after == "refused by refuse")
    #expect(impact.changes.first?.caller == "web in a at 127.0.0.10")
    let observing = try self.impact(asked, to: snapshot("mode observe\n" + refusing))
    #expect(observing.changed == 0)
    // For another reason refused is refused all the same.
    let allowing = Self.policy.replacing("service orders", with: "service orders { allow batch }")
    #expect(try self.impact(asked, to: snapshot(allowing), from: snapshot(refusing)).changed == 2)
  }

  @Test func `the bound is exact, and a share that is rounded to it is told with more places`() throws {
    let new = try edited("old A 192.0.2.9\n", "")
    let (same, other) = (try query("orders.x.test"), try query("old.x.test"))
    #expect(try !impact([same: 80, other: 20], to: new).isTooMuch)
    let over = try impact([same: 7999, other: 2001], to: new)
    #expect(over.isTooMuch)
    #expect(
      over.reasonToHold
        == "held back: 20.01 % of 10,000 recently asked answers would change (reload guard 20%, p.policy:1); ambit reload --force takes it all the same"
    )
    #expect(try impact([same: 63, other: 37], to: new).reasonToHold.hasPrefix("held back: 37 % of 100 recently"))
    #expect(try impact([same: 1 << 50, other: 1], to: new, percent: 0).isTooMuch)
    #expect(try !impact([same: 1], to: new, percent: 0).isTooMuch)
    let none = try impact([:], to: new, percent: 0)
    #expect(!none.isTooMuch && none.summary(isForced: false).hasPrefix("nothing was asked lately"))
  }

  @Test func `listeners are matched by address, contexts by what claims them`() throws {
    let asked = try [
      query("orders.x.test", from: "127.0.1.1", listener: 1): UInt64(1), query("orders.x.test", from: "127.0.1.1"): 1,
    ]
    let zones = ["x.test.zone": Self.zone, "l/x.test.zone": "orders 60 A 192.0.2.66"]
    // The contexts' numbers change places; what the listener claims does not.
    let moved = Self.policy.replacing("context a { from 127.0.0.0/24 }\n", with: "")
      .replacing("service web", with: "context a { from 127.0.0.0/24 }\nservice web")
    #expect(try impact(asked, to: snapshot(moved, zones), from: snapshot(Self.policy, zones)).changed == 0)
    let unclaimed = Self.policy.replacing("listen 127.0.0.9:53", with: "from 127.0.2.0/24")
    #expect(try impact(asked, to: snapshot(unclaimed, zones), from: snapshot(Self.policy, zones)).changed == 1)
  }

  @Test func `the service of a certificate is followed by its common name, then by its own name`() throws {
    let old = ReloadSide(
      try snapshot(), generation: 4, listeners: [],
      past: [3: [try DomainName("batch.x.test"), try DomainName("gone.x.test")]])
    func number(_ service: UInt32, _ generation: UInt64, in policy: String) throws -> UInt32?? {
      let query = try query("x.test", certificate: .init(service: service, generation: generation))
      guard let certificate = old.certificateService(of: query) else { return nil }
      return .some(ReloadSide(try snapshot(policy), generation: 0, listeners: []).service(for: certificate))
    }
    let other = "origin x.test\nservice batch\nservice jobs { identity \"batch.prod\" \"batch.test\" }\n"
    let parted = "origin x.test\nservice jobs { identity \"batch.prod\" }\nservice batch { identity \"batch.test\" }\n"
    #expect(try number(3, 4, in: other) == .some(2))
    #expect(try number(3, 4, in: parted) == .some(2))
    #expect(try number(3, 4, in: "origin x.test\nservice jobs\n") == .some(0))
    #expect(try number(0, 4, in: other) == .some(0))
    #expect(try number(1, 3, in: other) == .some(2))  // by the names of its time
    #expect(try number(2, 3, in: other) == .some(0))
    #expect(try number(1, 2, in: other) == nil)  // forgotten
    #expect(old.certificateService(of: try query("x.test"))?.number == nil)
  }

  @Test func `whom the new policy trusts as a proxy decides who is answered at all`() throws {
    let trusting = try snapshot(Self.policy + "\ntrust proxy from 127.0.5.0/24\n")
    let asked = try [
      query("orders.x.test", proxy: "127.0.5.1"): UInt64(3), query("orders.x.test", from: "127.0.0.2"): 1,
      query("orders.x.test", certificate: .init(service: 0, generation: 4), proxy: "127.0.5.2"): 2,
    ]
    #expect(try impact(asked, to: trusting, from: trusting).changed == 0)
    let lost = try impact(asked, to: snapshot(), from: trusting)
    #expect(lost.asked == 6 && lost.changed == 5)
    #expect(
      lost.list(atMost: 9).first
        == "  orders.x.test. A: 192.0.2.1 192.0.2.2 -> no response, as trust proxy has not 127.0.5.1; asked 5 times by 2 callers, most by 127.0.0.1 in a"
    )
    let gained = try impact([query("orders.x.test", from: "127.0.5.1"): 1], to: trusting)
    #expect(gained.changes.first?.after == "no response, as trust proxy has 127.0.5.1")
  }

  @Test func `a client subnet counts as the new policy believes it`() throws {
    let zones = ["x.test.zone": Self.zone, "b/x.test.zone": "orders 60 A 192.0.2.66"]
    let plain = try snapshot(Self.policy, zones)
    let trusting = try snapshot(Self.policy + "\ntrust ecs from 127.0.0.53\n", zones)
    let subnet = ClientSubnet(IPAddress(v4: 0x7f00_0100), bits: 24)
    let asked = try [query("orders.x.test", from: "127.0.0.53", for: subnet): UInt64(4), query("old.x.test"): 1]
    #expect(try impact(asked, to: trusting, from: trusting).changed == 0)
    let lost = try impact(asked, to: plain, from: trusting)
    #expect(lost.changed == 4 && lost.changes.first?.after == "192.0.2.1 192.0.2.2")
    #expect(lost.changes.first?.before == "192.0.2.66" && lost.changes.first?.caller == "127.0.1.0 in b")
    #expect(try impact(asked, to: trusting, from: plain).changed == 4)
    // With a context that parts the subnet it does not say any more who asks.
    let finer = Self.policy + "\ntrust ecs from 127.0.0.53\ncontext c in b { from 127.0.1.64/26 }\n"
    let parted = try impact(asked, to: snapshot(finer, zones), from: trusting)
    #expect(parted.changed == 4 && parted.changes.first?.after != "192.0.2.66")
  }

  @Test func `the list has the heaviest first, so many lines, and how many more`() throws {
    let names = (1...25).map { "n\($0)" }
    func zone(_ last: Int) -> String { Self.zone + "\n" + names.map { "\($0) A 192.0.2.\(last)\n" }.joined() }
    var asked: [RecentQuery: UInt64] = [:]
    for (index, name) in names.enumerated() {
      asked[try query("\(name).x.test")] = UInt64(index + 1)
      asked[try query("\(name).x.test", from: "127.0.1.1")] = 1
    }
    let impact = try impact(
      asked, to: snapshot(Self.policy, ["x.test.zone": zone(8)]), from: snapshot(Self.policy, ["x.test.zone": zone(7)]))
    let list = impact.list(atMost: 20)
    #expect(list.count == 21 && list.last == "  and 5 more")
    #expect(list[0] == "  n25.x.test. A: 192.0.2.7 -> 192.0.2.8; asked 26 times by 2 callers, most by 127.0.0.1 in a")
  }

  @Test func `what is gone is named`() throws {
    let two = try snapshot(Self.policy, ["x.test.zone": Self.zone, "y.test.zone": Self.zone])
    let less = try snapshot(Self.policy.replacing("service orders\n", with: ""))
    #expect(goneBetween(two, less) == ["zone y.test.", "service orders"])
    #expect(goneBetween(less, two).isEmpty)
  }

  @Test(arguments: [(0, "0"), (7, "7"), (999, "999"), (8214, "8,214"), (1_000_000, "1,000,000")])
  func `thousands are parted`(number: UInt64, text: String) {
    #expect(grouped(number) == text)
  }
}
