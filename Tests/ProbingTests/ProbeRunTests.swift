import Addresses
import DNSFormat
import Measuring
import Synchronization
import Testing

@testable import LinuxIO
@testable import Probing

@Suite("An active measurement on loopback")
struct ProbeRunTests {
  @Test func `a server that loses, doubles and refuses is measured as it is`() throws {
    let far = try FarServer { octets in
      octets[2] |= 0x80
      let id = UInt16(octets[0]) << 8 | UInt16(octets[1])
      octets[3] = id % 2 == 0 ? 0 : 5
      return id % 4 == 0 ? 0 : id % 4 == 1 ? 2 : 1
    }
    defer { far.end() }
    let plan = plan(far.address, count: 200, threshold: 100_000_000)
    var run = try ProbeRun(plan)
    let record = try #require(try run.measure().records.first)
    #expect(record.singletons.count == 200 && record.waiting == 0 && record.unsent.isEmpty)
    for singleton in record.singletons {
      #expect(singleton.isLost == (singleton.id % 4 == 0))
      #expect(singleton.isLost || singleton.response?.rcode == (singleton.id % 2 == 0 ? 0 : 5))
      #expect(singleton.port == record.singletons[0].port && singleton.sentAt > 0)
    }
    #expect(record.strays.duplicate + record.strays.late >= record.singletons.count { $0.id % 4 == 1 } - 1)
    #expect(Set(record.singletons.map(\.id)).count == 200)
    let due = plan.schedules()[0].times
    #expect(record.singletons.map(\.due) == due)
    #expect(zip(record.singletons, record.singletons.dropFirst()).allSatisfy { $0.sentAt <= $1.sentAt })
  }

  @Test func `where no server is, every query says why, and nobody waits for Tmax`() throws {
    let address = try ProbeSocket(from: loopback).localAddress  // closed again at once
    var run = try ProbeRun(plan(address, count: 20, threshold: 3_000_000_000))
    let record = try #require(try run.measure().records.first)
    let notes = record.singletons.compactMap(\.note)
    #expect(notes.count == 20 && Set(notes) == ["connection refused"])
  }

  @Test func `an end before the time leaves out what still waits`() throws {
    let silent = try ProbeSocket(from: loopback)
    var run = try ProbeRun(plan(silent.localAddress, count: 1000, threshold: 5_000_000_000))
    var asked = 0
    let result = try run.measure(isEnded: {
      asked += 1
      return asked > 20
    })
    let record = result.records[0]
    #expect(result.wasEndedEarly && record.singletons.isEmpty && record.undecided > 0 && record.undecided < 1000)
  }

  @Test func `an address that is not this host's cannot be the source`() {
    let plan = plan(loopback, count: 1, source: SocketAddress(IPAddress(v4: 0xc000_0201), port: 0))
    do throws(SystemError) {
      _ = try ProbeRun(plan)
      Issue.record("192.0.2.1 is bound")
    } catch {
      #expect(error.description.contains("no interface of this host has it"))
    }
  }

  @Test func `the loopback within the process gives the instrument's own part`() throws {
    let (calibration, record) = try LoopbackCalibration.run(query, count: 50)
    #expect(record.singletons.count == 50 && record.singletons.allSatisfy { $0.delay != nil })
    #expect(calibration.systematic > 0 && calibration.random >= 0 && calibration.clockResolution > 0)
  }
}

private let loopback = SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0)
private let query = ProbeQuery(DomainName(validWire: Array("\u{6}orders\u{4}mesh\u{4}test\0".utf8)), .a)

private func plan(
  _ server: SocketAddress, count: Int, threshold: UInt64 = 1_000_000_000, source: SocketAddress? = nil
) -> ProbePlan {
  ProbePlan(
    servers: [server], query: query, stream: PoissonStream(rate: 2000, truncation: 10_000_000), count: count,
    duration: .max,
    threshold: threshold, start: nil, source: source, seed: 11)
}

/// A server on a thread of its own, which turns every query as it is told and sends it so many times.
private final class FarServer: Sendable {
  let address: SocketAddress
  private let thread: WorkerThread
  private let isEnding = Flag()

  final class Flag: Sendable {
    let value = Atomic(false)
  }

  init(_ turn: @escaping @Sendable (inout [UInt8]) -> Int) throws {
    let socket = try ProbeSocket(from: loopback)
    let flag = isEnding
    address = socket.localAddress
    thread = try WorkerThread.start(name: "far") {
      var memory = [UInt8](repeating: 0, count: 4096)
      while !flag.value.load(ordering: .acquiring) {
        waitReadable([socket.raw], nanoseconds: 10_000_000)
        while let datagram = try? socket.receive(into: &memory), let peer = datagram.peer {
          var octets = Array(memory[..<datagram.count])
          for _ in 0..<turn(&octets) { _ = socket.send(octets, to: peer) }
        }
        _ = try? socket.receiveError(into: &memory)
      }
    }
  }

  func end() {
    isEnding.value.store(true, ordering: .releasing)
    thread.join()
  }
}
