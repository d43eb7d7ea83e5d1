import Diagnostics
import Testing

@testable import Inspection

@Suite("ambit check: services in reach, and rules that do something")
struct ServiceReachTests {
  private let contexts = "origin p.test\ncontext a { from 10.1.0.0/16 }\ncontext b { from 10.2.0.0/16 }\n"

  private func prove(_ zones: [String: String], _ policy: String) throws -> (proof: Proof, warnings: [String]) {
    let loaded = load(zones: zones, policy: contexts + policy)
    let checks = Checks(loaded, at: 0, proves: true)
    return (
      try #require(checks.proof, "\(loaded.diagnostics)"),
      checks.diagnostics.filter { $0.location.file == "p.policy" }.map(\.message)
    )
  }

  @Test func `a service that has a name in another context only is out of reach`() throws {
    let (proof, warnings) = try prove(
      ["p.test.zone": apex, "b/p.test.zone": "only 60 A 192.0.2.1\n"], "service only { allow a }\n")
    #expect(
      warnings == [
        "service only is out of reach: every caller who may call it is in a context where it has no address, as it has in b; give it one there, or allow another caller"
      ])
    #expect(proof.open.contains("some service is out of reach"))
    #expect(!proof.text.contains("service is in reach"))
    let other = try prove(
      ["p.test.zone": apex, "b/p.test.zone": "only 60 A 192.0.2.1\n"], "service only { allow b }\n")
    #expect(other.warnings == [] && other.proof.proved.contains("every service is in reach"))
  }

  @Test func `an endpoint counts in the context where it is, not in another`() throws {
    // In a there is only what a is isolated from; in b, whose callers may not call, there is more.
    let zones = ["p.test.zone": apex + "y A 10.2.0.1\n", "b/p.test.zone": "y 60 A 192.0.2.1\n"]
    let (_, warnings) = try prove(zones, "isolate a b\nservice y { allow a }\n")
    #expect(warnings.count == 1 && warnings[0].contains("every caller who may call it is isolated"), "\(warnings)")
    let excepted = try prove(
      zones, "isolate a b\nservice y { allow a }\nexcept a -> y until 2027-01-31 because x\n")
    #expect(excepted.proof.proved.contains("every service is in reach"))
  }

  @Test func `a service that is in reach only since a rule is observed is doubted`() throws {
    let zones = ["p.test.zone": apex + "y A 10.2.0.1\n"]
    let (proof, warnings) = try prove(zones, "isolate a b\nobserve isolate\nservice y { allow a }\n")
    #expect(proof.proved.contains("every service is in reach"))
    #expect(
      warnings == [
        "service y will be out of reach once isolate (p.policy:4) is enforced, which is only observed now; allow a caller whom it lets, before"
      ])
  }

  @Test func `services without an address are named as such`() throws {
    let zones = ["p.test.zone": apex + "x A 192.0.2.1\nmail MX 5 x\ngone CNAME nowhere\nout CNAME www.example.\n"]
    let (proof, warnings) = try prove(zones, "service x\nservice web { runs-at 10.1.0.5 }\nservice mail\nservice out\n")
    #expect(proof.proved.contains("every service with an address is in reach"))
    #expect(proof.open.contains("no zone has an address of web, mail"))
    #expect(warnings == [])
    let alias = try prove(zones, "service gone\n")
    #expect(alias.warnings.count == 1 && alias.warnings[0].contains("no caller who may call it gets an address"))
  }

  @Test func `a line that the load doubts already is not said to be alive`() throws {
    let zones = ["p.test.zone": apex + "x A 192.0.2.1\n"]
    let policy = "service x { allow * w }\nservice w { runs-at 10.1.0.5 }\n"
    #expect(try prove(zones, policy).warnings.count == 1)
    #expect(try prove(zones, policy).proof.open.contains("1 line of the policy is doubted"))
    #expect(!(try prove(zones, policy).proof.proved.contains("no rule is dead")))
    #expect(try prove(zones, policy.replacing("* w", with: "*")).proof.proved.contains("no rule is dead"))
  }
}
