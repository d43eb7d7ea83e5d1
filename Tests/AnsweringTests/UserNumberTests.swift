import Diagnostics
import Testing

@testable import Answering

@Suite("DESIGN §3.1: the users of uid lines get their numbers at load")
struct UserNumberTests {
  private func load(_ policy: String, users: [String: UInt32]? = ["www-data": 33, "web": 33, "app": 1000])
    -> LoadedConfiguration
  {
    let files = ConfigurationFiles(
      policies: [(path: "p.policy", text: Array("origin a.test\n\(policy)".utf8))], zones: [],
      open: { _ in .failure(.init(reason: "there is none")) })
    let server = users.map { users in ServerFacts(userNumber: { users[$0] }) } ?? ServerFacts()
    return SnapshotBuilder.build(files, seed: 1, server: server)
  }

  private func messages(_ loaded: LoadedConfiguration) -> [String] {
    loaded.diagnostics.map(\.description).filter { $0.contains("user ") }
  }

  @Test func `a name has the number that this host gives it`() throws {
    let loaded = load("service web { uid www-data 7 }\nservice app { uid app }")
    #expect(messages(loaded).isEmpty)
    let callers = try #require(loaded.snapshot)
    #expect([33, 7, 1000].allSatisfy { callers.policy.callers.isService(user: $0) })
  }

  @Test func `a name that this host does not have is a doubt`() throws {
    let loaded = load("service web { uid htpd }")
    #expect(
      messages(loaded) == [
        "p.policy:2:19: warning: this host has no user \"htpd\", so no process is web by this line; add the user "
          + "(useradd --system NAME) or write another"
      ])
    #expect(try !#require(loaded.snapshot).policy.callers.hasUsers)
  }

  @Test(arguments: ["www-data", "33"])
  func `two services of one user do not load`(other: String) {
    let loaded = load("service app { uid web }\nservice web { uid \(other) }")
    #expect(
      messages(loaded) == [
        "p.policy:3:19: error: user \"\(other)\" has the number 33, whose processes are app already, by uid web "
          + "(p.policy:2); keep one"
      ])
    #expect(loaded.snapshot == nil)
    #expect(load("service app { uid web www-data 33 }").snapshot != nil)
  }

  @Test func `where nobody can be asked nothing is said`() throws {
    let loaded = load("service web { uid www-data }", users: nil)
    #expect(messages(loaded).isEmpty)
    #expect(try !#require(loaded.snapshot).policy.callers.hasUsers)
  }
}
