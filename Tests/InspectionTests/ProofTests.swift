import Addresses
import Answering
import Diagnostics
import Policy
import Testing

@testable import Inspection

@Suite("ambit check: what it proves, and what it doubts")
struct ProofTests {
  private let contexts = "origin p.test\ncontext a { from 10.1.0.0/16 }\ncontext b { from 10.2.0.0/16 }\n"
  private let zone =
    apex + "x A 10.1.0.1\nx A 10.2.0.1\ny A 10.2.0.2\nmail MX 5 y\nalias CNAME y\ns HTTPS 1 . ipv4hint=10.2.0.3\n"

  private func prove(_ policy: String, at time: UInt32 = 0) throws -> (proof: Proof, warnings: [String]) {
    let loaded = load(zones: ["p.test.zone": zone], policy: contexts + policy)
    let (proof, found) = Proof.run(
      try #require(loaded.snapshot, "\(loaded.diagnostics)"), at: time)
    return (proof, found.map(\.description))
  }

  @Test func `no answer crosses an isolation, by every section and type`() throws {
    let (proof, warnings) = try prove("isolate a b\n")
    #expect(warnings == [])
    #expect(proof.proved == ["no answer crosses an isolation", "no rule is dead"])
    #expect(proof.questions >= 5)
  }

  @Test func `an answer that crosses is found, whichever section it is in`() throws {
    // The reading has a line that the server has not.
    let strict = load(zones: [:], policy: contexts + "isolate a b\n")
    let loaded = load(zones: ["p.test.zone": zone], policy: contexts)
    let snapshot = try #require(loaded.snapshot)
    let proof = IsolationProof(
      snapshot, try #require(strict.snapshot).policy.policy, CallerCensus(snapshot.policy), at: 0)
    let texts = proof.crossings.map(\.message)
    for name in ["x", "y", "mail", "alias", "s"] {
      #expect(
        texts.contains { $0.hasPrefix("\(name).p.test. ") && $0.contains("tells callers in a of 10.2.0") }, "\(name)")
    }
  }

  @Test func `what is only observed is not said to be proved`() throws {
    let (proof, _) = try prove("isolate a b\nobserve isolate\n")
    #expect(proof.proved.first == "no answer crosses an isolation that is enforced")
    #expect(proof.open.contains("isolate is only observed in a, b"))
  }

  @Test func `an exception by which an endpoint crosses is told with the proof`() throws {
    // y and z hold the same; x is excepted, and so is what y.p.test holds nowhere but by its wildcard.
    let lines = """
      isolate a b
      service x { runs-at 10.1.0.77 }
      service y
      service w { runs-at 10.1.0.5 }
      except w -> y until 2027-01-01 because "INC-1"

      """
    let (proof, _) = try prove(lines)
    #expect(
      proof.proved.first == "no answer crosses an isolation but by exception: w -> y until 2027-01-01 (p.policy:8)")
    #expect(proof.exceptions.map(\.text) == ["w -> y until 2027-01-01 (p.policy:8)"])
    #expect(proof.text.contains("but by exception: w -> y until 2027-01-01 (p.policy:8); "))
    // Once it has ended nothing crosses by it, and what is in no other context never does.
    let end: UInt32 = 1_798_848_000  // 2027-01-02
    #expect(try prove(lines, at: end).proof.exceptions.isEmpty)
    #expect(try prove(lines, at: end - 1).proof.exceptions.count == 1)
    #expect(try prove(lines.replacing("runs-at 10.1.0.5", with: "runs-at 10.2.0.5")).proof.exceptions.isEmpty)
    // Who is refused by name gets no endpoint by an exception.
    #expect(try prove(lines.replacing("service y", with: "service y { refuse w }")).proof.exceptions.isEmpty)
    // A whole context, by an alias, and by a service that has a wildcard's data.
    let wide = lines.replacing("except w", with: "except a")
    #expect(try prove(wide).proof.exceptions.map(\.caller) == ["a"])
    let loaded = load(
      zones: ["p.test.zone": apex + "* A 10.2.0.9\nx A 10.1.0.1\n"], policy: contexts + lines)
    #expect(Proof.run(try #require(loaded.snapshot), at: 0).proof.exceptions.map(\.service) == ["y"])
  }

