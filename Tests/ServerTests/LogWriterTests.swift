import Addresses
import Answering
import FlatMemory
import Foundation
import Metrics
import Policy
import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite("A log's thread: orders in the order they were given, each record with its snapshot")
struct LogWriterTests {
  private func writer() throws -> LogWriter<QueryLogDesk> {
    try LogWriter([], [:], losses: .queryRecordsLost, log: ServerLog())
  }

  private func lines(_ folder: TestFolder, _ name: String) -> Int? { folder.read(name)?.count { $0 == 10 } }

  @Test func `a file that is opened and changed before the writer's turn is opened, and changed`() throws {
    let folder = try TestFolder()
    let writer = try writer()
    var wanted = QueryLog(path: "\(folder.path)/log")
    writer.write(to: try QueryLogDesk.Target(wanted, log: ServerLog()))
    wanted.choice.sample = 7
    writer.write(to: QueryLogDesk.Target(changing: wanted))
    writer.stop()
    try writer.run()
    #expect(lines(folder, "log") == 2)
    #expect(String(decoding: folder.read("log") ?? [], as: UTF8.self).contains(#""sample":7}"#))
  }

  @Test func `a file that is changed and reopened at once is both`() throws {
    let folder = try TestFolder()
    let writer = try writer()
    let wanted = QueryLog(path: "\(folder.path)/log")
    writer.write(to: try QueryLogDesk.Target(wanted, log: ServerLog()))
    try FileManager.default.moveItem(atPath: "\(folder.path)/log", toPath: "\(folder.path)/log.1")
    writer.reopen()
    writer.stop()
    try writer.run()
    #expect(folder.names == ["log", "log.1"])
    #expect(lines(folder, "log") == 1 && lines(folder, "log.1") == 1)
  }

  /// A desk that says which snapshot each record had.
  private struct Watcher: LogDesk, ~Copyable {
    final class Notes: Sendable {
      let seen = Mutex<[UInt64?]>([])
      let first: @Sendable () -> Void
      init(_ first: @escaping @Sendable () -> Void) { self.first = first }
    }
    private var notes: Notes?
    init(_ log: ServerLog) {}
    var isOpen: Bool { true }
    var hasRoom: Bool { notes != nil }
    var lostCount: UInt64 { 0 }
    mutating func use(_ target: Notes?) { notes = target }
    mutating func reopen() {}
    mutating func keep(_ generations: Set<UInt64>) {}
    mutating func noteDropped(_ count: UInt64) {}
    mutating func append(_ record: DecisionRecord, _ served: ServedSnapshot?) {
      let count = notes?.seen.withLock { seen in
        seen.append(served?.generation)
        return seen.count
      }
      if count == 1 { notes?.first() }
    }
    mutating func flush(at now: UInt64) {}
    mutating func end(isLast: Bool) -> Bool { true }
  }

  private func served(_ generation: UInt64) throws -> ServedSnapshot {
    let files = ConfigurationFiles(policies: [(path: "p.policy", text: [])], zones: []) { _ in .success([]) }
    let snapshot = try #require(SnapshotBuilder.build(files, seed: 1, server: ServerFacts()).snapshot)
    return ServedSnapshot(snapshot, generation: generation, listeners: [], slots: MetricSlots())
  }

  @Test func `a record of a snapshot that came into service while others were written has it`() throws {
    let ring = DecisionRing(capacity: 1 << 12)
    let outcome = Outcome(
      caller: Caller(context: 0), refusal: Refusal(.none, reason: 0), service: 0, brokenRules: [], endpointContext: 0,
      isOnlyObserved: true, wouldLeaveOut: false)
    let bytes: [UInt8] = [0, 0]
    @Sendable func ask(_ generation: UInt64) {
      _ = ring.push(
        outcome, Evidence(source: IPAddress(v4: 1)), .udp, request: bytes.span, time: 0, generation: generation)
    }
    let (one, two) = (try served(1), try served(2))
    let writer = try LogWriter<Watcher>([ring], [1: one], losses: .queryRecordsLost, log: ServerLog())
    let notes = Watcher.Notes {
      writer.use([1: one, 2: two])
      ask(2)
    }
    writer.write(to: notes)
    writer.stop()
    ask(1)
    try writer.run()
    #expect(notes.seen.withLock { $0 } == [1, 2])
  }
}

@Suite("What a reload changes of the logs, and what stays where it cannot be")
struct ServerLogsTests {
  private func policy(_ text: String) throws -> Policy {
    try #require(Policy.read([("p.policy", Array(text.utf8))]).policy)
  }

  @Test func `a metrics log that cannot be opened changes nothing, its interval neither`() throws {
    let folder = try TestFolder()
    let logs = try ServerLogs(
      ServerOptions(), try policy("metrics-log \(folder.path)/one every 1s"), [], [:], log: ServerLog())
    #expect(logs.change(to: try policy("metrics-log \(folder.path) every 7s")).count == 1)
    #expect(logs.interval == 1)
    #expect(logs.change(to: try policy("metrics-log \(folder.path)/two every 7s")) == [])
    #expect(logs.interval == 7 && folder.names == ["one", "two"])
  }
}
