import DNSFormat
import Testing

@testable import Answering

/// Four contexts, services that may and may not call each other; each test adds its lines.
private let contexts = """
  origin mesh.test
  context laptop { from 127.0.0.0/8 }
  context test { from 10.20.0.0/16 }
  context prod { from 10.30.0.0/16 }
  context shard-a in prod { from 10.30.1.0/24 }

  """

private let services = """
  service web { runs-at 10.30.1.32/28 }
  service batch { runs-at 10.30.9.0/24 }
  service orders {
    allow web batch
    refuse batch
  }

  """

private let mesh =
  zoneHead + """
    orders A 10.30.1.17
    _http._tcp.orders SRV 0 0 80 orders
    web A 10.30.1.33
    alias CNAME orders
    open MX 10 orders
         MX 20 web
    plain A 192.0.2.1
    """

@Suite("May they? Refusals by allow and refuse lines")
struct RefusalTests {
  private func fixture(_ more: String = "") throws -> Fixture {
    try Fixture(policy: contexts + services + more, ["mesh.test.zone": mesh])
  }

  @Test func `a refused caller gets REFUSED, no records, and EDE 18 naming the rule and its line`() throws {
    let reply = try fixture().ask("orders.mesh.test.", from: "10.30.9.1")
    #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty && reply.authority.isEmpty && reply.additional.isEmpty)
    #expect(reply.ede == "18 batch may not call orders: refuse (a.policy:10)")
    #expect(
      reply.outcome.decision == .refused && reply.outcome.refusal?.rule == .refuse && !reply.outcome.isOnlyObserved)
    #expect(!reply.isAuthoritative)
  }

  @Test func `where no allow line names the caller, that is the rule`() throws {
    let reply = try fixture().ask("orders.mesh.test.", from: "10.30.2.1")
    #expect(reply.rcode == "REFUSED")
    #expect(reply.ede == "18 a caller in prod may not call orders: allow (a.policy:9)")
  }

  @Test func `who is allowed is answered, and a name of no service is everyone's`() throws {
    let fixture = try fixture()
    #expect(try fixture.ask("orders.mesh.test.", from: "10.30.1.33").data == ["10.30.1.17"])
    #expect(try fixture.ask("plain.mesh.test.", from: "10.30.9.1").data == ["192.0.2.1"])
    #expect(try fixture.ask("web.mesh.test.", from: "10.30.9.1").data == ["10.30.1.33"])
  }

  @Test func `there is no EDE where the query has no OPT`() throws {
    let reply = try fixture().ask("orders.mesh.test.", from: "10.30.9.1", udpSize: nil)
    #expect(reply.rcode == "REFUSED" && reply.message?.options == nil)
  }

  @Test(arguments: ["_http._tcp.orders", "any.thing.below.orders", "ORDERS", "_tcp.orders"])
  func `what is below a service is the service's, whether or not it exists`(name: String) throws {
    for type in [.a, .aaaa, .txt, .srv, .any, .mx] as [RRType] {
      let reply = try fixture().ask("\(name).mesh.test.", type, from: "10.30.9.1")
      #expect(reply.rcode == "REFUSED" && reply.ede?.hasPrefix("18 batch may not call orders") == true)
    }
  }

  @Test func `an alias is no way round: every owner of a chain is judged`() throws {
    let reply = try fixture().ask("alias.mesh.test.", from: "10.30.9.1")
    #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty)
    #expect(reply.ede == "18 batch may not call orders: refuse (a.policy:10)")
    // Asking for the alias itself says no more than its name.
    #expect(try fixture().ask("alias.mesh.test.", .cname, from: "10.30.9.1").answer.count == 1)
    #expect(try fixture().ask("alias.mesh.test.", from: "10.30.1.33").answer.count == 2)
  }

  @Test func `a zone of its own below a service is the service's too`() throws {
    let fixture = try Fixture(
      policy: contexts + services,
      ["mesh.test.zone": mesh, "db.orders.mesh.test.zone": zoneHead + "@ A 10.30.1.18\nhost A 10.30.1.19\n"])
    for name in ["db.orders.mesh.test.", "host.db.orders.mesh.test.", "none.db.orders.mesh.test."] {
      #expect(try fixture.ask(name, from: "10.30.9.1").rcode == "REFUSED", "\(name)")
    }
    #expect(try fixture.ask("host.db.orders.mesh.test.", from: "10.30.1.33").data == ["10.30.1.19"])
  }

  @Test func `an alias into another zone is judged there`() throws {
    let fixture = try Fixture(
      policy: contexts + services,
      ["mesh.test.zone": mesh, "x.test.zone": zoneHead + "way CNAME orders.mesh.test.\n* CNAME orders.mesh.test.\n"])
    #expect(try fixture.ask("way.x.test.", from: "10.30.9.1").rcode == "REFUSED")
    #expect(try fixture.ask("any.x.test.", from: "10.30.9.1").rcode == "REFUSED")
  }

  @Test func `the addresses of a refused service are left out of the additional section`() throws {
    let reply = try fixture().ask("open.mesh.test.", .mx, from: "10.30.9.1")
    #expect(reply.rcode == "NOERROR" && reply.answer.count == 2)
    #expect(reply.additional == ["web.mesh.test. 300 A 10.30.1.33"])
    #expect(try fixture().ask("open.mesh.test.", .mx, from: "10.30.1.33").additional.count == 2)
  }

  @Test func `a caller in no context is refused, whatever it asks`() throws {
    for name in ["plain.mesh.test.", "orders.mesh.test.", "none.mesh.test.", "elsewhere.org."] {
      let reply = try fixture().ask(name, from: "198.51.100.1")
      #expect(reply.rcode == "REFUSED" && reply.outcome.refusal?.rule == .placement)
      #expect(reply.ede == "18 the caller's address is in no context of the policy")
    }
    let open = try fixture("context rest default { }\n".replacing("rest default", with: "default"))
    #expect(try open.ask("plain.mesh.test.", from: "198.51.100.1").data == ["192.0.2.1"])
  }

  @Test func `default refuse holds for services without allow lines`() throws {
    let fixture = try fixture("default refuse\nservice closed\n")
    let reply = try fixture.ask("closed.mesh.test.", from: "10.30.9.1")
    #expect(reply.ede == "18 batch may not call closed: allow (a.policy:12)")
  }
}