  @Test func `names that are only observed do not stand for others`() throws {
    let strict = load(zones: [:], policy: contexts + "isolate a b\n")
    let reading = try #require(strict.snapshot).policy.policy
    for line in ["service u { mode observe }", "service u\nexcept a -> u until 2027-01-01 because \"y\""] {
      // `u` sorts before `y` and holds the same: the server of the test has no isolate line, so both cross.
      let loaded = load(
        zones: ["p.test.zone": apex + "u A 10.2.0.1\ny A 10.2.0.2\n"], policy: contexts + line + "\n")
      let snapshot = try #require(loaded.snapshot)
      var policy = snapshot.policy.policy
      policy.isolations = reading.isolations
      let proof = IsolationProof(snapshot, policy, CallerCensus(snapshot.policy), at: 0)
      #expect(proof.crossings.contains { $0.message.hasPrefix("y.p.test. ") }, "\(line)")
      #expect(!proof.crossings.contains { $0.message.hasPrefix("u.p.test. A tells callers in a ") }, "\(line)")
    }
  }

  @Test(arguments: [
    (
      "service x { allow w; refuse w2 }\nservice w { runs-at 10.1.0.5 }\nservice w2 { runs-at 10.1.0.6 }",
      "p.policy:4:29: warning: refuse w2 refuses nobody who would be let in: the allow lines (p.policy:4) do not let them; remove it"
    ),
    (
      "service x { tier low; allow mine }\ngroup mine v w\nservice v { runs-at 10.1.0.5 }\nservice w\ntiers high > low\ntier high",
      "p.policy:4:29: warning: allow mine lets nobody call x: tiers (p.policy:8) refuses whom it names; remove one of the two"
    ),
    (
      "service x { allow mine }\ngroup mine v w\nservice v\nservice w",
      "p.policy:4:19: warning: allow mine names nobody: no caller can be v (p.policy:6), which has no runs-at, identity or uid of its own; give it one"
    ),
    (
      "service x { allow w a }\nservice w",
      "p.policy:4:19: warning: allow w names nobody: no caller can be w (p.policy:5), which has no runs-at, identity or uid of its own; give it one"
    ),
    (
      "service x { allow w }\nservice w { runs-at 10.1.0.0/30 }\nservice v { runs-at 10.1.0.0/31 10.1.0.2/31 }",
      "p.policy:5:21: warning: runs-at 10.1.0.0/30 is nobody's: longer prefixes take all of it, for example runs-at 10.1.0.0/31 (p.policy:6); remove it, or one of them"
    ),
    (
      "isolate a b\nservice y { allow w }\nservice w { runs-at 10.1.0.5 }",
      "p.policy:5:9: warning: service y is out of reach: every caller who may call it is isolated from its endpoints (isolate, p.policy:4); allow a caller who is not"
    ),
    (
      "context far { }\nisolate a far",
      "p.policy:5:1: warning: isolate a far keeps nothing from anyone: no zone has an address in their from or endpoints that a caller in another could get; add the prefixes where their services live, or remove it"
    ),
  ])
  func `a line that does nothing is doubted`(policy: String, warning: String) throws {
    let warnings = try prove(policy + "\n").warnings
    #expect(warnings.contains(warning), "\(warnings)")
  }

