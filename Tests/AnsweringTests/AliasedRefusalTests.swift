import Testing

@testable import Answering

@Suite("A refusal along an alias's chain is about the name that caused it")
struct AliasedRefusalTests {
  private static let zone = zoneHead + "a CNAME b\nb CNAME c\nc A 10.9.1.1\nwww CNAME far\nfar A 10.8.1.1\n"
  private static let policy = """
    origin i.test
    context here { from 10.9.0.0/16 }
    context there { from 10.8.0.0/16 }
    isolate here there

    """

  @Test func `isolate refuses as the deny-as of the service it is about says`() throws {
    let fixture = try Fixture(policy: Self.policy + "service far { deny-as nxdomain }\n", ["i.test.zone": Self.zone])
    for name in ["far.i.test.", "www.i.test."] {
      let reply = try fixture.ask(name, from: "10.9.0.1")
      #expect(reply.rcode == "NXDOMAIN" && reply.ede?.hasPrefix("15 ") == true, "\(name)")
    }
  }

  @Test func `mode observe tells the first rule with its own service`() throws {
    let fixture = try Fixture(
      policy: Self.policy + "mode observe\nservice a { refuse * }\nservice b { refuse * }\n",
      ["i.test.zone": Self.zone])
    let outcome = try fixture.ask("a.i.test.", from: "10.9.0.1").outcome
    let refusal = try #require(outcome.refusal)
    #expect(fixture.snapshot.policy.text(of: refusal, outcome).hasPrefix("a caller in here may not call a: refuse"))
    #expect(outcome.isOnlyObserved && outcome.decision == .answered)
  }

  @Test func `an isolated address at the apex does not take SOA and NS away`() throws {
    let fixture = try Fixture(policy: Self.policy, ["i.test.zone": zoneHead + "@ A 10.8.1.1\n"])
    #expect(try fixture.ask("i.test.", .soa, from: "10.9.0.1").answer.count == 1)
    #expect(try fixture.ask("i.test.", .ns, from: "10.9.0.1").answer.count == 1)
    #expect(try fixture.ask("i.test.", .a, from: "10.9.0.1").rcode == "REFUSED")
    #expect(try fixture.ask("i.test.", .aaaa, from: "10.9.0.1").rcode == "REFUSED")
  }

  @Test(arguments: [[], [0x12, 0x34], [UInt8](repeating: 0, count: 12), [UInt8](repeating: 0xff, count: 40)])
  func `who is in no context gets silence to anything under deny-as drop`(octets: [UInt8]) throws {
    let fixture = try Fixture(policy: Self.policy + "deny-as drop\n", ["i.test.zone": Self.zone])
    #expect(try fixture.send(octets, from: "198.51.100.1").octets.isEmpty)
    #expect(try fixture.send(query("i.test.", .soa), from: "198.51.100.1").octets.isEmpty)
    var unknown = try query("i.test.", .soa)
    unknown[2] = 0x28  // opcode 5
    #expect(try fixture.send(unknown, from: "198.51.100.1").octets.isEmpty)
    #expect(try fixture.send(unknown, from: "10.9.0.1").rcode == "NOTIMP")
  }
}
