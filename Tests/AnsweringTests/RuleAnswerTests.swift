import DNSFormat
import Policy
import Testing

@testable import Answering

/// Midnight after 2026-12-31, UTC.
private let end: UInt32 = 1_798_761_600

private let policy = """
  origin mesh.test
  tiers critical > standard > best-effort
  acyclic
  context test { from 10.20.0.0/16 }
  context prod { from 10.30.0.0/16; endpoints 10.40.0.0/16 }
  isolate test prod
  service web { tier critical; runs-at 10.30.1.0/28 }
  service orders { tier critical; runs-at 10.30.2.0/28
    allow web }
  service store { tier standard; runs-at 10.30.3.0/28
    allow orders test }
  service reports { tier best-effort; runs-at 10.30.4.0/28 }
  service vault {
    require identity
  }
  service loop { runs-at 10.30.5.0/28; allow * }

  """

private let zone =
  zoneHead + """
    web A 10.40.0.1
    orders A 10.40.0.2
    _http._tcp.orders SRV 0 0 80 orders
    store A 10.40.0.3
          A 10.20.0.3
    reports A 10.40.0.4
    vault A 10.40.0.5
    plain A 192.0.2.1
    alias CNAME reports
    twice CNAME alias
    mail MX 10 reports
         MX 20 plain
    """

/// Where each service calls from, as `policy` says.
private let web = "10.30.1.1", orders = "10.30.2.1", store = "10.30.3.1", reports = "10.30.4.1"
/// No service, in prod; in test.
private let prod = "10.30.9.9", test = "10.20.9.9"

private func fixture(_ more: String = "", zone text: String = zone) throws -> Fixture {
  try Fixture(policy: policy + more + "\n", ["mesh.test.zone": text])
}

@Suite("DESIGN §3.3: acyclic, tiers and require, as a caller sees them")
struct RuleAnswerTests {
  @Test(
    arguments: [
      // (from, name, EDE)
      (web, "reports", "15 web may not call reports: tiers, critical depends on best-effort (a.policy:2)"),
      (web, "x.reports", "15 web may not call reports: tiers, critical depends on best-effort (a.policy:2)"),
      (store, "reports", "15 store may not call reports: tiers, standard depends on best-effort (a.policy:2)"),
      (orders, "web", "15 orders may not call web: acyclic, web already calls orders (a.policy:3)"),
      (store, "web", "15 store may not call web: acyclic, web already calls store (a.policy:3)"),
      (prod, "vault", "18 a caller in prod may not call vault: require identity (a.policy:14)"),
      (web, "vault", "18 web may not call vault: require identity (a.policy:14)"),
    ])
  func `a refusal names the rule, what it means here, and its line`(source: String, name: String, text: String) throws {
    let reply = try fixture().ask("\(name).mesh.test.", from: source)
    #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty && reply.ede == text)
    #expect(reply.outcome.decision == .refused)
  }

  @Test(
    arguments: [
      (web, "orders"), (store, "plain"), (reports, "web"), (store, "store"), (prod, "reports"), (test, "plain"),
      (prod, "web"), ("10.30.5.1", "reports"),
    ])
  func `calls upwards, declared calls, and callers without a tier are answered`(source: String, name: String) throws {
    let reply = try fixture().ask("\(name).mesh.test.", from: source)
    #expect(reply.rcode == "NOERROR" && reply.answer.count >= 1 && reply.outcome.refusal == nil)
  }

