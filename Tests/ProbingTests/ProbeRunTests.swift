import Addresses
import DNSFormat
import Foundation
import Glibc
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
    let address = try ProbeRun.socket(from: loopback).localAddress  // closed again at once
    var run = try ProbeRun(plan(address, count: 20, threshold: 3_000_000_000))
    let record = try #require(try run.measure().records.first)
    let notes = record.singletons.compactMap(\.note)
    #expect(notes.count == 20 && Set(notes) == ["connection refused"])
  }

  @Test func `an end before the time leaves out what still waits`() throws {
    let silent = try ProbeRun.socket(from: loopback)
    var run = try ProbeRun(plan(silent.localAddress, count: 1000, threshold: 5_000_000_000))
    var asked = 0
    let result = try run.measure(isEnded: {
      asked += 1
      return asked > 20
    })
    let record = result.records[0]
    #expect(result.wasEndedEarly && record.singletons.isEmpty && record.undecided > 0 && record.undecided < 1000)
  }

  @Test(arguments: ["127.0.0.1", "::1"])
  func `the IP header is what RFC 8912 §6.2.2 fixes`(text: String) throws {
    let address = try #require(SocketAddress(text, defaultPort: 0))
    // Without IPv6 there is nothing to hold.
    guard let socket = try? ProbeRun.socket(from: address) else { return #expect(text == "::1") }
    func option(_ level: Int, _ name: Int32) -> Int32 {
      var value: Int32 = -1
      var length = socklen_t(MemoryLayout<Int32>.size)
      #expect(getsockopt(socket.raw, Int32(level), name, &value, &length) == 0)
      return value
    }
    if text == "::1" {
      #expect(option(IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 255 && option(IPPROTO_IPV6, IPV6_TCLASS) == 0)
      #expect(option(IPPROTO_IPV6, 70) == 0)  // IPV6_AUTOFLOWLABEL
    } else {
      #expect(option(IPPROTO_IP, IP_TTL) == 255 && option(IPPROTO_IP, IP_TOS) == 0)
    }
  }

  @Test func `a response that was there within Tmax counts, however many datagrams stand before it`() throws {
    let far = try ProbeRun.socket(from: loopback)
    var memory = [UInt8](repeating: 0, count: 4096)
    var run = try ProbeRun(plan(far.localAddress, count: 1, threshold: 1_000_000_000))
    // Something that is always readable, so that the run never waits.
    let zero = open("/dev/zero", O_RDONLY | O_CLOEXEC)
    defer { close(zero) }
    let result = try run.measure(
      ending: zero,
      isEnded: {
        guard let datagram = try? far.receive(into: &memory), let peer = datagram.peer else { return false }
        for _ in 0..<200 { _ = far.send([1, 2, 3], to: peer) }
        memory[2] |= 0x80
        _ = far.send(Array(memory[..<datagram.count]), to: peer)
        // Only after Tmax does the run read any of it.
        pause(milliseconds: 1050)
        return false
      })
    #expect(result.records[0].singletons.map(\.isLost) == [false] && result.records[0].strays.noResponse == 200)
  }

  @Test func `when all is measured, this thread waits and runs as before`() throws {
    let thread = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self").split(separator: "/")
      .last
    let path = "/proc/\(try #require(thread))/timerslack_ns"
    let before = try String(decoding: readFile(path), as: UTF8.self)
    let policy = sched_getscheduler(0) & 7
    let silent = try ProbeRun.socket(from: loopback)
    var run = try ProbeRun(plan(silent.localAddress, count: 1, threshold: 1_000_000))
    _ = try run.measure()
    _ = try LoopbackCalibration.run(query, count: 1)
    #expect(try String(decoding: readFile(path), as: UTF8.self) == before && sched_getscheduler(0) & 7 == policy)
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
    let socket = try ProbeRun.socket(from: loopback)
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
