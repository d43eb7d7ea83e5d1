import Addresses
import Answering
import DNSFormat
import Foundation
import Testing

@testable import Policy
@testable import Server

@Suite("What is leased and the folder")
final class LeasedLoadTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
  private static let policy = """
    origin x.test
    context here { from 127.0.0.0/8; leases * }
    context test { from 10.1.0.0/16; leases * }
    service orders { runs-at 127.0.0.9 }

    """
  private static let zone = """
    $TTL 60
    @ SOA ns x 1 1 1 1 1
    @ NS ns
    ns A 127.0.0.1
    orders A 127.0.0.9
    web A 127.0.0.8

    """

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try write("p.policy", Self.policy)
    try write("x.test.zone", Self.zone)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  private func override(_ context: String, _ name: String, _ address: String) throws -> NameOverride {
    NameOverride(
      context: context, name: try DomainName(name), addresses: [try #require(IPAddress(address))], port: nil,
      title: "override of \(name) in \(context)")
  }

  private func run(_ own: String, in context: String) throws -> LeasedConfiguration.Run {
    LeasedConfiguration.Run(
      context: context, ownContext: own, overrides: [try override(own, "orders.x.test", "127.0.0.7")], user: "ann")
  }

  private func leased() throws -> LeasedConfiguration {
    LeasedConfiguration(
      runs: [try run("run-1", in: "test"), try run("run-2", in: "here")],
      overrides: [try override("here", "web.x.test", "127.0.0.6")])
  }

  @Test func `what fits is loaded`() throws {
    let leased = try leased()
    let load = try ConfigurationLoad(folder, leased: leased)
    #expect(load.isClean, "\(load.diagnostics)")
    #expect(load.leased == leased)
    #expect(load.misfits.runs.isEmpty && load.misfits.overrides.isEmpty)
  }

  @Test(arguments: [
    ("context test", "context gone", ["run-1"], 0),
    ("service orders", "service bills", [], 0),
    ("service orders", "context run-2 { from 10.9.0.0/16 }\nservice orders", ["run-2"], 0),
    ("from 127.0.0.0/8", "from 127.0.0.0/8 10.0.0.0/16", [], 1),
    ("context here", "context away", ["run-2"], 1),
  ])
  func `an edit that no lease goes with loads, and the lease is left out`(
    old: String, new: String, runs: [String], overrides: Int
  ) throws {
    try write("p.policy", Self.policy.replacingOccurrences(of: old, with: new))
    let load = try ConfigurationLoad(folder, leased: try leased())
    #expect(load.isClean, "\(load.diagnostics)")
    #expect(load.misfits.runs.keys.sorted() == runs, "\(load.misfits)")
    #expect(load.misfits.overrides.count == overrides, "\(load.misfits)")
    #expect(load.leased.runs.count == 2 - runs.count)
    #expect(load.leased.overrides.count == 1 - overrides)
  }

  @Test func `a mistake that is in one lease leaves the others`() throws {
    try write(
      "p.policy", Self.policy.replacingOccurrences(of: "service orders", with: "isolate here test\nservice orders"))
    var leased = try leased()
    // Of test's own endpoints, for a caller elsewhere: refused where test is isolated.
    leased.overrides.append(try override("here", "ns.x.test", "10.1.0.1"))
    let load = try ConfigurationLoad(folder, leased: leased)
    #expect(load.isClean, "\(load.diagnostics)")
    #expect(load.leased.overrides.count >= 1, "\(load.misfits)")
    #expect(load.leased.runs.count == 2, "\(load.misfits)")
  }

  @Test func `a guard judges what was edited, not what is leased`() throws {
    let load = try ConfigurationLoad(folder, leased: try leased(), leasedBefore: LeasedConfiguration())
    let judged = try #require(load.judged)
    #expect(judged.policy.policy.contexts.number(of: "run-1") == nil)
    #expect(load.snapshot?.policy.policy.contexts.number(of: "run-1") != nil)
    let same = try ConfigurationLoad(folder, leased: try leased(), leasedBefore: try leased())
    #expect(same.judged?.policy === same.snapshot?.policy)
  }

  @Test(arguments: [
    ("from 127.0.0.0/8;", "from 127.0.0.0/8;", true),
    ("from 127.0.0.0/8;", "from 127.0.0.0/8; listen 127.0.0.3:53;", true),
    ("from 127.0.0.0/8;", "from 127.0.0.0/8; listen 192.0.2.1:53;", false),
    ("from 127.0.0.0/8;", "from 127.0.0.0/8; listen 0.0.0.0:5399;", false),
    ("from 10.1.0.0/16;", "from 127.1.0.0/16; listen [2001:db8::1]:53;", true),
    ("context test { from 10.1.0.0/16;", "context test in here { listen 192.0.2.1:53;", false),
    ("context test { from 10.1.0.0/16;", "context test in here { from 10.1.0.0/16;", false),
    ("context test { from 10.1.0.0/16;", "context default in here { from 127.1.0.0/16;", false),
  ])
  func `only a context whose callers are all of this host is shared`(old: String, new: String, isShared: Bool) throws {
    try write("p.policy", Self.policy.replacingOccurrences(of: old, with: new))
    let load = try ConfigurationLoad(folder)
    let policy = try #require(load.snapshot?.policy.policy, "\(load.diagnostics)")
    let number = try #require(policy.contexts.number(of: "here"))
    let problem = LeaseDesk.whyNotShared(number, policy)
    #expect((problem == nil) == isShared, "\(problem ?? "")")
  }
}
