import Foundation
import LinuxIO
import Testing

@Suite("Sockets of this host by abstract name")
struct LocalSocketTests {
  private let name = "ambit-test-\(UUID().uuidString)"

  @Test func `a name is there for as long as its listener, and has one`() throws {
    do {
      let listener = try LocalListener(name)
      let second = #expect(throws: SystemError.self) { _ = try LocalListener(name) }
      #expect(second?.isAddressInUse == true)
      if let _ = listener.accept() { Issue.record("nobody connected yet") }
      #expect(try isThere())
    }
    #expect(try !isThere())
  }

  @Test func `octets pass both ways, each end knows the other's user, and sees its end`() throws {
    let listener = try LocalListener(name)
    guard let client = try LocalSocket.connect(to: name) else {
      Issue.record("nobody listens")
      return
    }
    guard let server = listener.accept() else {
      Issue.record("nobody connects")
      return
    }
    #expect(client.peerUser == currentUser && server.peerUser == currentUser)
    #expect(server.read(atMost: 9) == .wouldBlock)
    #expect(client.write([1, 2, 3]) == 3)
    #expect(server.read(atMost: 2) == .octets([1, 2]))
    #expect(server.read(atMost: 2) == .octets([3]))
    #expect(server.write([]) == 0 && server.write([4]) == 1)
    #expect(client.read(atMost: 2) == .octets([4]))
    closeOne(server)
    #expect(client.read(atMost: 2) == .closed)
    #expect(client.write([5]) == nil)
  }

  private func isThere() throws -> Bool {
    if let _ = try LocalSocket.connect(to: name) { true } else { false }
  }

  private func closeOne(_: consuming LocalSocket) {}

  @Test(arguments: ["", String(repeating: "x", count: 108)])
  func `a name that cannot be is refused, never cut`(name: String) {
    #expect(throws: SystemError.self) { _ = try LocalListener(name) }
    #expect(throws: SystemError.self) { _ = try LocalSocket.connect(to: name) }
  }
}
