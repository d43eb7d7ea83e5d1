import Addresses
import DNSFormat
import Testing

@testable import Policy

@Suite("DESIGN §2: what users write")
struct LanguageTests {
  @Test func `the design's example reads clean`() throws {
    let policy = try example().policy
    #expect(policy.origin?.description == "mesh.test.")
    #expect(policy.listens.map(\.address.description) == ["127.0.0.1:5300", "[::1]:5300", "127.0.0.54:53"])
    #expect(policy.listens.map(\.context) == [nil, nil, policy.contexts.number(of: "test")])
    #expect(!policy.isListenDefaulted)
    #expect(policy.contexts.nodes.map(\.name) == ["", "laptop", "test", "prod", "shard-a", "shard-b"])
    #expect(policy.contextDetails[1].mode == .observe)
    #expect(policy.contextDetails[1].denyAs == DenyAs(.nxdomain))
    #expect(
      policy.services.map(\.name.description) == ["web", "checkout", "batch", "orders"].map { "\($0).mesh.test." })
    #expect(policy.services[3].allows.map(\.subject) == [.service(0), .service(1)])
    #expect(policy.services[3].refuses.map(\.subject) == [.service(2)])
    #expect(policy.services[3].refuses.map(\.location.description) == ["zones/orders.policy:5:13"])
    #expect(policy.isolations.map(\.contexts) == [[1, 2, 3], [4, 5]])
    #expect(policy.isolations[0].pairs.map { [$0.a, $0.b] } == [[1, 2], [1, 3], [2, 3]])
    #expect(policy.expectations.map(\.name.description) == ["orders.mesh.test.", "batch-db.mesh.test."])
    #expect(policy.expectations.map(\.typeText) == ["A", "A"])
    #expect(policy.expectations[1].outcome.map(\.text) == ["refused", "isolate"])
  }

  @Test func `no files are a policy`() throws {
    let (policy, diagnostics) = Policy.read([])
    #expect(diagnostics.isEmpty)
    #expect(policy?.isListenDefaulted == true)
    #expect(policy?.listens.map(\.address.description) == ["127.0.0.1:5300", "[::1]:5300"])
    #expect(policy?.mode == .enforce)
  }

  @Test func `line ends, a mark at the start and commas do not matter`() throws {
    let text =
      "\u{feff}origin mesh.test\r\ncontext a { from 10.0.0.0/8,10.1.0.0/16 , ::1 }#x\r\n\r\nisolate a, b;;context b"
    let policy = try policy(text)
    #expect(policy.contextDetails[1].from.map(\.prefix.description) == ["10.0.0.0/8", "10.1.0.0/16", "::1"])
    #expect(policy.isolations.map(\.contexts) == [[1, 2]])
  }

  @Test func `a quoted word keeps its spaces, and words know of commas`() throws {
    let policy = try policy(#"expect from ::1 a. TXT -> "a # { } ; b" "\" -> c", d"#)
    #expect(
      policy.expectations.first?.outcome.map { "\($0.text)|\($0.isQuoted)|\($0.followsComma)" }
        == ["a # { } ; b|true|false", #"\" -> c|true|false"#, "d|false|true"])
  }

  @Test func `an origin holds for what follows it in its file`() throws {
    let (policy, diagnostics) = read(
      ("a.policy", "service one; origin a.test; service two"), ("ambit.policy", "origin mesh.test"),
      ("b.policy", "service @; service abs.example."))
    #expect(diagnostics.isEmpty)
    #expect(
      policy?.services.map(\.name.description) == ["one.mesh.test.", "two.a.test.", "mesh.test.", "abs.example."])
    #expect(policy?.origin?.description == "mesh.test.")
  }

  @Test func `without ambit.policy's, the first origin of any file holds`() throws {
    let (policy, diagnostics) = read(("a.policy", "service one"), ("b.policy", "origin b.test"))
    #expect(diagnostics.isEmpty)
    #expect(policy?.services.first?.name.description == "one.b.test.")
  }

  @Test func `contexts and services may be named before they are declared`() throws {
    let (policy, diagnostics) = read(
      ("a.policy", "origin t; service s { allow u prod }; context shard in prod; isolate shard laptop"),
      ("b.policy", "context laptop; context prod; service u.t."))
    #expect(diagnostics.isEmpty)
    #expect(policy?.contexts.nodes.map(\.name) == ["", "laptop", "prod", "shard"])
    #expect(policy?.services.first?.allows.map(\.subject) == [.service(1), .context(2)])
    #expect(policy?.isolations.map(\.contexts) == [[3, 1]])
  }

  @Test func `times, ttl and logs are read`() throws {
    let policy = try policy(
      """
      deny-as nodata ttl 30
      metrics-log "my log.jsonl" every 60s
      service a. { deny-as nxdomain ttl 2s }
      """)
    #expect(policy.denyAs == DenyAs(.nodata, ttl: 30))
    #expect(policy.metricsLog?.path == "my log.jsonl")
    #expect(policy.metricsLog?.interval == 60)
    #expect(policy.services.first?.denyAs == DenyAs(.nxdomain, ttl: 2))
    let off = try #require(try Policy.read([("p", Array("metrics-log off".utf8))]).policy.orThrow().metricsLog)
    #expect(off.path == nil)
  }

  @Test func `errors of all files come at once, in order of place`() {
    let found = read(("b.policy", "mode x"), ("a.policy", "isolate p q\nmode y")).diagnostics
    #expect(found.map(\.location.description) == ["a.policy:1:9", "a.policy:1:11", "a.policy:2:6", "b.policy:1:6"])
    #expect(read(("b.policy", "mode x")).policy == nil)
  }

  @Test func `a warning leaves the policy usable`() {
    let (policy, diagnostics) = read(("p", "context a { from 10.0.0.1/8 }"))
    #expect(diagnostics.count == 1)
    #expect(policy != nil)
  }

  @Test func `every statement has a usage that begins with its keyword`() {
    for spec in StatementSpec.table {
      #expect(spec.usage.hasPrefix(spec.keyword))
    }
  }

  @Test(arguments: ["};", "{", "\"\n", "contxt a\n", "context a\n", "allow ", "\0", "\\", "a{", "isolate x y\n"])
  func `much of the same is bounded in what is said of it`(unit: String) {
    let count = 200_000 / unit.utf8.count
    let (policy, diagnostics) = read(("p", String(repeating: unit, count: count)))
    #expect(policy == nil)
    #expect(diagnostics.count <= DiagnosticList.limit + 1)
  }

  @Test func `a chain of contexts that is too deep is an error`() {
    let chain = (1..<10_000).map { "context c\($0) in c\($0 - 1)" }
    let found = read(("p", (["context c0"] + chain).joined(separator: "\n"))).diagnostics
    #expect(
      found.first?.description
        == "p:65:9: error: context \"c64\" is more than 64 contexts deep; put it higher up")
  }

  @Test func `more contexts than there are numbers for are an error`() {
    let found = read(("p", (0...4096).map { "context c\($0)" }.joined(separator: "\n"))).diagnostics
    #expect(found.map(\.description) == ["p:4096:9: error: there are more than 4095 contexts; use fewer"])
  }
}