  @Test func `a star, a context's grant or no allow line at all let no call through that closes a cycle`() throws {
    // loop calls mirror by name; mirror would call loop by `*`.
    let more = "service mirror { runs-at 10.30.6.0/28; allow loop }\nservice gate { runs-at 10.30.7.0/28; allow prod }"
    let mirrored = try fixture(more, zone: zone + "\nloop A 10.40.0.6\nmirror A 10.40.0.7\n")
    #expect(
      try mirrored.ask("loop.mesh.test.", from: "10.30.6.1").ede
        == "15 mirror may not call loop: acyclic, loop already calls mirror (a.policy:3)")
    #expect(try mirrored.ask("loop.mesh.test.", from: "10.30.5.1").rcode == "NOERROR", "a service may call itself")
    #expect(try mirrored.ask("loop.mesh.test.", from: "10.30.7.1").rcode == "NOERROR")
    #expect(try mirrored.ask("mirror.mesh.test.", from: "10.30.5.1").rcode == "NOERROR")
    // store is called by orders, which has allow lines: both rules are broken, the first is told.
    let both = try mirrored.ask("orders.mesh.test.", from: store)
    #expect(both.ede == "18 store may not call orders: allow (a.policy:9)")
    #expect(both.outcome.brokenRules == [.init(.allow), .init(.acyclic)])
  }

  @Test(arguments: ["alias", "twice"])
  func `an alias is no way round`(name: String) throws {
    let reply = try fixture().ask("\(name).mesh.test.", from: web)
    #expect(
      reply.rcode == "REFUSED" && reply.answer.isEmpty && reply.ede?.hasPrefix("15 web may not call reports") == true)
    #expect(try fixture().ask("\(name).mesh.test.", from: prod).answer.count >= 2)
  }

  @Test func `a chain through two services is judged at each`() throws {
    let chained = zone + "\nx.orders CNAME x.store\nx.store CNAME vault\n"
    let atSecond = try fixture(zone: chained).ask("x.orders.mesh.test.", from: web)
    #expect(atSecond.ede == "18 web may not call store: allow (a.policy:11)")
    #expect(atSecond.outcome.brokenRules == [.init(.allow), .init(.tiers)])
    let atThird = try fixture(zone: chained).ask("x.orders.mesh.test.", from: orders)
    #expect(atThird.ede?.contains("orders may not call vault: require identity") == false)
    #expect(atThird.rcode == "REFUSED")
    #expect(try fixture(zone: chained).ask("x.store.mesh.test.", from: store).ede?.contains("require identity") == true)
  }

  @Test func `addresses of a service that a rule refuses are not in the additional section`() throws {
    let reply = try fixture().ask("mail.mesh.test.", .mx, from: web)
    #expect(reply.additional == ["plain.mesh.test. 300 A 192.0.2.1"])
    #expect(try fixture().ask("mail.mesh.test.", .mx, from: prod).additional.count == 2)
  }
}

@Suite("DESIGN §2: except, until the last second of its day")
struct ExceptAnswerTests {
  private let except = "except web -> reports until 2026-12-31 because \"INC-482, owner sre\""

  @Test func `tiers and acyclic are lifted for the pair and its time, and for no other`() throws {
    let excepted = try fixture("\(except)\nexcept store -> web until 2026-12-31 because x")
    for (source, name) in [(web, "reports"), (store, "web")] {
      #expect(try excepted.ask("\(name).mesh.test.", from: source, at: end - 1).rcode == "NOERROR")
      #expect(try excepted.ask("\(name).mesh.test.", from: source, at: end).rcode == "REFUSED")
    }
    for (source, name) in [(store, "reports"), (orders, "web"), (orders, "reports")] {
      #expect(try excepted.ask("\(name).mesh.test.", from: source, at: 0).rcode == "REFUSED")
    }
  }

  @Test func `an exception allows nothing that allow, refuse and require refuse`() throws {
    let excepted = try fixture(
      "except web -> store until 2026-12-31 because x\nexcept prod -> vault until 2026-12-31 because x")
    let reply = try excepted.ask("store.mesh.test.", from: web)
    #expect(reply.ede == "18 web may not call store: allow (a.policy:11)")
    #expect(reply.outcome.brokenRules == [.init(.allow)])
    #expect(try excepted.ask("vault.mesh.test.", from: prod).ede?.contains("require identity") == true)
  }

  @Test func `a declared call that its exception let close a cycle is refused afterwards`() throws {
    let excepted = try Fixture(
      policy: """
        origin mesh.test; acyclic
        service a { runs-at 10.0.0.1
          allow b }
        service b { runs-at 10.0.0.2
          allow a }
        except b -> a until 2026-12-31 because x
        """, ["mesh.test.zone": zoneHead + "a A 192.0.2.1\nb A 192.0.2.2\n"])
    #expect(try excepted.ask("a.mesh.test.", from: "10.0.0.2", at: end - 1).rcode == "NOERROR")
    let reply = try excepted.ask("a.mesh.test.", from: "10.0.0.2", at: end)
    #expect(reply.ede == "15 b may not call a: acyclic, a already calls b (a.policy:1)")
    #expect(try excepted.ask("b.mesh.test.", from: "10.0.0.1", at: end).rcode == "NOERROR")
  }

