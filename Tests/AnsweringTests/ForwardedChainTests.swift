import Addresses
import DNSFormat
import Testing

@testable import Answering

/// A reply's section counts and records, as ``Desk`` takes them.
private func reply(_ records: [UInt8]...) -> [UInt8] {
  [0, UInt8(records.count), 0, 0] + records.flatMap { $0 }
}

private func a(_ owner: String, _ octets: [UInt8]) throws -> [UInt8] { try record(owner, 1, octets) }

private func cname(_ owner: String, _ target: String) throws -> [UInt8] {
  try record(owner, 5, DomainName(target).wire)
}

@Suite("Rules are asked of names that others have, as of our own")
struct ForwardedServiceTests {
  private func desk(_ more: String = "") throws -> Desk {
    Desk(
      try Fixture(
        policy: """
          origin mesh.test
          context all { from 127.0.0.0/8 }
          forward . 192.0.2.53
          forward partner.example. 192.0.2.54
          service web { runs-at 127.0.0.2 }
          service batch { runs-at 127.0.0.3 }
          service api.corp.example. { allow web }
          service pay.partner.example. { refuse batch; deny-as nxdomain }
          \(more)
          """, ["mesh.test.zone": zoneHead + "out CNAME x.api.corp.example.\n"]))
  }

  @Test(arguments: ["api.corp.example.", "v2.API.corp.example.", "out.mesh.test."])
  func `who may not call the service is refused, who may is not`(name: String) throws {
    let desk = try desk()
    let data = try reply(a(name == "out.mesh.test." ? "x.api.corp.example." : name, [198, 51, 100, 7]))
    let web = try desk.ask(try query(name), from: "127.0.0.2", by: .reply(data))
    #expect(web.outcome.decision == .forwarded && web.message?.answer.last?.text == "198.51.100.7")
    let batch = try desk.ask(try query(name), from: "127.0.0.3", by: .cache(now: 1, acceptsStale: true))
    #expect(batch.outcome.decision == .refused && batch.outcome.refusal?.rule == .allow)
    #expect(batch.message?.rcode == 5 && batch.message?.answer.isEmpty == true)
    #expect(batch.message?.extendedError?.code == 18)
  }

  @Test func `no zone could deny the name, so it is REFUSED whatever is wanted`() throws {
    let batch = try desk().ask(
      try query("pay.partner.example."), from: "127.0.0.3", by: .cache(now: 1, acceptsStale: true))
    #expect(batch.outcome.refusal?.rule == .refuse && batch.message?.rcode == 5)
  }

  @Test func `an alias of others into another line's service is refused whole`() throws {
    let desk = try desk()
    let batch = try desk.ask(
      try query("www.example.org."), from: "127.0.0.3",
      by: .reply(reply(cname("www.example.org.", "pay.partner.example."))))
    #expect(batch.outcome.decision == .refused && batch.outcome.refusal?.rule == .refuse)
    #expect(batch.message?.answer.isEmpty == true)
  }

  @Test func `observed it passes, and a name of no service asks no rule`() throws {
    let desk = try desk("mode observe")
    let data = try reply(a("api.corp.example.", [198, 51, 100, 7]))
    let batch = try desk.ask(try query("api.corp.example."), from: "127.0.0.3", by: .reply(data))
    #expect(batch.outcome.decision == .forwarded && batch.outcome.isOnlyObserved)
    #expect(batch.outcome.refusal?.rule == .allow && batch.message?.answer.count == 1)
    let other = try desk.ask(
      try query("other.corp.example."), from: "127.0.0.3",
      by: .reply(reply(a("other.corp.example.", [198, 51, 100, 8]))))
    #expect(other.outcome.service == 0 && other.outcome.refusal == nil)
  }
}

@Suite("isolate: what others say")
struct ForwardedIsolationTests {
  private let laptop = "127.0.0.1"

