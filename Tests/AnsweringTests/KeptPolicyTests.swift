import Addresses
import Contexts
import DNSFormat
import Diagnostics
import Policy
import TestSupport
import Testing
import ZoneFile
import Zones

@testable import Answering

@Suite("A reload takes over a policy of which nothing has changed, and no other")
struct KeptPolicyTests {
  // MARK: - A configuration in memory

  /// Files as the system has them: paths lead to files, several to one where they are links.
  private struct Disk {
    struct File: Equatable {
      var text: String
      var number: UInt64
    }
    var files: [UInt64: File] = [:]
    var paths: [String: UInt64] = [:]
    /// Folders that cannot be listed, and why.
    var shut: [String: String] = [:]
    /// Paths of which the system does not say which file they lead to.
    var unknown: Set<String> = []
    var users: [String: UInt32] = ["web": 33]
    private var next: UInt64 = 1

    mutating func write(_ path: String, _ text: String) {
      if let file = paths[path] {
        files[file]?.text = text
      } else {
        replace(path, text)
      }
    }

    /// Puts another file in the place of the one there.
    mutating func replace(_ path: String, _ text: String) {
      files[next] = File(text: text, number: next + 1000)
      paths[path] = next
      next += 1
    }

    func text(_ path: String) -> String? { paths[path].flatMap { files[$0]?.text } }

    /// What reading a policy can see of it, however its files are numbered.
    var seen: [String] {
      let policies = paths.keys.filter { $0.hasSuffix(".policy") || $0.hasPrefix("inc/") }.sorted()
      return policies.map { path in
        let same = policies.filter { paths[$0] == paths[path] }
        return "\(path) \(same) \(text(path) ?? "")"
      } + shut.map { "\($0) \($1)" }.sorted() + users.map { "\($0) \($1)" }.sorted()
    }

