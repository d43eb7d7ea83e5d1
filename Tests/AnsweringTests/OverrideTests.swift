import Addresses
import DNSFormat
import Testing
import ZoneFile
import Zones

@testable import Answering

@Suite("Overrides: other addresses for a name in one context, as if an overlay said so")
struct OverrideTests {
  private static let policy = "origin mesh.test\ncontext here { from 127.0.0.0/8 }\ncontext there { from 10.0.0.0/8 }\n"
  private static let texts = [
    "mesh.test.zone": """
    $TTL 60
    @ SOA ns h 1 3600 600 86400 5
    @ NS ns
    ns A 192.0.2.53
    orders A 192.0.2.1
    orders TXT "base"
    _http._tcp.orders SRV 1 2 80 orders
    web A 192.0.2.2
    """,
    "here/mesh.test.zone": "web A 192.0.2.3\n_grpc._tcp.web SRV 0 0 1 web\n",
  ]

  private func load(
    _ overrides: [NameOverride], takingOver kept: KeptZones? = nil, more: String = ""
  ) -> LoadedConfiguration {
    var files = ConfigurationFiles(
      policies: [("p", Array((Self.policy + more).utf8))],
      zones: [
        .init(path: "mesh.test.zone", origin: "mesh.test", context: nil),
        .init(path: "here/mesh.test.zone", origin: "mesh.test", context: "here"),
      ], open: { path in .success(Array((Self.texts[path] ?? "").utf8)) })
    files.overrides = overrides
    return SnapshotBuilder.build(files, seed: 7, keepsZones: true, takingOver: kept)
  }

  private func override(_ name: String, _ addresses: [String], _ port: UInt16? = nil, in context: String = "here")
    throws
    -> NameOverride
  {
    NameOverride(
      context: context, name: try DomainName(name), addresses: addresses.compactMap { IPAddress($0) }, port: port,
      title: "override by ann until 14:00")
  }

  /// The records of the zone's layer of a context: owner, type, and the file that says so.
  private func layer(_ loaded: LoadedConfiguration, _ context: Int) throws -> [String] {
    let source = try #require(loaded.sources.first)
    let layer = try #require(source.layers.first { $0.context == context })
    return layer.records.records.map {
      "\(layer.records.owner(of: $0)) \($0.type) \(layer.records.location(of: $0).file)"
    }
  }

  @Test func `the name has the addresses and nothing else in its context`() throws {
    let loaded = load([try override("orders.mesh.test", ["127.0.0.1", "::1"])])
    #expect(loaded.diagnostics.isEmpty)
    #expect(
      try layer(loaded, 1).suffix(2) == [
        "orders.mesh.test. A override by ann until 14:00", "orders.mesh.test. AAAA override by ann until 14:00",
      ])
  }

  @Test func `what the overlay says of the name gives way`() throws {
    let records = try layer(load([try override("WEB.mesh.test", ["127.0.0.1"], 8080)]), 1)
    #expect(records.filter { $0.lowercased().hasPrefix("web.") } == ["WEB.mesh.test. A override by ann until 14:00"])
    #expect(records.contains("_grpc._tcp.web.mesh.test. SRV override by ann until 14:00"))
    #expect(records.count == 2)
  }

  @Test func `a port replaces the SRV records that the context sees`() throws {
    let records = try layer(load([try override("orders.mesh.test", ["127.0.0.1"], 8080)]), 1)
    #expect(records.contains("_http._tcp.orders.mesh.test. SRV override by ann until 14:00"))
    let plain = try layer(load([try override("orders.mesh.test", ["127.0.0.1"])]), 1)
    #expect(!plain.contains { $0.hasPrefix("_http") })
  }

  @Test func `the last of two counts`() throws {
    let two = [try override("orders.mesh.test", ["127.0.0.1"]), try override("orders.mesh.test", ["127.0.0.2"])]
    #expect(try layer(load(two), 1).filter { $0.hasPrefix("orders.") }.count == 1)
  }

  @Test func `its addresses are given for its own TTL, however the service is`() throws {
    let lines = "service orders { health tcp 80 every 1s; fail refuse; floor 90%; drain 127.0.0.1; prefer near }\n"
    let snapshot = try #require(load([try override("orders.mesh.test", ["127.0.0.1"])], more: lines).snapshot)
    for (state, down) in [(.well, []), (.unsettled, ["192.0.2.1"]), (.broken, ["192.0.2.1", "127.0.0.1"])]
      as [(EndpointStates.ServiceState, [String])]
    {
      let row = EndpointStates.Row(service: 1, state: state, down: Set(down.compactMap { IPAddress($0) }))
      let fixture = Fixture(snapshot: snapshot.seeing(Situation(endpoints: EndpointStates([row]))))
      #expect(try fixture.ask("orders.mesh.test.").answer == ["orders.mesh.test. 5 A 127.0.0.1"], "\(state)")
      #expect(try fixture.ask("orders.mesh.test.").ede == nil)
      let service = try fixture.ask("_http._tcp.orders.mesh.test.", .srv)
      #expect(service.rcode == "NOERROR" && service.answer.count == 1, "\(state)")
      #expect(service.additional == ["orders.mesh.test. 5 A 127.0.0.1"], "\(state)")
      let other = try fixture.ask("orders.mesh.test.", from: "10.0.0.1")
      #expect(other.rcode == (state == .well ? "NOERROR" : "REFUSED"), "elsewhere the service is as it is")
    }
  }

  @Test func `dig CH TXT names who says so, and no line of a file that is none`() throws {
    let snapshot = try #require(load([try override("orders.mesh.test", ["127.0.0.1"])]).snapshot)
    func told(_ name: String) throws -> [String] {
      try Fixture(snapshot: snapshot).send(
        Request(name: name, type: .txt, rclass: 3).octets
      ).message?.answer.map(\.text) ?? []
    }
    #expect(try told("orders.mesh.test").contains { $0.hasSuffix("context here, override by ann until 14:00\"") })
    #expect(try told("web.mesh.test").contains { $0.hasSuffix("context here, here/mesh.test.zone:1\"") })
  }

  @Test func `a context or a zone that is not there is passed over`() throws {
    let loaded = load([
      try override("orders.mesh.test", ["127.0.0.1"], in: "gone"), try override("a.example", ["127.0.0.1"]),
    ])
    #expect(loaded.snapshot != nil)
    #expect(loaded.diagnostics.isEmpty)
  }

  @Test func `a zone is taken over where its overrides are the same, and else built again`() throws {
    let first = load([try override("orders.mesh.test", ["127.0.0.1"])])
    let same = load([try override("orders.mesh.test", ["127.0.0.1"])], takingOver: first.kept)
    #expect(first.snapshot?.zones.zones.first === same.snapshot?.zones.zones.first)
    let other = load([try override("orders.mesh.test", ["127.0.0.2"])], takingOver: same.kept)
    #expect(other.snapshot?.zones.zones.first !== same.snapshot?.zones.zones.first)
    let without = load([], takingOver: other.kept)
    #expect(without.snapshot?.zones.zones.first !== other.snapshot?.zones.zones.first)
    #expect(try layer(without, 1).count == 2)
  }
}
