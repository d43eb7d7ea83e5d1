import Addresses
import Answering
import DNSFormat
import FlatMemory
import LinuxIO
import Metrics
import Policy
import Synchronization
import TestSupport
import Testing
import ZoneFile

@testable import Server

/// One TCP worker without a thread: a test takes its turns, so nothing happens that the test did not ask for. The idle time
/// is 600 s, more than any test takes.
struct TCPTestServer: ~Copyable {
  let address: SocketAddress
  let worker: Worker
  let census: TCPCensus
  let tcp: TCPWorker
  let snapshot: Snapshot
  var bench: TCPWorker.Bench

  init(_ policy: String = "", heldLimit: Int = TCPWorker.heldLimit(workers: 1)) throws {
    let snapshot = try Self.snapshot(policy)
    let listener = try TCPListener.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0))
    let address = listener.localAddress
    let served = ServedSnapshot(snapshot, generation: 1, listeners: [address], slots: MetricSlots())
    let worker = try Worker(SnapshotHolder(served))
    let census = TCPCensus(descriptors: 10_000, workers: 1)
    let tcp = TCPWorker(worker, doors: [TCPDoor(listener, index: 0)], census: census, heldLimit: heldLimit)
    let bench = try tcp.makeBench()
    // Only now: a value that cannot be copied is made whole or not at all.
    self.snapshot = snapshot
    self.address = address
    self.worker = worker
    self.census = census
    self.tcp = tcp
    self.bench = bench
  }

  /// A zone with answers of 60 to 40,000 octets.
  private static func snapshot(_ policy: String) throws -> Snapshot {
    let text = String(repeating: "x", count: 200)
    let zone =
      ["$TTL 60", "@ SOA ns1 hostmaster 1 3600 600 86400 5", "@ NS ns1", "ns1 A 192.0.2.53", "* MX 10 ns1"]
      + (1...20).map { "s\($0) A 192.0.2.\($0)" } + (0..<180).map { "large TXT \"\(text)\($0)\"" }
    let files = ConfigurationFiles(
      policies: [
        ("p.policy", Array("origin x.test\ncontext a { from 127.0.0.0/16 }\ntcp-limits idle 600s\n\(policy)\n".utf8))
      ],
      zones: [.init(path: "x.test.zone", origin: "x.test", context: nil)],
      open: { _ in .success(Array((zone.joined(separator: "\n") + "\n").utf8)) })
    let loaded = SnapshotBuilder.build(files, seed: 7)
    try #require(!loaded.diagnostics.contains { $0.severity == .error }, "\(loaded.diagnostics)")
    return try #require(loaded.snapshot)
  }

  /// A client's end, connected.
  func connect() throws -> TCPTestClient { TCPTestClient(try TCPSocket.connect(to: address)) }

  /// Serves what is ready.
  mutating func turn() throws { try tcp.turn(&bench, timeoutMilliseconds: 0) }

  /// Serves until the client has got so many octets, or the end; a client that does not get them fails the test.
  mutating func serve(_ client: borrowing TCPTestClient, until count: Int) throws {
    for _ in 0..<20_000 {
      client.flush()
      try tcp.turn(&bench, timeoutMilliseconds: client.received.count < count ? 1 : 0)
      client.readAll()
      if client.received.count >= count || client.isClosed { return }
    }
    Issue.record("\(client.received.count) of \(count) octets came")
  }

  /// What was answered so far.
  var answered: UInt64 { worker.metrics.read().populations.values.reduce(0) { $0 + $1.count } }

  /// What a client should get for a stream of whole requests: each answered by itself, the plain way.
  func expected(_ requests: [[UInt8]], from source: IPAddress = IPAddress(v4: 0x7f00_0001)) -> [UInt8] {
    var workspace = Workspace()
    var response = OctetBuffer(capacity: 65535)
    var stream: [UInt8] = []
    for request in requests {
      let arrival = Arrival(Evidence(source: source), transport: .tcp, time: 0, idleTime: 100)
      _ = respond(to: request.span, arrival, snapshot, using: &workspace, into: &response)
      if response.count > 0 { stream += framed(response.octets.octets(0..<response.count)) }
    }
    return stream
  }
}

/// A client's end of a connection: it sends what the kernel takes, and reads when it is told to.
final class TCPTestClient {
  private let socket: TCPSocket
  private var pending: ArraySlice<UInt8> = []
  private var buffer = OctetBuffer(capacity: 65536)
  private(set) var received: [UInt8] = []
  /// The server has ended the connection.
  private(set) var isClosed = false

  init(_ socket: consuming TCPSocket) { self.socket = socket }

  /// Octets that the kernel has not taken.
  var waiting: Int { pending.count }

  func send(_ octets: [UInt8]) {
    pending += octets
    flush()
  }

  func flush() {
    while !pending.isEmpty, case .octets(let count) = socket.write(pending), count > 0 {
      pending = pending.dropFirst(count)
    }
  }

  func readAll() {
    while true {
      buffer.reset()
      switch socket.read(into: &buffer) {
      case .octets: received += buffer.octets.octets(0..<buffer.count)
      case .wouldBlock: return
      case .closed, .failed:
        isClosed = true
        return
      }
    }
  }

  /// Says that nothing more will come.
  func finish() { socket.finishWriting() }
}

/// A message with its length in front.
func framed(_ message: [UInt8]) -> [UInt8] { [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message }

/// A query without EDNS.
func question(_ name: String, _ type: UInt16, id: UInt16) -> [UInt8] {
  var octets: [UInt8] = [UInt8(id >> 8), UInt8(id & 0xff), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
  for label in name.split(separator: ".") { octets += [UInt8(label.utf8.count)] + Array(label.utf8) }
  return octets + [0, UInt8(type >> 8), UInt8(type & 0xff), 0, 1]
}

extension SeededGenerator {
  /// Requests as peers send them and as none should: each whole, of at least a header.
  mutating func requests(_ count: Int, longest: Int = 2000) -> [[UInt8]] {
    (0..<count).map { index in
      let id = UInt16(truncatingIfNeeded: index)
      switch number(0...19) {
      case 0: return question("large.x.test", 16, id: id)
      case 1: return octets(number(12...longest))  // no message, or one that we do not expect
      case 2: return question("s1.elsewhere.test", 1, id: id)  // refused
      case 3: return [UInt8](repeating: 0x80, count: 12)  // a response gets silence
      case 4: return question("s\(number(1...20)).x.test", 1, id: id) + octets(number(1...400))  // something behind
      case 5: return question("absent.s1.x.test", 1, id: id)
      case 6: return question("a.b.c.x.test", 15, id: id)
      default: return question("s\(number(1...20)).x.test", number(0...3) == 0 ? 28 : 1, id: id)
      }
    }
  }

  /// A stream cut into pieces of at most so many octets.
  mutating func pieces(_ stream: [UInt8], atMost largest: Int) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    while start < stream.count {
      let end = min(stream.count, start + number(1...largest))
      pieces.append(Array(stream[start..<end]))
      start = end
    }
    return pieces
  }
}
