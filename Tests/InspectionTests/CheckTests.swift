import Addresses
import DNSFormat
import Testing

@testable import Inspection

@Suite("check: every mistake at once, each with its place")
struct CheckTests {
  @Test func `a sound configuration is clean, and the summary says what was looked at`() {
    let loaded = load(
      zones: ["example.test.zone": apex + "orders A 10.0.0.1\n", "near/example.test.zone": "orders 5 A 10.9.9.9\n"],
      policy: """
        origin example.test
        context near { from 10.0.0.0/8 }
        context other { from ::/0 }
        service orders
        expect from 10.0.0.1 orders A -> 10.9.9.9
        """)
    let checks = Checks(loaded, at: 1_800_000_000)
    #expect(checks.isClean)
    #expect(checks.diagnostics == [])
    #expect(checks.summary == "1 zone, 3 names, 2 contexts, 1 service, 1 expectation held: 0 errors, 0 warnings")
  }

  @Test func `one line is doubted once: what it reads as, not what follows from it`() {
    let loaded = load(zones: ["a.test.zone": apex + "@ MX 10 mail.a.test\nw CNAME no.where\n"])
    #expect(
      Checks(loaded, at: 1_800_000_000).diagnostics.map(\.description) == [
        "a.test.zone:5:9: warning: exchange reads as mail.a.test.a.test.; end it with a dot if not meant",
        "a.test.zone:6:1: warning: CNAME leads to no.where.a.test., which does not exist; add it, or correct the name",
      ])
  }

  @Test func `a $GENERATE is doubted once`() {
    let loaded = load(zones: ["a.test.zone": apex + "$GENERATE 0-255 w$ CNAME no$\n"])
    let messages = Checks(loaded, at: 1_800_000_000).diagnostics.map(\.message)
    #expect(messages.count == 1)
  }

  @Test func `mistakes that are not listed are counted`() {
    let loaded = load(zones: ["a.test.zone": apex + String(repeating: "x FOO bar\n", count: 700)])
    let checks = Checks(loaded, at: 1_800_000_000)
    #expect(checks.diagnostics.contains { $0.message == "200 more mistakes are not listed; mend these first" })
    #expect(checks.summary.hasSuffix(": 700 errors, 0 warnings"))
  }

  @Test func `mistakes of zones and policies are listed together, in order of place`() {
    let loaded = load(
      zones: ["a.test.zone": apex + "x A 10.0.0.300\ny FOO bar\n", "b.test.zone": "z 60 A 10.0.0.1\n"],
      policy: "origin a.test\ncontex near { from 10.0.0.0/8 }\n")
    let places = Checks(loaded, at: 1_800_000_000).diagnostics.map { "\($0.location)" }
    #expect(places == ["a.test.zone:5:5", "a.test.zone:6:3", "p.policy:2:1"])
    #expect(loaded.snapshot == nil)
  }

  @Test func `an overlay for no context keeps anything from being served`() throws {
    let loaded = load(
      zones: ["example.test.zone": apex, "laptp/example.test.zone": "orders 5 A 10.0.0.1\n"],
      policy: "context laptop { from 10.0.0.0/8 }")
    #expect(loaded.snapshot == nil)
    let message = try #require(Checks(loaded, at: 1_800_000_000).diagnostics.first { $0.severity == .error }?.message)
    #expect(message.contains("did you mean the folder \"laptop\"?"))
  }

  @Test func `a zone with a mistake is broken where the mistake is, and nowhere else`() throws {
    let loaded = load(
      zones: [
        "a.test.zone": apex + "x A 10.0.0.1\n", "near/a.test.zone": "x 5 CNAME y\nx 5 A 10.0.0.2\n",
        "b.test.zone": apex,
      ],
      policy: "context near { from 10.0.0.0/8 }\ncontext far { from 172.16.0.0/12 }")
    let snapshot = try #require(loaded.snapshot)
    #expect(loaded.brokenZones.map(\.description) == ["a.test."])
    var probe = Probe(snapshot, at: 0)
    let name = try #require(try? DomainName("x.a.test"))
    let near = try #require(IPAddress("10.0.0.1")), far = try #require(IPAddress("172.16.0.1"))
    #expect(probe.ask(name, .a, from: near).1?.rcode == 2)
    #expect(probe.ask(name, .a, from: near).1?.extendedError?.code == 24)
    #expect(probe.ask(name, .a, from: far).1?.answer.map(\.text) == ["10.0.0.1"])
  }

  @Test func `a mistake in a zone is told alone: that its services cannot be reached follows from it`() throws {
    let policy = "origin a.test\ncontext near { from 10.0.0.0/8 }\nservice x\nservice y.b.test. { allow x }\n"
    let other = apex + "y A 10.0.0.2\n"
    let checks = Checks(
      load(zones: ["a.test.zone": apex + "x A 10.0.0.256\n", "b.test.zone": other], policy: policy),
      at: 1_800_000_000, proves: true)
    let outOfReach = checks.diagnostics.map(\.message).filter { $0.contains("reach") }
    #expect(outOfReach.allSatisfy { $0.contains("y.b.") })
    #expect(checks.diagnostics.hasErrors && checks.proof?.open.contains { $0.contains("x did not load") } == true)
    let whole = Checks(
      load(zones: ["a.test.zone": apex + "x A 10.0.0.25\n", "b.test.zone": other], policy: policy),
      at: 1_800_000_000, proves: true)
    #expect(!whole.diagnostics.hasErrors && whole.proof?.open.contains { $0.contains("did not load") } == false)
  }

  @Test func `a service that nobody can find and that calls nobody is doubted`() {
    let loaded = load(
      zones: ["example.test.zone": apex],
      policy: "origin example.test\nservice ghost\nservice caller { runs-at 10.0.0.1 }\n")
    let warnings = Checks(loaded, at: 1_800_000_000).diagnostics
    #expect(warnings.map(\.severity) == [.warning])
    #expect(warnings.first?.message.contains("ghost has no record in any zone") == true)
  }

  @Test func `a service whose name others have is not doubted where a forward line covers it in some context`() {
    func warnings(_ forwards: String) -> [Int] {
      let services = "service own.example.test.\nservice api.partner.example.\n"
      let loaded = load(zones: ["example.test.zone": apex], policy: services + forwards)
      return Checks(loaded, at: 1_800_000_000).diagnostics.map(\.location.line)
    }
    #expect(warnings("") == [1, 2])
    #expect(warnings("forward . 192.0.2.53\n") == [1])
    #expect(warnings("forward . 192.0.2.53\nforward partner.example off\n") == [1, 2])
    #expect(
      warnings(
        "forward partner.example off\ncontext a { from 10.0.0.0/8; forward partner.example 192.0.2.53 }\n") == [1])
  }

  @Test func `signatures that ended, and such as do not hold yet, are told once a file`() {
    func rrsig(_ ends: Int, _ begins: Int) -> String { "RRSIG A 13 3 60 \(ends) \(begins) 1 s.test. AAAA\n" }
    let zone = apex + "a A 192.0.2.1\na \(rrsig(1000, 500))b A 192.0.2.1\nb \(rrsig(1001, 500))"
    func warnings(_ now: UInt32) -> [String] {
      Checks(load(zones: ["s.test.zone": zone]), at: now).diagnostics.map(\.description)
    }
    #expect(warnings(1000) == [])
    #expect(
      warnings(1002) == [
        "s.test.zone:6:1: warning: 2 signatures of this file, from here on, ended before now (RFC 4035 §5.3.1); sign the zone again"
      ])
    #expect(
      warnings(499) == [
        "s.test.zone:6:1: warning: 2 signatures of this file, from here on, only later begin to hold (RFC 4035 §5.3.1); "
          + "compare the signer's clock with this one"
      ])
  }

  @Test func `isolate judges the hints of HTTPS, so check has nothing to say of them`() {
    let policy = "context a { from 10.1.0.0/16 }\ncontext b { from 10.2.0.0/16 }\nisolate a b\n"
    let loaded = load(zones: ["h.test.zone": apex + "x HTTPS 1 . ipv4hint=10.2.0.1\n"], policy: policy)
    #expect(Checks(loaded, at: 1_800_000_000).diagnostics == [])
  }
}
