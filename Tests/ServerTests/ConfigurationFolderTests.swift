import Answering
import Foundation
import Testing

@testable import Server

@Suite("A folder is the whole configuration")
final class ConfigurationFolderTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ path: String, _ text: String = "") throws {
    let url = URL(fileURLWithPath: folder).appendingPathComponent(path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  @Test func `zones, overlays and policies are found by their names; what editors leave is not`() throws {
    for path in [
      "b.test.zone", "a.test.zone", "laptop/a.test.zone", "z.policy", "a.policy", ".hidden.zone", "a.test.zone~",
      ".a.policy.swp", "laptop/.a.test.zone.swp", "notes.txt", "laptop/deeper/c.test.zone", ".git/x.zone",
    ] { try write(path) }
    let files = try ConfigurationFolder.read(folder + "/")
    #expect(files.policies.map(\.path) == ["\(folder)/a.policy", "\(folder)/z.policy"])
    #expect(files.zones.map(\.path) == ["a.test.zone", "b.test.zone", "laptop/a.test.zone"].map { "\(folder)/\($0)" })
    #expect(files.zones.map(\.context) == [nil, nil, "laptop"])
    #expect(files.zones.map(\.origin) == ["a.test", "b.test", "a.test"])
  }

  @Test func `a file whose name is nearly right is not passed over in silence`() throws {
    for path in ["a.test.zone", "orders.polcy", "laptop/a.test.zoen", "notes.txt", "old.policy~"] { try write(path) }
    let files = try ConfigurationFolder.read(folder)
    #expect(files.misnamed.map(\.path) == ["\(folder)/laptop/a.test.zoen", "\(folder)/orders.polcy"])
    #expect(files.misnamed.map(\.meant) == ["zone", "policy"])
  }

  @Test func `a pipe is no zone and is not waited for`() throws {
    let path = folder + "/p.test.zone"
    let make = Process()
    make.executableURL = URL(fileURLWithPath: "/usr/bin/mkfifo")
    make.arguments = [path]
    try make.run()
    make.waitUntilExit()
    let load = try ConfigurationLoad(folder)
    #expect(load.isClean == false)
    #expect(load.diagnostics.map(\.description) == ["\(path): error: cannot be read: it is no regular file"])
  }

  @Test func `policies in a folder are read where a line says so, and missed where none does`() throws {
    try write("p.policy", "origin x.test\ninclude teams\n")
    try write("teams/a.policy", "group g s\nservice s { runs-at 10.0.0.1; allow g }\n")
    try write("others/b.policy", "service t\n")
    let load = try ConfigurationLoad(folder)
    #expect(load.openedFiles == ["\(folder)/teams/a.policy"])
    #expect(
      load.diagnostics.map(\.description) == [
        "\(folder)/others/b.policy: warning: is passed over: a policy in a folder is read where a line says so; "
          + "write \"include others/b.policy\" in ambit.policy"
      ])
  }

