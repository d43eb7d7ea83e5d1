import DNSFormat
import Testing

@testable import Zones

@Suite("RFC 1034 §4.2.1: zone cuts, which may be in some contexts only")
struct ZoneCutTests {
  private func view(_ fixture: Fixture, _ name: String, _ context: String = "") throws -> View {
    try View(fixture, DomainName(name), fixture.contexts.number(of: context) ?? 0)
  }

  private let cut = ZoneNode.Flags.cut.rawValue
  private let covered = ZoneNode.Flags.covered.rawValue

  @Test func `an NS set below the apex is a cut and covers what is below it`() throws {
    let fixture = try Fixture(base: zoneHead + "sub NS ns.sub\nns.sub A 192.0.2.1\nx.y.sub A 192.0.2.2\nd.sub NS ns\n")
    #expect(try view(fixture, "sub.z.test.").flags & (cut | covered) == cut)
    #expect(try view(fixture, "z.test.").flags & (cut | covered) == 0)
    #expect(try view(fixture, "ns.z.test.").flags & (cut | covered) == 0)
    for name in ["ns.sub", "y.sub", "x.y.sub", "d.sub"] {
      let view = try view(fixture, "\(name).z.test.")
      #expect(view.flags & covered != 0 && view.cutLabels == 3, "\(name)")
    }
  }

  @Test func `each context has its own cuts`() throws {
    let fixture = try Fixture(
      contexts: ["prod", "shard in prod", "laptop"],
      base: zoneHead + "x.sub A 192.0.2.1\nold NS ns\nx.old A 192.0.2.2\n",
      ["prod": "sub 5 NS ns\n", "shard": "sub 5 A 10.0.0.1\n", "laptop": "old 5 TXT \"no cut\"\n"])
    #expect(try view(fixture, "x.sub.z.test.", "prod").cutLabels == 3)
    #expect(try view(fixture, "x.sub.z.test.", "shard").cutLabels == 0)
    #expect(try view(fixture, "x.sub.z.test.", "laptop").flags & covered == 0)
    #expect(try view(fixture, "x.old.z.test.", "laptop").cutLabels == 0)
    #expect(try view(fixture, "x.old.z.test.", "shard").cutLabels == 3)
  }

  @Test func `the topmost cut covers, context by context`() throws {
    let fixture = try Fixture(
      contexts: ["prod"], base: zoneHead + "d.c NS ns\ne.d.c A 192.0.2.1\n", ["prod": "c 5 NS ns\n"])
    #expect(try view(fixture, "e.d.c.z.test.").cutLabels == 4)
    #expect(try view(fixture, "e.d.c.z.test.", "prod").cutLabels == 3)
    #expect(try view(fixture, "d.c.z.test.", "prod").flags & (cut | covered) == cut | covered)
  }

  @Test func `a name belongs to the longest service name above it`() throws {
    let fixture = try Fixture(
      base: zoneHead + "a.orders A 192.0.2.1\n",
      services: ["orders.z.test.", "a.orders.z.test.", "absent.z.test.", "other."])
    #expect(try view(fixture, "orders.z.test.").service == 1)
    #expect(try view(fixture, "b.orders.z.test.").service == 1)
    #expect(try view(fixture, "x.A.orders.z.test.").service == 2)
    #expect(try view(fixture, "x.y.absent.z.test.").service == 3)
    #expect(try view(fixture, "z.test.").service == 0 && view(fixture, "sorders.z.test.").service == 0)
  }

  @Test func `a service above the apex has the whole zone, but for services below it`() throws {
    let fixture = try Fixture(base: zoneHead + "a A 192.0.2.1\n", services: ["test.", "z.test.", "a.z.test.", "."])
    #expect(try view(fixture, "b.z.test.").service == 2 && view(fixture, "a.z.test.").service == 3)
    let above = try Fixture(base: zoneHead, services: [".", "test."])
    #expect(try view(above, "b.z.test.").service == 2 && view(above, "z.test.").service == 2)
  }
}
