import Addresses
import Glibc
import Testing

@testable import LinuxIO

@Suite("TCP: what a listener gives its connections")
struct TCPListenerTests {
  @Test func `a connection sends at once (TCP_NODELAY), which it has from its listener`() throws {
    let listener = try TCPListener.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0))
    let client = try TCPSocket.connect(to: listener.localAddress)
    try ReadableWait([listener.raw]).wait(timeoutMilliseconds: -1)
    guard let accepted = try listener.accept() else {
      Issue.record("a connection over loopback is there to be accepted")
      return
    }
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    let isRead = getsockopt(accepted.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &size) == 0
    #expect(isRead && value != 0)
    let errors = [client.connectionError(), accepted.connectionError()]
    #expect(errors == [nil, nil])
  }
}
