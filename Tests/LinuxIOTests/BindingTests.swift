import Addresses
import FlatMemory
import LinuxIO
import Testing

@Suite("Binding: what the system refuses, and in which words")
struct BindingTests {
  @Test func `a UDP port that another socket has is taken, even where both would share it`() throws {
    let first = try UDPSocket.bind(to: address("127.0.0.1:0"), sharesPort: true)
    #expect(first.localAddress.port != 0)
    #expect(UDPSocket.isTaken(first.localAddress))
    let second = try UDPSocket.bind(to: first.localAddress, sharesPort: true)
    #expect(second.localAddress == first.localAddress)
    let words = refusal { () throws(SystemError) in
      _ = try UDPSocket.bind(to: first.localAddress, sharesPort: false)
    }
    #expect(
      words
        == "cannot bind \(first.localAddress): address already in use; "
        + "another server has it: stop that one or listen elsewhere")
  }

  @Test func `a port that nobody has is free, and asking leaves it free`() throws {
    let port = try UDPSocket.bind(to: address("127.0.0.1:0"), sharesPort: false).localAddress
    #expect(!UDPSocket.isTaken(port))
    #expect(!UDPSocket.isTaken(port))
    #expect(!UDPSocket.isTaken(try address("127.0.0.1:0")))
  }

  @Test func `a TCP port with a listener is taken`() throws {
    let first = try TCPListener.bind(to: address("127.0.0.1:0"))
    #expect(TCPListener.isTaken(first.localAddress))
    let second = try TCPListener.bind(to: first.localAddress)
    #expect(second.localAddress == first.localAddress)
  }

  @Test func `an address of no interface is refused with what to do`() throws {
    let elsewhere = try address("192.0.2.1:5300")
    let words = refusal { () throws(SystemError) in _ = try UDPSocket.bind(to: elsewhere, sharesPort: true) }
    #expect(
      words
        == "cannot bind 192.0.2.1:5300: address not available; "
        + "no interface of this host has it: add it to one or listen elsewhere")
    #expect(!UDPSocket.isTaken(elsewhere))
  }

  @Test func `a port that needs a privilege is refused with what to do`() {
    #expect(
      SystemError("bind", "127.0.0.1:53", errno: 13).description
        == "cannot bind 127.0.0.1:53: permission denied; take a port above 1023 or grant CAP_NET_BIND_SERVICE")
  }

  @Test(arguments: [("0.0.0.0", true), ("::", true), ("127.0.0.1", false), ("::1", false)])
  func `a wildcard is the address of all zeros`(text: String, isWildcard: Bool) throws {
    #expect(try address(text).address.isWildcard == isWildcard)
  }
}

@Suite("TCP")
struct TCPTests {
  @Test func `octets and ends arrive in order, and nothing blocks`() throws {
    let listener = try TCPListener.bind(to: address("127.0.0.1:0"))
    #expect(try listener.accept() == nil)
    let near = try TCPSocket.connect(to: listener.localAddress)
    #expect(try waitUntilReady(near.raw, writable: true).isWritable)
    #expect(near.connectionError() == nil)
    _ = try waitUntilReady(listener.raw)
    guard let far = try listener.accept() else {
      Issue.record("a connection waits")
      return
    }
    #expect(far.peer.address == listener.localAddress.address)

    var buffer = OctetBuffer(capacity: 4)
    #expect(far.read(into: &buffer) == .wouldBlock)
    #expect(near.write([1, 2, 3, 4, 5][...]) == .octets(5))
    _ = try waitUntilReady(far.raw)
    #expect(far.read(into: &buffer) == .octets(4))
    #expect(far.read(into: &buffer) == .octets(0))
    #expect(buffer.octets.octets(0..<buffer.count) == [1, 2, 3, 4])
    buffer.reset()
    #expect(far.read(into: &buffer) == .octets(1))
    buffer.append(6 as UInt8)

    #expect(far.write(from: buffer, offset: 0) == .octets(2))
    far.finishWriting()
    var answer = OctetBuffer(capacity: 16)
    _ = try waitUntilReady(near.raw)
    #expect(near.read(into: &answer) == .octets(2))
    #expect(answer.octets.octets(0..<answer.count) == [5, 6])
    _ = try waitUntilReady(near.raw)
    #expect(near.read(into: &answer) == .closed)
  }

  @Test func `a connection that nobody takes says why`() throws {
    let port = try TCPListener.bind(to: address("127.0.0.1:0")).localAddress  // closed at once: nobody listens there
    let words: String?
    do throws(SystemError) {
      let socket = try TCPSocket.connect(to: port)
      _ = try? waitUntilReady(socket.raw, writable: true)
      words = socket.connectionError()?.description
    } catch {
      words = error.description
    }
    #expect(words == "cannot connect to \(port): connection refused")
  }
}

extension Optional where Wrapped: ~Copyable {
  /// Nothing came; `Optional`'s own comparison wants a copyable value.
  fileprivate static func == (left: borrowing Self, right: _OptionalNilComparisonType) -> Bool {
    switch left {
    case .none: true
    case .some: false
    }
  }
}
