import Addresses
import FlatMemory
import Glibc
import Testing

@testable import LinuxIO

@Suite("sock_diag(7): whose socket asks")
struct SocketOwnerTests {
  private let me = getuid()

  /// Asks, taking every user for one that matters unless told otherwise.
  private func user(
    of client: SocketAddress, asking server: SocketAddress, isStream: Bool = false,
    isOfInterest: (UInt32) -> Bool = { _ in true }
  ) -> SocketOwners.Answer {
    var owners = SocketOwners()
    return owners.user(of: client, asking: server, isStream: isStream, isOfInterest: isOfInterest)
  }

  private func loopback(_ text: String, _ port: UInt16 = 0) throws -> SocketAddress {
    SocketAddress(try #require(IPAddress(text)), port: port)
  }

  private func accept(from listener: borrowing TCPListener) throws -> TCPSocket {
    while true {
      if let socket = try listener.accept() { return socket }
    }
  }

  @Test(arguments: ["127.0.0.1", "127.0.9.9", "::1"])
  func `a UDP socket is its user's, whether bound to the address or to any`(text: String) throws {
    let server = try UDPSocket.bind(to: loopback(text), sharesPort: false)
    let bound = try UDPSocket.bind(to: loopback(text), sharesPort: false)
    #expect(user(of: bound.localAddress, asking: server.localAddress) == .user(me))
    let wildcard = try UDPSocket.bind(to: loopback(text == "::1" ? "::" : "0.0.0.0"), sharesPort: false)
    let at = SocketAddress(try loopback(text).address, port: wildcard.localAddress.port)
    #expect(user(of: at, asking: server.localAddress) == .user(me))
  }

  @Test func `a user that does not matter is not looked at closely`() throws {
    let server = try UDPSocket.bind(to: loopback("127.0.0.1"), sharesPort: false)
    let client = try UDPSocket.bind(to: loopback("127.0.0.1"), sharesPort: false)
    let answer = user(of: client.localAddress, asking: server.localAddress) { $0 != me }
    #expect(answer == .other)
  }

  @Test func `who has gone, or was never there, is nobody`() throws {
    let server = try UDPSocket.bind(to: loopback("127.0.0.1"), sharesPort: false)
    var gone = try loopback("127.0.0.1")
    do {
      let client = try UDPSocket.bind(to: gone, sharesPort: false)
      gone = client.localAddress
    }
    #expect(user(of: gone, asking: server.localAddress) == .nobody)
    #expect(user(of: gone, asking: server.localAddress, isStream: true) == .nobody)
    #expect(user(of: try loopback("::1", gone.port), asking: server.localAddress) == .nobody)
  }

  @Test(arguments: ["127.0.0.1", "::1"])
  func `a TCP connection is its client's user's, and only this connection`(text: String) throws {
    let listener = try TCPListener.bind(to: loopback(text))
    let client = try TCPSocket.connect(to: listener.localAddress)
    let accepted = try accept(from: listener)
    let peer = accepted.peer
    let local = accepted.localAddress
    #expect(local == listener.localAddress)
    #expect(user(of: peer, asking: listener.localAddress, isStream: true) == .user(me))
    #expect(user(of: peer, asking: try loopback(text, listener.localAddress.port ^ 1), isStream: true) == .nobody)
    // The listener itself has an address and a port too.
    #expect(user(of: listener.localAddress, asking: try loopback(text, peer.port ^ 1), isStream: true) == .nobody)
    client.shutDown()
  }

  @Test func `many questions take one socket`() throws {
    let server = try UDPSocket.bind(to: loopback("127.0.0.1"), sharesPort: false)
    let client = try UDPSocket.bind(to: loopback("127.0.0.1"), sharesPort: false)
    var owners = SocketOwners()
    for index in 0..<200 {
      let isThere = index % 3 != 0
      let address = isThere ? client.localAddress : try loopback("127.0.0.1", 1)
      let answer = owners.user(of: address, asking: server.localAddress, isStream: false) { _ in true }
      #expect(answer == (isThere ? .user(me) : .nobody))
    }
  }

  @Test func `a user's number is that of the user database`() {
    #expect(userNumber(of: "root") == 0)
    #expect(userNumber(of: "no-such-user-of-this-host") == nil && userNumber(of: "root\0x") == nil)
  }
}
