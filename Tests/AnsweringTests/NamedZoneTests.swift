import DNSFormat
import Testing
import ZoneFile

@testable import Answering

@Suite("zone NAME file PATH [in CONTEXT]: a file whose name does not say which zone it is")
struct NamedZoneTests {
  private static let root = """
    $TTL 300
    . SOA a.example. hostmaster.example. 1 3600 600 86400 5
    . NS a.example.
    a.example A 192.0.2.2
    test NS ns.test
    ns.test A 192.0.2.1
    local TXT "one label"
    """

  private static let head = "$TTL 60\n@ SOA ns h 1 3600 600 86400 5\n@ NS ns\nns A 192.0.2.53\n"

  /// - Parameter folder: the one given to serve, whose policy it is and in which the files of `byName` are.
  private func load(
    _ policy: String, byName: [String: String] = [:], _ texts: [String: String], in folder: String = "conf"
  ) -> LoadedConfiguration {
    let texts = texts.merging(byName) { $1 }
    var files = ConfigurationFiles(
      policies: [("\(folder)/ambit.policy", Array(policy.utf8))],
      zones: byName.keys.sorted().map { path in
        let parts = path.dropFirst(folder.count + 1).split(separator: "/").map(String.init)
        return .init(
          path: path, origin: String((parts.last ?? "").dropLast(5)), context: parts.count == 2 ? parts[0] : nil)
      },
      open: { path in
        texts[path].map { .success(Array($0.utf8)) } ?? .failure(.init(reason: "no such file"))
      })
    files.folder = folder
    // A system without links, whose working directory is /srv.
    files.status = { path in
      var parts: [Substring] = []
      for part in (path.hasPrefix("/") ? path : "/srv/\(path)").split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
      }
      return .init(identity: parts.joined(separator: "/").utf8.map(UInt64.init), isOpenToOthers: false)
    }
    return SnapshotBuilder.build(files, seed: 7)
  }

  private func zones(_ loaded: LoadedConfiguration) -> [String] {
    loaded.snapshot?.zones.zones.map { "\($0.origin) \($0.nameCount)" } ?? []
  }

  @Test func `the root zone and a zone of one label`() throws {
    let loaded = load(
      "zone . file data/root\nzone test. file /etc/t", ["conf/data/root": Self.root, "/etc/t": Self.head])
    #expect(loaded.diagnostics.map(\.description) == [])
    #expect(zones(loaded) == [". 6", "test. 2"])
    let served = Fixture(snapshot: try #require(loaded.snapshot))
    #expect(try served.ask("local.", .txt).data == ["\"one label\""])
    #expect(try served.ask(".", .ns).data == ["a.example."])
    #expect(try served.ask("ns.test.").data == ["192.0.2.53"])
    #expect(try served.ask("no.such.name.").rcode == "NXDOMAIN")
    let alone = Fixture(snapshot: try #require(load("zone . file r", ["conf/r": Self.root]).snapshot))
    #expect(try alone.ask("www.test.").authority == ["test. 300 NS ns.test."])
    #expect(try alone.ask("www.test.").additional == ["ns.test. 300 A 192.0.2.1"])
  }

  @Test func `a file whose name says a zone, and a statement another, is warned of`() {
    let loaded = load("zone b.test file a.test.zone", byName: ["conf/a.test.zone": Self.head], [:])
    #expect(
      loaded.diagnostics.map(\.description) == [
        "conf/ambit.policy:1:1: warning: conf/a.test.zone is another zone by this line, so a.test. is not served; "
          + "write a zone line for it too, or rename the file"
      ])
  }

  @Test(arguments: ["zone a.test file a.test.signed.zone", "zone . file root.zone"])
  func `a file whose name only tells it from others is no other zone`(statement: String) {
    let name = String(statement.split(separator: " ")[3])
    let loaded = load(statement, byName: ["conf/\(name)": statement.contains("root") ? Self.root : Self.head], [:])
    #expect(loaded.diagnostics.map(\.description) == [])
  }

  @Test func `a doubt about a text that is two zones is told for both`() {
    let loaded = load(
      "zone a.test file t\nzone b.test file t", ["conf/t": Self.head + "@ MX 10 gone\n"])
    #expect(loaded.diagnostics.count == 2)
  }

  @Test func `a file that a statement names is not a zone by its own name too`() throws {
    for path in ["root.zone", "./root.zone", "x/../root.zone"] {
      let loaded = load("zone . file \(path)", byName: ["conf/root.zone": Self.root], ["conf/\(path)": Self.root])
      #expect(loaded.diagnostics.map(\.description) == [])
      #expect(zones(loaded) == [". 6"])
    }
  }

  @Test(arguments: [
    ("conf", "/srv/conf/root.zone"), ("./conf", "/srv/x/../conf/root.zone"), ("/srv/conf", "../conf/root.zone"),
    (".", "/srv/root.zone"), ("../srv", "/srv//root.zone"),
  ])
  func `nor where the folder is spelt otherwise than in the statement`(folder: String, path: String) {
    let opened = path.hasPrefix("/") ? path : "\(folder)/\(path)"
    let byName = ["\(folder)/root.zone": Self.root, "\(folder)/a.test.zone": Self.head]
    let loaded = load("zone . file \(path)", byName: byName, [opened: Self.root], in: folder)
    #expect(loaded.diagnostics.map(\.description) == [])
    #expect(zones(loaded) == ["a.test. 2", ". 6"])
  }

  @Test func `an overlay without any TTL takes the base's $TTL, else its SOA's MINIMUM`() throws {
    let policy = "context a { from 127.0.0.1 }\nzone x.test file o in a\nzone y.test file b"
    let soa = "SOA ns h 1 3600 600 86400 5\n@ 90 NS ns\nns 90 A 192.0.2.53\n"
    let loaded = load(
      policy,
      byName: [
        "conf/x.test.zone": "$TTL 60\n@ \(soa)$TTL 70\n", "conf/a/y.test.zone": "gone CNAME .\nw A 192.0.2.1\n",
      ],
      ["conf/o": "gone CNAME .\nw A 192.0.2.1\n", "conf/b": "@ 80 \(soa)"])
    #expect(loaded.diagnostics.map(\.description) == [])
    let served = Fixture(snapshot: try #require(loaded.snapshot))
    #expect(try served.ask("w.x.test.", from: "127.0.0.1").answer == ["w.x.test. 60 A 192.0.2.1"])
    #expect(try served.ask("w.y.test.", from: "127.0.0.1").answer == ["w.y.test. 5 A 192.0.2.1"])
    #expect(try served.ask("gone.x.test.", from: "127.0.0.1").rcode == "NXDOMAIN")
  }

  @Test func `the name is absolute, whatever the origin is; an overlay has its context`() throws {
    let loaded = load(
      "origin mesh.test\ncontext laptop { from 127.0.0.1 }\nzone example.org file o in laptop\nzone example.org file b",
      ["conf/b": Self.head, "conf/o": "www 5 A 127.0.0.9\n"])
    #expect(loaded.diagnostics.map(\.description) == [])
    #expect(zones(loaded) == ["example.org. 3"])
    #expect(loaded.sources.map { $0.layers.map(\.context) } == [[0, 1]])
  }

  @Test func `an unreadable file, and one for a zone that has a file by its name`() throws {
    let missing = load("zone a.test file nowhere", [:])
    #expect(
      missing.diagnostics.map(\.description) == [
        "conf/ambit.policy:1:1: error: conf/nowhere cannot be read: no such file"
      ])
    #expect(missing.snapshot != nil && missing.brokenZones.map(\.description) == ["a.test."])
    let twice = load("zone A.test file b", byName: ["conf/a.test.zone": Self.head], ["conf/b": Self.head])
    #expect(
      twice.diagnostics.map(\.description) == [
        "conf/ambit.policy:1:1: error: conf/a.test.zone is for zone A.test. and this context too; keep one of the two"
      ])
    #expect(twice.snapshot == nil)
  }
}
