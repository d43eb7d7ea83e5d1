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
        "forwarded to 192.0.2.54:53, by forward corp.example. in context here  [p.policy:2]"))
    #expect(
      try text("www.example.net.", from: "172.16.0.1").contains(
        "not forwarded, by forward . in context there  [p.policy:3]"))
    #expect(try text("www.example.net.", from: "192.168.0.1").contains("no zone served here has this name"))
  }

  @Test func `what others say is told to be unknown, with the line and a way to ask`() throws {
    let loaded = load("service web { runs-at 10.0.0.9 }\nservice www.example.net. { allow web }\n")
    let snapshot = try #require(loaded.snapshot)
    func explain(_ name: String, from source: String) throws -> Explanation {
      Explanation(try DomainName(name), .a, Asker(try #require(IPAddress(source))), at: 0, loaded, snapshot)
    }
    let alias = try explain("out.example.test.", from: "10.0.0.9")
    #expect(alias.steps.map(\.owner) == ["out.example.test.", "www.example.net."])
    #expect(alias.steps[1].service == "www.example.net.")
    #expect(alias.steps[1].rules.map(\.text) == ["allowed: allow"])
    let unknown = try #require(alias.unknown)
    #expect(
      unknown.map(\.text) == [
        "what 192.0.2.53:53 or 192.0.2.55:5353 says of www.example.net.; from an alias in it on, zones and forward lines "
          + "of the caller's context count",
        "ask the server that runs: dig @127.0.0.1 -p 5300 -b 10.0.0.9 out.example.test. A",
      ])
    #expect(unknown[0].place == "p.policy:4")
    let refused = try explain("www.example.net.", from: "10.0.0.7")
    #expect(refused.decision == "refused")
    #expect(refused.steps[0].rules.first?.text.hasPrefix("allow: refused") == true)
    #expect(refused.unknown?.isEmpty == true)
    #expect(try explain("orders.example.test.", from: "10.0.0.7").unknown?.isEmpty == true)
    let asked = Explanation(
      try DomainName("out.example.test."), .a, Asker(try #require(IPAddress("10.0.0.9"))), at: 0, snapshot
    ) { _ in nil }
    #expect(asked.unknown?.count == nil)
  }

  @Test func `a command to be pasted has the name as one word, whatever is in it`() throws {
    let loaded = load()
    func way(_ name: String) throws -> String? {
      let asker = Asker(try #require(IPAddress("10.0.0.9")))
      return Explanation(try DomainName(name), .a, asker, at: 0, loaded, try #require(loaded.snapshot)).unknown?.last?
        .text
    }
    let dig = "ask the server that runs: dig @127.0.0.1 -p 5300 -b 10.0.0.9 "
    #expect(try way("x$(id).example.net.") == dig + #"'x\$\(id\).example.net.' A"#)
    #expect(try way("x`id`'.example.net.") == dig + #"'x`id`'\''.example.net.' A"#)
    #expect(try way("~.example.net.") == dig + "'~.example.net.' A")
    #expect(try way("-f.example.net.") == dig + "-q -f.example.net. A")
    #expect(try way("@h.example.net.") == dig + #"'\@h.example.net.' A"#)
  }

  @Test func `addresses that are not private need no leave`() {
    func doubts(_ line: String) -> [String] {
      Checks(load(line), at: 0).diagnostics.filter { $0.location.line == 5 }.map(\.description)
    }
    #expect(
      doubts("allow-private 8.8.8.8/32 192.168.7.0/24") == [
        "p.policy:5:15: warning: no address of 8.8.8.8 is private, so all names of others may have it anyway; remove it, or "
          + "write private ones"
      ])
    #expect(doubts("allow-private 2001:db8::/32").count == 1)
    #expect(doubts("allow-private 0.0.0.0/0 fd00::/16 fc00::/6 64:ff9b::a00:0/104 2002:a00::/24 127.0.0.1") == [])
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