  @Test func `a pipe, and what is larger than any policy, is not included`() throws {
    let name = try #require(folder.split(separator: "/").last)
    try write("p.policy", "include pipe\ninclude huge\ninclude ../\(name)/p.policy\n")
    let make = Process()
    make.executableURL = URL(fileURLWithPath: "/usr/bin/mkfifo")
    make.arguments = [folder + "/pipe"]
    try make.run()
    make.waitUntilExit()
    try write("huge", "")
    let huge = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/huge"))
    try huge.truncate(atOffset: 1 << 40)
    try huge.close()
    let found = try ConfigurationLoad(folder).diagnostics.map(\.description)
    #expect(
      found == [
        "\(folder)/p.policy:1:9: error: \(folder)/pipe cannot be read: it is no regular file; paths are relative to \(folder)",
        "\(folder)/p.policy:2:9: error: \(folder)/huge cannot be read: file too large; paths are relative to \(folder)",
        "\(folder)/p.policy:3:9: error: p.policy includes itself: p.policy includes ../\(name)/p.policy; remove one \"include\"",
      ])
  }

  @Test func `a broken zone does not hide a false expectation about another`() throws {
    try write("y.test.zone", "garbage")
    try write("x.test.zone", "$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n")
    try write("p.policy", "origin x.test\nexpect from 127.0.0.1 ns A -> 192.0.2.1\n")
    #expect(try ConfigurationLoad(folder).isServable)
    try write("p.policy", "origin x.test\nexpect from 127.0.0.1 ns A -> 192.0.2.2\n")
    #expect(try ConfigurationLoad(folder).isServable == false)
  }

  @Test func `a file that a zone statement names is no zone by its name, whatever way leads to the folder`() throws {
    let link = folder + ".link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder)
    defer { try? FileManager.default.removeItem(atPath: link) }
    try write("data.zone", "$TTL 60\n@ SOA a b 1 3600 600 86400 5\n@ NS ns\nns A 192.0.2.1\n")
    try write("p.policy", "zone abs.test file \(folder)/data.zone\n")
    let load = try ConfigurationLoad(link)
    #expect(load.snapshot?.zones.zones.map(\.origin.description) == ["abs.test."])
  }

  @Test func `a load knows every file that it read, to say what a reload could not read`() throws {
    let head = "$TTL 60\n@ SOA a b 1 3600 600 86400 5\n@ NS ns\n"
    try write("a.test.zone", head + "$INCLUDE data/hosts\n")
    try write("data/hosts", "ns A 192.0.2.1\n")
    try write("data/b", head + "ns A 192.0.2.1\n")
    try write("data/secret", "e5e973e5a6b2a43f48e7dc849e37bfcf\n")
    try write("p.policy", "zone b.test file data/b\nzone c.test file data/none\ncookie-secret file data/secret\n")
    #expect(
      try ConfigurationLoad(folder).openedFiles
        == ["a.test.zone", "data/b", "data/hosts", "data/secret"].map {
          "\(folder)/\($0)"
        })
  }

  @Test func `a cookie secret that cannot be read stops a server, but not who only looks`() throws {
    try write("p.policy", "cookie-secret file none\n")
    #expect(try ConfigurationLoad(folder).isClean)
    let load = try ConfigurationLoad(folder, ServerFacts(isServing: true))
    #expect(load.snapshot == nil)
    #expect(
      load.diagnostics.map(\.description) == [
        "\(folder)/p.policy:1:1: error: the cookie secret's file \(folder)/none cannot be read: no such file or directory; "
          + "let the server's user read it"
      ])
  }

  @Test(arguments: [(0o600, 0o644), (0o640, 0o644), (0o644, 0o600), (0o602, 0o640)])
  func `a cookie secret that others may read is a warning, wherever it is written`(file: Int, policy: Int) throws {
    func setMode(_ mode: Int, _ path: String) throws {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder)/\(path)")
    }
    let secret = "e5e973e5a6b2a43f48e7dc849e37bfcf"
    let words =
      "warning: the file's mode lets any user read or change the cookie secret, and so forge cookies; chmod o-rw "
    try write("secret", secret)
    try setMode(file, "secret")
    try write("p.policy", "cookie-secret file secret\n")
    try setMode(policy, "p.policy")
    #expect(
      try ConfigurationLoad(folder).diagnostics.map(\.description)
        == (file & 0o006 == 0 ? [] : ["\(folder)/p.policy:1:1: \(words)\(folder)/secret"]))
    try write("p.policy", "cookie-secret \(secret)\n")
    try setMode(policy, "p.policy")
    #expect(
      try ConfigurationLoad(folder).diagnostics.map(\.description)
        == (policy & 0o006 == 0
          ? [] : ["\(folder)/p.policy:1:1: \(words)\(folder)/p.policy, or write cookie-secret file PATH"]))
  }

  @Test func `a zone statement's path is relative to the folder`() throws {
    try write("data/any-name", "$TTL 60\n. SOA a. b. 1 3600 600 86400 5\n. NS a.\na A 192.0.2.1\n")
    try write("p.policy", "zone . file data/any-name\nexpect from 127.0.0.1 a. A -> 192.0.2.1\n")
    let load = try ConfigurationLoad(folder)
    #expect(load.diagnostics.map(\.description) == [])
    #expect(load.isClean)
  }
}