  private func desk(_ more: String = "") throws -> Desk {
    Desk(
      try Fixture(
        policy: """
          context laptop { from 127.0.0.1/32 }
          context prod { from 10.30.0.0/16 203.0.113.0/24 }
          isolate laptop prod
          forward . 192.0.2.53
          answer-order fixed
          \(more)
          """, ["mesh.test.zone": zoneHead + "out CNAME www.example.org.\n"]))
  }

  @Test func `an address of an isolated context is refused, also from the cache and behind an alias of ours`() throws {
    let desk = try desk()
    let data = try reply(a("www.example.org.", [203, 0, 113, 9]))
    let answers = [
      try desk.ask(try query("www.example.org."), from: laptop, by: .reply(data)),
      try desk.ask(try query("www.example.org."), from: laptop, by: .cache(now: 1, acceptsStale: false)),
      try desk.ask(try query("out.mesh.test."), from: laptop, by: .cache(now: 1, acceptsStale: false)),
    ]
    for (outcome, _, message, _) in answers {
      #expect(outcome.decision == .refused && outcome.refusal?.rule == .isolate)
      #expect(message?.rcode == 5 && message?.answer.isEmpty == true && message?.extendedError?.code == 15)
    }
    let prod = try desk.ask(try query("www.example.org."), from: "10.30.0.1", by: .cache(now: 1, acceptsStale: false))
    #expect(prod.message?.answer.map(\.text) == ["203.0.113.9"])
  }

  @Test func `of some addresses the others stay, and hints are judged`() throws {
    let desk = try desk()
    let some = try desk.ask(
      try query("www.example.org."), from: laptop,
      by: .reply(
        reply(
          cname("www.example.org.", "x.example.net."), a("x.example.net.", [203, 0, 113, 9]),
          a("x.example.net.", [198, 51, 100, 1]), a("x.example.net.", [203, 0, 113, 8]))))
    #expect(some.message?.answer.map(\.text) == ["x.example.net.", "198.51.100.1"])
    #expect(some.message?.answer.map(\.owner.description) == ["www.example.org.", "x.example.net."])
    let hint = try record("h.example.org.", 65, [0, 1, 0, 0, 4, 0, 4, 203, 0, 113, 9])
    let refused = try desk.ask(try query("h.example.org.", .https), from: laptop, by: .reply(reply(hint)))
    #expect(refused.outcome.refusal?.rule == .isolate)
  }

  @Test func `observed it passes and is told of`() throws {
    let desk = try desk("mode observe")
    let all = try desk.ask(
      try query("www.example.org."), from: laptop, by: .reply(reply(a("www.example.org.", [203, 0, 113, 9]))))
    #expect(all.message?.answer.count == 1 && all.outcome.isOnlyObserved && all.outcome.refusal?.rule == .isolate)
  }
}

@Suite("Aliases of others that lead to those who know better")
struct ForwardedChainTests {
  private func desk(_ more: String = "") throws -> Desk {
    Desk(
      try Fixture(
        policy: """
          context all { from 127.0.0.0/8 }
          forward . 192.0.2.53
          forward corp.example 192.0.2.54
          forward never.example off
          answer-order fixed
          \(more)
          """,
        ["mesh.test.zone": zoneHead + "web A 192.0.2.80\nback CNAME lab.corp.example.\nprivate A 10.0.0.7\n"]))
  }

  private func lines(_ message: Message?) -> [String] {
    (message?.answer ?? []).map { "\($0.owner) \($0.type) \($0.text)" }
  }

  @Test func `a name of ours is answered by us, whatever they say of it`() throws {
    let found = try desk().ask(
      try query("www.example.org."),
      by: .reply(reply(cname("www.example.org.", "web.mesh.test."), a("web.mesh.test.", [6, 6, 6, 6]))))
    #expect(lines(found.message) == ["www.example.org. CNAME web.mesh.test.", "web.mesh.test. A 192.0.2.80"])
    #expect(found.outcome.decision == .forwarded && found.message?.isAuthoritative == false)
    let none = try desk().ask(
      try query("www.example.org."), by: .reply(reply(cname("www.example.org.", "nothing.mesh.test."))))
    #expect(none.message?.rcode == 3 && none.message?.authority.first?.owner.description == "mesh.test.")
  }

