import Addresses
import DNSFormat
import TestSupport
import Testing

@testable import Answering

@Suite("Private addresses of our names are answered for in reverse, as the caller's context sees them")
struct ReverseZoneTests {
  private let head = "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns A 192.0.2.1\n"

  private func names(_ address: String, _ fixture: Fixture, from source: String = "127.0.0.1") throws -> [String] {
    let name = DomainName(validWire: try #require(IPAddress(address)).reverseName)
    return try fixture.ask(name.description, .ptr, from: source).data
  }

  @Test func `an address has the names that have it, public ones none`() throws {
    let fixture = try Fixture(
      policy: "reverse-zones on",
      [
        "mesh.test.zone": head
          + "a 30 A 10.0.0.7\na A 10.0.0.8\nb 20 A 10.0.0.7\nb AAAA fd00::7\nc A 8.8.8.8\n*.w A 10.0.0.9\n"
      ])
    #expect(try names("10.0.0.7", fixture) == ["a.mesh.test.", "b.mesh.test."])
    #expect(try names("10.0.0.8", fixture) == ["a.mesh.test."])
    #expect(try names("fd00::7", fixture) == ["b.mesh.test."])
    #expect(try names("192.0.2.1", fixture) == ["ns.mesh.test."])
    #expect(try fixture.ask("8.8.8.8.in-addr.arpa.", .ptr).rcode == "REFUSED")
    #expect(try fixture.ask("9.0.0.10.in-addr.arpa.", .ptr).rcode == "NXDOMAIN")
    #expect(try fixture.ask("0.0.10.in-addr.arpa.", .ptr).rcode == "NOERROR")
    #expect(try fixture.ask("7.0.0.10.in-addr.arpa.", .ptr).answer.allSatisfy { $0.contains(" 20 PTR ") })
    #expect(try Fixture(policy: "", ["mesh.test.zone": head]).snapshot.zones.all.count == 1)
    #expect(
      try Fixture(policy: "forward . 192.0.2.53\nreverse-zones off", ["mesh.test.zone": head])
        .ask("1.2.0.192.in-addr.arpa.", .ptr).rcode == "NXDOMAIN")
  }

  @Test func `what a zone cut hides has none, and a written reverse zone comes before`() throws {
    let fixture = try Fixture(
      policy: "reverse-zones on",
      [
        "mesh.test.zone": head + "sub NS ns.sub\nns.sub A 10.0.0.5\na A 10.1.0.5\nb A 10.2.0.5\n",
        "1.10.in-addr.arpa.zone": head + "5.0 PTR written.test.\n",
      ])
    #expect(try names("10.0.0.5", fixture) == [])
    #expect(try names("10.1.0.5", fixture) == ["written.test."])
    #expect(try names("10.2.0.5", fixture) == ["b.mesh.test."])
  }

  @Test func `a context sees its own names, and of isolated contexts' endpoints nothing`() throws {
    let fixture = try Fixture(
      policy: """
        reverse-zones on
        context test { from 10.20.0.0/16 }
        context prod { from 10.30.0.0/16 }
        context shard in prod { from 10.30.1.0/24 }
        context vault { from 10.40.0.0/16; sealed }
        isolate test prod
        """,
      [
        "mesh.test.zone": head + "orders A 10.20.0.1\norders A 10.30.0.1\nboth A 10.50.0.1\n",
        "prod/mesh.test.zone": "both A 10.50.0.2\n", "shard/mesh.test.zone": "orders A 10.30.1.9\nboth CNAME .\n",
        "vault/mesh.test.zone": "safe A 10.40.0.1\n",
      ])
    let sources = ["10.20.0.9", "10.30.0.9", "10.30.1.99", "10.40.0.9"]
    func seen(_ address: String) throws -> [[String]] { try sources.map { try names(address, fixture, from: $0) } }
    #expect(try seen("10.20.0.1") == [["orders.mesh.test."], [], [], []])
    #expect(try seen("10.30.0.1") == [[], ["orders.mesh.test."], [], []])
    #expect(try seen("10.30.1.9") == [[], [], ["orders.mesh.test."], []])
    #expect(try seen("10.50.0.1") == [["both.mesh.test."], [], [], []])
    #expect(try seen("10.50.0.2") == [[], ["both.mesh.test."], [], []])
    #expect(try seen("10.40.0.1") == [[], [], [], ["safe.mesh.test."]])
    let hidden = try fixture.ask("1.0.30.10.in-addr.arpa.", .ptr, from: "10.20.0.9")
    #expect(hidden.rcode == "NXDOMAIN" && hidden.authority.count == 1 && hidden.isAuthoritative)
  }

  /// Every address of every name, by asking each context for each: the judge.
  @Test(arguments: 0..<12 as Range<UInt64>)
  func `any overlays: PTR records are the A records turned round`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var policy = "reverse-zones on\n"
    var zones: [(String, String)] = []
    let contexts = 7
    func data() -> String {
      var text = ""
      for name in 0..<6 where Bool.random(using: &random) {
        if Int.random(in: 0..<5, using: &random) == 0 {
          text += "n\(name) CNAME .\n"
          continue
        }
        for address in Set((0..<2).map { _ in Int.random(in: 1..<6, using: &random) }).sorted() {
          text += "n\(name) A 10.200.0.\(address)\n"
        }
      }
      return text
    }
    for number in 1...contexts {
      let parent = Int.random(in: 0..<number, using: &random)
      let isSealed = Int.random(in: 0..<5, using: &random) == 0
      policy +=
        "context c\(number)\(parent == 0 ? "" : " in c\(parent)") { from 10.\(number).0.0/16\(isSealed ? "; sealed" : "") }\n"
      zones.append(("c\(number)/mesh.test.zone", data()))
    }
    let base = data().split(separator: "\n").filter { !$0.contains("CNAME") }.joined(separator: "\n") + "\n"
    zones.append(("mesh.test.zone", head + base))
    let fixture = try Fixture(policy: policy, files: zones)
    for context in 1...contexts {
      let source = "10.\(context).0.1"
      var right: [Int: [String]] = [:]
      for name in 0..<6 {
        for address in try fixture.ask("n\(name).mesh.test.", .a, from: source).data {
          right[try #require(Int(address.split(separator: ".")[3])), default: []].append("n\(name).mesh.test.")
        }
      }
      for address in 1..<6 {
        #expect(try names("10.200.0.\(address)", fixture, from: source) == right[address, default: []], "c\(context)")
      }
    }
  }

  @Test func `a reverse name is read as the address it is made of`() throws {
    for text in ["10.0.0.7", "192.168.255.1", "0.0.0.0", "fd00::7", "2001:db8:1:2:3:4:5:6", "::"] {
      let address = try #require(IPAddress(text))
      var key = NameKey()
      key.load(DomainName(validWire: address.reverseName))
      #expect(key.reversedAddress == address)
    }
    for text in [
      "256.0.0.10.in-addr.arpa.", "01.0.0.10.in-addr.arpa.", "a.0.0.10.in-addr.arpa.", "0.0.10.in-addr.arpa.",
    ] {
      var key = NameKey()
      key.load(try DomainName(text))
      #expect(key.reversedAddress == nil)
    }
  }
}
