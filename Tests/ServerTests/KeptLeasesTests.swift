import Answering
import Foundation
import LinuxIO
import TestSupport
import Testing

@testable import Policy
@testable import Server

@Suite("What is leased over a restart")
final class KeptLeasesTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
  private static let now = LeaseMoment(time: 1_800_000_000, machine: 5000)

  private static func later(_ seconds: UInt32) -> LeaseMoment { now.adding(seconds) }

  init() throws {
    try FileManager.default.createDirectory(
      atPath: "\(folder)/zones", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
    let policy = """
      origin x.test
      context here { from 127.0.0.0/8; leases 4242 }
      context test { from 10.1.0.0/16; leases * }
      context none { from 10.2.0.0/16 }

      """
    try write("p.policy", policy)
    try write("x.test.zone", "$TTL 60\n@ SOA ns x 1 1 1 1 1\n@ NS ns\nns A 127.0.0.1\norders A 127.0.0.9\n")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/zones/\(name)"))
  }

  private func snapshot() throws -> Snapshot {
    let load = try ConfigurationLoad("\(folder)/zones")
    return try #require(load.snapshot, "\(load.diagnostics)")
  }

  private func desk() throws -> LeaseDesk {
    try LeaseDesk(isOpen: true, firstIndex: 0, LeaseFile(none: "this is a test"))
  }

  private func override(
    context: String = "here", name: String = "orders.x.test.", addresses: [String] = ["127.0.0.7:8080"],
    user: UInt32 = 4242, end: LeaseMoment = later(60)
  ) -> KeptLeases.Override {
    .init(context: context, name: name, written: "orders", addresses: addresses, user: user, end: end)
  }

  private func takeUp(_ overrides: [KeptLeases.Override], runs: [KeptLeases.Run] = []) throws -> (LeaseDesk, [String]) {
    let desk = try desk()
    var kept = KeptLeases(folder: "")
    (kept.overrides, kept.runs) = (overrides, runs)
    return (desk, desk.takeUp(kept, try snapshot(), at: Self.now))
  }

  @Test func `an override goes on, and loads`() throws {
    let (desk, lines) = try takeUp([override()])
    #expect(lines.count == 1 && lines[0].contains("the override of orders.x.test. by 4242 goes on until"), "\(lines)")
    #expect(desk.overrides.map(\.words.text) == ["orders=127.0.0.7:8080"])
    #expect(desk.overrides.map(\.end) == [Self.later(60)] && desk.overrides[0].asker == nil)
    let load = try ConfigurationLoad("\(folder)/zones", leased: desk.configuration)
    #expect(load.isClean && load.leased == desk.configuration && load.misfits.overrides.isEmpty)
    #expect(desk.expire(at: Self.later(59)) == nil)
    #expect(desk.expire(at: Self.later(60))?.needsLoad == true)
    #expect(desk.overrides.isEmpty)
  }

  @Test func `each thing that may not be is dropped with its reason, the others go on`() throws {
    let cases: [(KeptLeases.Override, String)] = [
      (override(end: Self.now), "its time is over"),
      (override(context: "gone"), "no context is called \"gone\""),
      (override(context: "test", user: 0), "ambit run --context test"),
      (override(user: 4243), "user 4243 may not lease here"),
      (override(name: "x.test."), "is a zone's apex"),
      (override(name: "orders.example."), "is in no zone that is served"),
      (override(name: "a..b"), "is no name"),
      (override(addresses: []), "has 1 to 16 addresses"),
      (override(addresses: ["0.0.0.0"]), "is no address that anybody can call"),
      (override(addresses: ["\u{1b}[2J}\nallow"]), "is no address"),
      (override(name: "\u{1b}[2J\n."), "is in no zone"),
    ]
    for (entry, reason) in cases {
      let (desk, lines) = try takeUp([entry, override(name: "web.x.test.")])
      #expect(lines.count == 2 && lines[0].contains(reason), "\(lines)")
      #expect(lines.allSatisfy { line in line.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
      #expect(desk.overrides.map { "\($0.override.name)" } == ["web.x.test."])
    }
    #expect(try takeUp([override(), override()]).1[1].contains("it is there twice"))
  }

  @Test func `none is longer than one may be, nor are there more`() throws {
    let (desk, _) = try takeUp([override(end: .init(time: .max, machine: .max))])
    #expect(desk.overrides.map(\.end) == [Self.later(LeaseRequest.longest)])
    let many = (0..<200).map { override(name: "n\($0).x.test.") }
    #expect(try takeUp(many).0.overrides.count == LeaseDesk.capacity)
  }

  @Test func `a clock that is set prolongs nothing, while the server runs and over its restart`() throws {
    let (desk, _) = try takeUp([override()])
    // An hour back.
    let before = Self.now.time - 3600
    #expect(desk.expire(at: .init(time: before, machine: Self.now.machine + 59)) == nil)
    #expect(desk.expire(at: .init(time: before, machine: Self.now.machine + 60))?.needsLoad == true)
    let next = try self.desk()
    var kept = KeptLeases(folder: "")
    kept.overrides = [override()]
    let lines = next.takeUp(kept, try snapshot(), at: .init(time: before, machine: Self.now.machine + 60))
    #expect(lines.count == 1 && lines[0].hasSuffix("its time is over") && next.overrides.isEmpty)
    // Forward: the time that was told has come.
    let (other, _) = try takeUp([override()])
    #expect(other.expire(at: .init(time: Self.now.time + 60, machine: Self.now.machine))?.needsLoad == true)
  }

  @Test(arguments: [false, true])
  func `what another run of the machine or another folder's server had is not leased`(isFolder: Bool) throws {
    let snapshot = try snapshot()
    func desk(_ machineRun: String?) throws -> LeaseDesk {
      try LeaseDesk(
        isOpen: true, firstIndex: 0,
        LeaseFile(ofFolder: "\(folder)/zones", owner: currentUser, in: folder, machineRun: machineRun))
    }
    do {
      let file = LeaseFile(ofFolder: "\(folder)/zones", owner: currentUser, in: folder, machineRun: "1")
      var kept = KeptLeases(folder: isFolder ? "\(folder)/other" : file.served, machineRun: "1")
      kept.overrides = [override()]
      #expect(file.keep(kept) == nil)
    }
    do {
      let next = try desk(isFolder ? "1" : "2")
      let lines = next.takeUp(snapshot, at: Self.now)
      #expect(next.overrides.isEmpty)
      #expect(
        lines == (isFolder ? [] : ["what was leased before is not leased again: the machine was started anew since"]))
      // Nor later.
      #expect(next.keep() == nil)
    }
    let last = try desk("1")
    #expect(last.takeUp(snapshot, at: Self.now).isEmpty && last.overrides.isEmpty)
  }

  @Test func `what is written as before is shown so, unless it means another name by now`() throws {
    var entry = override(name: "web.x.test.")
    #expect(try takeUp([entry]).0.overrides.map(\.words.name) == ["web.x.test."])
    entry.written = "web"
    #expect(try takeUp([entry]).0.overrides.map(\.words.name) == ["web"])
  }

  @Test(arguments: [
    ("192.0.2.1", "test", [], "no address for it"), ("127.0.0.1", "test", [], "no address for it"),
    ("127.53.0.1", "gone", [], "no context gone"), ("127.53.0.1", "none", [], "nobody leases none"),
    ("127.53.0.1", "test } allow", [], "no context"),
    ("127.53.0.1", "test", ["nonsense."], "is in no zone"),
    ("127.53.0.1", "test", ["orders.x.test.", "ORDERS.x.test."], "overridden twice"),
  ])
  func `a run that may not be is dropped with its reason`(
    address: String, context: String, overrides: [String], reason: String
  ) throws {
    let run = KeptLeases.Run(
      context: context, ownContext: "run-1",
      overrides: overrides.map { .init(name: $0, written: $0, addresses: ["127.0.0.1"]) }, user: 0, address: address,
      process: 1,
      identity: "start 1")
    let (desk, lines) = try takeUp([], runs: [run])
    #expect(lines.count == 1 && lines[0].contains(reason), "\(lines)")
    #expect(desk.leases.isEmpty && desk.freeSlots.count == LeaseDesk.capacity)
  }

  @Test func `a run is not taken for a process that has its number by now`() throws {
    let process = ProcessInfo.processInfo.processIdentifier
    let own = try #require(processIdentity(process))
    for identity in ["", "start 1", "descriptor 1", own + " ", own] {
      let run = KeptLeases.Run(
        context: "test", ownContext: "test", overrides: [], user: 0, address: "127.53.200.1", process: process,
        identity: identity)
      let (desk, lines) = try takeUp([], runs: [run])
      #expect(lines.count == 1)
      // Port 53 may not be ours to take here.
      if lines[0].contains("CAP_NET_BIND_SERVICE") { return }
      #expect(lines[0].hasSuffix(identity == own ? "goes on, process \(process)" : "its program has ended"), "\(lines)")
      #expect(desk.leases.count == (identity == own ? 1 : 0))
    }
  }

  @Test func `any text in the file is read without a trap, and leased of it is what may be`() throws {
    var random = SeededGenerator(seed: 11)
    let snapshot = try snapshot()
    var kept = KeptLeases(folder: "/x")
    kept.overrides = [override()]
    kept.runs = [
      .init(
        context: "test", ownContext: "run-1",
        overrides: [.init(name: "orders.x.test.", written: "orders", addresses: ["127.0.0.1"])], user: 0,
        address: "127.53.0.1",
        process: 1, identity: "start 1")
    ]
    #expect(KeptLeases(octets: kept.octets) == kept)
    for text in ["", "null", "[]", "{}", "nonsense", "\u{0}", String(repeating: "[", count: 100_000), "{\"folder\":1}"]
    {
      #expect(KeptLeases(octets: Array(text.utf8)) == nil)
    }
    for _ in 0..<rounds(300) {
      var octets = kept.octets
      for _ in 0..<random.number(1...4) {
        let index = random.number(0...(octets.count - 1))
        if random.chance(30) { octets.remove(at: index) } else { octets[index] = random.octets(1)[0] }
      }
      #expect(KeptLeases(octets: random.octets(random.number(0...60))) == nil)
      guard let changed = KeptLeases(octets: octets) else { continue }
      let desk = try desk()
      let lines = desk.takeUp(changed, snapshot, at: Self.now)
      #expect(lines.count == changed.overrides.count + changed.runs.count)
      #expect(lines.allSatisfy { line in line.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
      // Nobody's process has that identity.
      #expect(desk.leases.isEmpty && desk.freeSlots.count == LeaseDesk.capacity)
      // Whatever name and address it has become, it loads or is left out.
      #expect(desk.overrides.allSatisfy { $0.user == 4242 && $0.override.context == "here" })
    }
  }

  @Test func `the file has what is in service, and the next server reads it`() throws {
    let snapshot = try snapshot()
    var kept = KeptLeases(folder: "")
    kept.overrides = [override()]
    do {
      let file = LeaseFile(ofFolder: "\(folder)/zones", owner: currentUser, in: folder)
      #expect(file.problem == nil)
      #expect(try file.read() == nil)
      let desk = try LeaseDesk(isOpen: true, firstIndex: 0, file)
      _ = desk.takeUp(kept, snapshot, at: Self.now)
      #expect(desk.keep() == nil)
    }
    let next = try LeaseDesk(
      isOpen: true, firstIndex: 0, LeaseFile(ofFolder: "\(folder)/zones", owner: currentUser, in: folder))
    #expect(next.takeUp(snapshot, at: Self.now).count == 1)
    #expect(next.overrides.map(\.words.text) == ["orders=127.0.0.7:8080"])
    // Nothing is left of it once it has ended.
    _ = next.expire(at: Self.later(60))
    #expect(next.keep() == nil)
    #expect(try next.file.read() == nil)
  }

  private func leaseFile() -> LeaseFile { LeaseFile(ofFolder: "\(folder)/zones", owner: currentUser, in: folder) }

  @Test func `a server that cannot keep anything says so at its start, and why`() throws {
    let none = LeaseFile(ofFolder: "\(folder)/zones", owner: currentUser, in: "\(folder)/none")
    let first = leaseFile()
    for (file, reason) in [
      (none, "cannot open \(folder)/none: no such file or directory"), (leaseFile(), "another server has it"),
    ] {
      let desk = try LeaseDesk(isOpen: true, firstIndex: 0, file)
      let lines = desk.takeUp(try snapshot(), at: Self.now)
      #expect(
        lines.count == 1 && lines[0].hasPrefix("what is leased ends with this server: cannot ")
          && lines[0].hasSuffix(reason), "\(lines)")
      #expect(desk.keep() == nil)
    }
    #expect(first.problem == nil)
  }

  @Test func `what cannot be kept any more is said once, and again after it could be`() throws {
    let file = leaseFile()
    var kept = KeptLeases(folder: "")
    kept.overrides = [override()]
    #expect(file.keep(kept) == nil)
    let place = "\(folder)/\(try #require(controlNames(ofFolder: "\(folder)/zones").last))"
    // In the way of the file, whoever the server is.
    func isInTheWay(_ path: String, _ isThere: Bool) throws {
      try? FileManager.default.removeItem(atPath: path)
      if isThere { try FileManager.default.createDirectory(atPath: "\(path)/x", withIntermediateDirectories: true) }
    }
    for _ in 0..<2 {
      try isInTheWay("\(place)/leases.json", true)
      kept.overrides[0].user += 1
      #expect(
        file.keep(kept)?.hasPrefix("what is leased ends with this server: cannot write \(place)/leases.json") == true)
      #expect(file.keep(kept) == nil && file.problem != nil)
      try isInTheWay("\(place)/leases.json", false)
      #expect(file.keep(kept) == nil && file.problem == nil)
    }
  }

  @Test func `everybody sees what is theirs, root and the server all, and how many there are`() throws {
    let (desk, _) = try takeUp([override(), override(name: "web.x.test.", user: 0)])
    #expect(desk.list(for: 0).overrides.count == 2 && desk.list(for: 0).others == nil)
    #expect(desk.list(for: currentUser).overrides.count == 2)
    let own = desk.list(for: 4242)
    #expect(own.overrides.map(\.name) == ["orders.x.test."] && own.others == 1)
    #expect(own.text.hasSuffix("\n1 of other users, which root sees\n"))
    #expect(desk.list(for: 7).text == "nothing of yours; 2 of other users, which root sees\n")
    #expect(desk.list(for: nil).overrides.isEmpty)
    #expect(try takeUp([]).0.list(for: 7).text == "nothing is overridden, and no program runs by a lease\n")
  }
}
