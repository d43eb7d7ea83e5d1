import DNSFormat
import Policy
import Testing

@testable import Answering

/// Midnight after 2026-12-31, UTC.
private let end: UInt32 = 1_798_761_600

private let policy = """
  origin mesh.test
  context test { from 10.20.0.0/16 }
  context prod { from 10.30.0.0/16 }
  context shard in prod { from 10.30.1.0/24 }
  service web { runs-at 10.20.0.1 10.30.0.1 10.30.1.1 }
  service orders { runs-at 10.20.0.2 10.30.0.2 10.30.1.2 }

  """

private let zone =
  zoneHead + "web A 192.0.2.1\nwww.web A 192.0.2.3\norders A 192.0.2.2\nalias CNAME orders\nmail MX 1 orders\n"

@Suite("acyclic observed, as a caller sees it")
struct ClosingCallTests {
  private func fixture(_ more: String) throws -> Fixture {
    let snapshot = try Fixture(policy: policy + more + "\n", ["mesh.test.zone": zone]).snapshot
    let model = snapshot.policy.policy
    // web may not call orders in prod: realm 2, the first two services.
    let calls = CallSet([CallSet.Call(realm: 2, caller: 1, callee: 2)], realms: model.realms)
    return Fixture(snapshot: snapshot.seeing(Situation(closingCalls: calls)))
  }

  private let told = "15 web may not call orders: acyclic observed, orders was seen calling web (a.policy:7)"

  @Test(arguments: ["10.30.0.1", "10.30.1.1"], ["orders", "x.orders", "alias"])
  func `the closing call is refused in its outermost context and all in it`(source: String, name: String) throws {
    let fixture = try fixture("acyclic observed")
    let reply = try fixture.ask("\(name).mesh.test.", from: source)
    #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty && reply.ede == told)
    #expect(reply.outcome.refusal?.rule == .observed && reply.outcome.brokenRules == RuleSet(.observed))
    let plain = try fixture.ask("\(name).mesh.test.", from: source, udpSize: nil)
    #expect(plain.rcode == "REFUSED" && plain.outcome.refusal == reply.outcome.refusal)
  }

  @Test(
    arguments: [
      ("10.20.0.1", "orders"), ("10.30.0.2", "web"), ("10.30.0.2", "orders"), ("10.30.0.9", "orders"),
      ("10.30.0.1", "web"), ("10.30.0.1", "www.web"),
    ])
  func `no other call is touched`(source: String, name: String) throws {
    #expect(try fixture("acyclic observed").ask("\(name).mesh.test.", from: source).rcode == "NOERROR")
  }

  @Test func `addresses of what may not be called are not added to an answer`() throws {
    let fixture = try fixture("acyclic observed")
    #expect(try fixture.ask("mail.mesh.test.", .mx, from: "10.20.0.1").additional.count == 1)
    let reply = try fixture.ask("mail.mesh.test.", .mx, from: "10.30.0.1")
    #expect(reply.rcode == "NOERROR" && reply.additional.isEmpty)
  }

  @Test func `without the line nothing is refused`() throws {
    #expect(try fixture("").ask("orders.mesh.test.", from: "10.30.0.1").rcode == "NOERROR")
    #expect(try fixture("acyclic").ask("orders.mesh.test.", from: "10.30.0.1").rcode == "NOERROR")
  }

  @Test(arguments: ["observe acyclic", "mode observe"])
  func `in shadow it is answered, and what would be is known`(line: String) throws {
    let reply = try fixture("acyclic observed\n\(line)").ask("orders.mesh.test.", from: "10.30.0.1")
    #expect(reply.rcode == "NOERROR" && reply.outcome.isOnlyObserved && reply.outcome.refusal?.rule == .observed)
  }

  @Test func `an except lifts it to its end`() throws {
    let fixture = try fixture("acyclic observed\nexcept web -> orders until 2026-12-31 because \"INC-1\"")
    #expect(try fixture.ask("orders.mesh.test.", from: "10.30.0.1", at: end - 1).rcode == "NOERROR")
    #expect(try fixture.ask("orders.mesh.test.", from: "10.30.0.1", at: end).ede == told)
  }

  @Test func `it is judged behind refuse and before tiers`() throws {
    // The rules of the services that are there already, in other words for each test.
    func first(_ orders: String, _ more: String) throws -> Reply {
      let text = policy.replacing("service orders {", with: "service orders { \(orders);")
        .replacing("service web {", with: "service web { \(more);")
      let snapshot = try Fixture(policy: text + "tiers high > low\nacyclic observed\n", ["mesh.test.zone": zone])
        .snapshot
      let calls = CallSet(
        [CallSet.Call(realm: 2, caller: 1, callee: 2)], realms: snapshot.policy.policy.realms)
      return try Fixture(snapshot: snapshot.seeing(Situation(closingCalls: calls)))
        .ask("orders.mesh.test.", from: "10.30.0.1")
    }
    let tiers = try first("tier low", "tier high").outcome
    #expect(tiers.refusal?.rule == .observed && tiers.brokenRules == [RuleSet(.observed), RuleSet(.tiers)])
    let refuse = try first("refuse web", "tier high").outcome
    #expect(refuse.refusal?.rule == .refuse && refuse.brokenRules == [RuleSet(.refuse), RuleSet(.observed)])
  }

  @Test func `a set tells apart realms, callers and callees`() {
    let realms: [UInt16] = [0, 1, 2, 2, 1]
    var calls: [CallSet.Call] = []
    for number in 1...200 as ClosedRange<UInt32> {
      calls.append(CallSet.Call(realm: UInt16(number % 3), caller: number, callee: number * 7 % 201))
    }
    let set = CallSet(calls, realms: realms)
    for call in calls where call.callee != 0 {
      for context in realms.indices {
        let isIn = calls.contains(CallSet.Call(realm: realms[context], caller: call.caller, callee: call.callee))
        #expect(set.contains(context: UInt16(context), caller: call.caller, callee: call.callee) == isIn)
      }
      #expect(!set.contains(context: 9, caller: call.caller, callee: call.callee))
      #expect(!set.contains(context: 1, caller: 0, callee: call.callee))
    }
    #expect(CallSet().isEmpty && !CallSet().contains(context: 0, caller: 1, callee: 2))
  }
}
