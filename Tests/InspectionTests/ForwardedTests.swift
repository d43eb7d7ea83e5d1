import Addresses
import Answering
import DNSFormat
import Testing

@testable import Inspection

@Suite("Names that others answer for are told as such")
struct ForwardedTests {
  private static let policy = """
    origin example.test
    context here { from 10.0.0.0/8; forward corp.example 192.0.2.54 }
    context there { from 172.16.0.0/12; forward . off }
    forward . 192.0.2.53 192.0.2.55:5353

    """
  private static let zone = apex + "out CNAME www.example.net.\norders A 10.1.1.1\n"

  private func load(_ more: String = "", policy: String = policy) -> LoadedConfiguration {
    InspectionTests.load(zones: ["example.test.zone": Self.zone], policy: policy + more)
  }

  @Test func `explain says by which line and to whom`() throws {
    let loaded = load()
    func text(_ name: String, from source: String) throws -> String {
      Explanation(
        try DomainName(name), .a, Asker(try #require(IPAddress(source))), at: 0, loaded, try #require(loaded.snapshot)
      ).text
    }
    let here = try text("www.example.net.", from: "10.0.0.7")
    #expect(
      here.contains(
        "data      no zone of ours answers: forwarded to 192.0.2.53:53, 192.0.2.55:5353, by forward .  [p.policy:4]"))
    #expect(here.contains("decision  forwarded\n"))
    #expect(here.contains("response  what the server says that is asked\n"))
    #expect(
      try text("a.corp.example.", from: "10.0.0.7").contains(
        "forwarded to 192.0.2.54:53, by forward corp.example.  [p.policy:2]"))
    #expect(try text("www.example.net.", from: "172.16.0.1").contains("not forwarded, by forward .  [p.policy:3]"))
    #expect(try text("www.example.net.", from: "192.168.0.1").contains("no zone served here has this name"))
  }

  @Test(arguments: [
    "expect from 10.0.0.2 www.example.net. -> forwarded",
    "expect from 10.0.0.2 www.example.net. AAAA -> forwarded 192.0.2.53",
    "expect from 10.0.0.2 www.example.net. -> forwarded 192.0.2.55:5353 192.0.2.53:53",
    "expect from 10.0.0.2 x.corp.example. -> forwarded 192.0.2.54",
    "expect from 10.0.0.2 localhost. -> 127.0.0.1",
    "expect from 10.0.0.2 1.1.1.10.in-addr.arpa. PTR -> orders",
    "expect from 172.16.0.2 www.example.net. -> refused",
    "expect from 192.168.0.2 www.example.net. -> refused placement",
  ])
  func `an expect line that holds`(line: String) {
    #expect(Checks(load(line), at: 0).diagnostics.filter { $0.severity == .error }.map(\.description) == [])
  }

  @Test func `an expect line that does not hold, or is no line`() {
    func first(_ line: String) -> String? {
      Checks(load(line), at: 0).diagnostics.first { $0.severity == .error }?.description
    }
    #expect(
      first("expect from 10.0.0.2 www.example.net. -> forwarded 192.0.2.54")
        == "p.policy:5:1: error: expected www.example.net. A from 10.0.0.2 -> forwarded 192.0.2.54, but the answer is "
        + "forwarded 192.0.2.53:53 192.0.2.55:5353, by forward . at p.policy:4; mend the zone or the policy, or this line"
    )
    #expect(
      first("expect from 10.0.0.2 www.example.net. -> forwarded somewhere")
        == "p.policy:5:52: error: \"somewhere\" is no address of a server; write for example forwarded 192.0.2.53")
  }

  @Test func `diff tells lines that are other, and answers that are others' now`() throws {
    let old = load(),
      new = load(
        "forward-cache 1MiB stale off\nlocal-zones off\nallow-private corp.example",
        policy: Self.policy.replacing("corp.example 192.0.2.54", with: "corp.example 192.0.2.99"))
    let found = Differences(old, try #require(old.snapshot), new, try #require(new.snapshot), at: 0)
    let texts = found.causes.map(\.text)
    #expect(texts.contains("forward corp.example. in here: 192.0.2.54:53 → 192.0.2.99:53"))
    #expect(
      texts.contains(
        "forward-cache: 32MiB, ttl 86400 s, negative 3600 s, stale 86400 s → 1MiB, ttl 86400 s, negative 3600 s, stale off"
      ))
    #expect(texts.contains("allow-private: nothing → corp.example."))
    #expect(texts.contains("local-zones: on → off"))
  }
}