  @Test func `isolate is lifted for a context, and those in it, in the answer`() throws {
    let excepted = try fixture(
      "context unit in test { from 10.20.1.0/24 }\nexcept test -> reports until 2026-12-31 because x")
    for source in [test, "10.20.1.1"] {
      #expect(try excepted.ask("reports.mesh.test.", from: source, at: end - 1).data == ["10.40.0.4"])
      #expect(try excepted.ask("alias.mesh.test.", from: source, at: end - 1).answer.count == 2)
      let reply = try excepted.ask("reports.mesh.test.", from: source, at: end)
      #expect(reply.rcode == "REFUSED" && reply.outcome.refusal?.rule == .isolate)
      #expect(try excepted.ask("web.mesh.test.", from: source, at: 0).rcode == "REFUSED")
    }
  }

  @Test func `endpoints that cross are in an excepted answer, whole, and left out afterwards`() throws {
    let excepted = try fixture("except test -> store until 2026-12-31 because x")
    #expect(try excepted.ask("store.mesh.test.", from: test, at: end - 1).data == ["10.20.0.3", "10.40.0.3"])
    #expect(try excepted.ask("store.mesh.test.", from: test, at: end).data == ["10.20.0.3"])
  }

  @Test func `additional data is excepted by its own owner's service`() throws {
    let more = zone + "\nboth MX 10 reports\n     MX 20 web\nsub NS ns.reports\n"
    let excepted = try fixture("except test -> reports until 2026-12-31 because x", zone: more)
    #expect(try excepted.ask("both.mesh.test.", .mx, from: test).additional == ["reports.mesh.test. 300 A 10.40.0.4"])
    #expect(try excepted.ask("both.mesh.test.", .mx, from: test, at: end).additional.isEmpty)
    let glued = try fixture(
      "except test -> reports until 2026-12-31 because x",
      zone: zone + "\nsub NS ns.reports\nns.reports A 10.40.0.9\nlow NS ns.web\nns.web A 10.40.0.8\n")
    #expect(try glued.ask("x.sub.mesh.test.", from: test).additional == ["ns.reports.mesh.test. 300 A 10.40.0.9"])
    #expect(try glued.ask("x.sub.mesh.test.", from: test, at: end).additional.isEmpty)
    #expect(try glued.ask("x.low.mesh.test.", from: test).additional.isEmpty)
  }

  @Test func `hints and signed sets too`() throws {
    let more =
      zone + """

        hint.reports HTTPS 1 . ipv4hint=10.40.0.4
                     HTTPS 2 . ipv4hint=10.20.0.4
        signed.reports A 10.40.0.4
                       A 10.20.0.4
                       RRSIG \(SignedZones.signature(of: "signed.reports.mesh.test.", "A", apex: "mesh.test.", ttl: 300))
        """
    let excepted = try fixture("except test -> reports until 2026-12-31 because x", zone: more)
    #expect(try excepted.ask("hint.reports.mesh.test.", .https, from: test, at: end - 1).answer.count == 2)
    #expect(try excepted.ask("hint.reports.mesh.test.", .https, from: test, at: end).answer.count == 1)
    #expect(try excepted.ask("signed.reports.mesh.test.", from: test, at: end - 1).data.count == 2)
    #expect(try excepted.ask("signed.reports.mesh.test.", from: test, at: end).rcode == "REFUSED")
  }
}

@Suite("DESIGN §2: rules in shadow")
struct ShadowAnswerTests {
  @Test(
    arguments: [
      ("observe tiers", web, "reports", Rule.tiers), ("observe acyclic", orders, "web", .acyclic),
      ("observe require", prod, "vault", .require), ("observe isolate", test, "web", .isolate),
      ("mode observe", web, "reports", .tiers), ("mode observe", prod, "vault", .require),
    ])
  func `what a rule in shadow breaks is answered and noted`(line: String, source: String, name: String, rule: Rule)
    throws
  {
    let reply = try fixture(line).ask("\(name).mesh.test.", from: source)
    #expect(reply.rcode == "NOERROR" && reply.answer.count == 1 && reply.ede == nil)
    #expect(reply.outcome.isOnlyObserved && !reply.outcome.wouldLeaveOut && reply.outcome.refusal?.rule == rule)
    #expect(reply.outcome.brokenRules.contains(rule) && reply.outcome.decision == .answered)
  }

  @Test func `a service's own mode lets every call of it pass, and of no other`() throws {
    let observing = try fixture("service slow { tier best-effort; mode observe }", zone: zone + "\nslow A 10.40.0.9\n")
    let reply = try observing.ask("slow.mesh.test.", from: web)
    #expect(reply.rcode == "NOERROR" && reply.outcome.isOnlyObserved && reply.outcome.refusal?.rule == .tiers)
    #expect(try observing.ask("slow.mesh.test.", from: test).outcome.refusal?.rule == .isolate)
    #expect(try observing.ask("slow.mesh.test.", from: test).rcode == "NOERROR")
    #expect(try observing.ask("reports.mesh.test.", from: web).rcode == "REFUSED")
  }