  @Test func `rules that are only observed refuse nobody now, and are told of before they do`() throws {
    let policy = """
      tiers hi > lo
      service y { tier lo; allow w }
      service w { tier hi; runs-at 10.2.0.5 }

      """
    let enforced = try prove(policy)
    #expect(
      enforced.warnings == [
        "p.policy:5:28: warning: allow w lets nobody call y: tiers (p.policy:4) refuses whom it names; remove one of the two",
        "p.policy:5:9: warning: service y is out of reach: no caller may call it: tiers (p.policy:4) refuses; allow a caller, or remove the service",
      ])
    for line in ["observe tiers", "mode observe"] {
      let observed = try prove(policy + line + "\n")
      #expect(
        observed.warnings == [
          "p.policy:5:28: warning: allow w will let nobody call y once tiers (p.policy:4) is enforced, which is only observed now; decide before which of the two is meant",
          "p.policy:5:9: warning: service y will be out of reach once tiers (p.policy:4) is enforced, which is only observed now; allow a caller whom it lets, before",
        ])
      #expect(observed.proof.proved.suffix(2) == ["every service with an address is in reach", "no rule is dead"])
    }
    let isolated = "isolate a b\nservice y { allow w }\nservice w { runs-at 10.1.0.5 }\n"
    #expect(
      try prove(isolated + "observe isolate\n").warnings == [
        "p.policy:5:9: warning: service y will be out of reach once isolate (p.policy:4) is enforced, which is only observed now; allow a caller whom it lets, before"
      ])
    // By an exception it is in reach.
    #expect(try prove(isolated + "except w -> y until 2027-01-01 because \"INC-1\"\n").warnings == [])
    // A refuse line refuses whom an allow line only would.
    let refusing = "service y { allow w; refuse v }\nservice w { runs-at 10.2.0.5 }\nservice v { runs-at 10.2.0.6 }\n"
    #expect(try prove(refusing).warnings.count == 1)
    #expect(try prove(refusing + "observe allow\n").warnings == [])
  }

  @Test func `contexts that share out all of the one around them are no doubt`() throws {
    let inner = "context a1 in a { from 10.1.0.0/17 }\ncontext a2 in a { from 10.1.128.0/17 }\n"
    #expect(try prove(inner).warnings == [])
    let other = "context c { from 10.1.0.0/17 }\ncontext d { from 10.1.128.0/17 }\n"
    #expect(try prove(other).warnings.map { String($0.prefix(40)) } == ["p.policy:2:18: warning: from 10.1.0.0/16"])
  }

  @Test func `of many alike some are listed, and the others counted`() throws {
    let services = (0..<40).map { "service s\($0) { allow w }" }.joined(separator: "\n")
    let loaded = load(zones: ["p.test.zone": zone], policy: contexts + services + "\nservice w\n")
    let found = Proof.run(try #require(loaded.snapshot), at: 0).diagnostics
    #expect(found.count == 26)
    #expect(found.reduce(0) { $0 + $1.count } == 40)
  }

  @Test func `an exception is told of before it ends and after`() throws {
    let policy =
      "isolate a b\nservice y\nservice w { runs-at 10.1.0.5 }\nexcept w -> y until 2026-12-31 because \"INC-1\"\n"
    let end: UInt32 = 1_798_761_600  // 2027-01-01
    #expect(try prove(policy, at: end - 15 * 86_400).warnings == [])
    #expect(
      try prove(policy, at: end - 14 * 86_400).warnings.first?.contains(
        "ends with 2026-12-31, in 14 days: w -> y then is refused by isolate") == true)
    #expect(
      try prove(policy, at: end).warnings.first?.contains(
        "ended with 2026-12-31: w -> y is refused by isolate since then") == true)
    let longer = policy + "except w -> y until 2027-12-31 because \"INC-2\"\n"
    #expect(try prove(longer, at: end - 86_400).warnings == [])
    #expect(try prove(longer, at: end).warnings.map { $0.contains("another one holds for w -> y") } == [true])
    let ownerless = policy.replacing("INC-1", with: "seen in the query log: name an owner")
    #expect(try prove(ownerless, at: 0).warnings.first?.contains("nobody answers for this exception") == true)
    let idle = policy.replacing("isolate a b\n", with: "")
    #expect(try prove(idle, at: 0).warnings.first?.contains("lifts nothing") == true)
  }

  @Test func `an exception for many pairs is told of once`() throws {
    let services = (0..<30).map { "service s\($0) { runs-at 10.1.0.\($0) }\n" }.joined()
    let group = "group all " + (0..<30).map { "s\($0)" }.joined(separator: " ") + "\n"
    let idle = services + group + "except all -> all until 2026-12-31 because \"INC-1\"\n"
    let end: UInt32 = 1_798_761_600  // 2027-01-01
    let place = "p.policy:35:1: warning: the exception"
    #expect(
      try prove(idle, at: 0).warnings == [
        "\(place) lifts nothing: s0 -> s0 and 899 more break none of tiers, acyclic and isolate; remove it"
      ])
    #expect(
      try prove(idle, at: end).warnings == [
        "\(place) ended with 2026-12-31: s0 -> s0 and 899 more break no rule; remove it"
      ])
    let tiers = "tiers high > low\ntier low\n" + idle.replacing("10.1.0.7 }", with: "10.1.0.7; tier high }")
    #expect(
      try prove(tiers, at: end).warnings == [
        "p.policy:37:1: warning: the exception ended with 2026-12-31: s7 -> s0, for example, is refused by tiers since then; "
          + "remove it, or agree on another day"
      ])
  }

  @Test func `borders of prefixes part all callers there are`() throws {
    let borders = addressBorders(["10.0.0.0/8", "255.255.255.255", "::/0", "ffff::/16"].compactMap { Prefix($0) })
    #expect(
      borders.map(\.description) == [
        "0.0.0.0", "10.0.0.0", "11.0.0.0", "255.255.255.255", "::", "::1:0:0:0", "ffff::",
      ])
  }
}
