import Addresses
import DNSFormat
import Diagnostics
import Foundation
import LinuxIO
import Policy
import Testing

@testable import Server

/// With a clock that the tests turn on, and programs that end when they are killed alone.
@Suite("Checks that have begun end, whatever is loaded meanwhile")
struct CheckRoundsTests {
  private let name = DomainName(validWire: Array("\u{6}orders\u{1}x\u{4}test\u{0}".utf8))
  private let second: UInt64 = 1_000_000_000

  private func service(_ addresses: [UInt32], timeout: UInt32 = 5000, command: [String]) -> CheckedService {
    var check = HealthCheck(.exec(command: command), location: SourceLocation(file: "p", line: 1, column: 1))
    check.timeout = timeout
    check.interval = 10_000
    check.down = 1
    return CheckedService(
      name: name, display: "orders", check: check, addresses: addresses.map { IPAddress(v4: $0) })
  }

  private func rounds(_ board: HealthBoard, _ lines: @escaping (String) -> Void = { _ in }) throws -> CheckRounds {
    CheckRounds(try Poller(), try Findings(), board, atOnce: 4, lines)
  }

  private let hangs = ["/bin/sh", "-c", "exec sleep 1000"]

  @Test func `loading again and again does not hide an endpoint that hangs`() throws {
    let board = HealthBoard()
    let rounds = try rounds(board)
    rounds.use([service([1], command: hangs)], at: 10 * second)
    _ = rounds.turn(at: 11 * second)
    for half in 23..<32 as Range<UInt64> {
      // The endpoint's number is another each time.
      rounds.use([service(half % 2 == 0 ? [1] : [0, 1], command: hangs)], at: half * second / 2)
    }
    _ = rounds.turn(at: 16 * second)
    let service = try #require(board.now.services.first)
    #expect(service.endpoints.contains { $0.address == "0.0.0.1" && !$0.isUp })
  }

  @Test func `a program that has ended by its time-out, unseen, has its own result`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let poller = try Poller()
    var events = PollEvents()
    func result(_ code: Int) throws -> CheckResult {
      let check = HealthCheck(
        .exec(command: ["/bin/sh", "-c", "echo $$ >\(path); exit \(code)"]),
        location: SourceLocation(file: "p", line: 1, column: 1))
      let running = try RunningCheck(check, of: 0, at: IPAddress(v4: 1), host: "", id: 0, now: 0)
      // Its output ends first, so the file is there; then it has ended, too.
      try poller.add(running.raw, token: 0)
      try poller.wait(timeoutMilliseconds: 60_000, into: &events)
      poller.remove(running.raw)
      let text = try String(contentsOfFile: path, encoding: .utf8).dropLast()
      if let watch = ProcessWatch(try #require(Int32(text))) {
        try poller.add(watch.raw, token: 0)
        try poller.wait(timeoutMilliseconds: 60_000, into: &events)
      }
      return running.expire()
    }
    guard case .success = try result(0) else {
      Issue.record("it has succeeded")
      return
    }
    guard case .failure(let reason) = try result(3) else {
      Issue.record("it has failed")
      return
    }
    #expect(reason.hasPrefix("the program ended with 3"))
  }
}
