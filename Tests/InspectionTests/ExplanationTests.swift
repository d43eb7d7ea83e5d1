import Addresses
import DNSFormat
import Testing

@testable import Inspection

@Suite("explain: the decision step by step, each with the line it rests on")
struct ExplanationTests {
  private static let policy = """
    origin example.test
    context near { from 10.0.0.0/8 }
    context far { from 172.16.0.0/12 }
    isolate near far
    service web { runs-at 10.0.0.7 }
    service orders { allow web }
    """

  private static let zones = [
    "example.test.zone": apex + "orders A 172.16.5.5\n       A 10.5.5.5\ncart CNAME orders\ngone A 10.1.1.1\n",
    "near/example.test.zone": "gone 5 CNAME .\n",
  ]

  private func explain(
    _ name: String, _ type: RRType = .a, from source: String, zones: [String: String] = zones
  ) throws -> Explanation {
    let loaded = load(zones: zones, policy: Self.policy)
    return Explanation(
      try DomainName(name), type, Asker(try #require(IPAddress(source))), at: 0, loaded, try #require(loaded.snapshot))
  }

  @Test func `an alias is a step of its own, and what isolation leaves out is shown with its line`() throws {
    let explanation = try explain("cart.example.test", from: "10.0.0.7")
    #expect(
      explanation.text == """
        cart.example.test. A, asked from 10.0.0.7

        caller    context near, by from 10.0.0.0/8  [p.policy:2]
                  service web, by runs-at 10.0.0.7  [p.policy:5]

        name      cart.example.test. in zone example.test.
        rules     belongs to no service: everyone may look it up
        data      cart.example.test. 60 IN CNAME orders.example.test.  [example.test.zone:7]

        name      orders.example.test. in zone example.test., service orders
        rules     allowed: allow  [p.policy:6]
        data      orders.example.test. 60 IN A 172.16.5.5  (left out: in far, isolate p.policy:4)  [example.test.zone:5]
                  orders.example.test. 60 IN A 10.5.5.5  [example.test.zone:6]

        decision  answered
        response  NOERROR, authoritative
                  cart.example.test. 60 IN CNAME orders.example.test.
                  orders.example.test. 60 IN A 10.5.5.5

        """)
  }

  @Test func `a refusal names the rule and its line`() throws {
    let explanation = try explain("orders.example.test", from: "10.0.0.8")
    #expect(explanation.decision == "refused")
    #expect(explanation.refusal?.place == "p.policy:6")
    #expect(
      explanation.response?.extendedError
        == "EDE 18 (Prohibited): a caller in near may not call orders: allow (p.policy:6)")
  }

  @Test func `a name that an overlay hides is explained by the overlay's line`() throws {
    let explanation = try explain("gone.example.test", from: "10.0.0.8")
    #expect(explanation.steps.first?.data.first?.text == "does not exist here: NXDOMAIN, by CNAME . in context near")
    #expect(explanation.steps.first?.data.first?.place == "near/example.test.zone:1")
    #expect(explanation.response?.rcode == "NXDOMAIN")
  }

  @Test func `a caller in no context is told so`() throws {
    let explanation = try explain("gone.example.test", from: "198.51.100.1")
    #expect(explanation.context == nil)
    #expect(explanation.caller.first?.text == "in no context: no from prefix covers the address")
    #expect(explanation.response?.rcode == "REFUSED")
  }

  @Test func `a DNAME and the CNAME it makes are steps, and a hint that crosses is shown as left out`() throws {
    let zone = apex + "old DNAME new\nweb.new HTTPS 1 . ipv4hint=10.5.5.5\nweb.new HTTPS 2 . ipv4hint=172.16.5.5\n"
    let text = try explain("web.old.example.test", .https, from: "10.0.0.7", zones: ["example.test.zone": zone]).text
    #expect(text.contains("old.example.test. 60 IN DNAME new.example.test.  [example.test.zone:5]"))
    #expect(text.contains("web.old.example.test. 60 IN CNAME web.new.example.test., made by the DNAME"))
    #expect(text.contains("HTTPS 1 . ipv4hint=10.5.5.5  ["))
    #expect(text.contains("HTTPS 2 . ipv4hint=172.16.5.5  (left out: in far, isolate p.policy:4)"))
  }
}

@Suite("explain: exceptions")
struct ExceptionExplanationTests {
  @Test func `the rules that an exception lifts are told, with its end, its reason and its place`() throws {
    let loaded = load(
      zones: ["example.test.zone": apex + "reports A 10.2.0.1\n"],
      policy: """
        origin example.test
        tiers high > low
        context a { from 10.1.0.0/16 }
        context b { from 10.2.0.0/16 }
        isolate a b
        service web { tier high; runs-at 10.1.0.1 }
        service reports { tier low }
        except web -> reports until 2026-12-31 because "INC-482"
        """)
    func rules(at time: UInt32) throws -> [String] {
      let explanation = Explanation(
        try DomainName("reports.example.test"), .a, Asker(try #require(IPAddress("10.1.0.1"))), at: time, loaded,
        try #require(loaded.snapshot))
      return explanation.steps[0].rules.map { "\($0.text) [\($0.place ?? "")]" }
    }
    #expect(
      try rules(at: 0) == [
        "allowed: no rule says otherwise []",
        "tiers: lifted by except until 2026-12-31 because \"INC-482\" [p.policy:8]",
        "isolate: lifted by except until 2026-12-31 because \"INC-482\" [p.policy:8]",
      ])
    #expect(try rules(at: 1_798_761_600) == ["tiers: refused [p.policy:2]"])
  }
}

@Suite("explain: callers known by more than an address")
struct IdentifiedExplanationTests {
  private func caller(_ asker: (IPAddress) -> Asker) throws -> [String] {
    let loaded = load(
      zones: ["example.test.zone": apex + "orders A 10.5.5.5\n"],
      policy: """
        origin example.test
        service web { identity web.prod; uid 33 }
        service batch { runs-at 10.0.0.7 }
        service orders { allow web }
        """)
    let explanation = Explanation(
      try DomainName("orders.example.test"), .a, asker(try #require(IPAddress("10.0.0.7"))), at: 0, loaded,
      try #require(loaded.snapshot))
    return [explanation.decision, explanation.caller.last?.text ?? "", explanation.caller.last?.place ?? ""]
  }

  @Test func `a certificate, a user and an address each show their line`() throws {
    #expect(
      try caller { Asker($0, certificate: "web.prod") } == [
        "answered", "service web, by identity \"web.prod\"", "p.policy:2",
      ])
    #expect(try caller { Asker($0, user: 33) } == ["answered", "service web, by uid 33", "p.policy:2"])
    #expect(try caller { Asker($0) } == ["refused", "service batch, by runs-at 10.0.0.7", "p.policy:3"])
  }

  @Test func `a certificate of nobody's leaves no service`() throws {
    #expect(
      try caller { Asker($0, certificate: "batch.prod") } == [
        "refused", "no service: no identity is the certificate's name, and nothing else counts", "",
      ])
  }
}