  @Test func `a name of another line is asked of its servers`() throws {
    let desk = try desk("allow-private corp.example")
    let request = try query("www.example.org.")
    let first = try desk.ask(
      request, by: .reply(reply(cname("www.example.org.", "lab.corp.example."), a("lab.corp.example.", [6, 6, 6, 6]))))
    #expect(first.finding == .miss && first.outcome.route == 2)
    let asked = try desk.ask(
      try query("lab.corp.example."), by: .reply(reply(a("lab.corp.example.", [192, 0, 2, 7]))))
    #expect(asked.message?.answer.count == 1)
    let whole = try desk.ask(request, by: .cache(now: 1, acceptsStale: false))
    #expect(lines(whole.message) == ["www.example.org. CNAME lab.corp.example.", "lab.corp.example. A 192.0.2.7"])
    // An alias of theirs to one of ours, and of that to others again.
    let there = try desk.ask(
      try query("x.example.org."), by: .reply(reply(cname("x.example.org.", "back.mesh.test."))))
    #expect(
      lines(there.message) == [
        "x.example.org. CNAME back.mesh.test.", "back.mesh.test. CNAME lab.corp.example.",
        "lab.corp.example. A 192.0.2.7",
      ])
  }

  @Test func `an alias alone is no answer, and a name that is not to be asked for ends one`() throws {
    let desk = try desk()
    let open = try desk.ask(
      try query("www.example.org."), by: .reply(reply(cname("www.example.org.", "y.example.net."))))
    #expect(open.finding == .miss && open.outcome.route == 1)
    let off = try desk.ask(
      try query("z.example.org."),
      by: .reply(reply(cname("z.example.org.", "a.never.example."), a("a.never.example.", [6, 6, 6, 6]))))
    #expect(lines(off.message) == ["z.example.org. CNAME a.never.example."] && off.message?.rcode == 0)
  }

  @Test func `private addresses do not reach a name of others by an alias`() throws {
    let desk = try desk("allow-private corp.example")
    _ = try desk.ask(try query("lab.corp.example."), by: .reply(reply(a("lab.corp.example.", [10, 0, 0, 7]))))
    for target in ["lab.corp.example.", "private.mesh.test."] {
      let found = try desk.ask(
        try query("evil.example.org."),
        by: .reply(reply(cname("evil.example.org.", target), a(target, [10, 0, 0, 7]))))
      #expect(lines(found.message) == ["evil.example.org. CNAME \(target)"])
      #expect(found.message?.extendedError?.code == 15)
      #expect(found.message?.extendedError?.text.contains("allow-private") == true)
    }
  }

  @Test func `DS is asked of who has the parent`() throws {
    let desk = try desk()
    #expect(try desk.ask(try query("corp.example.", .ds), by: .cache(now: 0, acceptsStale: false)).outcome.route == 1)
    #expect(try desk.ask(try query("x.corp.example.", .ds), by: .cache(now: 0, acceptsStale: false)).outcome.route == 2)
    let fixture = try Fixture(
      policy: "forward sub.mesh.test 192.0.2.54",
      ["mesh.test.zone": zoneHead + "sub NS ns\nsub DS 1 8 2 \(String(repeating: "00", count: 32))\n"])
    #expect(try fixture.ask("sub.mesh.test.", .ds).answer.count == 1)
    #expect(try fixture.ask("sub.mesh.test.", .a).outcome.route == 1)
    let alone = try Fixture(policy: "forward corp.example 192.0.2.54", ["mesh.test.zone": zoneHead])
    #expect(try alone.ask("corp.example.", .ds).outcome.route == 1)
  }

  @Test func `who may not ask why is told the code alone`() throws {
    let reply = try desk("explain off").ask(try query("www.example.org."), by: .failure)
    #expect(reply.message?.extendedError?.code == 22 && reply.message?.extendedError?.text.isEmpty == true)
  }
}
