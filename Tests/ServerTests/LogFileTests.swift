import FlatMemory
import Foundation
import LinuxIO
import Policy
import TestSupport
import Testing

@testable import Server

@Suite("A log's file: whole records, moved aside at its size, nothing lost in between")
struct LogFileTests {
  private static let words = LogFile.Words(name: "log", loss: "lost", stays: "stays")

  private func open(_ path: String, _ form: LogForm = .lines, _ rotation: LogRotation? = nil) throws -> LogFile {
    try LogFile.open(path, form, rotation, Self.words, log: ServerLog())
  }

  private func buffer(_ records: [[UInt8]]) -> OctetBuffer {
    var buffer = OctetBuffer(capacity: max(1, records.reduce(0) { $0 + $1.count }))
    for record in records { buffer.append(record.span) }
    return buffer
  }

  /// A record of either form, with a number in it.
  private func record(_ number: Int, _ size: Int, _ form: LogForm) -> [UInt8] {
    let text = Array("\(number) \(String(repeating: "x", count: size))".utf8)
    if form.opening.isEmpty { return text + [10] }
    return [0, 0, UInt8(text.count >> 8), UInt8(text.count & 255)] + text
  }

  @Test(arguments: 1...40) func `any records, any pieces, any size: all of them, in order, each whole`(seed: Int) throws
  {
    var random = SeededGenerator(seed: UInt64(seed))
    let form = seed.isMultiple(of: 2) ? LogForm.lines : LogForm.frames
    let folder = try TestFolder()
    let rotation = LogRotation(size: UInt64(random.number(100...900)), keep: 1000)
    var file = try open("\(folder.path)/log", form, rotation)
    var number = 0
    var wanted: [[UInt8]] = []
    for _ in 0..<random.number(1...20) {
      let piece = (0..<random.number(1...30)).map { _ in
        number += 1
        return record(number, random.number(0...(random.chance(5) ? 1200 : 60)), form)
      }
      wanted += piece
      #expect(file.append(buffer(piece), count: piece.count) == piece.count)
      if random.chance(10) { file.reopen() }
    }
    file.end()
    let count = folder.names.count
    var found: [UInt8] = []
    for index in stride(from: count - 1, through: 0, by: -1) {
      let octets = try #require(folder.read(index == 0 ? "log" : "log.\(index)"))
      if form.opening.isEmpty {
        #expect(octets.last == 10)
        #expect(octets.count <= rotation.size || octets.count(where: { $0 == 10 }) == 1)
        found += octets
      } else {
        let frames = try #require(Dissection.frames(octets))
        #expect(octets.count <= rotation.size || frames.count == 1)
        found += frames.flatMap { [0, 0, UInt8($0.count >> 8), UInt8($0.count & 255)] + $0 }
      }
    }
    #expect(found == Array(wanted.joined()))
  }