@Suite("How they are refused: deny-as, and mode observe")
struct DenialTests {
  private func ask(_ deny: String, _ name: String = "orders.mesh.test.", zones: String = mesh) throws -> Reply {
    try Fixture(policy: contexts + services + deny + "\n", ["mesh.test.zone": zones]).ask(name, from: "10.30.9.1")
  }

  @Test func `nxdomain: AA and the zone's SOA for five seconds`() throws {
    let reply = try ask("deny-as nxdomain")
    #expect(reply.rcode == "NXDOMAIN" && reply.isAuthoritative && reply.answer.isEmpty)
    #expect(reply.authority == [soa("mesh.test.", ttl: 5)])
    #expect(reply.ede == "18 batch may not call orders: refuse (a.policy:10)")
    #expect(reply.outcome.decision == .refused)
  }

  @Test func `nodata: the same without an error`() throws {
    let reply = try ask("deny-as nodata")
    #expect(reply.rcode == "NOERROR" && reply.isAuthoritative && reply.answer.isEmpty)
    #expect(reply.authority == [soa("mesh.test.", ttl: 5)])
  }

  @Test func `drop: silence`() throws {
    let reply = try ask("deny-as drop")
    #expect(reply.octets.isEmpty && reply.outcome.decision == .silent && reply.outcome.refusal?.rule == .refuse)
  }

  @Test func `through an alias the SOA is that of the zone asked in, and no record shows`() throws {
    let reply = try ask("deny-as nxdomain", "alias.mesh.test.")
    #expect(reply.rcode == "NXDOMAIN" && reply.answer.isEmpty && reply.authority == [soa("mesh.test.", ttl: 5)])
  }

  @Test func `a name of no zone of ours is refused plainly`() throws {
    let fixture = try Fixture(policy: contexts + "deny-as nxdomain\n", ["mesh.test.zone": mesh])
    let reply = try fixture.ask("elsewhere.org.", from: "198.51.100.1")
    #expect(reply.rcode == "REFUSED" && reply.authority.isEmpty)
    let own = try fixture.ask("plain.mesh.test.", from: "198.51.100.1")
    #expect(own.rcode == "NXDOMAIN" && own.authority == [soa("mesh.test.", ttl: 5)])
  }

  @Test func `mode observe refuses nothing and notes what it would`() throws {
    for name in ["orders.mesh.test.", "alias.mesh.test.", "_http._tcp.orders.mesh.test."] {
      let type: RRType = name.hasPrefix("_") ? .srv : .a
      let observed = try Fixture(policy: contexts + services + "mode observe\n", ["mesh.test.zone": mesh])
        .ask(name, type, from: "10.30.9.1")
      let free = try Fixture(policy: contexts, ["mesh.test.zone": mesh]).ask(name, type, from: "10.30.9.1")
      #expect(observed.octets == free.octets, "\(name)")
      #expect(observed.outcome.isOnlyObserved && observed.outcome.refusal?.rule == .refuse)
      #expect(observed.outcome.decision == .answered && observed.ede == nil)
    }
  }

  @Test func `one context observes while the others enforce`() throws {
    let fixture = try Fixture(
      policy: contexts.replacing("context laptop { ", with: "context laptop { mode observe; ") + services,
      ["mesh.test.zone": mesh])
    #expect(try fixture.ask("orders.mesh.test.", from: "127.0.0.1").rcode == "NOERROR")
    #expect(try fixture.ask("orders.mesh.test.", from: "10.20.0.1").rcode == "REFUSED")
  }
}