  @Test func `a rule in shadow hides no rule in force, before it or after`() throws {
    // web to store: allow, then tiers.
    for (line, text) in [
      ("observe tiers", "18 web may not call store: allow (a.policy:11)"),
      ("observe allow", "15 web may not call store: tiers, critical depends on standard (a.policy:2)"),
    ] {
      let reply = try fixture(line).ask("store.mesh.test.", from: web)
      #expect(reply.rcode == "REFUSED" && reply.ede == text && !reply.outcome.isOnlyObserved)
      #expect(reply.outcome.brokenRules == [.init(.allow), .init(.tiers)])
    }
    // From test: require in shadow, isolate in force.
    let reply = try fixture("observe require").ask("vault.mesh.test.", from: test)
    #expect(reply.rcode == "REFUSED" && reply.outcome.refusal?.rule == .isolate && !reply.outcome.isOnlyObserved)
    #expect(reply.outcome.brokenRules == [.init(.require), .init(.isolate)])
    // Both in shadow: the first is told, both are noted.
    let both = try fixture("observe require isolate").ask("vault.mesh.test.", from: test)
    #expect(both.rcode == "NOERROR" && both.outcome.refusal?.rule == .require && both.outcome.isOnlyObserved)
    #expect(both.outcome.brokenRules == [.init(.require), .init(.isolate)])
  }

  @Test func `isolate in force filters what a rule in shadow lets through`() throws {
    let more = zone + "\nx.vault A 10.40.0.5\n        A 10.20.0.5\n"
    let reply = try fixture("observe require", zone: more).ask("x.vault.mesh.test.", from: test)
    #expect(reply.data == ["10.20.0.5"] && reply.outcome.refusal?.rule == .require && reply.outcome.isOnlyObserved)
  }

  @Test func `endpoints that isolate in shadow would leave out of an answer are noted`() throws {
    let observing = try fixture("observe isolate")
    let reply = try observing.ask("store.mesh.test.", from: test)
    #expect(reply.data == ["10.20.0.3", "10.40.0.3"] && reply.ede == nil)
    #expect(reply.outcome.isOnlyObserved && reply.outcome.wouldLeaveOut && reply.outcome.decision == .answered)
    let refusal = try #require(reply.outcome.refusal)
    #expect(
      observing.snapshot.policy.text(of: refusal, reply.outcome)
        == "would leave out endpoints in prod: isolate (a.policy:6)")
    #expect(try observing.ask("plain.mesh.test.", from: test).outcome.refusal == nil)
    // In force the same answer is no refusal: what is left is the answer.
    #expect(try fixture().ask("store.mesh.test.", from: test).outcome.refusal == nil)
    // Where an exception is live nothing would be left out.
    let excepted = try fixture("observe isolate\nexcept test -> store until 2026-12-31 because x")
    #expect(try excepted.ask("store.mesh.test.", from: test, at: end - 1).outcome.refusal == nil)
    #expect(try excepted.ask("store.mesh.test.", from: test, at: end).outcome.wouldLeaveOut)
  }

  @Test func `no data of a type, and hints, that isolate in shadow would leave out are noted`() throws {
    let more = zone + "\nsplit A 10.40.0.1\n      AAAA fd00::1\nhint HTTPS 1 . ipv4hint=10.40.0.1\n     HTTPS 2 .\n"
    let observing = try fixture("observe isolate", zone: more)
    let split = try observing.ask("split.mesh.test.", from: test)
    #expect(split.data == ["10.40.0.1"] && split.outcome.wouldLeaveOut)
    #expect(try observing.ask("split.mesh.test.", .aaaa, from: test).outcome.refusal == nil)
    let hint = try observing.ask("hint.mesh.test.", .https, from: test)
    #expect(hint.answer.count == 2 && hint.outcome.wouldLeaveOut)
  }

  @Test func `placement in shadow lets strangers pass, even where they would be dropped`() throws {
    let reply = try fixture("observe placement\ndeny-as drop").ask("plain.mesh.test.", from: "192.0.2.77")
    #expect(reply.rcode == "NOERROR" && reply.outcome.isOnlyObserved && reply.outcome.refusal?.rule == .placement)
    #expect(try fixture("deny-as drop").ask("plain.mesh.test.", from: "192.0.2.77").octets.isEmpty)
  }
}