  @Test func `no more files stay than are to be kept, the youngest first`() throws {
    let folder = try TestFolder()
    var file = try open("\(folder.path)/log", .lines, LogRotation(size: 10, keep: 2))
    for number in 1...9 { #expect(file.append(buffer([record(number, 5, .lines)]), count: 1) == 1) }
    #expect(folder.names == ["log", "log.1", "log.2"])
    #expect([0, 1, 2].map { folder.read($0 == 0 ? "log" : "log.\($0)")?.first } == [57, 56, 55])
  }

  @Test func `a path that is a link stays one: the file it leads to is moved aside`() throws {
    let folder = try TestFolder()
    try FileManager.default.createDirectory(atPath: "\(folder.path)/far", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/log", withDestinationPath: "\(folder.path)/far/file")
    var file = try open("\(folder.path)/log", .lines, LogRotation(size: 10, keep: 2))
    for number in 1...9 { #expect(file.append(buffer([record(number, 5, .lines)]), count: 1) == 1) }
    #expect(folder.names == ["far", "log"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/far").count == 3)
    #expect(folder.read("log") == record(9, 5, .lines) && folder.read("far/file.2") == record(7, 5, .lines))
  }

  @Test func `where fewer are to be kept, those with higher numbers go, up to what is no file of the log's`() throws {
    let folder = try TestFolder()
    func fill(keep: Int) throws {
      var file = try open("\(folder.path)/log", .lines, LogRotation(size: 10, keep: keep))
      for number in 1...9 { #expect(file.append(buffer([record(number, 5, .lines)]), count: 1) == 1) }
    }
    try fill(keep: 5)
    for name in ["log.02", "log.x", "log.7"] {
      #expect(FileManager.default.createFile(atPath: "\(folder.path)/\(name)", contents: nil))
    }
    try fill(keep: 2)
    #expect(folder.names == ["log", "log.02", "log.1", "log.2", "log.7", "log.x"])
    try fill(keep: 4)
    try FileManager.default.createDirectory(atPath: "\(folder.path)/log.5", withIntermediateDirectories: true)
    try fill(keep: 3)
    #expect(folder.names == ["log", "log.02", "log.1", "log.2", "log.3", "log.5", "log.7", "log.x"])
  }

  @Test func `crashes leave no more files than a few`() throws {
    let folder = try TestFolder()
    for number in 1...30 {
      var killed = try open("\(folder.path)/log", .frames)
      #expect(killed.append(buffer([record(number, 5, .frames)]), count: 1) == 1)
    }
    #expect(folder.names.count == 10)
  }

  @Test func `where a file cannot be moved aside, the log goes on, and older files stay`() throws {
    let folder = try TestFolder()
    // A folder that is not empty takes no file's place.
    try FileManager.default.createDirectory(atPath: "\(folder.path)/log.1/x", withIntermediateDirectories: true)
    var file = try open("\(folder.path)/log", .lines, LogRotation(size: 10, keep: 1))
    let lines = (1...9).map { record($0, 5, .lines) }
    #expect(file.append(buffer(lines), count: 9) == 9)
    #expect(folder.read("log") == Array(lines.joined()) && folder.names == ["log", "log.1"])
    try FileManager.default.removeItem(atPath: "\(folder.path)/log.1")
    let more = (1...2000).map { record($0, 5, .lines) }
    #expect(file.append(buffer(more), count: more.count) == more.count)
    #expect(folder.names == ["log", "log.1"])
  }

  @Test func `a file that someone removed is made again`() throws {
    let folder = try TestFolder()
    var file = try open("\(folder.path)/log")
    #expect(file.append(buffer([record(1, 5, .lines)]), count: 1) == 1)
    try FileManager.default.removeItem(atPath: "\(folder.path)/log")
    #expect(file.append(buffer([record(2, 5, .lines)]), count: 1) == 1)
    #expect(folder.read("log") == record(2, 5, .lines))
    try FileManager.default.removeItem(atPath: folder.path)
    #expect(file.append(buffer([record(3, 5, .lines)]), count: 1) == 0)
  }

  @Test func `a file of frames that was ended goes on; one that was not makes room`() throws {
    let folder = try TestFolder()
    for number in 1...3 {
      var file = try open("\(folder.path)/log", .frames)
      #expect(file.append(buffer([record(number, 5, .frames)]), count: 1) == 1)
      file.end()
    }
    #expect(Dissection.frames(folder.read("log") ?? [])?.count == 3)
    for count in 1...2 {
      do {
        var killed = try open("\(folder.path)/log", .frames)
        #expect(killed.append(buffer([record(4, 5, .frames)]), count: 1) == 1)
      }
      var file = try open("\(folder.path)/log", .frames)
      file.end()
      #expect(folder.names.count == count + 1)
    }
    #expect(Dissection.frames(folder.read("log") ?? []) == [])
  }

  @Test func `a full disk takes nothing, and a folder is no file`() throws {
    var full = try open("/dev/full")
    #expect(full.append(buffer([record(1, 5, .lines)]), count: 1) == 0)
    let folder = try TestFolder()
    #expect(throws: SystemError("write", folder.path, errno: EISDIR)) { _ = try open(folder.path) }
  }

  @Test func `a pipe whose reader is slow gets whole records, and those that it missed are counted`() throws {
    let folder = try TestFolder()
    let path = "\(folder.path)/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: SystemError("write", path, errno: ENXIO)) { _ = try open(path) }
    let reader = Glibc.open(path, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    for form in [LogForm.lines, .frames] {
      var file = try open(path, form, LogRotation(size: 5000, keep: 1))
      var random = SeededGenerator(seed: 7)
      var (taken, wanted, read) = ([[UInt8]](), [[UInt8]](), [UInt8]())
      func drain() {
        var octets = [UInt8](repeating: 0, count: 1 << 17)
        let count = Glibc.read(reader, &octets, octets.count)
        if count > 0 { read += octets.prefix(count) }
      }
      for round in 0..<60 {
        wanted = (0..<random.number(1...60)).map { record(round * 100 + $0, random.number(0...2000), form) }
        taken += wanted.prefix(file.append(buffer(wanted), count: wanted.count))
        if random.chance(30) { drain() }
      }
      drain()
      file.end()
      drain()
      #expect(read == form.opening + Array(taken.joined()) + form.closing)
    }
  }
}

@Suite("A sample of queries: each drawn by itself")
struct SamplerTests {
  @Test(arguments: [1, 2, 3, 10, 1000] as [UInt32]) func `one in N, whatever the rhythm of what is asked`(
    sample: UInt32
  ) {
    let sampler = Sampler(seed: 1)
    let count = 1_000_000
    // Queries in pairs, of which both halves must get their share.
    var drawn = [0, 0]
    for index in 0..<count where sampler.draws(oneIn: sample) { drawn[index % 2] += 1 }
    let expected = Double(count) / Double(sample) / 2
    for half in drawn { #expect(abs(Double(half) - expected) <= 6 * expected.squareRoot()) }
    if sample == 1 { #expect(drawn == [count / 2, count / 2]) }
  }
}