    func configuration(_ opened: @escaping (String) -> Void = { _ in }) -> ConfigurationFiles {
      let own = paths.keys.filter { !$0.contains("/") }.sorted()
      var configuration = ConfigurationFiles(
        policies: own.filter { $0.hasSuffix(".policy") }.map { ($0, Array((text($0) ?? "").utf8)) },
        zones: own.filter { $0.hasSuffix(".zone") }.map {
          .init(path: $0, origin: String($0.dropLast(5)), context: nil)
        }
      ) { path in
        guard let text = text(path) else { return .failure(.init(reason: "no such file or directory")) }
        opened(path)
        return .success(Array(text.utf8))
      }
      configuration.list = { path in
        if let reason = shut[path] { return .failure(.init(reason: reason)) }
        let names = paths.keys.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.utf8.count + 1)) }
        return names.isEmpty ? nil : .success(names.filter { !$0.contains("/") }.sorted())
      }
      configuration.status = { path in
        if unknown.contains(path) { return nil }
        return paths[path].flatMap { files[$0] }.map { .init(identity: [1, $0.number], isOpenToOthers: false) }
      }
      return configuration
    }

    func load(takingOver kept: KeptZones? = nil) -> LoadedConfiguration {
      SnapshotBuilder.build(
        configuration(), seed: 1, server: ServerFacts(userNumber: { users[$0] }), keepsZones: true, takingOver: kept)
    }

    /// Loads again; whatever is taken over, what comes of it is what a first load gives, and what was read is too.
    func reload(_ before: LoadedConfiguration) -> LoadedConfiguration {
      var (again, anew): (Set<String>, Set<String>) = ([], [])
      let server = ServerFacts(userNumber: { users[$0] })
      let after = SnapshotBuilder.build(
        configuration { again.insert($0) }, seed: 1, server: server, keepsZones: true, takingOver: before.kept)
      let fresh = SnapshotBuilder.build(
        configuration { anew.insert($0) }, seed: 1, server: server, keepsZones: true)
      #expect(again == anew)
      #expect(after.diagnostics.map(\.description) == fresh.diagnostics.map(\.description))
      #expect(after.isNamed == fresh.isNamed)
      #expect(after.brokenZones == fresh.brokenZones)
      #expect((after.snapshot == nil) == (fresh.snapshot == nil))
      // A compiled policy has the policy with it that it was made of.
      #expect(
        after.snapshot.map { String(reflecting: $0.policy.policy) }
          == fresh.snapshot.map { String(reflecting: $0.policy.policy) })
      #expect(after.snapshot?.zones.zones.map(\.recordCount) == fresh.snapshot?.zones.zones.map(\.recordCount))
      return after
    }
  }

  private static let disk = {
    var disk = Disk()
    disk.write("a.test.zone", "$TTL 60\n@ SOA ns h 1 3600 600 86400 5\n@ NS ns\nns A 192.0.2.53\nweb A 192.0.2.1\n")
    disk.write("p.policy", "origin a.test\ncontext in { from 10.0.0.0/8 }\ninclude inc/one\ninclude inc/all\n")
    disk.write("inc/one", "service web { uid web; allow in }\n")
    disk.write("inc/all/x.policy", "service ns { allow web }\n")
    disk.write("inc/all/readme", "")
    return disk
  }()

  private func isTakenOver(_ before: LoadedConfiguration, _ after: LoadedConfiguration) -> Bool {
    before.snapshot != nil && before.snapshot?.policy === after.snapshot?.policy
  }

  // MARK: - What counts

  @Test func `where nothing has changed, or only which files hold the same, it is taken over, time and again`() throws {
    var disk = Self.disk
    var load = disk.load()
    #expect(load.diagnostics.isEmpty)
    for path in [nil, "a.test.zone", "p.policy", "inc/one", "inc/all/x.policy"] {
      if let path { disk.replace(path, try #require(disk.text(path))) }
      let next = disk.reload(load)
      #expect(isTakenOver(load, next))
      load = next
    }
  }

  private static let edits: [(String, @Sendable (inout Disk) -> Void)] = [
    ("a text", { $0.write("p.policy", ($0.text("p.policy") ?? "") + "default refuse\n") }),
    (
      "a text of the same size",
      { $0.write("p.policy", ($0.text("p.policy") ?? "").replacing("10.0.0.0", with: "11.0.0.0")) }
    ),
    ("one more text", { $0.write("q.policy", "default refuse\n") }),
    ("an empty one", { $0.write("q.policy", "") }),
    (
      "a text's name",
      {
        $0.replace("q.policy", $0.text("p.policy") ?? "")
        $0.paths["p.policy"] = nil
      }
    ),
    ("an included text", { $0.write("inc/one", "service web { allow * }\n") }),
    ("an included text in another file", { $0.replace("inc/one", "service web { allow * }\n") }),
    ("no included text", { $0.paths["inc/one"] = nil }),
    ("a text in the folder", { $0.write("inc/all/x.policy", "service ns { refuse web }\n") }),
    ("one more in the folder", { $0.write("inc/all/y.policy", "service mail\n") }),
    ("one that is passed over", { $0.write("inc/all/y.polcy", "service mail\n") }),
    (
      "a name in the folder",
      {
        $0.replace("inc/all/z.policy", "")
        $0.paths["inc/all/x.policy"] = nil
      }
    ),
    (
      "a folder that is none any more",
      {
        $0.paths["inc/all/x.policy"] = nil
        $0.paths["inc/all/readme"] = nil
      }
    ),
    ("a file that is a folder now", { $0.write("inc/one/x.policy", "service web { allow in }\n") }),
    ("a folder that cannot be read", { $0.shut["inc/all"] = "permission denied" }),
    ("two paths to one file", { $0.paths["inc/all/x.policy"] = $0.paths["inc/one"] }),
    ("a path to a file that is read anyway", { $0.paths["inc/one"] = $0.paths["p.policy"] }),
    ("a user's number", { $0.users["web"] = 34 }),
    ("no such user", { $0.users = [:] }),
  ]

  @Test(arguments: edits.indices) func `with any change it is read anew`(edit: Int) {
    var disk = Self.disk
    let first = disk.load()
    Self.edits[edit].1(&disk)
    let next = disk.reload(first)
    #expect(!isTakenOver(first, next), "\(Self.edits[edit].0)")
    // And what was read then is what the load after that may take over.
    if next.kept != nil { #expect(isTakenOver(next, disk.reload(next))) }
    #expect(isTakenOver(first, Self.disk.reload(first)))
  }

  @Test func `two texts alike in two files are not one file`() {
    var disk = Self.disk
    disk.write("inc/two", "")
    disk.write("p.policy", "origin a.test\ninclude inc/one\ninclude inc/two\n")
    disk.write("inc/one", "")
    let first = disk.load()
    #expect(first.diagnostics.isEmpty)
    disk.paths["inc/two"] = disk.paths["inc/one"]
    let second = disk.reload(first)
    #expect(second.diagnostics.contains { $0.message.contains("is included already") })
    disk.replace("inc/two", "")
    #expect(isTakenOver(first, disk.reload(first)))
  }

  @Test func `two paths whose file was not known are one file once it is`() {
    var disk = Self.disk
    disk.write("p.policy", "origin a.test\ninclude inc/one\ninclude inc/two\n")
    disk.write("inc/one", "")
    disk.paths["inc/two"] = disk.paths["inc/one"]
    disk.unknown = ["inc/one", "inc/two"]
    let first = disk.load()
    #expect(first.diagnostics.isEmpty)
    disk.unknown = []
    #expect(disk.reload(first).diagnostics.contains { $0.message.contains("is included already") })
    disk.unknown = ["inc/one"]
    #expect(!isTakenOver(first, disk.reload(first)))
  }

  @Test func `two names of one file in the folder itself may come to be two files`() {
    var disk = Self.disk
    disk.write("q.policy", "")
    disk.paths["r.policy"] = disk.paths["q.policy"]
    let first = disk.load()
    #expect(first.diagnostics.isEmpty)
    disk.replace("r.policy", "")
    #expect(isTakenOver(first, disk.reload(first)))
    disk.paths["inc/all/x.policy"] = disk.paths["r.policy"]
    #expect(!isTakenOver(first, disk.reload(first)))
  }

  @Test func `the policy of a load is kept whose zones are broken`() {
    var disk = Self.disk
    disk.write("a.test.zone", "web A 192.0.2\n")
    let first = disk.load()
    #expect(first.brokenZones.map(\.description) == ["a.test."])
    #expect(isTakenOver(first, disk.reload(first)))
  }

  // MARK: - Any row of changes

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `any row of edits, good and bad, leaves what a first load reads`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var disk = Self.disk
    var load = disk.load()
    var seen = disk.seen
    var (taken, failed) = (0, 0)
    for _ in 0..<min(rounds(150), 1000) {
      for _ in 0..<random.number(0...2) { change(&disk, &random) }
      let next = disk.reload(load)
      if disk.seen == seen { #expect(isTakenOver(load, next) || next.snapshot == nil) }
      if isTakenOver(load, next) { taken += 1 }
      if next.snapshot == nil { failed += 1 }
      // As the server does: what is not taken into service leaves nothing, and the kept load stays that of before.
      if next.snapshot != nil { (load, seen) = (next, disk.seen) }
      if random.chance(20) {
        disk = Self.disk
      }
    }
    #expect(taken > 0 && failed > 0)
  }

  private func change(_ disk: inout Disk, _ random: inout SeededGenerator) {
    let paths = ["p.policy", "q.policy", "inc/one", "inc/two", "inc/all/x.policy", "inc/all/y.policy", "a.test.zone"]
    let path = paths.randomElement(using: &random) ?? ""
    let texts = [
      "", "service web { uid web }\n", "service web { allow in }\n", "service mail { uid app }\n", "include inc/two\n",
      "default refuse\n", "context out { from 192.0.2.0/24 }\n", "service web { alow in }\n", "origin a.test\n",
      Self.disk.text(path) ?? "",
    ]
    switch random.number(0...7) {
    case 0, 1: disk.write(path, texts.randomElement(using: &random) ?? "")
    case 2: disk.replace(path, texts.randomElement(using: &random) ?? "")
    case 3: if let text = disk.text(path) { disk.replace(path, text) }
    case 4: disk.paths[path] = nil
    case 5: disk.paths[path] = disk.paths[paths.randomElement(using: &random) ?? ""]
    case 6: disk.users = ["web": UInt32(random.number(33...34)), "app": UInt32(random.number(34...35))]
    default: disk.shut = random.chance(50) ? [:] : ["inc/all": "no reason \(random.number(1...2))"]
    }
  }

  // MARK: - What zones are compiled with

  @Test func `zones are kept for the same options only, each of them`() {
    func options(
      _ contexts: [(String, String?, Bool)], _ services: [String], _ seed: UInt64 = 1, _ prefixes: [[Prefix]]? = nil
    ) -> ZoneBuildOptions {
      ZoneBuildOptions(
        contexts: ContextTree(contexts.map { (name: $0.0, parent: $0.1, isSealed: $0.2) }),
        services: services.compactMap { try? DomainName($0) }, seed: seed,
        endpoints: prefixes.map { EndpointContexts(prefixes: $0) { _ in nil } })
    }
    let (contexts, services) = ([("a", nil, false), ("b", "a", false)], ["x.a.test.", "y.a.test."])
    let first = options(contexts, services)
    let kept = KeptZones(first)
    #expect(kept.fit(options(contexts, services)))
    #expect(!kept.fit(options(contexts, services, 2)))
    for other in [
      ["y.a.test.", "x.a.test."], ["x.a.test."], services + ["z.a.test."], ["X.a.test.", "y.a.test."], [],
    ] {
      #expect(!kept.fit(options(contexts, other)), "\(other)")
    }
    for other in [
      [("a", nil, false), ("b", nil, false)], [("a", nil, true), ("b", "a", false)],
      [("a", nil, false), ("c", "a", false)],
      [("b", nil, false), ("a", "b", false)], [("a", nil, false)], contexts + [("c", nil, false)], [],
    ] {
      #expect(!kept.fit(options(other, services)), "\(other)")
    }
    let prefixes = ["192.0.2.0/24", "2001:db8::/32"].map { [Prefix($0)].compactMap(\.self) }
    #expect(!kept.fit(options(contexts, services, 1, prefixes)))
    let marked = KeptZones(options(contexts, services, 1, prefixes))
    #expect(marked.fit(options(contexts, services, 1, prefixes)))
    for other in [prefixes.reversed(), [prefixes[0]], [], nil] {
      #expect(!marked.fit(options(contexts, services, 1, other)))
    }
    var steered = options(contexts, services)
    steered.steeredServices = [false, true, false]
    #expect(!kept.fit(steered) && KeptZones(steered).fit(steered))
    steered.steeredServices = [false, true, true]
    #expect(!kept.fit(steered))
    // Whatever else zones come to be compiled with has to be compared too, and here.
    let compared = ["contexts", "services", "steeredServices", "seed", "endpoints"]
    #expect(Mirror(reflecting: first).children.map(\.label) == compared)
  }
}
