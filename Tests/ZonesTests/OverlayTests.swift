import Testing

@testable import Zones

@Suite("The overlay rule: what each context sees of a name")
struct OverlayTests {
  private let contexts = ["laptop", "prod", "shard-a in prod", "shard-b in prod", "lab sealed", "bench in lab"]

  private func fixture(_ overlays: KeyValuePairs<String, String>, base: String = "") throws -> Fixture {
    try Fixture(
      contexts: contexts, base: zoneHead + "a A 192.0.2.1\n AAAA 2001:db8::1\nb.c A 192.0.2.2\n" + base, overlays)
  }

  @Test func `a name that an overlay mentions is replaced whole, others are inherited`() throws {
    let fixture = try fixture(["laptop": "a 5 A 127.0.0.1\n"])
    #expect(try fixture.data("a.z.test.", in: "laptop") == ["5 A 127.0.0.1"])
    #expect(try fixture.data("b.c.z.test.", in: "laptop") == ["300 A 192.0.2.2"])
    #expect(try fixture.data("a.z.test.", in: "prod") == ["300 A 192.0.2.1", "300 AAAA 2001:db8::1"])
    #expect(try fixture.data("a.z.test.") == ["300 A 192.0.2.1", "300 AAAA 2001:db8::1"])
    #expect(fixture.diagnostics == [])
  }

  @Test func `an inner context inherits from the one around it, then from the base`() throws {
    let fixture = try fixture(["prod": "a 5 A 10.0.0.1\nd 5 A 10.0.0.2\n", "shard-a": "a 5 A 10.0.1.1\n"])
    #expect(try fixture.data("a.z.test.", in: "prod") == ["5 A 10.0.0.1"])
    #expect(try fixture.data("a.z.test.", in: "shard-a") == ["5 A 10.0.1.1"])
    #expect(try fixture.data("a.z.test.", in: "shard-b") == ["5 A 10.0.0.1"])
    #expect(try fixture.data("d.z.test.", in: "shard-a") == ["5 A 10.0.0.2"])
    #expect(try fixture.data("d.z.test.", in: "laptop") == nil)
    #expect(try fixture.data("b.c.z.test.", in: "shard-a") == ["300 A 192.0.2.2"])
  }

  @Test func `a name that has only the signature of an NSEC3 does not exist, also where no NSEC3 is`() throws {
    func signature(_ type: String) -> String {
      "RRSIG \(type) 13 3 300 20300101000000 20200101000000 1 z.test. AAAA\n"
    }
    let hash = String(repeating: "0", count: 32)
    for more in ["", "\(hash) NSEC3 1 0 0 - \(hash) A\n"] {
      let base = "x \(signature("NSEC3"))b.c \(signature("NSEC3"))y \(signature("A"))"
      let fixture = try fixture([:], base: base + more)
      #expect(try fixture.data("x.z.test.") == nil)
      #expect(try fixture.data("b.c.z.test.") != nil)
      #expect(try fixture.data("y.z.test.") != nil)
    }
  }

