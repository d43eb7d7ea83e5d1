import Addresses
import DNSFormat
import Policy
import TestSupport
import Testing

@testable import Answering

@Suite("_timeout.SERVICE TXT says how long a service takes, to who may call it")
struct TimeoutTextTests {
  private let told = "p50=1ms p99=2ms suggest=10ms"

  private func fixture(records: String = "") throws -> Fixture {
    let fixture = try Fixture(
      policy: """
        origin e.test
        context laptop { from 127.0.0.0/8 }
        service web { runs-at 127.0.0.2 }
        service batch { runs-at 127.0.0.3 }
        service orders { allow web }
        service plain

        """,
      ["e.test.zone": zoneHead + "orders A 192.0.2.1\nplain A 192.0.2.2\n" + records])
    var row = EndpointStates.Row(
      service: 3, state: .unsettled, down: [IPAddress(v4: 0xc000_0201)], timeoutText: told,
      notes: [EndpointStates.Note(IPAddress(v4: 0xc000_0201), "endpoint 192.0.2.1 is down since then")])
    row.labelCount = 3
    return Fixture(snapshot: fixture.snapshot.seeing(Situation(endpoints: EndpointStates([row]))))
  }

  private func ask(_ name: String, _ type: RRType = RRType(16), from source: String = "127.0.0.2", records: String = "")
    throws
    -> Message
  {
    try #require(try fixture(records: records).ask(name, type, from: source).message)
  }

  @Test(arguments: ["_timeout.orders.e.test", "_TimeOut.Orders.E.TEST"])
  func `it is told`(name: String) throws {
    let message = try ask(name)
    #expect(message.rcode == 0 && message.isAuthoritative)
    #expect(message.answer.map(\.text) == ["\"\(told)\""])
    #expect(message.answer.map(\.ttl) == [10])
  }

  @Test func `other types have no data, with a short negative TTL`() throws {
    let message = try ask("_timeout.orders.e.test", .a)
    #expect(message.rcode == 0 && message.answer.isEmpty)
    #expect(message.authority.map(\.type) == [.soa] && message.authority[0].ttl <= 10)
  }

  @Test func `who may not call the service is refused`() throws {
    let message = try ask("_timeout.orders.e.test", from: "127.0.0.3")
    #expect(message.rcode == 5 && message.answer.isEmpty)
  }

  @Test(arguments: [
    "_timeout.plain.e.test", "_timeout.e.test", "_timeout.x.orders.e.test", "x._timeout.orders.e.test",
    "_timeou.orders.e.test", "_timeoutx.orders.e.test", "timeout.orders.e.test",
  ])
  func `there is none at other names`(name: String) throws {
    #expect(try ask(name).rcode == 3)
  }

  @Test func `what a zone has there goes first, a wildcard too`() throws {
    #expect(try ask("_timeout.orders.e.test", records: "_timeout.orders TXT mine\n").answer.map(\.text) == ["\"mine\""])
    #expect(try ask("_timeout.orders.e.test", records: "*.orders TXT wild\n").answer.map(\.text) == ["\"wild\""])
    #expect(try ask("_timeout.orders.e.test", .a, records: "_timeout.orders TXT mine\n").answer.isEmpty)
  }

  @Test func `where the service's name is not, neither is this`() throws {
    let fixture = try Fixture(
      policy: "origin e.test\nservice orders\n", ["e.test.zone": zoneHead + "web A 192.0.2.1\n"])
    #expect(try fixture.ask("_timeout.orders.e.test", RRType(16)).message?.rcode == 3)
  }

  @Test func `who asks why is told of endpoints that are down`() throws {
    var request = Request(name: "orders.e.test", type: RRType(16), rclass: 3)
    request.edns = .init(udpSize: 1232)
    let reply = try fixture().send(request.octets, from: "127.0.0.2")
    #expect(try #require(reply.message).answer.map(\.text).contains("\"endpoint 192.0.2.1 is down since then\""))
  }

  @Test(arguments: [
    ("10.30.0.9", ["192.0.2.1"]), ("10.40.0.9", ["192.0.2.1", "10.20.0.1"]), ("10.50.0.9", ["198.51.100.7"]),
  ])
  func `who asks why is told of no endpoint that it may not have`(from: String, told: [String]) throws {
    let fixture = try Fixture(
      policy: """
        origin e.test
        context lab { from 10.20.0.0/16 }
        context prod { from 10.30.0.0/16 }
        context free { from 10.40.0.0/16 }
        context other { from 10.50.0.0/16 }
        isolate lab prod
        service orders

        """,
      [
        "e.test.zone": zoneHead + "orders A 192.0.2.1\norders A 10.20.0.1\n",
        "other/e.test.zone": "$TTL 60\norders A 198.51.100.7\n",
      ])
    let down = ["192.0.2.1", "10.20.0.1", "198.51.100.7"].compactMap { IPAddress($0) }
    let row = EndpointStates.Row(service: 1, state: .unsettled, down: Set(down))
    let seen = Fixture(snapshot: fixture.snapshot.seeing(Situation(endpoints: EndpointStates([row]))))
    var request = Request(name: "orders.e.test", type: RRType(16), rclass: 3)
    request.edns = .init(udpSize: 1232)
    let texts = try #require(seen.send(request.octets, from: from).message).answer.map(\.text)
    #expect(texts.filter { $0.contains("is down") } == told.map { "\"endpoint \($0) is down\"" })
  }
}
