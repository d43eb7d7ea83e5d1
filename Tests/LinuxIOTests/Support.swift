import Addresses
import FlatMemory
import Foundation
import LinuxIO
import Testing

/// An address written in a test.
func address(_ text: String) throws -> SocketAddress { try #require(SocketAddress(text, defaultPort: 0)) }

/// A socket of a client on this host.
func client(_ text: String = "127.0.0.1:0") throws -> UDPSocket {
  try UDPSocket.bind(to: address(text), sharesPort: false)
}

/// True where this host speaks IPv6 to itself; containers often do not.
let hasIPv6: Bool = {
  guard let loopback = SocketAddress("[::1]:0", defaultPort: 0) else { return false }
  return (try? UDPSocket.bind(to: loopback, sharesPort: false)) != nil
}()

/// Returns once a descriptor is ready. The bound only keeps a broken test from hanging.
func waitUntilReady(_ raw: Int32, writable: Bool = false) throws -> PollEvent {
  let poller = try Poller()
  var events = PollEvents(capacity: 1)
  try poller.add(raw, token: 7, readable: !writable, writable: writable)
  try poller.wait(timeoutMilliseconds: 60_000, into: &events)
  try #require(events.count == 1)
  return events[0]
}

/// Takes datagrams until `wanted` slots are filled by one receive; loopback delivers in order.
func receive(_ wanted: Int, into batch: inout DatagramBatch, from socket: borrowing UDPSocket) throws {
  _ = try waitUntilReady(socket.raw)
  let count = try batch.receive(from: socket)
  try #require(count == wanted)
}

/// The next datagram for a client, and who sent it.
func nextDatagram(for socket: borrowing UDPSocket) throws -> (source: SocketAddress, octets: [UInt8]) {
  _ = try waitUntilReady(socket.raw)
  var buffer = OctetBuffer(capacity: 8192)
  let received = try socket.receive(into: &buffer)
  let source = try #require(received)
  return (source, buffer.octets.octets(0..<buffer.count))
}

/// What a call refused to do, in words.
func refusal(_ body: () throws(SystemError) -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    return error.description
  }
}

/// Runs `body` with a directory of its own, removed afterwards.
func withDirectory(_ body: (String) throws -> Void) throws {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("ambit-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  try body(path)
}