  @Test(arguments: [3, 16, 17, 18, 40, 300])
  func `each of many contexts gets what its overlay says, and what is the same is there once`(count: Int) throws {
    // Two contexts in three have an address of their own; the others share three, ten in a row, one of them the base's.
    func address(_ context: Int) -> String {
      context % 3 == 0 ? "192.0.2.\(1 + context / 30 % 3)" : "10.0.\(context / 256).\(context % 256)"
    }
    let fixture = try Fixture(
      contexts: (0..<count).map { "k\($0)" }, base: zoneHead + "a A 192.0.2.1\nb A 192.0.2.1\n",
      overlayList: (0..<count).map {
        ("k\($0)", "a 300 A \(address($0))\n" + ($0 < 3 ? "b 300 A \(address($0))\n" : ""))
      })
    var addresses: Set<String> = ["192.0.2.1"]
    for context in 0..<count {
      addresses.insert(address(context))
      #expect(try fixture.data("a.z.test.", in: "k\(context)") == ["300 A \(address(context))"])
      #expect(
        try fixture.data("b.z.test.", in: "k\(context)") == ["300 A \(context < 3 ? address(context) : "192.0.2.1")"])
    }
    #expect(try fixture.data("a.z.test.") == ["300 A 192.0.2.1"])
    // Besides: SOA, NS and the name server's address; two addresses of b other than the base's, and that.
    #expect(fixture.zones[0].recordCount == 3 + addresses.count + 3)
  }

  @Test func `CNAME . hides a name and what is below it`() throws {
    let fixture = try fixture(["prod": "c 5 CNAME .\n"], base: "c A 192.0.2.3\nx.b.c A 192.0.2.4\n")
    for name in ["c", "b.c", "x.b.c"] {
      #expect(try fixture.data("\(name).z.test.", in: "prod") == nil)
      #expect(try fixture.data("\(name).z.test.", in: "shard-b") == nil)
      #expect(try fixture.data("\(name).z.test.", in: "laptop") != nil)
    }
  }

  @Test func `but for what the same overlay mentions, and what an inner one does`() throws {
    let fixture = try fixture(
      ["prod": "c 5 CNAME .\nb.c 5 A 10.0.0.1\n", "shard-a": "y.b.c 5 A 10.0.1.1\n"],
      base: "x.b.c A 192.0.2.4\ny.c A 192.0.2.5\n")
    #expect(try fixture.data("b.c.z.test.", in: "prod") == ["5 A 10.0.0.1"])
    #expect(try fixture.data("c.z.test.", in: "prod") == [])  // an empty non-terminal by then
    #expect(try fixture.data("x.b.c.z.test.", in: "prod") == nil)
    #expect(try fixture.data("y.c.z.test.", in: "prod") == nil)
    #expect(try fixture.data("y.b.c.z.test.", in: "shard-a") == ["5 A 10.0.1.1"])
    #expect(try fixture.data("y.b.c.z.test.", in: "prod") == nil)
  }

  @Test func `CNAME *. empties a name: it exists, and what is below stays`() throws {
    let fixture = try fixture(["prod": "a 5 CNAME *.\nnew 5 CNAME *.\nc 5 CNAME *.\n"])
    for name in ["a", "new", "c"] { #expect(try fixture.data("\(name).z.test.", in: "shard-a") == []) }
    #expect(try fixture.data("b.c.z.test.", in: "prod") == ["300 A 192.0.2.2"])
    #expect(try fixture.data("new.z.test.", in: "laptop") == nil)
  }

  @Test func `a marker is a lone CNAME, of these two names only`() throws {
    let fixture = try fixture(["prod": "a 5 CNAME *.z.test.\n", "laptop": "a 5 CNAME b.\n"])
    #expect(try fixture.data("a.z.test.", in: "prod") == ["5 CNAME *.z.test."])
    #expect(try fixture.data("a.z.test.", in: "laptop") == ["5 CNAME b."])
  }

  @Test func `the apex inherits SOA and NS into an overlay that has neither`() throws {
    let fixture = try fixture(
      ["prod": "@ 5 A 10.0.0.1\n", "shard-a": "@ 5 TXT \"shard\"\n", "shard-b": "@ 5 NS other.\n"],
      base: "@ A 192.0.2.9\n")
    let soa = "300 SOA ns.z.test. hostmaster.z.test. 1 3600 600 86400 60"
    #expect(try fixture.data("z.test.", in: "prod") == ["300 NS ns.z.test.", soa, "5 A 10.0.0.1"])
    #expect(try fixture.data("z.test.", in: "shard-a") == ["300 NS ns.z.test.", soa, "5 TXT \"shard\""])
    #expect(try fixture.data("z.test.", in: "shard-b") == [soa, "5 NS other."])
    #expect(try fixture.data("z.test.", in: "laptop") == ["300 A 192.0.2.9", "300 NS ns.z.test.", soa])
  }

  @Test func `a sealed context inherits the apex and nothing else`() throws {
    let fixture = try fixture(["lab": "own 5 A 10.9.0.1\n", "bench": "own 5 A 10.9.1.1\nmore 5 A 10.9.1.2\n"])
    #expect(try fixture.data("z.test.", in: "lab")?.count == 2)
    #expect(try fixture.data("a.z.test.", in: "lab") == nil && fixture.data("ns.z.test.", in: "bench") == nil)
    #expect(try fixture.data("own.z.test.", in: "lab") == ["5 A 10.9.0.1"])
    #expect(try fixture.data("own.z.test.", in: "bench") == ["5 A 10.9.1.1"])
    #expect(try fixture.data("more.z.test.", in: "lab") == nil && fixture.data("own.z.test.", in: "prod") == nil)
  }

  @Test func `what is sealed inside an overlay's context inherits that overlay's apex`() throws {
    let fixture = try Fixture(
      contexts: ["prod", "vault in prod sealed", "deep in vault sealed"], base: zoneHead, ["prod": "@ 5 A 10.0.0.1\n"])
    #expect(try fixture.data("z.test.", in: "vault")?.contains("5 A 10.0.0.1") == true)
    #expect(try fixture.data("z.test.", in: "deep") == fixture.data("z.test.", in: "vault"))
    #expect(try fixture.data("ns.z.test.", in: "deep") == nil)
  }

  @Test func `empty non-terminals are those of the context`() throws {
    let fixture = try fixture(["prod": "x.y 5 A 10.0.0.1\nb.c 5 CNAME .\n", "shard-a": "x.y 5 CNAME .\n"])
    #expect(try fixture.data("y.z.test.", in: "prod") == [])
    #expect(try fixture.data("y.z.test.", in: "shard-b") == [])
    #expect(try fixture.data("y.z.test.", in: "shard-a") == nil)
    #expect(try fixture.data("y.z.test.", in: "laptop") == nil)
    #expect(try fixture.data("c.z.test.", in: "prod") == nil)
    #expect(try fixture.data("c.z.test.", in: "laptop") == [])
  }

  @Test func `a zone of one context alone`() throws {
    let fixture = try Fixture(contexts: contexts, base: nil, ["prod": zoneHead + "a A 10.0.0.1\n"])
    #expect(try fixture.data("a.z.test.", in: "shard-a") == ["300 A 10.0.0.1"])
    #expect(try fixture.data("z.test.", in: "laptop") == nil && fixture.data("z.test.") == nil)
    #expect(fixture.diagnostics == [])
  }
}
